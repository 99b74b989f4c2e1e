//! The manifest that is published.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, Manifest, MediaType, Reference};

use super::child_tags::ChildTag;
use super::local_layouts::LocalLayouts;
use super::moved_sources;
use super::report::Report;
use crate::sources::LazyLayout;
use crate::values::OnMoved;

/// A manifest to publish, with all decisions that need no request.
pub(super) struct PublishJob<'a> {
    pub(super) report: Report,
    pub(super) media_type: MediaType,
    pub(super) bytes: &'a [u8],
    pub(super) source: JobSource<'a>,
    /// The policy for tags that have moved since the manifest was drafted. `None` if none can have.
    pub(super) on_moved: Option<OnMoved>,
    pub(super) child_tags: Vec<ChildTag>,
}

/// The source of a manifest that is published.
#[derive(Clone, Copy)]
pub(super) enum JobSource<'a> {
    /// A draft, and the layouts on this machine that it has entries from.
    Draft(&'a Draft, &'a LocalLayouts),
    /// A manifest that is published unchanged.
    Copy(&'a CopiedManifest<'a>),
}

/// A manifest that is published unchanged.
pub(super) struct CopiedManifest<'a> {
    /// The repository that it is in. A manifest on this machine, and its children, are named by the repository of the target.
    pub(super) repository: &'a Repository,
    pub(super) manifest: Manifest,
    /// The layout that it is in, if it is on this machine.
    pub(super) layout: Option<Arc<LazyLayout>>,
}

impl PublishJob<'_> {
    /// Returns the tags that may have moved since they were drafted, with the digests that they pointed to then.
    pub(super) fn drafted_tags(&self) -> BTreeMap<Reference, Digest> {
        match (self.source, self.on_moved) {
            (JobSource::Draft(draft, _), Some(_)) => moved_sources::drafted_tags(draft),
            _ => BTreeMap::new(),
        }
    }
}
