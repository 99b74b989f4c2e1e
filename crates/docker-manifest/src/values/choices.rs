//! Flags whose value is one of several keywords.

use std::str::FromStr;

use manifest_core::{ListType, Order};

/// The policy for two entries for one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Nothing is published.
    Error,
    /// Both are published, with a warning.
    Warn,
    /// The later one replaces the earlier one.
    Replace,
    /// Both are published.
    Keep,
}

/// The policy for attestations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attestations {
    /// They are kept with their images.
    #[default]
    Keep,
    /// They are dropped.
    Drop,
}

/// The type of a list; `None` is `auto`, which depends on its entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeChoice(pub Option<ListType>);

/// The order of a list's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderChoice(pub Order);

/// The policy for a tag that has moved since the draft was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnMoved {
    /// The old digest is published, with a warning.
    #[default]
    Warn,
    /// Nothing is published.
    Error,
    /// The digest that the tag points to now is published.
    Refresh,
}

/// An output format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object.
    Json,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReportFormat {
    /// A table for people.
    #[default]
    Table,
    /// One JSON object.
    Json,
}

/// The output format of a matrix of platforms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MatrixFormat {
    /// Tables of text.
    #[default]
    Table,
    /// One JSON object.
    Json,
    /// Tables of Markdown.
    Markdown,
}

/// A program whose command lines this one takes, if it is called by that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolName {
    /// `manifest-tool`
    ManifestTool,
}

/// Parses a keyword; the error names all of them.
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

impl FromStr for ReportFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        parse_keyword(text, &[("table", Self::Table), ("json", Self::Json)])
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

impl ToolName {
    /// Returns the name of the program.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ManifestTool => "manifest-tool",
        }
    }
}

impl FromStr for ToolName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "manifest-tool" => Ok(Self::ManifestTool),
            _ => Err("must be manifest-tool".to_owned()),
        }
    }
}

impl FromStr for MatrixFormat {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("table", Self::Table),
            ("json", Self::Json),
            ("markdown", Self::Markdown),
        ];
        parse_keyword(text, &words)
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
