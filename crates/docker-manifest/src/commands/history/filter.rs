//! The choice of records by tag.

use manifest_core::Reference;
use manifest_core::reference::Repository;

use super::super::runs;
use crate::failure::Failure;
use crate::values::Glob;

/// The tags whose records are shown.
pub(super) enum TagFilter {
    /// One tag.
    Tag(Reference),
    /// The tags of a repository that match a pattern.
    Pattern(Repository, Glob),
}

impl TagFilter {
    /// Parses `NAME[:TAG]`, in which the tag may be a pattern: `*` stands for any characters, `?` for one.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let is_pattern = |(_, tag): &(&str, &str)| tag.contains(['*', '?']) && !tag.contains('/');
        let Some((name, pattern)) = text.rsplit_once(':').filter(is_pattern) else {
            return runs::parse_tag(text).map(Self::Tag);
        };
        let tag = runs::parse_tag(name)?;
        let Ok(pattern) = pattern.parse();
        Ok(Self::Pattern(tag.repository().clone(), pattern))
    }

    pub(super) fn matches(&self, tag: &Reference) -> bool {
        match self {
            Self::Tag(wanted) => tag == wanted,
            Self::Pattern(repository, pattern) => {
                tag.repository() == repository && tag.tag().is_some_and(|tag| pattern.matches(tag))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_patterns() {
        for (filter, matching, other) in [
            ("q.io/app:1", "q.io/app:1", "q.io/app:11"),
            (
                "app",
                "docker.io/library/app:latest",
                "docker.io/library/app:1",
            ),
            ("app:*", "docker.io/library/app:1", "q.io/app:1"),
            (
                "q.io:5000/a/b:1.?",
                "q.io:5000/a/b:1.0",
                "q.io:5000/a/b:1.10",
            ),
            ("q.io/app:1-*", "q.io/app:1-rc", "q.io/app:1"),
        ] {
            let parsed = TagFilter::parse(filter).unwrap();
            let matches = |text: &str| parsed.matches(&Reference::parse(text).unwrap());
            assert!(matches(matching) && !matches(other), "{filter}");
        }
        for wrong in ["APP:*", "q.io/*:1", "q.io/*", "*", ":*", "q.io:*/app"] {
            assert!(TagFilter::parse(wrong).is_err(), "{wrong}");
        }
    }
}
