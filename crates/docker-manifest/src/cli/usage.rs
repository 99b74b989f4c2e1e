//! Usage errors in Docker's words and with Docker's exit codes.

use std::ffi::OsString;

use clap::Command;
use clap::error::{ContextKind, ContextValue, ErrorKind};

use super::help;
use crate::exit::Exit;
use crate::failure::UsageError;
use crate::names::Invocation;

/// Translates clap's error about a command line.
pub(super) fn command_error(
    error: &clap::Error,
    words: &[OsString],
    group: &Command,
    invocation: &Invocation,
) -> UsageError {
    let first = words.iter().find(|word| *word != "--help" && *word != "-h");
    let command = first.and_then(|word| group.find_subcommand(word));
    if error.kind() == ErrorKind::InvalidSubcommand {
        let name = context_text(error, ContextKind::InvalidSubcommand).unwrap_or_default();
        let Invocation { command, prefix } = invocation;
        let first = format!("{prefix}: unknown command: {command} {name}");
        let nearest = nearest(error, ContextKind::SuggestedSubcommand);
        return UsageError {
            hint: nearest.map(|nearest| format!("did you mean `{command} {nearest}`?")),
            ..argument_error(&first, group, "Run", invocation)
        };
    }
    let definition = command.unwrap_or(group);
    let global = command.and_then(|command| global_flag(error, command, invocation));
    let text = format!(
        "{}\n\nUsage:  {}\n\nRun '{} --help' for more information",
        flag_error(error, words, definition),
        help::usage_line(definition, invocation),
        help_name(definition, invocation),
    );
    UsageError {
        text,
        exit: Exit::Usage,
        hint: global
            .or_else(|| flag_of_others(error, group, invocation))
            .or_else(|| nearest_flag(error)),
    }
}

/// Translates clap's error about the global flags.
pub(super) fn global_flag_error(
    error: &clap::Error,
    words: &[OsString],
    definition: &Command,
    command: &str,
) -> UsageError {
    let flag = flag_error(error, words, definition);
    let text = format!(
        "{flag}\n\nUsage:  {command} COMMAND\n\nRun '{command} --help' for more information"
    );
    UsageError {
        text,
        exit: Exit::Usage,
        hint: nearest_flag(error),
    }
}

fn argument_error(
    first: &str,
    definition: &Command,
    verb: &str,
    invocation: &Invocation,
) -> UsageError {
    let name = help_name(definition, invocation);
    let text = format!(
        "{first}\n\nUsage:  {}\n\n{verb} '{name} --help' for more information",
        help::usage_line(definition, invocation),
    );
    UsageError {
        text,
        exit: Exit::Failure,
        hint: None,
    }
}

fn help_name(definition: &Command, invocation: &Invocation) -> String {
    match definition.get_name() {
        "manifest" => invocation.command.clone(),
        name => format!("{} {name}", invocation.command),
    }
}

/// Returns pflag's text for an error of a flag.
fn flag_error(error: &clap::Error, words: &[OsString], definition: &Command) -> String {
    let argument = context_text(error, ContextKind::InvalidArg).unwrap_or_default();
    let flag = argument
        .split(['=', ' ', '['])
        .next()
        .unwrap_or_default()
        .to_owned();
    let value = context_text(error, ContextKind::InvalidValue).unwrap_or_default();
    if let Some(word) = words
        .iter()
        .filter_map(|word| word.to_str())
        .find(is_bad_flag)
    {
        return format!("bad flag syntax: {word}");
    }
    match error.kind() {
        ErrorKind::UnknownArgument => {
            match flag.strip_prefix('-').filter(|f| !f.starts_with('-')) {
                Some(short) => {
                    let letter = short.chars().next().unwrap_or('-');
                    format!(
                        "unknown shorthand flag: '{letter}' in {}",
                        short_flag_cluster(words, letter)
                    )
                }
                None => format!("unknown flag: {flag}"),
            }
        }
        ErrorKind::InvalidValue if value.is_empty() => {
            format!(
                "flag needs an argument: {}",
                as_typed(&flag, words, definition)
            )
        }
        ErrorKind::ValueValidation | ErrorKind::InvalidValue => {
            let reason = std::error::Error::source(error).map(ToString::to_string);
            let names = both_names(&flag, definition);
            format!(
                "invalid argument {value:?} for {names:?} flag: {}",
                reason.unwrap_or_default()
            )
        }
        ErrorKind::InvalidUtf8 => "the command line is not valid UTF-8".to_owned(),
        _ => error
            .render()
            .to_string()
            .trim()
            .trim_start_matches("error: ")
            .to_owned(),
    }
}

/// Tells whether pflag rejects this name without looking it up.
fn is_bad_flag(word: &&str) -> bool {
    word.strip_prefix("--")
        .is_some_and(|name| name.starts_with(['-', '=']))
}

fn context_text(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.first().cloned(),
        _ => None,
    }
}

/// Returns clap's best suggestion, which is its last.
fn nearest(error: &clap::Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => texts.last().cloned(),
        _ => None,
    }
}

fn nearest_flag(error: &clap::Error) -> Option<String> {
    let flag = nearest(error, ContextKind::SuggestedArg)?;
    Some(format!("did you mean `{flag}`?"))
}

/// Returns a hint for an unknown flag that other commands have.
fn flag_of_others(error: &clap::Error, group: &Command, invocation: &Invocation) -> Option<String> {
    let argument = context_text(error, ContextKind::InvalidArg)
        .filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    let word = argument.split('=').next().unwrap_or_default();
    // A letter means other things in other commands.
    if !word.starts_with("--") {
        return None;
    }
    let has_flag = |command: &&Command| help::options(command).iter().any(|row| row.matches(word));
    let commands = group.get_subcommands().filter(has_flag);
    let commands: Vec<String> = commands
        .map(|command| format!("`{} {}`", invocation.command, command.get_name()))
        .collect();
    let (last, others) = commands.split_last()?;
    let commands = match others {
        [] => last.clone(),
        others => format!("{} and {last}", others.join(", ")),
    };
    Some(format!("{word} is a flag of {commands}"))
}

/// Returns a hint for an unknown flag of a command that is a global flag.
fn global_flag(error: &clap::Error, command: &Command, invocation: &Invocation) -> Option<String> {
    let argument = context_text(error, ContextKind::InvalidArg)
        .filter(|_| error.kind() == ErrorKind::UnknownArgument)?;
    let word = argument.split('=').next().unwrap_or_default();
    let row = help::global_options(invocation)
        .into_iter()
        .find(|row| row.matches(word))?;
    // `--version` is about the program, with any command.
    let name = if row.matches("--version") {
        ""
    } else {
        command.get_name()
    };
    let example = invocation.with_global(&row.example(), name);
    Some(format!(
        "{word} is a global flag and stands before the command: `{example}`"
    ))
}

/// Returns the letters of a word of short flags, from the unknown one on: `-xp` of `-axp`.
fn short_flag_cluster(words: &[OsString], letter: char) -> String {
    let letters = words
        .iter()
        .filter_map(|word| word.to_str()?.strip_prefix('-'));
    let mut letters = letters.filter(|letters| !letters.starts_with('-'));
    let from = letters.find_map(|letters| Some(&letters[letters.find(letter)?..]));
    format!(
        "-{}",
        from.map_or_else(|| letter.to_string(), str::to_owned)
    )
}

fn as_typed(flag: &str, words: &[OsString], definition: &Command) -> String {
    let last = words
        .last()
        .and_then(|word| word.to_str())
        .unwrap_or_default();
    let Some(letter) = find_flag(flag, definition).and_then(clap::Arg::get_short) else {
        return flag.to_owned();
    };
    if last.starts_with("--") || !last.ends_with(letter) {
        return flag.to_owned();
    }
    format!("'{letter}' in {last}")
}

fn both_names(flag: &str, definition: &Command) -> String {
    let short = find_flag(flag, definition).and_then(clap::Arg::get_short);
    short.map_or_else(|| flag.to_owned(), |short| format!("-{short}, {flag}"))
}

fn find_flag<'a>(flag: &str, definition: &'a Command) -> Option<&'a clap::Arg> {
    definition
        .get_arguments()
        .find(|arg| arg.get_long() == Some(flag.trim_start_matches('-')))
}

/// The number of arguments of a command, with its bounds.
#[derive(Clone, Copy, Debug)]
pub(super) struct ArgumentCount {
    min: usize,
    max: Option<usize>,
    given: usize,
}

impl ArgumentCount {
    pub(super) fn exactly(wanted: usize, given: usize) -> Self {
        Self::range(wanted, wanted, given)
    }

    pub(super) fn at_least(min: usize, given: usize) -> Self {
        Self {
            min,
            max: None,
            given,
        }
    }

    pub(super) fn range(min: usize, max: usize, given: usize) -> Self {
        Self {
            min,
            max: Some(max),
            given,
        }
    }

    /// Checks the number. The error is Docker's ("See" where there is only a lower bound).
    pub(super) fn check(
        self,
        name: &str,
        group: &Command,
        invocation: &Invocation,
    ) -> Result<(), UsageError> {
        let Self { min, max, given } = self;
        if given >= min && max.is_none_or(|max| given <= max) {
            return Ok(());
        }
        let plural = |count: usize| if count == 1 { "argument" } else { "arguments" };
        let (wanted, verb) = match max {
            Some(0) => ("accepts no arguments".to_owned(), "Run"),
            Some(max) if max == min => (format!("requires {min} {}", plural(min)), "Run"),
            Some(max) if min == 0 => (format!("requires at most {max} {}", plural(max)), "Run"),
            Some(max) => {
                let text = format!("requires at least {min} and at most {max} {}", plural(max));
                (text, "Run")
            }
            None => (format!("requires at least {min} {}", plural(min)), "See"),
        };
        let Invocation { command, prefix } = invocation;
        let first = format!("{prefix}: '{command} {name}' {wanted}");
        let definition = group.find_subcommand(name).unwrap_or(group);
        Err(argument_error(&first, definition, verb, invocation))
    }
}
