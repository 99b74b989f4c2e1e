//! The keywords that a flag accepts, as its parser lists them.

use clap::Command;

/// Returns the keywords that the flag `--NAME` of a command accepts. `None` if its values are no keywords.
#[must_use]
pub fn keywords(group: &Command, command: &str, long: &str) -> Option<Vec<String>> {
    // No parser accepts this value, and a parser of keywords names all of them.
    let wrong = format!("--{long}=\u{1}");
    let result = group.clone().try_get_matches_from([command, &wrong]);
    let message = result.err()?.to_string();
    let (_, rest) = message.split_once(": must be ")?;
    let rest = rest.lines().next()?.trim_end_matches('.');
    let words: Vec<String> = match rest.strip_prefix("one of ") {
        Some(words) => words.split(", ").map(str::to_owned).collect(),
        None => vec![rest.to_owned()],
    };
    let is_keyword = |word: &String| {
        let mut letters = word.chars();
        letters.all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    words.iter().all(is_keyword).then_some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;

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
            let found = keywords(&group, command, long).map(|words| words.join(" "));
            assert_eq!(found.as_deref(), expected, "{command} --{long}");
        }
    }
}
