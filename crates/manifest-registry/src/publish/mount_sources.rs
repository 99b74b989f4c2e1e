//! The repositories from which the blobs of a release can be mounted.

use std::collections::HashMap;

use manifest_core::Digest;
use manifest_core::reference::Repository;

use crate::publish::child::Child;
use crate::publish::publication::Publication;

/// The blobs that earlier publications of a release upload to the same registry, and their repositories. A later publication
/// mounts them instead of uploading them again.
pub(crate) type MountSources<'a> = HashMap<&'a Digest, &'a Repository>;

/// Returns, for each publication, the blobs that earlier publications upload to its registry. Blobs whose source is in the
/// same registry are omitted.
pub(super) fn mount_sources<'a>(publications: &'a [Publication<'a>]) -> Vec<MountSources<'a>> {
    let sources_of = |publication: &'a Publication<'a>, earlier: &'a [Publication<'a>]| {
        let mut mount_sources = MountSources::new();
        let domain = publication.repository().domain();
        for other in earlier
            .iter()
            .filter(|other| other.repository().domain() == domain)
        {
            let target = other.repository();
            let uploaded = other
                .children
                .iter()
                .filter(|child| !child.is_in_registry_of(target));
            for blob in uploaded
                .flat_map(Child::blobs)
                .filter(|blob| other.includes_blob(blob))
            {
                mount_sources.entry(&blob.digest).or_insert(target);
            }
        }
        mount_sources
    };
    let indexed = publications.iter().enumerate();
    indexed
        .map(|(index, publication)| sources_of(publication, &publications[..index]))
        .collect()
}
