//! The repositories from which the blobs of a release can be mounted.

use std::collections::HashMap;

use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::publish::child::Child;
use crate::publish::publication::Publication;

/// The blobs that earlier publications of a release bring to the same registry, with their repositories: a blob that can be mounted
/// is not uploaded twice.
pub(crate) type MountSources<'a> = HashMap<&'a Digest, &'a Repository>;

/// Returns for each publication the blobs that those before it bring to its registry. Blobs that are in the registry anyway are left out.
pub(super) fn mount_sources<'a>(publications: &'a [Publication<'a>]) -> Vec<MountSources<'a>> {
    let of = |publication: &'a Publication<'a>, others: &'a [Publication<'a>]| {
        let mut mount_sources = MountSources::new();
        let domain = publication.repository().domain();
        for other in others
            .iter()
            .filter(|other| other.repository().domain() == domain)
        {
            let target = other.repository();
            let far = other
                .children
                .iter()
                .filter(|child| !child.is_in_registry_of(target));
            for blob in far
                .flat_map(Child::blobs)
                .filter(|blob| other.includes_blob(blob))
            {
                mount_sources.entry(&blob.digest).or_insert(target);
            }
        }
        mount_sources
    };
    let places = publications.iter().enumerate();
    places
        .map(|(place, publication)| of(publication, &publications[..place]))
        .collect()
}
