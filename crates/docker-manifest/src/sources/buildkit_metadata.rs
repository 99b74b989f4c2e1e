//! BuildKit's metadata files (`docker buildx build --metadata-file`, `docker buildx bake --metadata-file`).

use std::path::Path;

use manifest_core::Digest;
use manifest_core::Reference;
use manifest_core::reference::Repository;
use serde_json::Value;

use crate::failure::Failure;

/// The field with the digest of the pushed image.
const DIGEST: &str = "containerimage.digest";

/// The field with the names of the pushed image, separated by commas.
const NAMES: &str = "image.name";

/// Returns the images that a metadata file lists as pushed. The file of a bake lists those of all its targets. An image without a name
/// is in `target`.
///
/// # Errors
/// Fails if the file is not a metadata file, or has no digest.
pub(super) fn images(
    path: &Path,
    bytes: &[u8],
    target: &Repository,
) -> Result<Vec<Reference>, Failure> {
    let wrong = |reason: String| Failure::BuildkitMetadata {
        path: path.display().to_string(),
        reason,
    };
    let value: Value = serde_json::from_slice(bytes).map_err(|error| wrong(error.to_string()))?;
    let Value::Object(file) = &value else {
        return Err(wrong("it is not a JSON object".to_owned()));
    };
    // A build's file has the fields itself; a bake's has an object for each target.
    let builds: Vec<&Value> = if file.contains_key(DIGEST) {
        vec![&value]
    } else {
        file.values()
            .filter(|target| target.get(DIGEST).is_some())
            .collect()
    };
    if builds.is_empty() {
        let reason = format!("it has no {DIGEST:?}; was the image pushed?");
        return Err(wrong(reason));
    }
    let image = |build: &Value| {
        let text = build
            .get(DIGEST)
            .and_then(Value::as_str)
            .unwrap_or_default();
        let digest: Digest = text
            .parse()
            .map_err(|error| wrong(format!("{DIGEST} {text:?}: {error}")))?;
        let names = build.get(NAMES).and_then(Value::as_str).unwrap_or_default();
        let Some(name) = names
            .split(',')
            .map(str::trim)
            .find(|name| !name.is_empty())
        else {
            return Ok(target.at(digest));
        };
        let name = Reference::parse(name).map_err(|error| wrong(format!("{NAMES}: {error}")))?;
        Ok(name.repository().at(digest))
    };
    builds.into_iter().map(image).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builds_and_bakes() {
        let target = Reference::parse("q.io/target").unwrap();
        let read = |text: &str| {
            images(Path::new("m.json"), text.as_bytes(), target.repository()).map(|images| {
                let images = images.iter().map(ToString::to_string);
                images
                    .collect::<Vec<_>>()
                    .join(" ")
                    .replace(&"a".repeat(64), "A")
            })
        };
        let digest = format!("sha256:{}", "a".repeat(64));
        for (text, expected) in [
            (
                format!(
                    r#"{{"containerimage.digest":"{digest}","image.name":"q.io/app:1,q.io/app:2"}}"#
                ),
                "q.io/app@sha256:A",
            ),
            (
                format!(r#"{{"containerimage.digest":"{digest}"}}"#),
                "q.io/target@sha256:A",
            ),
            (
                format!(
                    r#"{{"one":{{"containerimage.digest":"{digest}","image.name":"app"}},"two":{{"containerimage.digest":"{digest}"}},"buildx.build.warnings":{{}}}}"#
                ),
                "docker.io/library/app@sha256:A q.io/target@sha256:A",
            ),
        ] {
            assert_eq!(read(&text).unwrap(), expected);
        }
        for (text, part) in [
            ("", "EOF"),
            ("[]", "not a JSON object"),
            ("{}", "was the image pushed?"),
            (
                r#"{"containerimage.digest":"sha256:1"}"#,
                "containerimage.digest",
            ),
            (r#"{"containerimage.digest":1}"#, "containerimage.digest"),
        ] {
            let error = read(text).unwrap_err().to_string();
            assert!(
                error.starts_with("m.json is not a BuildKit metadata file") && error.contains(part),
                "{error}"
            );
        }
    }
}
