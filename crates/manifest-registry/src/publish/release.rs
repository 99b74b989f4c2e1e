//! Publishing to several repositories: everything under its digest everywhere first, then the tags.

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

/// What became of one tag of a release.
pub type TagResult = Result<Tagged, RegistryError>;

/// What a release came to.
#[derive(Clone, Debug)]
pub struct Released {
    /// What each publication came to, in their order. Its tags are those that were reached.
    pub published: Vec<Published>,
    /// What became of each tag, in the order of the publications and their targets.
    pub tags: Vec<(Reference, TagResult)>,
}

impl Client {
    /// Publishes to several repositories, or under several tags. Whether each can be written to is tried before the first
    /// write, and the tags are written once all else is everywhere. `check` sees what is known before anything is written,
    /// and may object; `moved` sees what the names that are watched show, and may as well; `arrived` is called for the children
    /// of each publication.
    ///
    /// # Errors
    /// Where something fails before the first tag is written. What becomes of the tags is in what is returned.
    pub async fn release<E: From<RegistryError>>(
        &self,
        publications: &[Publication<'_>],
        watch: WatchedTags<'_>,
        check: impl FnOnce(&TransferEstimate) -> Result<(), E>,
        moved: impl FnOnce(&[ObservedTag]) -> Result<(), E>,
        mut arrived: impl FnMut(&Publication<'_>, &Child),
    ) -> Result<Released, E> {
        let pushes = self.pushes(publications);
        self.expect_looks(&pushes, watch.names);
        let mut watched = pin!(maybe_done(watching(&pushes, watch)));
        let looks = try_join_all(pushes.iter().map(PushPlan::make));
        let mut prepared = alongside(watched.as_mut(), looks).await?;
        let mut moved = Some(moved);
        if watch.is_first {
            watched.as_mut().await;
            check_watched(watched.as_mut(), &mut moved)?;
        }
        let mut estimate = TransferEstimate::default();
        for prepared in &prepared {
            prepared.add_to(&mut estimate);
        }
        check(&estimate)?;
        let is_single = matches!(publications, [one] if one.targets.len() == 1);
        if !is_single {
            let with_work = prepared.iter().filter(|prepared| prepared.has_work());
            let attempts = try_join_all(with_work.map(PushPlan::try_to_write));
            alongside(watched.as_mut(), attempts).await?;
        }
        prepared.iter().for_each(PushPlan::measure);
        // One after the other, for the sake of who watches, and because what one has brought the next may mount; within each,
        // everything is at once.
        for (prepared, publication) in prepared.iter_mut().zip(publications) {
            let bring = prepared.transfer_children(|child| arrived(publication, child));
            alongside(watched.as_mut(), bring).await?;
        }
        watched.as_mut().await;
        check_watched(watched.as_mut(), &mut moved)?;
        let to_put = prepared
            .iter_mut()
            .filter(|prepared| !is_single || prepared.has_subject());
        try_join_all(to_put.map(PushPlan::put_by_digest)).await?;
        let writes = prepared.iter().map(PushPlan::write_tags);
        let results = join_all(writes).await;
        let mut tags = Vec::new();
        for ((prepared, results), publication) in prepared.iter_mut().zip(results).zip(publications)
        {
            for (result, target) in results.into_iter().zip(publication.targets) {
                let result = result.map(|tagged| {
                    prepared.published.note(tagged.clone());
                    tagged.0
                });
                tags.push((target.clone(), result));
            }
        }
        let published = prepared.into_iter().map(|prepared| prepared.published);
        Ok(Released {
            published: published.collect(),
            tags,
        })
    }

    /// Notes what is about to be looked at: children where they are going to be, and names elsewhere.
    fn expect_looks(&self, pushes: &[Push<'_>], watched: &[Reference]) {
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
        let mut prepared = PushPlan::make(&push).await?;
        prepared.measure();
        prepared.transfer_children(arrived).await?;
        if prepared.has_subject() {
            prepared.put_by_digest().await?;
        }
        for result in prepared.write_tags().await {
            prepared.published.note(result?);
        }
        Ok(prepared.published)
    }
}

/// Looks at what is watched, with the token of the first push, and fetches what other tokens the pushes need.
pub(super) async fn watching(pushes: &[Push<'_>], watch: WatchedTags<'_>) -> Vec<ObservedTag> {
    let Some(first) = pushes.first() else {
        return Vec::new();
    };
    let fetches = join_all(pushes.iter().map(Push::fetch_tokens));
    join(fetches, first.watch(watch.names)).await.1
}

/// Tells once what was seen at the names that are watched.
fn check_watched<F: Future<Output = Vec<ObservedTag>>, E>(
    watched: Pin<&mut MaybeDone<F>>,
    moved: &mut Option<impl FnOnce(&[ObservedTag]) -> Result<(), E>>,
) -> Result<(), E> {
    match (watched.output_mut(), moved.take()) {
        (Some(shown), Some(moved)) => moved(shown),
        _ => Ok(()),
    }
}
