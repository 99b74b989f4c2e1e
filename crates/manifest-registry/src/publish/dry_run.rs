//! Dry runs: the writes that a release would make.

use std::collections::HashSet;

use manifest_core::{Digest, Reference};

use crate::client::Client;
use crate::concurrent::try_concurrent;
use crate::error::RegistryError;
use crate::limits::PARALLEL_WORK;
use crate::publish::publication::{ObservedTag, Publication, WatchedTags};
use crate::publish::push_plan::{PlannedBlob, PushPlan};
use crate::publish::release::watch_tags;

/// The writes that a release would make.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// The tags that would be written, and the digest that each points to now.
    pub tags: Vec<(Reference, Option<Digest>)>,
    /// The watched tags, and the digest that each points to.
    pub watched: Vec<ObservedTag>,
    /// The manifests that would be written in addition to the tags: children by digest, and the tags of referrers.
    pub manifests: Vec<Reference>,
    /// The blobs that would be mounted or uploaded.
    pub blobs: Vec<PlannedBlob>,
}

impl Client {
    /// Returns the writes that [`Client::release`] would make, without making them.
    ///
    /// # Errors
    /// Returns the errors that [`Client::release`] returns before its first write.
    pub async fn dry_run(
        &self,
        publications: &[Publication<'_>],
        watched: &[Reference],
    ) -> Result<DryRun, RegistryError> {
        let pushes = self.pushes(publications);
        let watch = WatchedTags {
            tags: watched,
            before_any_write: true,
        };
        let plans = try_concurrent(PARALLEL_WORK, pushes.iter().map(PushPlan::make));
        let (plans, watched) = tokio::join!(plans, watch_tags(&pushes, watch));
        let plans = plans?;
        let mut dry_run = DryRun {
            tags: Vec::new(),
            watched,
            manifests: Vec::new(),
            blobs: Vec::new(),
        };
        for plan in plans {
            dry_run.blobs.extend(plan.planned_blobs().await?);
            let target = plan.target();
            let mut seen = HashSet::new();
            let missing = plan
                .missing_children()
                .map(|child| child.reference_in(target));
            let missing = missing.filter(|name| seen.insert(name.clone()));
            dry_run.manifests.extend(missing);
            dry_run
                .manifests
                .extend(plan.planned_index_updates().await?);
            dry_run.tags.extend(plan.observed_tags());
        }
        Ok(dry_run)
    }
}
