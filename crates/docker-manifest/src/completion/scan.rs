//! Reading the words before the cursor by pflag's rules. An unknown flag counts as a switch.

use clap::{Arg, Command};

use crate::cli::{is_switch, takes_next_word};

/// The words before the cursor.
#[derive(Debug, Default)]
pub(super) struct Scan<'a> {
    /// The flags that are given, with their values.
    pub(super) flags: Vec<(&'a Arg, String)>,
    /// The arguments.
    pub(super) arguments: Vec<String>,
    /// The flag whose value is the word at the cursor.
    pub(super) pending: Option<&'a Arg>,
    /// Whether `--` has ended the flags.
    pub(super) is_after_dashes: bool,
}

impl<'a> Scan<'a> {
    /// Reads all words with the flags of a command.
    pub(super) fn all(command: &'a Command, words: &[String]) -> Self {
        let mut scan = Self::default();
        for word in words {
            scan.read(command, word);
        }
        scan
    }

    /// Reads flags up to the first argument, and returns them with the words from there on.
    pub(super) fn flags<'w>(command: &'a Command, words: &'w [String]) -> (Self, &'w [String]) {
        let mut scan = Self::default();
        for (index, word) in words.iter().enumerate() {
            scan.read(command, word);
            if !scan.arguments.is_empty() {
                return (scan, &words[index..]);
            }
        }
        (scan, &[])
    }

    /// Returns the last value of a flag.
    pub(super) fn value(&self, long: &str) -> Option<&str> {
        let mut flags = self.flags.iter().rev();
        let found = flags.find(|(arg, _)| arg.get_long() == Some(long));
        found.map(|(_, value)| value.as_str())
    }

    fn read(&mut self, command: &'a Command, word: &str) {
        if let Some(arg) = self.pending.take() {
            self.flags.push((arg, word.to_owned()));
        } else if self.is_after_dashes || !word.starts_with('-') || word == "-" {
            self.arguments.push(word.to_owned());
        } else if word == "--" {
            self.is_after_dashes = true;
        } else if word.starts_with("--") {
            let (name, value) = split_flag(word);
            if let Some(arg) = long_flag(command, name) {
                self.add(arg, value);
            }
        } else {
            self.read_letters(command, &word[1..]);
        }
    }

    /// Reads a word of one-letter flags: `-pt name`, `-t=name`, `-tname`.
    fn read_letters(&mut self, command: &'a Command, letters: &str) {
        for (place, letter) in letters.char_indices() {
            let Some(arg) = short_flag(command, letter) else {
                return;
            };
            let rest = &letters[place + letter.len_utf8()..];
            let value = rest.strip_prefix('=');
            if is_switch(arg) && value.is_none() {
                self.add(arg, None);
                continue;
            }
            self.add(arg, value.or_else(|| (!rest.is_empty()).then_some(rest)));
            return;
        }
    }

    fn add(&mut self, arg: &'a Arg, value: Option<&str>) {
        match value {
            None if takes_next_word(arg) => self.pending = Some(arg),
            value => self.flags.push((arg, value.unwrap_or_default().to_owned())),
        }
    }
}

/// Splits `--name=value`.
pub(super) fn split_flag(word: &str) -> (&str, Option<&str>) {
    let word = word.trim_start_matches('-');
    match word.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (word, None),
    }
}

/// Returns the flag `--NAME`.
pub(super) fn long_flag<'a>(command: &'a Command, name: &str) -> Option<&'a Arg> {
    command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))
}

fn short_flag(command: &Command, letter: char) -> Option<&Arg> {
    command
        .get_arguments()
        .find(|arg| arg.get_short() == Some(letter))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;

    #[test]
    fn words_are_read_as_pflag_reads_them() {
        let group = Cli::definition();
        let push = group.find_subcommand("push").unwrap();
        for (line, arguments, flags, pending) in [
            ("a -p", "a", "purge=", ""),
            ("--purge=false a", "a", "purge=false", ""),
            ("-pt x a", "a", "purge= tag=x", ""),
            ("-tx -t=y", "", "tag=x tag=y", ""),
            ("a -t", "a", "", "tag"),
            ("a --tag", "a", "", "tag"),
            ("--tag -p a", "a", "tag=-p", ""),
            ("-- -p --tag", "-p --tag", "", ""),
            ("--bogus a -x", "a", "", ""),
            ("- a", "- a", "", ""),
        ] {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            let scan = Scan::all(push, &words);
            let long = |arg: &Arg| arg.get_long().unwrap().to_owned();
            let given = scan.flags.iter();
            let given: Vec<String> = given
                .map(|(arg, value)| format!("{}={value}", long(arg)))
                .collect();
            assert_eq!(scan.arguments.join(" "), arguments, "{line}");
            assert_eq!(given.join(" "), flags, "{line}");
            assert_eq!(
                scan.pending.map(long).unwrap_or_default(),
                pending,
                "{line}"
            );
        }
    }
}
