//! The keywords that a flag accepts, as its parser lists them.

use clap::Command;

/// The keywords that a flag accepts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Keywords {
    /// The keywords, in the order of the parser.
    pub words: Vec<String>,
    /// Whether the flag accepts nothing else.
    pub is_complete: bool,
}

impl Keywords {
    /// Reads the keywords in a parser's error: `must be json`, `must be one of keep, drop`, `must be json, raw, or a template`.
    fn parse(message: &str) -> Option<Self> {
        let (_, rest) = message.split_once(": must be ")?;
        let rest = rest.lines().next()?.trim_end_matches('.');
        let rest = rest.strip_prefix("one of ").unwrap_or(rest);
        let (keywords, others): (Vec<&str>, Vec<&str>) =
            rest.split(", ").partition(|part| !part.starts_with("or "));
        let is_keyword = |word: &&str| {
            let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
            !word.is_empty() && word.chars().all(is_letter)
        };
        (!keywords.is_empty() && keywords.iter().all(is_keyword)).then(|| Self {
            words: keywords.into_iter().map(str::to_owned).collect(),
            is_complete: others.is_empty(),
        })
    }
}

/// Returns the keywords that the flag `--NAME` of a command accepts. `None` if its values are no keywords.
#[must_use]
pub fn keywords(group: &Command, command: &str, long: &str) -> Option<Keywords> {
    // No parser accepts this value, and a parser of keywords names all of them.
    let wrong = format!("--{long}=\u{1}");
    let result = group.clone().try_get_matches_from([command, &wrong]);
    Keywords::parse(&result.err()?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;

    #[test]
    fn a_form_beside_the_keywords_is_none_of_them() {
        let parse =
            |text: &str| Keywords::parse(&format!("invalid value 'x' for '--y': {text}\n\nmore"));
        let found = parse("must be table, json, or a Go template such as {{.Digest}}").unwrap();
        assert_eq!(
            (found.words.join(" ").as_str(), found.is_complete),
            ("table json", false)
        );
        let found = parse("must be one of a, b-c").unwrap();
        assert_eq!(
            (found.words.join(" ").as_str(), found.is_complete),
            ("a b-c", true)
        );
        for text in [
            "must be true or false",
            "must be a whole number, 0 or more",
            "must be K=V, or X",
            "must be , ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn parsers_list_their_keywords() {
        let group = Cli::definition();
        for (command, long, expected) in [
            ("create", "attestations", Some("keep drop")),
            ("push", "format", Some("json")),
            (
                "annotate",
                "clear",
                Some("arch variant os-version os-features features annotations"),
            ),
            // These refuse the value for other reasons, or take it.
            ("push", "retry", None),
            ("push", "purge", None),
            ("push", "timeout", None),
            ("push", "expect-digest", None),
            ("create", "annotation", None),
            ("create", "platform", None),
            ("push", "digestfile", None),
            ("push", "no-such-flag", None),
        ] {
            let found = keywords(&group, command, long).map(|found| found.words.join(" "));
            assert_eq!(found.as_deref(), expected, "{command} --{long}");
        }
    }
}
