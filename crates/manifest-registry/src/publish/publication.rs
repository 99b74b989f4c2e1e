//! A publication: the manifest, its targets and preconditions, and the result.

use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, MediaType, Reference};

use crate::error::RegistryError;
use crate::publish::child::Child;

/// A manifest to publish to one repository.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The tags to write, all in one repository. One without a tag stands for the manifest's own digest.
    pub targets: &'a [Reference],
    /// The type of `bytes`.
    pub media_type: MediaType,
    /// The manifest: a list, or anything else that has a name of its own.
    pub bytes: &'a [u8],
    /// The children that the target repository may not have yet. Those that are there already need not be named.
    pub children: &'a [Child],
    /// Whether layers that registries need not hold are copied too.
    pub push_foreign: bool,
    /// The precondition of each tag that is written.
    pub precondition: Precondition<'a>,
    /// The digests that have to exist once all is written, beside the tags, which are read back: those in the list. Without them
    /// nothing is verified.
    pub verified: Option<&'a [Digest]>,
}

/// Tags of sources that are probed while something is published, to find out whether they have moved.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedTags<'a> {
    /// The tags. Each is probed once.
    pub names: &'a [Reference],
    /// Whether all of them are probed before anything is written. Otherwise they are before the first tag is written.
    pub is_first: bool,
}

/// A tag and the digest that it points to; no digest where there is no such tag, or the registry does not say.
pub type ObservedTag = (Reference, Option<Digest>);

/// The manifests and blobs that the targets lack, as far as it is known before anything is written.
#[derive(Clone, Debug, Default)]
pub struct TransferEstimate {
    /// How many manifests the targets lack.
    pub missing: usize,
    /// How many blobs would have to be copied from other registries, at most.
    pub copies: usize,
    /// How many bytes these have.
    pub copied_bytes: u64,
    /// How many blobs would have to be uploaded from this machine, at most.
    pub local: usize,
    /// How many bytes these have.
    pub local_bytes: u64,
    /// The digests that the tags to be written point to.
    pub tags: Vec<ObservedTag>,
}

/// What a tag has to point to before it is written. Nothing keeps another client from writing it meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// None: any digest, or no such tag.
    #[default]
    None,
    /// There is no such tag yet.
    Absent,
    /// This digest.
    Digest(&'a Digest),
}

impl Publication<'_> {
    /// Returns the repository that is published to.
    ///
    /// # Panics
    /// Where there is no target.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        self.targets
            .first()
            .expect("there is a target")
            .repository()
    }

    /// Tells whether a blob is transferred along with its image.
    pub(crate) fn includes_blob(&self, blob: &Descriptor) -> bool {
        self.push_foreign || !is_foreign_layer(&blob.media_type)
    }
}

/// The result of a publication.
#[derive(Clone, Debug)]
pub struct Published {
    /// The digest under which the registry has it.
    pub digest: Digest,
    /// How many manifests were written. None where all was there already.
    pub written: usize,
    /// How many blobs were mounted.
    pub mounted: usize,
    /// How many blobs were uploaded.
    pub uploaded: usize,
    /// How many bytes were uploaded.
    pub uploaded_bytes: u64,
    /// The result for each tag.
    pub tags: Vec<Tagged>,
}

/// A tag that points to the published manifest.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The tag.
    pub target: Reference,
    /// The digest that it pointed to before, where that is known.
    pub before: Option<Digest>,
    /// Whether it was written. Otherwise it was there already.
    pub is_written: bool,
    /// The registry's response to reading the tag back, where it leaves open whether the tag was written.
    pub unconfirmed: Option<RegistryError>,
}

impl Published {
    pub(crate) fn note(&mut self, (tagged, digest): (Tagged, Digest)) {
        self.written += usize::from(tagged.is_written);
        self.digest = digest;
        self.tags.push(tagged);
    }
}
