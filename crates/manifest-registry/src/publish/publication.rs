//! What is published, on which conditions, and the result.

use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, MediaType, Reference};

use crate::error::RegistryError;
use crate::publish::child::Child;

/// What is to be published, and where.
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
    /// What the tags have to show before they are written.
    pub precondition: Precondition<'a>,
    /// What has to be there once all is written, beside the tags, which are read back: the digests in the list. Nothing where
    /// nobody is to look.
    pub verified: Option<&'a [Digest]>,
}

/// Names elsewhere at which is looked while something is published: whether they still show what they did.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedTags<'a> {
    /// The names. Each is asked for once.
    pub names: &'a [Reference],
    /// Whether all of them are looked at before anything is written. Otherwise it is before the first tag is.
    pub is_first: bool,
}

/// What a name that is watched shows; nothing where it shows nothing, or does not say.
pub type ObservedTag = (Reference, Option<Digest>);

/// What is known before anything is written.
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
    /// What the names that are to be written show.
    pub tags: Vec<ObservedTag>,
}

/// What a tag has to show before it is written. Nobody keeps others from writing it meanwhile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// Anything, or nothing.
    #[default]
    None,
    /// Nothing: it is not there yet.
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

    /// Tells whether a blob is brought along with its image.
    pub(crate) fn includes_blob(&self, blob: &Descriptor) -> bool {
        self.push_foreign || !is_foreign_layer(&blob.media_type)
    }
}

/// What a publication came to.
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
    /// What became of each tag.
    pub tags: Vec<Tagged>,
}

/// A tag that shows what was published.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The tag.
    pub target: Reference,
    /// What it showed before, where that is known.
    pub before: Option<Digest>,
    /// Whether it was written. Otherwise it was there already.
    pub is_written: bool,
    /// Why it is not known whether the registry shows it: what it answered when it was looked at again.
    pub unconfirmed: Option<RegistryError>,
}

impl Published {
    pub(crate) fn note(&mut self, (tagged, digest): (Tagged, Digest)) {
        self.written += usize::from(tagged.is_written);
        self.digest = digest;
        self.tags.push(tagged);
    }
}
