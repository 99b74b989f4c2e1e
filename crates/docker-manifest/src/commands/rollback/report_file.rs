//! Reading the report of a publication: that of `apply`, the output of `push --format json`, or a metadata file.

use manifest_core::{Digest, Reference, TagState};
use serde::Deserialize;
use serde_json::Value;

use super::past_write::PastWrite;
use crate::publishing::{TARGETS_KEY, TargetState};

/// The field of a metadata file with the digest of the list.
const METADATA_DIGEST: &str = "containerimage.digest";

/// One tag in a report.
#[derive(Deserialize)]
struct TargetJson {
    reference: String,
    state: String,
    before: Option<Digest>,
    /// The digest that it points to, if that is not the one of its list.
    digest: Option<Digest>,
}

/// Returns the tags that a report lists as written. The error is the reason why it is not a report.
pub(super) fn parse(bytes: &[u8]) -> Result<Vec<PastWrite>, String> {
    let value: Value = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
    let mode = value.get("mode").and_then(Value::as_str);
    if value.get("dryRun") == Some(&Value::Bool(true)) || matches!(mode, Some("dryRun" | "check")) {
        return Err("it is that of a dry run, which wrote nothing".to_owned());
    }
    let mut writes = Vec::new();
    if let Some(targets) = value.get(TARGETS_KEY) {
        add(targets, value.get(METADATA_DIGEST), &mut writes)?;
    } else if value.get(METADATA_DIGEST).is_some() {
        return Err(format!(
            "it has no {TARGETS_KEY:?}: another program wrote it"
        ));
    } else if let Some(lists) = value.get("lists") {
        let lists = lists.as_array().ok_or("\"lists\" is not an array")?;
        for list in lists {
            add_list(list, &mut writes)?;
        }
    } else if value.get("targets").is_some() {
        add_list(&value, &mut writes)?;
    } else {
        return Err("it has neither \"targets\" nor \"lists\"".to_owned());
    }
    Ok(writes)
}

/// Adds the tags of one list, and those of its images. A list that was not published has none.
fn add_list(list: &Value, writes: &mut Vec<PastWrite>) -> Result<(), String> {
    for key in ["targets", "childTags"] {
        if let Some(targets) = list.get(key) {
            add(targets, list.get("digest"), writes)?;
        }
    }
    Ok(())
}

fn add(targets: &Value, digest: Option<&Value>, writes: &mut Vec<PastWrite>) -> Result<(), String> {
    if targets.is_null() {
        return Ok(());
    }
    let targets: Vec<TargetJson> =
        Deserialize::deserialize(targets).map_err(|error| format!("a target: {error}"))?;
    for target in targets {
        // A tag that was there already, or failed, was not changed.
        if !TargetState::MOVED
            .map(TargetState::as_str)
            .contains(&&*target.state)
        {
            continue;
        }
        let text = &target.reference;
        let reference = Reference::parse(text).map_err(|error| format!("{text:?}: {error}"))?;
        // A list that was pushed by digest has no tag to put back.
        if reference.digest().is_some() {
            continue;
        }
        let of_list = || match digest {
            Some(digest) => Deserialize::deserialize(digest).map_err(|error| error.to_string()),
            None => Err(format!("it has no digest of {text:?}")),
        };
        let after = match target.digest {
            Some(digest) => digest,
            None => of_list()?,
        };
        if writes
            .iter()
            .any(|write: &PastWrite| write.tag == reference)
        {
            return Err(format!("it has {text:?} twice"));
        }
        writes.push(PastWrite {
            tag: reference,
            before: target.before.map(TagState::At),
            after,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(text: &str) -> Digest {
        Digest::sha256(text.as_bytes())
    }

    /// Puts digests in the place of `$A` and so on.
    fn fill(text: &str) -> String {
        let names = ["A", "B", "C", "D"];
        names.iter().fold(text.to_owned(), |text, name| {
            text.replace(&format!("${name}"), digest(name).as_str())
        })
    }

    fn read(text: &str) -> Result<String, String> {
        let writes = parse(fill(text).as_bytes())?;
        let line = |write: PastWrite| {
            let before = write.before.as_ref().and_then(TagState::digest);
            let before = before.map_or("-", Digest::as_str);
            format!("{} {before} {}", write.tag, write.after)
        };
        Ok(writes.into_iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    #[test]
    fn reports_of_all_kinds() {
        for (text, expected) in [
            // A push, with a tag of an image.
            (
                r#"{"digest":"$A","manifests":[],"targets":[
                    {"reference":"q.io/app:1","state":"written","before":"$B"},
                    {"reference":"q.io/app:2","state":"there already","before":"$A"},
                    {"reference":"q.io/app:3","state":"written"}],
                  "childTags":[{"reference":"q.io/app:1-arm","state":"written","before":"$D","digest":"$C"}]}"#,
                "q.io/app:1 $B $A\nq.io/app:3 - $A\nq.io/app:1-arm $D $C",
            ),
            // A metadata file.
            (
                r#"{"containerimage.digest":"$A","image.name":"q.io/app:1","docker-manifest.targets":[
                    {"reference":"q.io/app:1","state":"written","before":"$B"}]}"#,
                "q.io/app:1 $B $A",
            ),
            // Several lists, one of which failed.
            (
                r#"{"lists":[
                    {"list":"q.io/a:1","state":"published","digest":"$A",
                     "targets":[{"reference":"q.io/a:1","state":"written","before":"$B"}]},
                    {"list":"q.io/b:1","state":"failed","error":"x","digest":null,"targets":null},
                    {"list":"q.io/c:1","digest":"$C","targets":[
                      {"reference":"q.io/c:1","state":"incomplete","before":"$D"},
                      {"reference":"q.io/c:2","state":"failed","before":"$D"},
                      {"reference":"q.io/c@$C","state":"written"}]}]}"#,
                "q.io/a:1 $B $A\nq.io/c:1 $D $C",
            ),
            (r#"{"digest":"$A","targets":[]}"#, ""),
        ] {
            assert_eq!(read(text), Ok(fill(expected)), "{text}");
        }
    }

    #[test]
    fn other_files() {
        for (text, expected) in [
            ("", "EOF"),
            ("[]", "neither"),
            ("7", "neither"),
            ("{}", "neither"),
            (r#"{"containerimage.digest":"$A"}"#, "another program"),
            (r#"{"dryRun":true,"targets":[]}"#, "dry run"),
            (r#"{"mode":"dryRun","lists":[]}"#, "dry run"),
            (r#"{"mode":"check","lists":[]}"#, "dry run"),
            (r#"{"lists":{}}"#, "not an array"),
            (r#"{"targets":{}}"#, "a target"),
            (r#"{"targets":[7]}"#, "a target"),
            (
                r#"{"targets":[{"reference":"q.io/app:1","state":"written","before":"$B"}]}"#,
                "no digest of \"q.io/app:1\"",
            ),
            (
                r#"{"digest":7,"targets":[{"reference":"q.io/app:1","state":"written"}]}"#,
                "invalid type",
            ),
            (
                r#"{"digest":"$A","targets":[{"reference":"q.io/app:1","state":"written","before":"sha256:1"}]}"#,
                "a target",
            ),
            (
                r#"{"digest":"$A","targets":[{"reference":"Q","state":"written","before":"$B"}]}"#,
                "\"Q\"",
            ),
            (
                r#"{"digest":"$A","targets":[{"reference":"q.io/app:1","state":"written","before":"$B"},
                    {"reference":"q.io/app:1","state":"written","before":"$B"}]}"#,
                "twice",
            ),
            (&"[".repeat(100_000), "recursion"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
