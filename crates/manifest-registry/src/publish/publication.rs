//! Publications: a manifest, its targets and preconditions, and the result.

use manifest_core::media_type::is_foreign_layer;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, MediaType, Reference, TagState};

use crate::error::RegistryError;
use crate::publish::child::Child;

/// A manifest to publish to one repository.
#[derive(Clone, Copy, Debug)]
pub struct Publication<'a> {
    /// The tags to write, all in one repository. A reference without a tag stands for the digest of the manifest.
    pub targets: &'a [Reference],
    /// The media type of `bytes`.
    pub media_type: MediaType,
    /// The manifest: a list, or any other manifest with a name of its own.
    pub bytes: &'a [u8],
    /// The children that the target repository may lack. Children that it has already may be omitted.
    pub children: &'a [Child],
    /// Whether foreign layers, which registries need not hold, are pushed too.
    pub push_foreign: bool,
    /// The precondition of each tag.
    pub precondition: Precondition<'a>,
    /// The digests that must exist after the push, usually those in the list. The tags are read back as well. `None` disables
    /// all verification.
    pub verify: Option<&'a [Digest]>,
}

/// Source tags that a release probes, to detect that they have moved.
#[derive(Clone, Copy, Debug, Default)]
pub struct WatchedTags<'a> {
    /// The tags. Each is probed once.
    pub tags: &'a [Reference],
    /// Whether all of them are probed before the first write. Otherwise they are probed before the first tag is written.
    pub before_any_write: bool,
}

/// A tag and the digest that it points to. The digest is `None` if there is no such tag, or if the registry does not state
/// the digest.
pub type ObservedTag = (Reference, Option<Digest>);

/// An estimate, made before the first write, of the manifests and blobs that the targets lack.
#[derive(Clone, Debug, Default)]
pub struct TransferEstimate {
    /// The number of manifests that the targets lack.
    pub missing_manifests: usize,
    /// The maximum number of blobs to copy from other registries.
    pub copied_blobs: usize,
    /// The total size of these blobs in bytes.
    pub copied_bytes: u64,
    /// The maximum number of blobs to upload from this machine.
    pub local_blobs: usize,
    /// The total size of these blobs in bytes.
    pub local_bytes: u64,
    /// The tags to write, and the digest that each points to now.
    pub tags: Vec<ObservedTag>,
}

/// A condition on the digest that a tag points to before it is written. It is not atomic: another client may still write the
/// tag between the check and the write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precondition<'a> {
    /// No condition: the tag may point to any digest, or not exist.
    #[default]
    None,
    /// The tag must not exist.
    Absent,
    /// The tag must point to this digest.
    Digest(&'a Digest),
}

impl Publication<'_> {
    /// Returns the target repository.
    ///
    /// # Panics
    /// Panics if there is no target.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        self.targets
            .first()
            .expect("there is a target")
            .repository()
    }

    /// Returns whether a blob is transferred along with its image.
    pub(crate) fn includes_blob(&self, blob: &Descriptor) -> bool {
        self.push_foreign || !is_foreign_layer(&blob.media_type)
    }
}

/// The result of a publication.
#[derive(Clone, Debug)]
pub struct Published {
    /// The digest under which the registry stored the manifest.
    pub digest: Digest,
    /// The number of manifests written: 0 if the registry had them all.
    pub written: usize,
    /// The number of blobs mounted.
    pub mounted: usize,
    /// The number of blobs uploaded.
    pub uploaded: usize,
    /// The number of bytes uploaded.
    pub uploaded_bytes: u64,
    /// The result for each tag.
    pub tags: Vec<Tagged>,
}

/// A tag that points to the published manifest.
#[derive(Clone, Debug)]
pub struct Tagged {
    /// The tag.
    pub target: Reference,
    /// The state of the tag before. `None` if the registry did not state it.
    pub before: Option<TagState>,
    /// Whether the tag was written. Otherwise it pointed to the manifest already.
    pub is_written: bool,
    /// The error that kept the tag and its children from being verified. The tag itself may still be correct.
    pub verification_error: Option<RegistryError>,
}

/// A tag that is about to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagWrite {
    /// The tag.
    pub target: Reference,
    /// Its state now. `None` if the registry does not state it.
    pub before: Option<TagState>,
    /// The digest of the manifest that it will point to.
    pub digest: Digest,
}

/// A step of a release that its caller is told of.
#[derive(Clone, Copy, Debug)]
pub enum ReleaseStep<'a> {
    /// A child is in the repository of its publication.
    ChildTransferred(&'a Publication<'a>, &'a Child),
    /// All content is in place, and these tags are written next, at least one. Tags that point to their manifest already are not
    /// among them.
    WritingTags(&'a [TagWrite]),
}

impl Published {
    /// Adds the result of one tag.
    pub(crate) fn add_tag(&mut self, (tagged, digest): (Tagged, Digest)) {
        self.written += usize::from(tagged.is_written);
        self.digest = digest;
        self.tags.push(tagged);
    }
}
