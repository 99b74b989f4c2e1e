//! A dry run: the requests that a release would make to write.

use std::collections::HashSet;

use futures_util::future::try_join_all;
use manifest_core::{Digest, Reference};

use crate::client::Client;
use crate::error::RegistryError;
use crate::publish::publication::{ObservedTag, Publication, WatchedTags};
use crate::publish::push_plan::{PlannedBlob, PushPlan};
use crate::publish::release::watch_tags;

/// The writes of a release that was not made.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// The digest that each tag points to now.
    pub tags: Vec<(Reference, Option<Digest>)>,
    /// The digests that the watched tags point to.
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
        let surveys = try_join_all(pushes.iter().map(PushPlan::make));
        let (plans, watched) = tokio::join!(surveys, watch_tags(&pushes, watch));
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
            let missing = plan.missing_children().map(|child| child.name_in(target));
            let missing = missing.filter(|name| seen.insert(name.clone()));
            dry_run.manifests.extend(missing);
            dry_run
                .manifests
                .extend(plan.planned_index_updates().await?);
            dry_run.tags.extend(plan.names);
        }
        Ok(dry_run)
    }
}
