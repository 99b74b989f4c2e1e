//! The page on errors and hints, rendered from the table of hints and from the program's own failures.

use std::fmt::Write as _;
use std::path::PathBuf;

use manifest_core::edit::UnsupportedPair;
use manifest_core::{Digest, DocumentError, NamedPlatform, Reference, Source, TagState};
use manifest_layout::LayoutError;
use manifest_registry::{Advice, advice};
use manifest_store::StoreError;

use super::cell;
use crate::failure::{DraftPlace, ExchangeError, Failure, InstallError, StageError};

const INTRO: &str = "# Troubleshooting\n\n\
    An error says what failed, for which name, and the cause. A `hint:` line below it says what you can do. This page lists the hints \
    by the text of the\nerror. `cargo xtask docs` renders it from the program. Words in capitals stand for values.\n\n\
    Run the command with `--debug` to see each request: [Retries, timeouts and debugging](retries-and-debugging.md). The \
    [exit codes](../reference/exit-codes.md)\ntell the kinds of errors apart in scripts.\n";

/// Renders the page.
///
/// # Panics
/// Panics if an example of a failure cannot be made.
#[must_use]
pub fn troubleshooting() -> String {
    let mut text = INTRO.to_owned();
    for (title, failures) in own_failures() {
        let _ = write!(text, "\n## {title}\n\n| error | hint |\n| --- | --- |\n");
        for failure in failures {
            let hints = failure.hints().join("; ");
            let error = failure.text().replace('\n', " ");
            let _ = writeln!(text, "| {} | {} |", cell(&error), cell(&hints));
        }
    }
    let mut section = "";
    for row in advice() {
        if row.section != section {
            section = row.section;
            let _ = write!(
                text,
                "\n## {section}\n\n| error | for | hint |\n| --- | --- | --- |\n"
            );
        }
        let Advice {
            error,
            applies_to,
            hint,
            ..
        } = row;
        let _ = writeln!(
            text,
            "| {} | {} | {} |",
            cell(&error),
            cell(&applies_to),
            cell(&hint)
        );
    }
    text
}

/// Returns an example of each failure that has a hint of its own, by subject.
fn own_failures() -> Vec<(&'static str, Vec<Failure>)> {
    vec![
        ("Sources and platforms", sources()),
        ("Drafts", drafts()),
        ("Drafts in a registry, and in files", shared_drafts()),
        ("Pushing", pushing()),
        ("Images on disk", on_disk()),
        ("Installation", installation()),
    ]
}

fn list() -> Reference {
    reference("LIST")
}

/// Returns a reference for a placeholder in capitals. It is in lower case, because names must be.
fn reference(name: &str) -> Reference {
    let name = format!("example.com/{}:tag", name.to_lowercase());
    Reference::parse(&name).expect("it is a reference")
}

fn sources() -> Vec<Failure> {
    let unknown = NamedPlatform::parse("linux/amd46").expect_err("there is no amd46");
    let pair = UnsupportedPair {
        os: "linux".to_owned(),
        architecture: "aarch64".to_owned(),
    };
    vec![
        Failure::TruncatedDigest {
            text: "sha256:1234".to_owned(),
            name: "sha256:1234".to_owned(),
            digits: 64,
        },
        Failure::NotADigest {
            path: PathBuf::from("FILE"),
        },
        Failure::NoDigests {
            folder: PathBuf::from("FOLDER"),
        },
        Failure::NoImageForPlatform {
            missing: "linux/s390x".to_owned(),
        },
        Failure::PlatformName(unknown),
        Failure::UnsupportedPair(pair),
    ]
}

fn drafts() -> Vec<Failure> {
    let path = || PathBuf::from("FOLDER");
    let denied = || std::io::Error::from(std::io::ErrorKind::PermissionDenied);
    vec![
        Failure::RefusingToAmend { list: list() },
        Failure::NoDraft {
            reference: Box::new(list()),
            searched: DraftPlace::Folder(PathBuf::from("~/.docker/manifests")),
        },
        Failure::EmptyDraft { list: list() },
        Failure::AmbiguousEntry {
            image: "linux/amd64".to_owned(),
            found: vec!["IMAGE".to_owned(), "IMAGE".to_owned()],
        },
        Failure::NoPlatform {
            image: reference("IMAGE"),
        },
        Failure::Store(StoreError::Io {
            action: "write the entry",
            path: path(),
            source: denied(),
        }),
        Failure::Store(StoreError::LockTimeout {
            path: path(),
            waited: std::time::Duration::from_secs(30),
            holder: Some(1234),
        }),
    ]
}

fn shared_drafts() -> Vec<Failure> {
    let repository = || reference("DRAFTS").repository().clone();
    let tag = || Box::new(reference("DRAFTS"));
    let path = || PathBuf::from("FILE");
    vec![
        StageError::NotARepository {
            setting: "--stage",
            text: tag().to_string(),
            repository: repository().into(),
        }
        .into(),
        StageError::NewerVersion { tag: tag() }.into(),
        StageError::Foreign {
            tag: tag(),
            reason: "its layer is not a draft",
        }
        .into(),
        StageError::Damaged {
            tag: tag(),
            source: DocumentError::Format,
        }
        .into(),
        StageError::TooManyParts {
            repository: repository().into(),
            count: 20_000,
            limit: 10_000,
        }
        .into(),
        StageError::LocalSource {
            location: "oci-layout:///build".to_owned(),
            repository: repository().into(),
        }
        .into(),
        ExchangeError::NotADraft {
            path: path(),
            source: DocumentError::Format,
        }
        .into(),
        ExchangeError::NotADraft {
            path: path(),
            source: DocumentError::Version(2),
        }
        .into(),
        ExchangeError::Exists {
            list: list().into(),
        }
        .into(),
    ]
}

fn pushing() -> Vec<Failure> {
    let digest = |text: &[u8]| Box::new(Digest::sha256(text));
    let source = || Box::new(Source::Registry(reference("SOURCE")));
    vec![
        Failure::DuplicatePlatform {
            first: Box::new(reference("IMAGE")),
            second: Box::new(reference("OTHER")),
            platform: "linux/amd64".to_owned(),
        },
        Failure::NeedsPush {
            flag: "--digestfile",
        },
        Failure::DigestMismatch {
            target: Box::new(list().pinned(Digest::sha256(b"one"))),
            digest: Digest::sha256(b"two"),
        },
        Failure::SourceMoved {
            source_image: source(),
            then: digest(b"one"),
            now: digest(b"two"),
        },
        Failure::TargetMoved {
            list: Box::new(list()),
            then: TagState::Absent,
            now: digest(b"two"),
        },
        Failure::PlatformsLost {
            source_image: source(),
            list: Box::new(list()),
            missing: "linux/arm64".to_owned(),
        },
    ]
}

fn on_disk() -> Vec<Failure> {
    let path = || PathBuf::from("PATH");
    let file = || "FILE".to_owned();
    vec![
        Failure::Layout(LayoutError::NotOne {
            path: path(),
            kind: "archive of an OCI image layout",
            reason: "it is compressed with gzip".to_owned(),
        }),
        Failure::Layout(LayoutError::NoSuchName {
            path: path(),
            name: "NAME".to_owned(),
            found: Vec::new(),
        }),
        Failure::Layout(LayoutError::Several {
            path: path(),
            found: vec!["NAME".to_owned(), "OTHER".to_owned()],
        }),
        Failure::Layout(LayoutError::Damaged {
            path: path(),
            file: file(),
            reason: "REASON".to_owned(),
        }),
    ]
}

fn installation() -> Vec<Failure> {
    vec![
        Failure::NoHome,
        Failure::NoDocker,
        InstallError::PluginName("NAME".to_owned()).into(),
        InstallError::BuiltinName { name: "manifest" }.into(),
        InstallError::PluginPathOccupied(PathBuf::from("FILE")).into(),
        InstallError::ShimPathOccupied(PathBuf::from("FOLDER/docker")).into(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_has_a_hint_and_is_listed_once() {
        let mut seen = std::collections::BTreeSet::new();
        for (title, failures) in own_failures() {
            for failure in failures {
                let hints = failure.hints();
                assert!(!hints.is_empty(), "{title}: {failure}");
                let text = failure.text();
                assert!(seen.insert(text.clone()), "{text}");
            }
        }
        let text = troubleshooting();
        assert!(text.contains("| 429 Too Many Requests | Docker Hub |"));
    }
}
