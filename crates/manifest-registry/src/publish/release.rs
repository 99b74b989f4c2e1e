//! Releases: all content by digest in every repository first, then the tags.

use std::collections::HashSet;
use std::pin::{Pin, pin};

use futures_util::future::{MaybeDone, join, join_all, maybe_done};
use manifest_core::Reference;

use crate::blob::TransferProgress;
use crate::client::Client;
use crate::concurrent::{alongside, concurrent, try_concurrent};
use crate::error::RegistryError;
use crate::limits::PARALLEL_WORK;
use crate::publish::child::Child;
use crate::publish::mount_sources::{MountSources, mount_sources};
use crate::publish::publication::{
    ObservedTag, Publication, Published, ReleaseStep, TagWrite, Tagged, TransferEstimate,
    WatchedTags,
};
use crate::publish::push::Push;
use crate::publish::push_plan::PushPlan;

/// The result for one tag of a release.
pub type TagResult = Result<Tagged, RegistryError>;

/// The result of a release.
#[derive(Clone, Debug)]
pub struct Released {
    /// The result of each publication, in their order. Its tags are those without an error.
    pub published: Vec<Published>,
    /// The result for each tag, in the order of the publications and their targets.
    pub tags: Vec<(Reference, TagResult)>,
}

impl Client {
    /// Publishes to several repositories, or under several tags.
    ///
    /// With several targets, push access to each repository is checked before the first write. The tags are written after all
    /// other content is in every repository.
    ///
    /// `check_estimate` receives the estimate before the first write. `check_tags` receives the digests of the watched tags.
    /// Both may abort the release with an error. `on_step` is called for each child, and once before the first tag is written.
    ///
    /// # Errors
    /// Returns an error if a step before the first tag fails. The results of the tags are in [`Released::tags`].
    pub async fn release<E: From<RegistryError>>(
        &self,
        publications: &[Publication<'_>],
        watch: WatchedTags<'_>,
        check_estimate: impl FnOnce(&TransferEstimate) -> Result<(), E>,
        check_tags: impl FnOnce(&[ObservedTag]) -> Result<(), E>,
        mut on_step: impl FnMut(ReleaseStep<'_>),
    ) -> Result<Released, E> {
        let pushes = self.pushes(publications);
        self.expect_probes(&pushes, watch.tags);
        let mut watched = pin!(maybe_done(watch_tags(&pushes, watch)));
        let plans = try_concurrent(PARALLEL_WORK, pushes.iter().map(PushPlan::make));
        let mut plans = alongside(watched.as_mut(), plans).await?;
        let mut check_tags = Some(check_tags);
        if watch.before_any_write {
            watched.as_mut().await;
            check_watched(watched.as_mut(), &mut check_tags)?;
        }
        let mut estimate = TransferEstimate::default();
        for plan in &plans {
            plan.add_to(&mut estimate);
        }
        check_estimate(&estimate)?;
        let is_single = matches!(publications, [one] if one.targets.len() == 1);
        if !is_single {
            let mut seen = HashSet::new();
            let with_work = plans.iter().filter(|plan| plan.has_work());
            let each_target = with_work.filter(|plan| seen.insert(plan.target()));
            let access_checks =
                try_concurrent(PARALLEL_WORK, each_target.map(PushPlan::check_push_access));
            alongside(watched.as_mut(), access_checks).await?;
        }
        plans.iter().for_each(PushPlan::expect_progress);
        // The publications go one after the other, so that the progress is easy to follow, and because a publication may mount
        // blobs of the one before it. The transfers within a publication are concurrent.
        for (plan, publication) in plans.iter_mut().zip(publications) {
            let on_child =
                |child: &Child| on_step(ReleaseStep::ChildTransferred(publication, child));
            let transfer = plan.transfer_children(on_child);
            alongside(watched.as_mut(), transfer).await?;
        }
        watched.as_mut().await;
        check_watched(watched.as_mut(), &mut check_tags)?;
        let to_put = plans
            .iter_mut()
            .filter(|plan| !is_single || plan.has_subject());
        try_concurrent(PARALLEL_WORK, to_put.map(PushPlan::put_by_digest)).await?;
        announce_writes(&plans, &mut on_step);
        let writes = plans.iter().map(PushPlan::write_tags);
        let results = concurrent(PARALLEL_WORK, writes).await;
        let mut tags = Vec::new();
        for ((plan, results), publication) in plans.iter_mut().zip(results).zip(publications) {
            for (result, target) in results.into_iter().zip(publication.targets) {
                let result = result.map(|tagged| {
                    plan.published.add_tag(tagged.clone());
                    tagged.0
                });
                tags.push((target.clone(), result));
            }
        }
        let published = plans.into_iter().map(|plan| plan.published);
        Ok(Released {
            published: published.collect(),
            tags,
        })
    }

    /// Announces the coming probes of children in their targets and of watched tags.
    fn expect_probes(&self, pushes: &[Push<'_>], watched: &[Reference]) {
        let targets = pushes
            .iter()
            .flat_map(|push| push.children.iter().map(|_| push.target));
        let sources = watched.iter().map(Reference::repository);
        self.expect(&targets.chain(sources).collect::<Vec<_>>());
    }

    pub(super) fn pushes<'a>(&'a self, publications: &'a [Publication<'a>]) -> Vec<Push<'a>> {
        let progress = TransferProgress::new(self.session().transport.observer.clone());
        publications
            .iter()
            .zip(mount_sources(publications))
            .map(|(publication, mount_sources)| {
                Push::new(self, publication, &progress, mount_sources)
            })
            .collect()
    }

    /// Publishes a manifest: transfers the missing children, blobs first, then writes each tag once and reads it back.
    ///
    /// Content that the registry has already is not written again. `on_step` is called for each child, in their order, after
    /// all of them have been transferred, and then once before the first tag is written.
    ///
    /// # Errors
    /// Returns an error if content can be neither mounted nor uploaded, or if the registry refuses a manifest:
    /// [`RegistryError::Incomplete`] if it lacks content, and [`RegistryError::TagImmutable`] if the tag must not move.
    /// Returns [`RegistryError::PreconditionFailed`] if a tag does not meet its precondition. The tags of the publication do
    /// not change before the last step.
    pub async fn publish(
        &self,
        publication: &Publication<'_>,
        mut on_step: impl FnMut(ReleaseStep<'_>),
    ) -> Result<Published, RegistryError> {
        let progress = TransferProgress::new(self.session().transport.observer.clone());
        let push = Push::new(self, publication, &progress, MountSources::new());
        let mut plan = PushPlan::make(&push).await?;
        plan.expect_progress();
        let on_child = |child: &Child| on_step(ReleaseStep::ChildTransferred(publication, child));
        plan.transfer_children(on_child).await?;
        if plan.has_subject() {
            plan.put_by_digest().await?;
        }
        announce_writes(std::slice::from_ref(&plan), &mut on_step);
        for result in plan.write_tags().await {
            plan.published.add_tag(result?);
        }
        Ok(plan.published)
    }
}

/// Tells the caller which tags are written next, if there are any.
fn announce_writes(plans: &[PushPlan<'_>], on_step: &mut impl FnMut(ReleaseStep<'_>)) {
    let writes: Vec<TagWrite> = plans.iter().flat_map(PushPlan::tag_writes).collect();
    if !writes.is_empty() {
        on_step(ReleaseStep::WritingTags(&writes));
    }
}

/// Probes the watched tags with the token of the first push, and fetches the other tokens that the pushes need.
pub(super) async fn watch_tags(pushes: &[Push<'_>], watch: WatchedTags<'_>) -> Vec<ObservedTag> {
    let Some(first) = pushes.first() else {
        return Vec::new();
    };
    let fetches = join_all(pushes.iter().map(Push::fetch_tokens));
    join(fetches, first.watch(watch.tags)).await.1
}

/// Passes the digests of the watched tags to `check_tags`, which is called only once.
fn check_watched<F: Future<Output = Vec<ObservedTag>>, E>(
    watched: Pin<&mut MaybeDone<F>>,
    check_tags: &mut Option<impl FnOnce(&[ObservedTag]) -> Result<(), E>>,
) -> Result<(), E> {
    match (watched.output_mut(), check_tags.take()) {
        (Some(tags), Some(check_tags)) => check_tags(tags),
        _ => Ok(()),
    }
}
