//! The failures of sources that are awaited, and of sources that a pattern names.

use std::time::Duration;

use manifest_core::reference::Repository;
use manifest_registry::{RegistryError, redact};

use super::texts::describe_missing;
use crate::exit::Exit;
use crate::values::TimeLimit;

/// A failure of sources that are awaited, or that a pattern names.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// Sources still do not exist at the end of the wait.
    #[error("{}\nwaited {} (--wait)", describe_missing(missing), TimeLimit(*waited))]
    StillMissing {
        /// An error for each missing source.
        missing: Vec<RegistryError>,
        /// The time limit of the wait.
        waited: Duration,
    },
    /// A registry refuses to tell whether a source exists.
    #[error(transparent)]
    WaitRefused(Box<RegistryError>),
    /// All sources are patterns, so that none can be awaited.
    #[error("--wait needs the name of an image, and there are only patterns")]
    OnlyPatterns,
    /// A pattern is malformed.
    #[error("{} is not a pattern for tags: {reason}", redact::printable(text))]
    PatternForm {
        /// The pattern, as typed.
        text: String,
        /// The reason.
        reason: &'static str,
    },
    /// A registry refuses to list the tags for a pattern.
    #[error(transparent)]
    ListRefused(Box<RegistryError>),
    /// No tag matches a pattern.
    #[error("no tag of {} matches {:?}: {}", .0.repository, .0.pattern, describe_tags(.0.tags))]
    NoMatch(Box<NoMatch>),
    /// Patterns match more tags than are allowed.
    #[error(
        "{} {found} tags, more than the limit of {max}",
        describe_patterns(patterns)
    )]
    TooManyMatches {
        /// The patterns.
        patterns: Vec<String>,
        /// The number of tags that match.
        found: usize,
        /// The limit.
        max: usize,
    },
    /// Sources do not exist, among them a tag that was listed.
    #[error("{}", describe_missing(missing))]
    MatchGone {
        /// An error for each missing source.
        missing: Vec<RegistryError>,
    },
}

/// A pattern that no tag of its repository matches.
#[derive(Debug)]
pub struct NoMatch {
    /// The repository.
    pub repository: Repository,
    /// The pattern for its tags.
    pub pattern: String,
    /// The number of its tags.
    pub tags: usize,
    /// Matching tags that are left out, each with the reason.
    pub left_out: Vec<String>,
    /// The most similar tags.
    pub similar: Vec<String>,
}

impl SourceError {
    /// Returns the exit code, unless that of [`Self::refusal`] counts.
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::OnlyPatterns | Self::PatternForm { .. } => Exit::Usage,
            _ => Exit::Failure,
        }
    }

    /// Returns the response of a registry that refuses a request.
    pub(super) fn refusal(&self) -> Option<&RegistryError> {
        match self {
            Self::WaitRefused(error) | Self::ListRefused(error) => Some(error),
            _ => None,
        }
    }

    pub(super) fn hints(&self) -> Vec<String> {
        let (registry, own) = match self {
            Self::StillMissing { missing, .. } => (
                missing.first().and_then(RegistryError::hint),
                "if the jobs that push them only need longer, raise --wait; --ignore-missing leaves missing images out",
            ),
            Self::WaitRefused(error) => (
                error.hint(),
                "--wait only waits for images that the registry says do not exist; some registries give this response for a repository without images: push one first",
            ),
            Self::OnlyPatterns => (
                None,
                "name the images to wait for: a pattern cannot tell how many tags will come",
            ),
            Self::PatternForm { .. } => (
                None,
                "write REPOSITORY:PATTERN, such as example.com/app:1.0-*; * stands for any characters, ? for one",
            ),
            Self::ListRefused(error) => (
                error.hint(),
                "a login that may pull images may still not list tags: name the images themselves",
            ),
            Self::TooManyMatches { .. } => (
                None,
                "use a narrower pattern, or allow more tags with --max",
            ),
            Self::MatchGone { .. } => (
                None,
                "the registry lists a tag that it does not have: run the command again, or leave the tag out with --ignore-missing",
            ),
            Self::NoMatch(no_match) => return no_match.hints(),
        };
        registry.into_iter().chain([own.to_owned()]).collect()
    }
}

impl NoMatch {
    fn hints(&self) -> Vec<String> {
        let mut hints = Vec::new();
        if !self.left_out.is_empty() {
            hints.push(format!("left out: {}", self.left_out.join(", ")));
        }
        if !self.similar.is_empty() {
            let similar = self.similar.join(", ");
            hints.push(format!("the most similar tags: {similar}"));
        }
        hints
    }
}

fn describe_tags(tags: usize) -> String {
    match tags {
        0 => "it has no tags".to_owned(),
        1 => "it has 1 tag".to_owned(),
        tags => format!("it has {tags} tags"),
    }
}

fn describe_patterns(patterns: &[String]) -> String {
    match patterns {
        [pattern] => format!("{pattern} matches"),
        patterns => format!("{} together match", patterns.join(", ")),
    }
}
