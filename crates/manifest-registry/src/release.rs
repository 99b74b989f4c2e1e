//! Publishing to several repositories: everything under its digest everywhere first, then the tags.

use std::collections::{HashMap, HashSet};
use std::future::poll_fn;
use std::pin::{Pin, pin};

use futures_util::future::{MaybeDone, join, join_all, maybe_done, try_join_all};
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference};

use crate::child::Child;
use crate::client::Client;
use crate::error::RegistryError;
use crate::meter::Meter;
use crate::prepared::Prepared;
use crate::publish::{
    ObservedTag, Publication, Published, Push, Tagged, TransferEstimate, WatchedTags,
};

/// The blobs that an earlier publication of a release brings to the same registry, and where to: nobody uploads twice what can
/// be mounted.
pub(crate) type Brought<'a> = HashMap<&'a Digest, &'a Repository>;

/// Returns for each publication what those before it bring to its registry. What is in the registry anyway is not in it.
fn brought<'a>(publications: &'a [Publication<'a>]) -> Vec<Brought<'a>> {
    let of = |publication: &'a Publication<'a>, others: &'a [Publication<'a>]| {
        let mut brought = Brought::new();
        let domain = publication.repository().domain();
        for other in others
            .iter()
            .filter(|other| other.repository().domain() == domain)
        {
            let target = other.repository();
            let far = other.children.iter().filter(|child| !child.is_near(target));
            for blob in far.flat_map(Child::blobs).filter(|blob| other.brings(blob)) {
                brought.entry(&blob.digest).or_insert(target);
            }
        }
        brought
    };
    let places = publications.iter().enumerate();
    places
        .map(|(place, publication)| of(publication, &publications[..place]))
        .collect()
}

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
        let looks = try_join_all(pushes.iter().map(Prepared::look_around));
        let mut prepared = beside(watched.as_mut(), looks).await?;
        let mut moved = Some(moved);
        if watch.is_first {
            watched.as_mut().await;
            tell(watched.as_mut(), &mut moved)?;
        }
        let mut estimate = TransferEstimate::default();
        for prepared in &prepared {
            prepared.add_to(&mut estimate);
        }
        check(&estimate)?;
        let is_single = matches!(publications, [one] if one.targets.len() == 1);
        if !is_single {
            let with_work = prepared.iter().filter(|prepared| prepared.has_work());
            let tries = try_join_all(with_work.map(Prepared::try_to_write));
            beside(watched.as_mut(), tries).await?;
        }
        prepared.iter().for_each(Prepared::measure);
        // One after the other, for the sake of who watches, and because what one has brought the next may mount; within each,
        // everything is at once.
        for (prepared, publication) in prepared.iter_mut().zip(publications) {
            let bring = prepared.bring(|child| arrived(publication, child));
            beside(watched.as_mut(), bring).await?;
        }
        watched.as_mut().await;
        tell(watched.as_mut(), &mut moved)?;
        let to_put = prepared
            .iter_mut()
            .filter(|prepared| !is_single || prepared.has_subject());
        try_join_all(to_put.map(Prepared::put_by_digest)).await?;
        let writes = prepared.iter().map(Prepared::write_tags);
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

    fn pushes<'a>(&'a self, publications: &'a [Publication<'a>]) -> Vec<Push<'a>> {
        let meter = Meter::new(self.shared().session.transport.observer.clone());
        publications
            .iter()
            .zip(brought(publications))
            .map(|(publication, brought)| Push::new(self, publication, &meter, brought))
            .collect()
    }
}

/// Looks at what is watched, with the token of the first push, and fetches what other tokens the pushes need.
async fn watching(pushes: &[Push<'_>], watch: WatchedTags<'_>) -> Vec<ObservedTag> {
    let Some(first) = pushes.first() else {
        return Vec::new();
    };
    let fetches = join_all(pushes.iter().map(Push::fetch_tokens));
    join(fetches, first.watch(watch.names)).await.1
}

/// Runs `main` to its end, and `aside` with it as far as it comes: what `main` sends goes first.
pub(crate) async fn beside<F: Future, M: Future>(
    mut aside: Pin<&mut MaybeDone<F>>,
    main: M,
) -> M::Output {
    let mut main = pin!(main);
    poll_fn(|context| {
        let ended = main.as_mut().poll(context);
        if ended.is_pending() {
            let _ = aside.as_mut().poll(context);
        }
        ended
    })
    .await
}

/// Tells once what was seen at the names that are watched.
fn tell<F: Future<Output = Vec<ObservedTag>>, E>(
    watched: Pin<&mut MaybeDone<F>>,
    moved: &mut Option<impl FnOnce(&[ObservedTag]) -> Result<(), E>>,
) -> Result<(), E> {
    match (watched.output_mut(), moved.take()) {
        (Some(shown), Some(moved)) => moved(shown),
        _ => Ok(()),
    }
}

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

/// A blob that the target lacks.
#[derive(Clone, Debug)]
pub struct PlannedBlob {
    /// Where it is: a repository, or a place on this machine.
    pub source: String,
    /// Where it is missing.
    pub target: Repository,
    /// What it is.
    pub descriptor: Descriptor,
    /// Whether it would be mounted, which moves no bytes; a registry may not go along.
    pub is_mount: bool,
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
        let looks = try_join_all(pushes.iter().map(Prepared::look_around));
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
            plan.manifests.extend(prepared.planned_enlistings().await?);
            plan.tags.extend(prepared.names);
        }
        Ok(plan)
    }
}
