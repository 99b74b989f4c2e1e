//! `push --dry-run`: what would be written, and nothing is.

use manifest_core::{Digest, Reference};
use manifest_registry::DryRun;
use serde_json::{Value, json};

use super::flags::PublishFlags;
use super::report::{Report, size};
use crate::failure::Failure;
use crate::output::Output;

/// Shows a plan: the bytes of the list to standard output, all else to standard error; or one JSON object.
pub(super) fn show(
    report: &Report,
    bytes: &[u8],
    plan: &DryRun,
    of_children: &[(Reference, Option<Digest>, &Digest)],
    flags: &PublishFlags,
    output: &Output,
) -> Result<(), Failure> {
    if flags.format.is_some() {
        return Ok(output.result(report.json(as_json(bytes, plan, of_children)))?);
    }
    if flags.quiet.is_on() {
        return Ok(output.result(report.digest().as_str())?);
    }
    for line in report.lines() {
        output.status(&line);
    }
    for blob in &plan.blobs {
        let verb = if blob.is_mount { "mount" } else { "copy" };
        let (digest, bytes) = (&blob.descriptor.digest, size(blob.descriptor.size));
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
    let of_children = of_children.iter();
    let of_children = of_children.map(|(target, before, digest)| (target, before, *digest));
    for (target, before, digest) in tags.chain(of_children) {
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

fn as_json(
    bytes: &[u8],
    plan: &DryRun,
    of_children: &[(Reference, Option<Digest>, &Digest)],
) -> Value {
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
    let of_children = of_children
        .iter()
        .map(|(target, before, _)| json!({ "reference": target.to_string(), "before": before }));
    json!({
        "dryRun": true,
        "childTags": of_children.collect::<Vec<_>>(),
        "content": String::from_utf8_lossy(bytes),
        "targets": targets.collect::<Vec<_>>(),
        "puts": plan.manifests.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "blobs": blobs.collect::<Vec<_>>(),
    })
}
