//! Publishing: everything under its digest in every repository first, then the tags.

use std::pin::{Pin, pin};

use futures_util::future::{MaybeDone, join, join_all, maybe_done, try_join_all};
use manifest_core::Reference;

use crate::blob::TransferProgress;
use crate::client::Client;
use crate::concurrent::alongside;
use crate::error::RegistryError;
use crate::publish::child::Child;
use crate::publish::mount_sources::{MountSources, mount_sources};
use crate::publish::publication::{
    ObservedTag, Publication, Published, Tagged, TransferEstimate, WatchedTags,
};
use crate::publish::push::Push;
use crate::publish::push_plan::PushPlan;

/// The result for one tag of a release.
pub type TagResult = Result<Tagged, RegistryError>;

/// The result of a release.
#[derive(Clone, Debug)]
pub struct Released {
    /// The result of each publication, in their order. Its tags are those that were reached.
    pub published: Vec<Published>,
    /// The result for each tag, in the order of the publications and their targets.
    pub tags: Vec<(Reference, TagResult)>,
}

impl Client {
    /// Publishes to several repositories, or under several tags. Whether each can be written to is tried before the first
    /// write, and the tags are written once all else is everywhere. `check` sees the estimate before anything is written,
    /// and may object; `moved` sees the digests of the watched tags, and may object as well; `arrived` is called for the children
    /// of each publication.
    ///
    /// # Errors
    /// Where something fails before the first tag is written. The results of the tags are returned.
    pub async fn release<E: From<RegistryError>>(
        &self,
        publications: &[Publication<'_>],
        watch: WatchedTags<'_>,
        check: impl FnOnce(&TransferEstimate) -> Result<(), E>,
        moved: impl FnOnce(&[ObservedTag]) -> Result<(), E>,
        mut arrived: impl FnMut(&Publication<'_>, &Child),
    ) -> Result<Released, E> {
        let pushes = self.pushes(publications);
        self.expect_probes(&pushes, watch.names);
        let mut watched = pin!(maybe_done(watch_tags(&pushes, watch)));
        let surveys = try_join_all(pushes.iter().map(PushPlan::make));
        let mut plans = alongside(watched.as_mut(), surveys).await?;
        let mut moved = Some(moved);
        if watch.is_first {
            watched.as_mut().await;
            check_watched(watched.as_mut(), &mut moved)?;
        }
        let mut estimate = TransferEstimate::default();
        for plan in &plans {
            plan.add_to(&mut estimate);
        }
        check(&estimate)?;
        let is_single = matches!(publications, [one] if one.targets.len() == 1);
        if !is_single {
            let with_work = plans.iter().filter(|plan| plan.has_work());
            let trials = try_join_all(with_work.map(PushPlan::try_to_write));
            alongside(watched.as_mut(), trials).await?;
        }
        plans.iter().for_each(PushPlan::expect_progress);
        // One after the other, so that the progress can be followed, and because the next may mount what one has brought; within each,
        // everything is at once.
        for (plan, publication) in plans.iter_mut().zip(publications) {
            let transfer = plan.transfer_children(|child| arrived(publication, child));
            alongside(watched.as_mut(), transfer).await?;
        }
        watched.as_mut().await;
        check_watched(watched.as_mut(), &mut moved)?;
        let to_put = plans
            .iter_mut()
            .filter(|plan| !is_single || plan.has_subject());
        try_join_all(to_put.map(PushPlan::put_by_digest)).await?;
        let writes = plans.iter().map(PushPlan::write_tags);
        let results = join_all(writes).await;
        let mut tags = Vec::new();
        for ((plan, results), publication) in plans.iter_mut().zip(results).zip(publications) {
            for (result, target) in results.into_iter().zip(publication.targets) {
                let result = result.map(|tagged| {
                    plan.published.note(tagged.clone());
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

    /// Announces the probes that are about to be sent: of children in their targets, and of watched tags.
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

    /// Publishes a manifest: brings the children that are missing, blobs first, writes each tag once, and reads it back. What
    /// the registry has already is left as it is. `arrived` is called for each child, in their order, once all are there.
    ///
    /// # Errors
    /// Where content can be neither mounted nor uploaded, or the registry refuses a manifest:
    /// [`RegistryError::Incomplete`] where it misses something, [`RegistryError::TagImmutable`] where the tag may not be
    /// moved, [`RegistryError::PreconditionFailed`] where it shows something else than it should. Until the last step nothing that
    /// has a tag has changed.
    pub async fn publish(
        &self,
        publication: &Publication<'_>,
        arrived: impl FnMut(&Child),
    ) -> Result<Published, RegistryError> {
        let progress = TransferProgress::new(self.session().transport.observer.clone());
        let push = Push::new(self, publication, &progress, MountSources::new());
        let mut plan = PushPlan::make(&push).await?;
        plan.expect_progress();
        plan.transfer_children(arrived).await?;
        if plan.has_subject() {
            plan.put_by_digest().await?;
        }
        for result in plan.write_tags().await {
            plan.published.note(result?);
        }
        Ok(plan.published)
    }
}

/// Probes the watched tags, with the token of the first push, and fetches the other tokens that the pushes need.
pub(super) async fn watch_tags(pushes: &[Push<'_>], watch: WatchedTags<'_>) -> Vec<ObservedTag> {
    let Some(first) = pushes.first() else {
        return Vec::new();
    };
    let fetches = join_all(pushes.iter().map(Push::fetch_tokens));
    join(fetches, first.watch(watch.names)).await.1
}

/// Hands the digests of the watched tags over, once.
fn check_watched<F: Future<Output = Vec<ObservedTag>>, E>(
    watched: Pin<&mut MaybeDone<F>>,
    moved: &mut Option<impl FnOnce(&[ObservedTag]) -> Result<(), E>>,
) -> Result<(), E> {
    match (watched.output_mut(), moved.take()) {
        (Some(shown), Some(moved)) => moved(shown),
        _ => Ok(()),
    }
}
