//! `--dry-run`: shows the planned writes of a push, and writes nothing.

use manifest_core::{Digest, Reference};
use manifest_registry::{DryRun, Publication};
use serde_json::{Value, json};

use super::checks::Checks;
use super::child_tags::ChildTag;
use super::job::PublishJob;
use super::publisher::Publisher;
use super::report::Report;
use super::targets;
use crate::byte_size::byte_size;
use crate::concurrency::try_join_all;
use crate::failure::Failure;

/// The tag of a single image that a push would write.
struct PlannedTag<'a> {
    target: &'a Reference,
    /// The digest that it points to now.
    before: Option<Digest>,
    digest: &'a Digest,
}

/// Plans a push to all targets, runs the checks of the push, and shows the plan.
pub(super) async fn run(
    publisher: &Publisher<'_>,
    job: &PublishJob<'_>,
    targets: &[Reference],
    publications: &[Publication<'_>],
    checks: &Checks<'_>,
) -> Result<(), Failure> {
    let client = publisher.client;
    let mut plan = client.dry_run(publications, &checks.watched_tags()).await?;
    checks.observed_tags(&plan.watched)?;
    checks.target(&plan.tags)?;
    targets::sort_as_given(&mut plan.tags, targets);
    let probe = |tag: &'_ ChildTag| {
        let target = tag.target.clone();
        async move { Ok::<_, Failure>(client.manifest_digest(&target).await?) }
    };
    let states = try_join_all(job.child_tags.iter().map(probe)).await?;
    let tags = job.child_tags.iter().zip(states);
    let tags = tags.map(|(tag, before)| PlannedTag {
        target: &tag.target,
        before,
        digest: tag.digest(),
    });
    let tags: Vec<PlannedTag<'_>> = tags.collect();
    show(&job.report, job.bytes, &plan, &tags, publisher)
}

/// Shows the plan of a list that is written to a layout: no registry is written to.
pub(super) fn show_without_registries(
    report: &Report,
    bytes: &[u8],
    publisher: &Publisher<'_>,
) -> Result<(), Failure> {
    let plan = DryRun {
        tags: Vec::new(),
        watched: Vec::new(),
        manifests: Vec::new(),
        blobs: Vec::new(),
    };
    show(report, bytes, &plan, &[], publisher)
}

/// Shows a plan: the bytes of the list on standard output, everything else on standard error; or one JSON object.
fn show(
    report: &Report,
    bytes: &[u8],
    plan: &DryRun,
    child_tags: &[PlannedTag<'_>],
    publisher: &Publisher<'_>,
) -> Result<(), Failure> {
    let Publisher { context, flags, .. } = publisher;
    let output = context.output;
    if flags.format.is_some() {
        return Ok(output.result(report.json(as_json(bytes, plan, child_tags)))?);
    }
    if flags.quiet.is_on() {
        return Ok(output.result(report.digest().as_str())?);
    }
    for line in report.lines() {
        output.status(&line);
    }
    for blob in &plan.blobs {
        let verb = if blob.is_mount { "mount" } else { "copy" };
        let (digest, bytes) = (&blob.descriptor.digest, byte_size(blob.descriptor.size));
        output.status(&format!(
            "would {verb} {digest} ({bytes}) from {} to {}",
            blob.source, blob.target
        ));
    }
    for manifest in &plan.manifests {
        output.status(&format!("would put {manifest}"));
    }
    let tags = plan.tags.iter();
    let tags = tags.map(|(target, before)| (target, before, report.digest()));
    let child_tags = child_tags.iter();
    let child_tags = child_tags.map(|tag| (tag.target, &tag.before, tag.digest));
    for (target, before, digest) in tags.chain(child_tags) {
        let line = match before {
            Some(before) if before == digest => format!("{target} is there already"),
            Some(before) => format!("would move {target} from {before}"),
            None => format!("would write {target}"),
        };
        output.status(&line);
    }
    let text = String::from_utf8_lossy(bytes);
    Ok(output.text(&text)?)
}

fn as_json(bytes: &[u8], plan: &DryRun, child_tags: &[PlannedTag<'_>]) -> Value {
    let blobs = plan.blobs.iter().map(|blob| {
        json!({
            "action": if blob.is_mount { "mount" } else { "copy" },
            "digest": blob.descriptor.digest,
            "size": blob.descriptor.size,
            "from": blob.source.to_string(),
            "to": blob.target.to_string(),
        })
    });
    let targets = plan
        .tags
        .iter()
        .map(|(target, before)| json!({ "reference": target.to_string(), "before": before }));
    let child_tags = child_tags
        .iter()
        .map(|tag| json!({ "reference": tag.target.to_string(), "before": tag.before }));
    json!({
        "dryRun": true,
        "childTags": child_tags.collect::<Vec<_>>(),
        "content": String::from_utf8_lossy(bytes),
        "targets": targets.collect::<Vec<_>>(),
        "puts": plan.manifests.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "blobs": blobs.collect::<Vec<_>>(),
    })
}
