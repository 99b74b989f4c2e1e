//! The repositories from which the blobs of a release can be mounted.

use std::collections::HashMap;

use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::publish::child::Child;
use crate::publish::publication::Publication;

/// The blobs that an earlier publication of a release brings to the same registry, and where to: nobody uploads twice what can
/// be mounted.
pub(crate) type MountSources<'a> = HashMap<&'a Digest, &'a Repository>;

/// Returns for each publication what those before it bring to its registry. What is in the registry anyway is not in it.
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
