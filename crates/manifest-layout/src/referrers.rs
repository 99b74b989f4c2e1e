//! The referrers of manifests in a layout.
//!
//! A layout has no index of referrers. They are the manifests with a subject that `index.json` leads to (as ORAS writes them, or
//! in the index that regctl keeps under a tag), and the manifests under cosign's tags.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::limits::LIST_DEPTH;
use manifest_core::referrers::cosign_tags;
use manifest_core::{Content, Descriptor, Digest, Manifest, MediaType};

use crate::error::LayoutError;
use crate::image_names::{names, tag_of};
use crate::layout::Layout;
use crate::limits::{MANIFESTS, REFERRER_DEPTH};

/// A referrer of a manifest, or a manifest inside a referrer.
#[derive(Clone, Debug)]
pub struct Referrer {
    /// The manifest.
    pub manifest: Manifest,
    /// Its relation to the manifest that it refers to.
    pub relation: Relation,
}

/// The relation of a referrer to its subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Relation {
    /// The manifest names its subject.
    Subject,
    /// The manifest has this tag, which cosign makes of the subject's digest.
    Tag(String),
    /// The manifest is inside a list that has one of the other relations.
    Inside,
}

impl Layout {
    /// Finds the referrers of these manifests, and the referrers of referrers. Each comes after the manifests inside it.
    ///
    /// # Errors
    /// Returns an error if a manifest is damaged, or there are more than [`MANIFESTS`]. Missing children of lists are skipped:
    /// some layouts lack platforms.
    pub fn referrers(
        &self,
        subjects: impl IntoIterator<Item = Digest>,
    ) -> Result<Vec<Referrer>, LayoutError> {
        let by_subject = self.by_subject()?;
        let mut found = Vec::new();
        let mut asked = BTreeSet::new();
        let mut level: Vec<Digest> = subjects.into_iter().collect();
        for _ in 0..REFERRER_DEPTH {
            let from = found.len();
            level.retain(|subject| asked.insert(subject.clone()));
            for subject in &level {
                for manifest in by_subject.get(subject).into_iter().flatten() {
                    self.add_with_children(manifest.clone(), Relation::Subject, &mut found)?;
                }
                for tag in cosign_tags(subject) {
                    let is_it = |name: &str| tag_of(name) == tag;
                    let has_it = |image: &&Descriptor| names(image).into_iter().any(is_it);
                    if let Some(image) = self.images().iter().find(has_it) {
                        self.add_with_children(
                            self.manifest(image)?,
                            Relation::Tag(tag),
                            &mut found,
                        )?;
                    }
                }
            }
            let new = found.iter().skip(from);
            level = new
                .map(|referrer: &Referrer| referrer.manifest.digest().clone())
                .collect();
        }
        Ok(found)
    }

    /// Adds a manifest after the manifests inside it.
    fn add_with_children(
        &self,
        manifest: Manifest,
        relation: Relation,
        found: &mut Vec<Referrer>,
    ) -> Result<(), LayoutError> {
        let mut inside = Vec::new();
        self.walk(children(&manifest), |manifest| {
            inside.push(manifest.clone());
        })?;
        // Those found last are the innermost.
        let inside = inside.into_iter().rev().map(|manifest| Referrer {
            manifest,
            relation: Relation::Inside,
        });
        found.extend(inside);
        found.push(Referrer { manifest, relation });
        Ok(())
    }

    /// Collects the manifests that name a subject.
    fn by_subject(&self) -> Result<BTreeMap<Digest, Vec<Manifest>>, LayoutError> {
        let mut by_subject: BTreeMap<Digest, Vec<Manifest>> = BTreeMap::new();
        self.walk(self.images(), |manifest| {
            if let Some(subject) = manifest.subject() {
                let same = by_subject.entry(subject.digest.clone()).or_default();
                same.push(manifest.clone());
            }
        })?;
        Ok(by_subject)
    }

    /// Visits manifests and the children of lists among them, level by level, each once.
    fn walk(
        &self,
        start: &[Descriptor],
        mut visit: impl FnMut(&Manifest),
    ) -> Result<(), LayoutError> {
        let mut seen = BTreeSet::new();
        let mut level = start.to_vec();
        for _ in 0..LIST_DEPTH {
            let mut next = Vec::new();
            for descriptor in level {
                let is_known = MediaType::recognise(&descriptor.media_type).is_some();
                if !is_known || !seen.insert(descriptor.digest.clone()) {
                    continue;
                }
                if seen.len() > MANIFESTS {
                    return Err(LayoutError::TooMany {
                        path: self.path().to_owned(),
                        limit: MANIFESTS,
                    });
                }
                let manifest = match self.manifest(&descriptor) {
                    Ok(manifest) => manifest,
                    Err(LayoutError::NoBlob { .. }) => continue,
                    Err(error) => return Err(error),
                };
                next.extend_from_slice(children(&manifest));
                visit(&manifest);
            }
            level = next;
        }
        Ok(())
    }
}

fn children(manifest: &Manifest) -> &[Descriptor] {
    match manifest.content() {
        Content::List(list) => &list.manifests,
        Content::Image(_) => &[],
    }
}
