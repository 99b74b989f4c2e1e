//! The runs and tags in the journal, as command lines name them.

use std::collections::BTreeSet;

use manifest_core::Reference;
use manifest_store::journal::{Journal, JournalContent};

use crate::context::Context;
use crate::failure::{Failure, RollbackError};

/// Reads the journal, and warns of lines that cannot be read.
pub(super) fn read_journal(context: &Context<'_>) -> Result<(Journal, JournalContent), Failure> {
    let journal = context.store()?.journal();
    let content = journal.read()?;
    let path = journal.path();
    let path = path.display();
    for (count, what) in [
        (content.damaged, "cannot be read"),
        (
            content.of_other_versions,
            "are of a newer version of this program",
        ),
    ] {
        if count > 0 {
            let message = format!("{path}: lines that {what} are left out: {count}");
            context.output.warning(&message);
        }
    }
    Ok((journal, content))
}

/// Returns the run whose identifier is `text`, or starts with it.
///
/// # Errors
/// Fails if there is none, or several.
pub(super) fn find_run<'a>(content: &'a JournalContent, text: &str) -> Result<&'a str, Failure> {
    let runs = content.records.iter().map(|record| record.run.as_str());
    let found: BTreeSet<&str> = runs.filter(|run| run.starts_with(text)).collect();
    if let Some(exact) = found.get(text) {
        return Ok(exact);
    }
    let mut found = found.into_iter();
    match (found.next().filter(|_| !text.is_empty()), found.next()) {
        (Some(run), None) => Ok(run),
        (None, _) => Err(RollbackError::NoRun {
            run: text.to_owned(),
        }
        .into()),
        (Some(first), Some(second)) => {
            let others = [first, second].into_iter().chain(found);
            Err(RollbackError::AmbiguousRun {
                run: text.to_owned(),
                found: others.map(str::to_owned).collect(),
            }
            .into())
        }
    }
}

/// Parses the name of a tag, which is `latest` if there is none.
pub(super) fn parse_tag(text: &str) -> Result<Reference, Failure> {
    let reference = Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name {text}")),
        source,
    })?;
    let tag = reference
        .tag()
        .and_then(|tag| reference.repository().tagged(tag));
    let not_a_tag = || RollbackError::NotATag {
        name: text.to_owned(),
    };
    Ok(tag
        .filter(|_| reference.digest().is_none())
        .ok_or_else(not_a_tag)?)
}

#[cfg(test)]
mod tests {
    use manifest_core::Digest;
    use manifest_store::journal::{JournalRecord, WriteState};

    use super::*;

    #[test]
    fn runs_by_the_start_of_their_identifiers() {
        let record = |run: &str| JournalRecord {
            time: 1,
            run: run.to_owned(),
            command: "push".into(),
            source: "q.io/app:1".into(),
            tag: Reference::parse("q.io/app:1").unwrap(),
            before: None,
            after: Digest::sha256(b""),
            state: WriteState::Written,
        };
        let content = JournalContent {
            records: ["a1", "a12", "a1", "b2", "c3", "c4"].map(record).to_vec(),
            ..JournalContent::default()
        };
        let find = |text: &str| find_run(&content, text).map_err(|error| error.to_string());
        for (text, expected) in [("a1", "a1"), ("a12", "a12"), ("b", "b2")] {
            assert_eq!(find(text), Ok(expected));
        }
        for (text, expected) in [
            ("", "no run"),
            ("d", "no run"),
            ("a13", "no run"),
            ("c", "several runs: c3, c4"),
        ] {
            let error = find(text).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }

    #[test]
    fn names_of_tags() {
        let parse = |text: &str| parse_tag(text).map(|tag| tag.to_string());
        assert_eq!(parse("app").unwrap(), "docker.io/library/app:latest");
        assert_eq!(parse("q.io/app:1").unwrap(), "q.io/app:1");
        let digest = Digest::sha256(b"");
        for wrong in [
            "APP".to_owned(),
            format!("q.io/app@{digest}"),
            format!("q.io/app:1@{digest}"),
        ] {
            assert!(parse(&wrong).is_err(), "{wrong}");
        }
    }
}
