//! The changes that a draft makes to the list in the registry.

use std::collections::{HashMap, HashSet};

use manifest_core::{Content, Digest, Manifest, Platform};

use super::model::{Change, ChildKind, ChildView, LiveState, LiveView, ManifestView};

impl ManifestView {
    /// Adds the state of the registry to the model of a draft: the manifest there, or none.
    pub(crate) fn add_live(&mut self, live: Option<&Manifest>) {
        let Some(live) = live else {
            for child in &mut self.manifests {
                child.change = Some(Change::Added);
            }
            self.live = Some(LiveView::new(LiveState::Absent));
            return;
        };
        let state = if *live.digest() == self.digest {
            LiveState::Same
        } else {
            LiveState::Different
        };
        let there: Vec<ChildView> = match live.content() {
            Content::List(list) => list.manifests.iter().map(ChildView::of).collect(),
            Content::Image(_) => Vec::new(),
        };
        let counterparts = counterparts(&self.manifests, &there);
        for (child, found) in self.manifests.iter_mut().zip(&counterparts) {
            let found = found.map(|place| &there[place]);
            child.change = Some(found.map_or(Change::Added, |other| compare(child, other)));
            let replaced = found.map(|other| &other.digest);
            child.replaces = replaced.filter(|digest| **digest != child.digest).cloned();
        }
        let kept: HashSet<usize> = counterparts.into_iter().flatten().collect();
        let removed = there.into_iter().enumerate();
        let removed = removed.filter(|(place, _)| !kept.contains(place));
        self.live = Some(LiveView {
            digest: Some(live.digest().clone()),
            removed: removed.map(|(_, child)| child).collect(),
            ..LiveView::new(state)
        });
    }
}

impl LiveView {
    /// Returns the state of a registry that was not asked, or gave no clear response. `reason` says which, after the registry's
    /// name.
    pub(crate) fn unknown(reason: String) -> Self {
        Self {
            reason: Some(reason),
            ..Self::new(LiveState::Unknown)
        }
    }

    /// Returns a state without a digest.
    pub(crate) fn new(state: LiveState) -> Self {
        Self {
            state,
            reason: None,
            digest: None,
            removed: Vec::new(),
        }
    }
}

/// Finds the entry in the registry that each of a draft's entries stands for: the same content, or else an image for the same
/// platform. None is found twice.
fn counterparts(children: &[ChildView], there: &[ChildView]) -> Vec<Option<usize>> {
    let mut by_digest: HashMap<&Digest, Vec<usize>> = HashMap::new();
    for (place, other) in there.iter().enumerate().rev() {
        by_digest.entry(&other.digest).or_default().push(place);
    }
    let same = |child: &ChildView| by_digest.get_mut(&child.digest).and_then(Vec::pop);
    let mut found: Vec<Option<usize>> = children.iter().map(same).collect();
    let mut is_left = vec![true; there.len()];
    for place in found.iter().flatten() {
        is_left[*place] = false;
    }
    let mut by_platform = HashMap::new();
    let others = there.iter().enumerate().rev();
    for (place, other) in others.filter(|(place, _)| is_left[*place]) {
        if let Some(platform) = image_platform(other) {
            by_platform
                .entry(platform)
                .or_insert_with(Vec::new)
                .push(place);
        }
    }
    for (child, found) in children.iter().zip(&mut found) {
        if found.is_none()
            && let Some(platform) = image_platform(child)
        {
            *found = by_platform.get_mut(&platform).and_then(Vec::pop);
        }
    }
    found
}

/// Returns the platform of an image in the form that engines compare.
fn image_platform(child: &ChildView) -> Option<(&str, &str, &str, &str, Vec<&str>)> {
    let platform = child.platform.as_ref();
    let platform = platform.filter(|_| child.kind == ChildKind::Image);
    platform.map(Platform::normalized)
}

fn compare(child: &ChildView, other: &ChildView) -> Change {
    let is_same = child.digest == other.digest
        && child.platform == other.platform
        && child.annotations == other.annotations
        && child.artifact_type == other.artifact_type;
    if is_same {
        Change::Same
    } else {
        Change::Changed
    }
}
