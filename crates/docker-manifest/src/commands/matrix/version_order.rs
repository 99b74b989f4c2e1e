//! The natural order of tags: as versions where they are versions.

use std::cmp::Ordering;

/// The words that mark a version before its release, in order of time. Those of one line mean the same.
const BEFORE_RELEASE: &[&[&str]] = &[
    &["dev", "snapshot", "nightly", "canary"],
    &["preview", "pre"],
    &["alpha", "a"],
    &["beta", "b"],
    &["m", "milestone"],
    &["rc"],
];

/// A tag, taken apart for comparison.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum TagName<'a> {
    /// A version: `1.2.3`, `v2.0-rc1`, `3.19-alpine`.
    Version(Version<'a>),
    /// Any other name: `main`, `edge`, the hash of a commit.
    Word(&'a str),
    /// `latest`, the tag that Docker takes if none is given.
    Latest,
}

/// The parts of a version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Version<'a> {
    numbers: Vec<&'a str>,
    /// The rest: `-rc1`, `-alpine3.19`, or nothing.
    suffix: &'a str,
}

impl<'a> TagName<'a> {
    /// Takes a tag apart.
    pub(super) fn parse(tag: &'a str) -> Self {
        if tag == "latest" {
            return Self::Latest;
        }
        Version::parse(tag).map_or(Self::Word(tag), Self::Version)
    }

    /// Returns the name of the series that the tag belongs to: versions that follow each other have the same one. `1.0-alpine3.19`
    /// is followed by `1.1-alpine3.20`, not by `1.1`. `None` if the tag is not a version.
    pub(super) fn series(&self) -> Option<String> {
        let Self::Version(version) = self else {
            return None;
        };
        if version.stage().is_some() {
            return Some(String::new());
        }
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        Some(version.suffix.replace(is_number, ""))
    }
}

impl<'a> Version<'a> {
    fn parse(tag: &'a str) -> Option<Self> {
        let mut rest = tag.strip_prefix(['v', 'V']).unwrap_or(tag);
        let mut numbers = Vec::new();
        loop {
            let end = rest.find(|c: char| !c.is_ascii_digit());
            let (number, tail) = rest.split_at(end.unwrap_or(rest.len()));
            if number.is_empty() {
                return None;
            }
            numbers.push(number);
            rest = tail;
            match rest.strip_prefix('.') {
                Some(tail) if tail.starts_with(|c: char| c.is_ascii_digit()) => rest = tail,
                _ => break,
            }
        }
        let version = Self {
            numbers,
            suffix: rest,
        };
        // A hash that begins with a digit is no version.
        let is_version =
            rest.is_empty() || rest.starts_with(['-', '.', '_']) || version.stage().is_some();
        is_version.then_some(version)
    }

    /// Returns the stage before the release and the text after its word, or `None` for a release.
    fn stage(&self) -> Option<(usize, &'a str)> {
        let word = self.suffix.trim_start_matches(['-', '.', '_']);
        let has_separator = word.len() < self.suffix.len();
        let end = word.find(|c: char| !c.is_ascii_alphabetic());
        let (word, rest) = word.split_at(end.unwrap_or(word.len()));
        let word = word.to_ascii_lowercase();
        let is_its = |words: &&[&str]| words.contains(&word.as_str());
        let stage = BEFORE_RELEASE.iter().position(is_its)?;
        let is_number = rest.chars().all(|c| c.is_ascii_digit());
        let goes_on = rest.starts_with(|c: char| c.is_ascii_digit() || "-._".contains(c));
        // Without a separator, more than a number may be the rest of a hash.
        (is_number || has_separator && goes_on).then_some((stage, rest))
    }

    /// Compares by age: an older version is less.
    fn by_age(&self, other: &Self) -> Ordering {
        let longest = self.numbers.len().max(other.numbers.len());
        let number = |version: &Self, at: usize| *version.numbers.get(at).unwrap_or(&"0");
        let numbers = (0..longest)
            .map(|at| by_number(number(self, at), number(other, at)))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal);
        // A stage before the release is older than a release; a release without a suffix leads its variants.
        let rank = |version: &Self| match version.stage() {
            Some((stage, _)) => (0, stage),
            None => (1 + usize::from(version.suffix.is_empty()), 0),
        };
        let rest = |version: &Self| version.stage().map_or(version.suffix, |(_, rest)| rest);
        numbers
            .then_with(|| rank(self).cmp(&rank(other)))
            .then_with(|| natural(rest(self), rest(other)))
            .then_with(|| self.numbers.len().cmp(&other.numbers.len()))
    }
}

/// Compares two tags, so that sorting puts `latest` first, then versions, the newest first, then other names in natural order.
pub(super) fn newest_first(one: &str, other: &str) -> Ordering {
    let rank = |name: &TagName<'_>| match name {
        TagName::Latest => 0,
        TagName::Version(_) => 1,
        TagName::Word(_) => 2,
    };
    let (a, b) = (TagName::parse(one), TagName::parse(other));
    let order = match (&a, &b) {
        (TagName::Version(a), TagName::Version(b)) => b.by_age(a),
        (TagName::Word(a), TagName::Word(b)) => natural(a, b),
        _ => rank(&a).cmp(&rank(&b)),
    };
    order.then_with(|| one.cmp(other))
}

/// Compares text in natural order: numbers in it by value.
fn natural(mut one: &str, mut other: &str) -> Ordering {
    loop {
        let (a, b) = (chunk(one), chunk(other));
        if a.is_empty() || b.is_empty() {
            return a.len().cmp(&b.len());
        }
        let are_numbers = [a, b].iter().all(|chunk| starts_with_digit(chunk));
        let order = if are_numbers {
            by_number(a, b)
        } else {
            a.cmp(b)
        };
        if order.is_ne() {
            return order;
        }
        (one, other) = (&one[a.len()..], &other[b.len()..]);
    }
}

/// Returns the digits, or the text without digits, that a text begins with.
fn chunk(text: &str) -> &str {
    let is_number = starts_with_digit(text);
    let end = text.find(|c: char| c.is_ascii_digit() != is_number);
    &text[..end.unwrap_or(text.len())]
}

fn starts_with_digit(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_digit())
}

/// Compares digits by value, of any length.
fn by_number(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn newest_versions_come_first() {
        let sorted = [
            "latest",
            "v10.0",
            "2.0.1",
            "2",
            "2-slim",
            "2-alpine3.20",
            "2-alpine3.9",
            "2.0-rc10",
            "2.0-rc2",
            "2.0b1",
            "2.0-beta",
            "2.0.dev3",
            "1.10",
            "1.9",
            "1.2.3.4",
            "1.2.3",
            "7f3a9c1",
            "edge",
            "main-2",
            "main-10",
        ];
        let mut found = sorted;
        found.reverse();
        found.sort_by(|a, b| newest_first(a, b));
        assert_eq!(found, sorted);
    }

    #[test]
    fn numbers_of_any_length_compare_by_value() {
        let order = newest_first("1.00000000000000000000002", "1.100000000000000000000000");
        assert_eq!(order, Ordering::Greater);
        assert_eq!(newest_first("2024-05-01", "2024-06-01"), Ordering::Greater);
    }

    #[test]
    fn versions_of_one_flavour_are_a_series() {
        for (tag, series) in [
            ("1.0", Some("")),
            ("v2.1.0", Some("")),
            ("2.0-rc1", Some("")),
            ("1.0-alpine3.19", Some("-alpine")),
            ("1.1-alpine", Some("-alpine")),
            ("latest", None),
            ("main", None),
            ("1a2b3c4", None),
            ("", None),
        ] {
            assert_eq!(TagName::parse(tag).series().as_deref(), series, "{tag}");
        }
    }
}
