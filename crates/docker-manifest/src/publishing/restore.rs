//! Putting tags back to the manifests that they pointed to before, all of them or none.

use std::collections::BTreeMap;

use manifest_core::{Content, Digest, Manifest, Reference};
use manifest_registry::{
    Client, Precondition, Publication, RegistryError, ReleaseStep, Released, WatchedTags,
};

use super::notes::Notes;
use super::outcome::{self, Outcome};
use super::publisher::Publisher;
use super::report::TargetReport;
use super::target_state::TargetState;
use super::targets;
use crate::concurrency::try_join_all;
use crate::failure::{Failure, GoneManifest, MovedTag, RollbackError};

/// A tag that is put back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Restoration {
    /// The tag.
    pub(crate) tag: Reference,
    /// The digest that it must point to now.
    pub(crate) live: Digest,
    /// The digest that it is put back to.
    pub(crate) to: Digest,
}

/// The tags that are put back to one manifest, under one condition.
struct Group<'a> {
    tags: Vec<Reference>,
    live: &'a Digest,
    manifest: &'a Manifest,
}

/// Puts tags back, each at most once, byte for byte. First each manifest is read and its images are probed, then each tag must point to its digest, and
/// only then the tags are written. Returns the result for each tag, in the order given.
///
/// With `--dry-run`, the states are those before the writes.
///
/// # Errors
/// Fails if a manifest is gone, a tag has moved, or a registry refuses. Then no tag was written, except if the error says which were.
pub(crate) async fn restore(
    publisher: &Publisher<'_>,
    restorations: &[Restoration],
) -> Result<Vec<TargetReport>, Failure> {
    let manifests = read_manifests(publisher.client, restorations).await?;
    let groups = groups(restorations, &manifests);
    let publications: Vec<Publication<'_>> = groups.iter().map(Group::publication).collect();
    if publisher.flags.dry_run.is_on() {
        return plan(publisher, restorations, &publications).await;
    }
    let tags: Vec<Reference> = restorations.iter().map(|one| one.tag.clone()).collect();
    let notes = Notes::new(publisher.context, None);
    let mut released = match release(publisher, &publications, &notes).await {
        Ok(released) => released,
        Err(error) => {
            outcome::report_none_written(&tags, publisher);
            return Err(explain(publisher.client, error, restorations).await);
        }
    };
    let digests = restorations.iter().map(|one| (&one.tag, &one.to));
    let digests: BTreeMap<&Reference, &Digest> = digests.collect();
    notes.finish(&released.tags, |tag| digests.get(tag).copied().cloned());
    targets::sort_as_given(&mut released.tags, &tags);
    let outcome = Outcome::of(&released);
    let Some(first) = groups.first() else {
        return Ok(Vec::new());
    };
    outcome.report(first.manifest.media_type(), publisher)?;
    let with_digest = |report: TargetReport, restoration: &Restoration| TargetReport {
        digest: Some(restoration.to.clone()),
        ..report
    };
    let written = outcome.written(&notes, &[]).targets.into_iter();
    let written = written.zip(restorations);
    Ok(written
        .map(|(report, restoration)| with_digest(report, restoration))
        .collect())
}

async fn release(
    publisher: &Publisher<'_>,
    publications: &[Publication<'_>],
    notes: &Notes<'_>,
) -> Result<Released, RegistryError> {
    let on_step = |step: ReleaseStep<'_>| {
        if let ReleaseStep::WritingTags(writes) = step {
            notes.begin(writes);
        }
    };
    let watch = WatchedTags::default();
    let client = publisher.client;
    client
        .release(publications, watch, |_| Ok(()), |_| Ok(()), on_step)
        .await
}

/// Returns the writes that [`restore`] would make.
async fn plan(
    publisher: &Publisher<'_>,
    restorations: &[Restoration],
    publications: &[Publication<'_>],
) -> Result<Vec<TargetReport>, Failure> {
    let client = publisher.client;
    let planned = match client.dry_run(publications, &[]).await {
        Ok(planned) => planned,
        Err(error) => return Err(explain(client, error, restorations).await),
    };
    let states: BTreeMap<Reference, Option<Digest>> = planned.tags.into_iter().collect();
    let report = |restoration: &Restoration| {
        let Restoration { tag, to, .. } = restoration;
        let now = states.get(tag).cloned().flatten();
        let is_there = now.as_ref() == Some(to);
        let (state, line) = match &now {
            Some(_) if is_there => (TargetState::ThereAlready, format!("{tag} is there already")),
            Some(now) => (
                TargetState::Planned,
                format!("would move {tag} from {now} to {to}"),
            ),
            None => (TargetState::Planned, format!("would write {tag}: {to}")),
        };
        publisher.status(&line);
        TargetReport {
            reference: tag.to_string(),
            state,
            before: now,
            digest: Some(to.clone()),
        }
    };
    Ok(restorations.iter().map(report).collect())
}

/// The manifests that tags are put back to, by repository and digest.
type Manifests = BTreeMap<Reference, Manifest>;

fn source(restoration: &Restoration) -> Reference {
    restoration.tag.repository().at(restoration.to.clone())
}

/// Reads each manifest from its registry, past all mirrors, and checks that the registry has the images of lists.
async fn read_manifests(
    client: &Client,
    restorations: &[Restoration],
) -> Result<Manifests, Failure> {
    let distinct: BTreeMap<Reference, &Reference> = restorations
        .iter()
        .map(|restoration| (source(restoration), &restoration.tag))
        .collect();
    let reads = distinct.into_iter().map(|(source, tag)| async move {
        let gone = |manifest: Reference, list: Option<Digest>| GoneManifest {
            tag: tag.clone(),
            manifest,
            list,
        };
        let manifest = match client.registry_manifest(&source).await {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok((None, vec![gone(source, None)])),
            Err(error) => return Err(error.into()),
        };
        let lost = lost_children(client, &source, &manifest).await?;
        let list = manifest.digest().clone();
        let lost = lost.into_iter();
        let lost = lost.map(|child| gone(child, Some(list.clone()))).collect();
        Ok::<_, Failure>((Some((source, manifest)), lost))
    });
    let (mut manifests, mut gone) = (Manifests::new(), Vec::new());
    for (manifest, lost) in try_join_all(reads).await? {
        manifests.extend(manifest);
        gone.extend(lost);
    }
    if gone.is_empty() {
        Ok(manifests)
    } else {
        Err(RollbackError::Gone { gone }.into())
    }
}

/// Returns the manifests of a list that the registry no longer has.
async fn lost_children(
    client: &Client,
    source: &Reference,
    manifest: &Manifest,
) -> Result<Vec<Reference>, Failure> {
    let Content::List(list) = manifest.content() else {
        return Ok(Vec::new());
    };
    let repository = source.repository();
    let children = list.manifests.iter();
    let mut children: Vec<Reference> = children
        .map(|child| repository.at(child.digest.clone()))
        .collect();
    children.sort();
    children.dedup();
    let probes = children.into_iter().map(|child| async move {
        let exists = client.manifest_exists(&child).await?;
        Ok::<_, Failure>((!exists).then_some(child))
    });
    Ok(try_join_all(probes).await?.into_iter().flatten().collect())
}

/// Groups the tags, because a publication has one manifest, one repository and one condition.
fn groups<'a>(restorations: &'a [Restoration], manifests: &'a Manifests) -> Vec<Group<'a>> {
    let mut groups: BTreeMap<(Reference, &Digest), Group<'a>> = BTreeMap::new();
    for restoration in restorations {
        let source = source(restoration);
        let Some(manifest) = manifests.get(&source) else {
            continue;
        };
        let group = groups.entry((source, &restoration.live));
        let group = group.or_insert_with(|| Group {
            tags: Vec::new(),
            live: &restoration.live,
            manifest,
        });
        group.tags.push(restoration.tag.clone());
    }
    groups.into_values().collect()
}

impl Group<'_> {
    fn publication(&self) -> Publication<'_> {
        Publication {
            targets: &self.tags,
            media_type: self.manifest.media_type(),
            bytes: self.manifest.bytes(),
            // The repository has them: it was just probed.
            children: &[],
            push_foreign: false,
            precondition: Precondition::Digest(self.live),
            verify: Some(&[]),
        }
    }
}

/// Names all tags that have moved, if an error is about one of them.
async fn explain(client: &Client, error: RegistryError, restorations: &[Restoration]) -> Failure {
    if !matches!(error, RegistryError::PreconditionFailed { .. }) {
        return error.into();
    }
    let probes = restorations.iter().map(|restoration| async move {
        let Restoration { tag, live, to } = restoration;
        let found = client.manifest_digest(tag).await?;
        let is_moved = found.as_ref() != Some(live) && found.as_ref() != Some(to);
        let moved = is_moved.then(|| MovedTag {
            tag: tag.clone(),
            live: live.clone(),
            found,
            to: to.clone(),
        });
        Ok::<_, Failure>(moved)
    });
    match try_join_all(probes).await {
        Ok(moved) if moved.iter().any(Option::is_some) => {
            let moved = moved.into_iter().flatten().collect();
            RollbackError::Moved { moved }.into()
        }
        // The tags are back, or cannot be probed.
        _ => error.into(),
    }
}
