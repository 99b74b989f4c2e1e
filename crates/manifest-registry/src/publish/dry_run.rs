//! A release that is only planned.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use manifest_core::{Digest, Reference};

use crate::client::Client;
use crate::error::RegistryError;
use crate::publish::publication::{ObservedTag, Publication, WatchedTags};
use crate::publish::push_plan::{PlannedBlob, PushPlan};
use crate::publish::release::watching;

/// What publishing would do.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// What each tag shows now.
    pub tags: Vec<(Reference, Option<Digest>)>,
    /// What the names that are watched show.
    pub watched: Vec<ObservedTag>,
    /// The manifests that would be put beside the tags: under their digests, or those of the tags of referrers.
    pub manifests: Vec<Reference>,
    /// The blobs that would be mounted or copied.
    pub blobs: Vec<PlannedBlob>,
}

impl Client {
    /// Finds out what [`Client::release`] would do. Nothing is written.
    ///
    /// # Errors
    /// As `release` before its first write.
    pub async fn dry_run(
        &self,
        publications: &[Publication<'_>],
        watched: &[Reference],
    ) -> Result<DryRun, RegistryError> {
        let pushes = self.pushes(publications);
        let watch = WatchedTags {
            names: watched,
            is_first: true,
        };
        let looks = try_join_all(pushes.iter().map(PushPlan::make));
        let (prepared, watched) = tokio::join!(looks, watching(&pushes, watch));
        let prepared = prepared?;
        let mut plan = DryRun {
            tags: Vec::new(),
            watched,
            manifests: Vec::new(),
            blobs: Vec::new(),
        };
        for prepared in prepared {
            plan.blobs.extend(prepared.planned_blobs().await?);
            let target = prepared.target();
            let mut seen = HashSet::new();
            let missing = prepared
                .missing_children()
                .map(|child| child.name_in(target));
            let missing = missing.filter(|name| seen.insert(name.clone()));
            plan.manifests.extend(missing);
            plan.manifests
                .extend(prepared.planned_index_updates().await?);
            plan.tags.extend(prepared.names);
        }
        Ok(plan)
    }
}
