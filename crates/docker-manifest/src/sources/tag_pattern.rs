//! A pattern for the tags of a repository.

use std::fmt;

use manifest_core::reference::Repository;
use manifest_core::{Reference, ReferenceError, referrers};

use crate::failure::{Failure, SourceError};
use crate::values::Glob;

/// A pattern for the tags of a repository: `example.com/app:1.0-*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TagPattern {
    /// A tag in the repository, which may not exist.
    any_reference: Reference,
    /// The pattern for the tags, as typed.
    text: String,
    glob: Glob,
}

/// The reason why a text is not a pattern.
#[derive(Debug)]
enum Malformed {
    Pattern(&'static str),
    Name(ReferenceError),
}

impl Malformed {
    /// Returns the failure for a text. `place` is its file and line, if it is not from the command line.
    fn failure(self, text: &str, place: Option<&str>) -> Failure {
        let prefix = place.map(|place| format!("{place}: {text}"));
        match self {
            Self::Name(source) => Failure::Reference { prefix, source },
            Self::Pattern(reason) => {
                let text = prefix.unwrap_or_else(|| text.to_owned());
                SourceError::PatternForm { text, reason }.into()
            }
        }
    }
}

impl TagPattern {
    /// Parses a source that is a pattern: one whose tag has characters of patterns. Returns `None` for any other text. `place` is the
    /// file and line of a source that is not from the command line.
    ///
    /// # Errors
    /// Fails if the characters are not in a tag, or are of other kinds of patterns.
    pub(super) fn of_source(text: &str, place: Option<&str>) -> Option<Result<Self, Failure>> {
        let (name, tag) = split(text);
        let is_pattern = |text: &str| text.contains(['*', '?']);
        // Brackets and braces occur in no name, except for the host `[::1]`.
        let is_other = |tag: &str| tag.contains(['[', ']', '{', '}']);
        let pattern = match tag {
            _ if is_pattern(name) => Err(Malformed::Pattern(
                "only the tag can be a pattern, not the name of the repository",
            )),
            Some(tag) if is_pattern(tag) || is_other(tag) => Self::new(name, tag),
            _ => return None,
        };
        Some(pattern.map_err(|malformed| malformed.failure(text, place)))
    }

    /// Parses the value of `--match`: `REPOSITORY:PATTERN`, or a pattern for the tags of `list`'s repository.
    ///
    /// # Errors
    /// Fails if it is malformed.
    pub(super) fn of_flag(text: &str, list: &Reference) -> Result<Self, Failure> {
        if let Some(pattern) = Self::of_source(text, None).filter(|_| text.contains([':', '/'])) {
            return pattern;
        }
        let pattern = match split(text) {
            (name, Some(tag)) => Self::new(name, tag),
            (name, None) if name.contains('/') => Err(Malformed::Pattern("the pattern is missing")),
            (tag, None) => Self::in_repository(list.repository(), tag),
        };
        pattern.map_err(|malformed| malformed.failure(text, None))
    }

    fn new(name: &str, tag: &str) -> Result<Self, Malformed> {
        let reference = Reference::parse(name).map_err(Malformed::Name)?;
        // A name with a tag or digest of its own, before the pattern.
        if split(name).1.is_some() || name.contains('@') {
            return Err(Malformed::Name(ReferenceError::Format));
        }
        Self::in_repository(reference.repository(), tag)
    }

    fn in_repository(repository: &Repository, tag: &str) -> Result<Self, Malformed> {
        if tag.contains('@') {
            return Err(Malformed::Pattern("a digest names one image"));
        }
        if tag.contains(['[', ']', '{', '}']) {
            return Err(Malformed::Pattern("only * and ? have a meaning in it"));
        }
        // Each character of the pattern stands for itself or for one that tags may have.
        let wildcard = |c: char| if matches!(c, '*' | '?') { 'a' } else { c };
        let name: String = tag.chars().map(wildcard).collect();
        let Some(any_reference) = repository.tagged(&name) else {
            return Err(Malformed::Pattern("no tag can match it"));
        };
        let Ok(glob) = tag.parse();
        Ok(Self {
            any_reference,
            text: tag.to_owned(),
            glob,
        })
    }

    /// Returns the repository.
    pub(crate) fn repository(&self) -> &Repository {
        self.any_reference.repository()
    }

    /// Returns a tag in the repository, which may not exist.
    pub(super) fn any_reference(&self) -> &Reference {
        &self.any_reference
    }

    /// Returns the pattern for the tags.
    pub(super) fn glob(&self) -> &str {
        &self.text
    }

    /// Tells whether a tag matches. The tags of signatures and other referrers (`sha256-….sig`) only match a pattern that begins as they
    /// do.
    pub(super) fn matches(&self, tag: &str) -> bool {
        self.glob.matches(tag) && !self.leaves_out(tag)
    }

    /// Tells whether a tag only matches by its characters: it is that of a signature or another referrer, and the pattern begins
    /// otherwise.
    pub(super) fn hides(&self, tag: &str) -> bool {
        self.glob.matches(tag) && self.leaves_out(tag)
    }

    fn leaves_out(&self, tag: &str) -> bool {
        let algorithm = tag.split_inclusive('-').next().unwrap_or_default();
        referrers::subject_of(tag).is_some() && !self.text.starts_with(algorithm)
    }

    /// Returns the number of characters that a tag has in common with the beginning of the pattern.
    pub(super) fn similarity(&self, tag: &str) -> usize {
        let pattern = self.text.chars().take_while(|c| !matches!(c, '*' | '?'));
        pattern
            .zip(tag.chars())
            .take_while(|(one, other)| one == other)
            .count()
    }
}

impl fmt::Display for TagPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.repository(), self.text)
    }
}

/// Splits a text into the name of a repository and the tag. The port of a host is not a tag.
fn split(text: &str) -> (&str, Option<&str>) {
    let last = text.rfind('/').map_or(0, |slash| slash + 1);
    match text[last..].rfind(':') {
        Some(colon) => (&text[..last + colon], Some(&text[last + colon + 1..])),
        None => (text, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list() -> Reference {
        Reference::parse("q.io/app:all").unwrap()
    }

    fn shown(pattern: Result<TagPattern, Failure>) -> String {
        match pattern {
            Ok(pattern) => pattern.to_string(),
            Err(failure) => failure.to_string(),
        }
    }

    #[test]
    fn sources_with_patterns() {
        for (text, expected) in [
            ("app:1.0-*", "docker.io/library/app:1.0-*"),
            ("q.io:5000/team/app:?", "q.io:5000/team/app:?"),
            ("[::1]:5000/app:v*", "[::1]:5000/app:v*"),
            ("q.io/app:*-x*", "q.io/app:*-x*"),
            (
                "q.io/a*:1",
                "q.io/a*:1 is not a pattern for tags: only the tag can be a pattern, not the name of the repository",
            ),
            (
                "app*",
                "app* is not a pattern for tags: only the tag can be a pattern, not the name of the repository",
            ),
            (
                "app:{1,2}",
                "app:{1,2} is not a pattern for tags: only * and ? have a meaning in it",
            ),
            (
                "app:1[0-9]*",
                "app:1[0-9]* is not a pattern for tags: only * and ? have a meaning in it",
            ),
            (
                "app:-*",
                "app:-* is not a pattern for tags: no tag can match it",
            ),
            (
                "app:1 *",
                "app:1 * is not a pattern for tags: no tag can match it",
            ),
            (
                "App:*",
                "invalid reference format: repository name (App) must be lowercase",
            ),
            ("app:1:*", "invalid reference format"),
            (":*", "invalid reference format"),
        ] {
            let found = TagPattern::of_source(text, None).expect(text);
            let found = shown(found).replace("library/App", "App");
            assert_eq!(found, expected, "{text}");
        }
        let digest = format!("app:1-*@sha256:{}", "a".repeat(64));
        assert!(TagPattern::of_source(&digest, None).unwrap().is_err());
        let place = TagPattern::of_source("app:{1}", Some("line 2 of names")).unwrap();
        let expected =
            "line 2 of names: app:{1} is not a pattern for tags: only * and ? have a meaning in it";
        assert_eq!(shown(place), expected);
        let digest = format!("app@sha256:{}", "a".repeat(64));
        for text in [
            "app",
            "app:1",
            "[::1]:5000/app:1",
            "[::1]:5000/app",
            "",
            ":",
            &digest,
        ] {
            assert!(TagPattern::of_source(text, None).is_none(), "{text}");
        }
    }

    #[test]
    fn patterns_of_the_flag() {
        for (text, expected) in [
            ("1.0-*", "q.io/app:1.0-*"),
            ("1.0", "q.io/app:1.0"),
            ("other:1.0-*", "docker.io/library/other:1.0-*"),
            ("q.io/other:1.0", "q.io/other:1.0"),
            (
                "q.io/other",
                "q.io/other is not a pattern for tags: the pattern is missing",
            ),
            ("", " is not a pattern for tags: no tag can match it"),
        ] {
            assert_eq!(
                shown(TagPattern::of_flag(text, &list())),
                expected,
                "{text}"
            );
        }
    }

    #[test]
    fn tags_of_referrers_are_only_matched_by_their_prefix() {
        let signature = format!("sha256-{}.sig", "a".repeat(64));
        let index = format!("sha256-{}", "a".repeat(64));
        for (pattern, tag, expected) in [
            ("*", &*signature, false),
            ("*.sig", &*signature, false),
            ("s*", &*index, false),
            ("sha256-*", &*signature, true),
            ("sha256-*.sig", &*signature, true),
            ("sha256-*", &*index, true),
            ("sha256-*", "sha256-tools", true),
            ("*", "sha256-tools", true),
        ] {
            let pattern = TagPattern::of_flag(pattern, &list()).unwrap();
            assert_eq!(pattern.matches(tag), expected, "{pattern} {tag}");
            assert_eq!(pattern.hides(tag), !expected, "{pattern} {tag}");
        }
    }
}
