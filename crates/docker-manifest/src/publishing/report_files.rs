//! The files that a report is written to, for scripts and the next step of a pipeline.

use std::path::{Path, PathBuf};

use manifest_core::{Digest, Reference};
use serde_json::json;

use super::publisher::Publisher;
use super::report::{Report, TargetReport, WrittenReferences};
use crate::failure::Failure;
use crate::result_files;

/// The variable with the file that GitHub reads the outputs of a step from.
const GITHUB_OUTPUT: &str = "GITHUB_OUTPUT";

/// The key of a metadata file with the written tags and the digest that each pointed to before. BuildKit has no such key.
pub(crate) const TARGETS_KEY: &str = "docker-manifest.targets";

/// Checks that the files of the report can be written. After the push it would be too late to fail.
///
/// # Errors
/// Fails if one cannot.
pub(super) fn check_writable(publisher: &Publisher<'_>) -> Result<(), Failure> {
    let Publisher { context, flags, .. } = publisher;
    let mut paths: Vec<&Path> = [&flags.digestfile, &flags.metadata_file]
        .into_iter()
        .flatten()
        .map(PathBuf::as_path)
        .collect();
    if flags.github_output.is_on() {
        let path = context.environment().var(GITHUB_OUTPUT);
        paths.push(Path::new(path.ok_or(Failure::NoGithubOutput)?));
    }
    for path in paths {
        result_files::check_writable(path)?;
    }
    Ok(())
}

/// Writes the report to the files that the flags name, and to standard output.
///
/// # Errors
/// Fails if something cannot be written to.
pub(super) fn write(
    report: &Report,
    written: &WrittenReferences,
    publisher: &Publisher<'_>,
) -> Result<(), Failure> {
    let Publisher { context, flags, .. } = publisher;
    let digest = written.digest.as_ref().unwrap_or(report.digest());
    if let Some(path) = &flags.digestfile {
        result_files::write(path, digest.as_str().as_bytes())?;
    }
    if let Some(path) = &flags.metadata_file {
        result_files::write(path, &metadata(report, written))?;
    }
    if flags.github_output.is_on() {
        let path = context
            .environment()
            .var(GITHUB_OUTPUT)
            .ok_or(Failure::NoGithubOutput)?;
        result_files::append(Path::new(path), &github_output(digest, &written.names))?;
    }
    if flags.format.is_some() {
        return Ok(context.output.result(json(report, written))?);
    }
    Ok(context.output.result(digest.as_str())?)
}

/// Writes the reports of a push that failed after it had moved tags: those that `rollback --from` takes. The other files say that a
/// list is published. Something that cannot be written is a warning, because the push has failed for another reason.
pub(super) fn write_partial(
    report: &Report,
    written: &WrittenReferences,
    publisher: &Publisher<'_>,
) {
    let Publisher { context, flags, .. } = publisher;
    if !written.has_moved_tag() {
        return;
    }
    if let Some(path) = &flags.metadata_file
        && let Err(failure) = result_files::write(path, &metadata(report, written))
    {
        publisher.warn(&failure.text());
    }
    if flags.format.is_some()
        && let Err(error) = context.output.result(json(report, written))
    {
        publisher.warn(&Failure::from(error).text());
    }
}

/// Renders a metadata file, with the keys of BuildKit's.
fn metadata(report: &Report, written: &WrittenReferences) -> Vec<u8> {
    let digest = written.digest.as_ref().unwrap_or(report.digest());
    let mut metadata = json!({
        "containerimage.descriptor": {
            "mediaType": report.media_type(),
            "digest": digest,
            "size": report.size(),
        },
        "containerimage.digest": digest,
    });
    if !written.names.is_empty() {
        let names: Vec<String> = written.names.iter().map(ToString::to_string).collect();
        metadata["image.name"] = json!(names.join(","));
        let targets: Vec<&TargetReport> = written.all().collect();
        metadata[TARGETS_KEY] = json!(targets);
    }
    serde_json::to_vec_pretty(&metadata).unwrap_or_default()
}

/// Renders the report for standard output.
fn json(report: &Report, written: &WrittenReferences) -> Vec<u8> {
    let mut more = json!({ "targets": written.targets });
    if !written.child_tags.is_empty() {
        more["childTags"] = json!(written.child_tags);
    }
    report.json(more)
}

/// Renders the outputs of a workflow step (`steps.ID.outputs`): the digest, the image, and all images, one on each line. The delimiter
/// of a multi-line value never equals one of its lines.
fn github_output(digest: &Digest, names: &[Reference]) -> String {
    let mut images: Vec<String> = Vec::new();
    for name in names {
        let image = format!("{}@{digest}", name.repository());
        if !images.contains(&image) {
            images.push(image);
        }
    }
    let mut text = format!("digest={digest}\n");
    if let Some(first) = images.first() {
        let all = images.join("\n");
        text.push_str(&format!("image={first}\nimages<<EOF\n{all}\nEOF\n"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_outputs() {
        let digest = Digest::sha256(b"");
        let names = ["a.io/app:1", "b.io/app:1", "a.io/app:2"];
        let names = names.map(|name| Reference::parse(name).unwrap());
        assert_eq!(
            github_output(&digest, &names),
            format!(
                "digest={digest}\nimage=a.io/app@{digest}\nimages<<EOF\na.io/app@{digest}\nb.io/app@{digest}\nEOF\n"
            )
        );
        assert_eq!(github_output(&digest, &[]), format!("digest={digest}\n"));
    }
}
