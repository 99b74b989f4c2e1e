//! Flags with one of several words as their value.

use std::str::FromStr;

use manifest_core::{ListType, Order};

/// What is done about two entries for one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Nothing is published.
    Error,
    /// Both are published, and it is said.
    Warn,
    /// The later one takes the place of the earlier one.
    Replace,
    /// Both are published.
    Keep,
}

/// What becomes of attestations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attestations {
    /// They come along with their images.
    #[default]
    Keep,
    /// They are left out.
    Drop,
}

/// The form of a list; `auto` is by what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeChoice(pub Option<ListType>);

/// The order of a list's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderChoice(pub Order);

/// What is done about a tag that a draft was made of, and that shows something else now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMoved {
    /// It is said.
    #[default]
    Warn,
    /// Nothing is published.
    Error,
    /// What it shows now is published.
    Refresh,
}

/// A form in which results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    Json,
}

/// Reads one of several words, or says which there are.
fn parse_keyword<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}", words.join(", "))
    })
}

impl FromStr for OnDuplicate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("error", Self::Error),
            ("warn", Self::Warn),
            ("replace", Self::Replace),
            ("keep", Self::Keep),
        ];
        parse_keyword(text, &words)
    }
}

impl FromStr for Attestations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_keyword(text, &[("keep", Self::Keep), ("drop", Self::Drop)])
    }
}

impl FromStr for TypeChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("auto", None),
            ("docker", Some(ListType::Docker)),
            ("oci", Some(ListType::Oci)),
        ];
        parse_keyword(text, &words).map(Self)
    }
}

impl FromStr for OrderChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("name", Order::Name),
            ("given", Order::Given),
            ("platform", Order::Platform),
        ];
        parse_keyword(text, &words).map(Self)
    }
}

impl FromStr for OnMoved {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("warn", Self::Warn),
            ("error", Self::Error),
            ("refresh", Self::Refresh),
        ];
        parse_keyword(text, &words)
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "json" => Ok(Self::Json),
            _ => Err("must be json".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words() {
        assert_eq!("drop".parse(), Ok(Attestations::Drop));
        assert_eq!(
            "no".parse::<OnDuplicate>().unwrap_err(),
            "must be one of error, warn, replace, keep"
        );
    }
}
