//! Errors in the form of `manifest-tool`'s: one line of its log, with the words that scripts look for.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::command_line::UsageProblem;
use super::help;
use super::misplaced::place_of;
use crate::failure::Failure;
use crate::names;
use crate::output::Output;

/// The beginning of each error.
const FAILED: &str = "manifest-tool failed with error: ";

/// Reports a failure: a line of the log, then the rest of the text, and the hints.
pub(super) fn failure(failure: &Failure, output: &Output) {
    let Some(text) = failure.reported_text() else {
        return;
    };
    let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
    output.error(&log_line(first));
    if !rest.is_empty() {
        output.error(rest);
    }
    for hint in failure.hints() {
        output.hint(&for_this_name(hint));
    }
}

/// Reports a command line that cannot be run. Wrong flags also print the help.
pub(super) fn usage(problem: &UsageProblem, output: &Output) {
    match problem {
        UsageProblem::Flags {
            command,
            text,
            hint,
        } => {
            // The error is reported even if nobody reads the help.
            let _ = output.text(&format!(
                "Incorrect Usage: {text}\n\n{}",
                help::render(command)
            ));
            output.error(&log_line(text));
            if let Some(hint) = hint {
                output.hint(hint);
            }
        }
        UsageProblem::NoHelpTopic { word, commands } => {
            output.error(&format!("No help topic for '{word}'"));
            let names: Vec<&str> = commands.iter().map(|command| command.name()).collect();
            if !names.is_empty() {
                output.hint(&format!("the commands are {}", names.join(", ")));
            }
        }
    }
}

/// Returns a remedy that says which of its flags are those of the program's own name only.
fn for_this_name(hint: String) -> String {
    if hint.contains(names::PROGRAM) {
        return hint;
    }
    let words = hint.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    let mut flags = words.filter_map(|word| word.strip_prefix("--"));
    match flags.find(|name| !name.is_empty() && place_of(name).is_none()) {
        Some(name) => format!("{hint} (--{name} is a flag of `{}` only)", names::PROGRAM),
        None => hint,
    }
}

fn log_line(text: &str) -> String {
    let time = OffsetDateTime::now_utc().replace_nanosecond(0).ok();
    let time = time.and_then(|time| time.format(&Rfc3339).ok());
    let text = format!("{FAILED}{text}");
    format!(
        "time={:?} level=error msg={}",
        time.unwrap_or_default(),
        quote(&text)
    )
}

/// Quotes a text as Go's `%q` does, as far as the quotes themselves and backslashes go.
fn quote(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_of_the_other_name_are_marked() {
        for (hint, expected) in [
            ("check the tag", ""),
            ("use --insecure to accept any certificate", ""),
            ("`docker-manifest push --no-copy` refuses it", ""),
            (
                "pass the file with --ca-file, or use --insecure",
                " (--ca-file is a flag of `docker-manifest` only)",
            ),
        ] {
            assert_eq!(for_this_name(hint.to_owned()), format!("{hint}{expected}"));
        }
    }

    #[test]
    fn lines_of_the_log() {
        let line = log_line("image \"a\\b\" is missing");
        let (time, rest) = line.split_once(" level=").unwrap();
        let time = time.strip_prefix("time=\"").unwrap().trim_end_matches('"');
        assert!(OffsetDateTime::parse(time, &Rfc3339).is_ok(), "{line}");
        assert_eq!(
            rest,
            r#"error msg="manifest-tool failed with error: image \"a\\b\" is missing""#
        );
    }
}
