//! The image layouts on this machine that a draft has entries from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, Entry, Source};
use manifest_layout::{ImageSelector, Referrer, Relation};
use manifest_registry::{Child, LocalBlobs};

use crate::failure::Failure;
use crate::sources::{LazyLayout, SourceSpec};

/// The layouts and archives on this machine that a draft has entries from.
#[derive(Debug, Default)]
pub(super) struct LocalLayouts(BTreeMap<Source, Arc<LazyLayout>>);

impl LocalLayouts {
    pub(super) fn new(draft: &Draft) -> Self {
        let sources: BTreeSet<&Source> = draft.entries.iter().filter_map(Entry::source).collect();
        let open = |source: &Source| match SourceSpec::from_source(source) {
            Some(SourceSpec::Layout(location)) => {
                Some((source.clone(), Arc::new(LazyLayout::new(location))))
            }
            _ => None,
        };
        Self(sources.into_iter().filter_map(open).collect())
    }

    pub(super) fn of(&self, entry: &Entry) -> Option<Arc<LazyLayout>> {
        self.0.get(entry.source()?).cloned()
    }

    /// Returns the referrers of these manifests in all layouts, named by `repository`.
    pub(super) fn referrers(
        &self,
        repository: &Repository,
        subjects: &BTreeSet<Digest>,
    ) -> Result<Vec<Child>, Failure> {
        let mut children = Vec::new();
        for layout in self.0.values() {
            children.extend(referrers_in(layout, repository, subjects)?);
        }
        Ok(children)
    }

    /// Returns the current digest of each layout whose content may change, or `None` if a layout cannot be read.
    pub(super) fn root_digests(&self) -> impl Iterator<Item = (&Source, Option<Digest>)> {
        let changes =
            |layout: &&LazyLayout| !matches!(layout.location().name, ImageSelector::Digest(_));
        let layouts = self
            .0
            .iter()
            .filter(move |(_, layout)| changes(&&***layout));
        layouts
            .map(|(source, layout)| (source, layout.root().ok().map(|root| root.digest().clone())))
    }
}

/// Returns the referrers of these manifests in one layout, named by `repository`.
pub(super) fn referrers_in(
    layout: &Arc<LazyLayout>,
    repository: &Repository,
    subjects: &BTreeSet<Digest>,
) -> Result<Vec<Child>, Failure> {
    let child = |Referrer { manifest, relation }| {
        let (digest, media_type) = (manifest.digest(), manifest.media_type());
        let child = Child::new(repository, digest, media_type, manifest.bytes())?;
        let child = with_local_blobs(Some(layout), child);
        Ok(match relation {
            Relation::Subject => child.into_referrer(),
            Relation::Tag(tag) => child.with_tag(tag),
            Relation::Inside => child,
        })
    };
    layout.referrers(subjects)?.into_iter().map(child).collect()
}

/// Returns a child whose blobs are read from a layout, if it is in one.
pub(super) fn with_local_blobs(layout: Option<&Arc<LazyLayout>>, child: Child) -> Child {
    match layout {
        Some(layout) => child.with_local_blobs(Arc::clone(layout) as Arc<dyn LocalBlobs>),
        None => child,
    }
}
