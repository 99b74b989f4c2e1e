//! Publishing to registries, step by step.

use std::collections::BTreeMap;

use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use manifest_registry::{
    Child, Precondition, Publication, ReleaseStep, Released, TagResult, TransferEstimate,
    WatchedTags,
};

use super::checks::Checks;
use super::job::{JobSource, PublishJob};
use super::notes::Notes;
use super::outcome::{self, Outcome};
use super::published::Published;
use super::publisher::Publisher;
use super::{child_tags, children, dry_run, referrers, report_files, targets};
use crate::byte_size::byte_size;
use crate::failure::Failure;

/// Publishes to all targets, then tags the single images, and reports. Returns `None` with `--dry-run`.
pub(super) async fn send(
    publisher: &Publisher<'_>,
    job: &PublishJob<'_>,
    targets: &[Reference],
) -> Result<Option<Published>, Failure> {
    report_files::check_writable(publisher)?;
    let groups = targets::by_repository(targets);
    let children = children_by_repository(publisher, job, &groups).await?;
    let verified = job.report.digests();
    let publications = publications(publisher, job, &groups, &children, &verified);
    let checks = Checks::new(publisher, job);
    checks.local_sources()?;
    if publisher.flags.dry_run.is_on() {
        dry_run::run(publisher, job, targets, &publications, &checks).await?;
        return Ok(None);
    }
    let notes = Notes::new(publisher.context, Some(job.report.reference()));
    let mut released = release(publisher, targets, &publications, &checks, &notes).await?;
    notes.finish(&released.tags, |_| Some(job.report.digest().clone()));
    targets::sort_as_given(&mut released.tags, targets);
    let mut outcome = Outcome::of(&released);
    if outcome.is_success() {
        outcome.add_child_tags(put_child_tags(publisher, job, &notes).await);
    }
    let written = outcome.written(&notes, &job.child_tags);
    if let Err(failure) = outcome.report(job.media_type, publisher) {
        report_files::write_partial(&job.report, &written, publisher);
        return Err(failure);
    }
    report_files::write(&job.report, &written, publisher)?;
    let published = written.digest.map(|digest| Published {
        digest,
        size: job.bytes.len(),
        targets: written.targets,
    });
    Ok(published)
}

/// Returns the manifests that each repository lacks, with their referrers if requested.
async fn children_by_repository<'a>(
    publisher: &Publisher<'_>,
    job: &PublishJob<'_>,
    groups: &[(&'a Repository, Vec<Reference>)],
) -> Result<BTreeMap<&'a Repository, Vec<Child>>, Failure> {
    let client = publisher.client;
    let repositories = groups.iter().map(|(repository, _)| *repository);
    let mut children = match job.source {
        JobSource::Draft(draft, layouts) => {
            children::missing_from(client, draft, repositories, layouts).await?
        }
        JobSource::Copy(copied) => children::of_copy(client, copied, repositories).await?,
    };
    if publisher.flags.referrers.is_on() {
        referrers::add(client, job.source, &mut children, publisher.context.output).await?;
    }
    Ok(children)
}

/// Returns one publication for each repository.
fn publications<'a>(
    publisher: &Publisher<'a>,
    job: &'a PublishJob<'_>,
    groups: &'a [(&Repository, Vec<Reference>)],
    children: &'a BTreeMap<&Repository, Vec<Child>>,
    verified: &'a [Digest],
) -> Vec<Publication<'a>> {
    let flags = publisher.flags;
    let publications = groups.iter().map(|(repository, targets)| Publication {
        targets,
        media_type: job.media_type,
        bytes: job.bytes,
        children: &children[repository],
        push_foreign: flags.push_foreign.is_on(),
        precondition: flags.precondition(),
        verify: (!flags.no_verify.is_on()).then_some(verified),
    });
    publications.collect()
}

/// Publishes with the registry client, and shows progress.
async fn release(
    publisher: &Publisher<'_>,
    targets: &[Reference],
    publications: &[Publication<'_>],
    checks: &Checks<'_>,
    notes: &Notes<'_>,
) -> Result<Released, Failure> {
    let Publisher {
        context,
        client,
        flags,
        ..
    } = publisher;
    let is_plain = !flags.quiet.is_on() && flags.format.is_none();
    let mut printed = Ok(());
    let on_step = |step: ReleaseStep<'_>| match step {
        ReleaseStep::ChildTransferred(publication, child) if is_plain && printed.is_ok() => {
            let (target, digest) = (publication.repository(), child.digest());
            let line = format!("Pushed ref {target}@{digest} with digest: {digest}");
            printed = context.suspend_progress(|| context.output.result(line));
        }
        ReleaseStep::ChildTransferred(..) => {}
        ReleaseStep::WritingTags(writes) => {
            publisher.announce_tags();
            context.suspend_progress(|| notes.begin(writes));
        }
    };
    let check = |estimate: &TransferEstimate| {
        checks.target(&estimate.tags)?;
        report_transfers(publisher, estimate);
        Ok::<_, Failure>(())
    };
    let observed = |observed: &[_]| context.suspend_progress(|| checks.observed_tags(observed));
    let names = checks.watched_tags();
    let watch = WatchedTags {
        tags: &names,
        before_any_write: checks.may_forbid_the_push(),
    };
    let progress = (!flags.quiet.is_on()).then(|| context.show_progress());
    let released = client
        .release(publications, watch, check, observed, on_step)
        .await;
    drop(progress);
    // With `--by-digest`, a part of the content may be in the registry already.
    if released.is_err() && !flags.by_digest.is_on() {
        outcome::report_none_written(targets, publisher);
    }
    let released = released?;
    printed?;
    Ok(released)
}

/// Reports how much has to be copied or uploaded.
fn report_transfers(publisher: &Publisher<'_>, estimate: &TransferEstimate) {
    if estimate.copied_blobs > 0 {
        publisher.status(&format!(
            "copying {} blobs ({}) from other registries",
            estimate.copied_blobs,
            byte_size(estimate.copied_bytes)
        ));
    }
    if estimate.local_blobs > 0 {
        publisher.status(&format!(
            "uploading {} blobs ({}) from this machine",
            estimate.local_blobs,
            byte_size(estimate.local_bytes)
        ));
    }
}

/// Writes the tags of the single images.
async fn put_child_tags(
    publisher: &Publisher<'_>,
    job: &PublishJob<'_>,
    notes: &Notes<'_>,
) -> Vec<(Reference, TagResult)> {
    // The probe cannot check a registry that does not state the digest of a tag.
    let expected = match publisher.flags.if_not_exists.is_on() {
        true => Precondition::Absent,
        false => Precondition::None,
    };
    let results = child_tags::put(publisher.client, &job.child_tags, expected, notes).await;
    notes.finish(&results, |target| {
        child_tags::digest(&job.child_tags, target)
    });
    results
}
