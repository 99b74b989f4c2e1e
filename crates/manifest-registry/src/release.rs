//! Publishing to several repositories: everything under its digest everywhere first, then the tags.

use std::collections::{HashMap, HashSet};

use futures_util::future::try_join_all;
use manifest_core::reference::Repository;
use manifest_core::{Descriptor, Digest, Reference};

use crate::child::Child;
use crate::client::Client;
use crate::error::RegistryError;
use crate::prepared::Prepared;
use crate::publish::{Outlook, Publication, Published, Tagged};

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
    /// and may object; `arrived` is called for the children of each publication.
    ///
    /// # Errors
    /// Where something fails before the first tag is written. What becomes of the tags is in what is returned.
    pub async fn release<E: From<RegistryError>>(
        &self,
        publications: &[Publication<'_>],
        check: impl FnOnce(&Outlook) -> Result<(), E>,
        mut arrived: impl FnMut(&Publication<'_>, &Child),
    ) -> Result<Released, E> {
        let looks = publications
            .iter()
            .zip(brought(publications))
            .map(|(publication, brought)| Prepared::look_around(self, publication, brought));
        let mut prepared = try_join_all(looks).await?;
        if let Some(meter) = prepared.first().map(Prepared::meter) {
            prepared
                .iter_mut()
                .for_each(|prepared| prepared.measure_with(&meter));
        }
        let mut outlook = Outlook::default();
        for prepared in &prepared {
            prepared.add_to(&mut outlook);
        }
        check(&outlook)?;
        let is_single = matches!(publications, [one] if one.targets.len() == 1);
        if !is_single {
            let with_work = prepared.iter().filter(|prepared| prepared.has_work());
            try_join_all(with_work.map(Prepared::try_to_write)).await?;
        }
        prepared.iter().for_each(Prepared::measure);
        // One after the other, for the sake of who watches, and because what one has brought the next may mount; within each,
        // everything is at once.
        for (prepared, publication) in prepared.iter_mut().zip(publications) {
            prepared.bring(|child| arrived(publication, child)).await?;
        }
        let to_put = prepared
            .iter_mut()
            .filter(|prepared| !is_single || prepared.has_subject());
        try_join_all(to_put.map(Prepared::put_by_digest)).await?;
        let writes = prepared.iter().map(Prepared::write_tags);
        let results = futures_util::future::join_all(writes).await;
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
}

/// What publishing would do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What each tag shows now.
    pub tags: Vec<(Reference, Option<Digest>)>,
    /// What is watched, as in [`Outlook`].
    pub watched: Vec<(Reference, Option<Digest>)>,
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
    pub async fn plan(&self, publications: &[Publication<'_>]) -> Result<Plan, RegistryError> {
        let looks = publications
            .iter()
            .zip(brought(publications))
            .map(|(publication, brought)| Prepared::look_around(self, publication, brought));
        let prepared = try_join_all(looks).await?;
        let mut plan = Plan {
            tags: Vec::new(),
            watched: Vec::new(),
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
            plan.watched.extend(prepared.watched);
            plan.tags.extend(prepared.names);
        }
        Ok(plan)
    }
}
