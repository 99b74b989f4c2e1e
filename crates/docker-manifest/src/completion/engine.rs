//! The candidates for the word at the cursor: a command, a flag, the value of a flag, or an argument.

use clap::{Arg, ArgAction, Command, CommandFactory as _};

use super::arguments::{Arguments, Kind};
use super::candidates::{Candidates, Directive};
use super::drafts::Drafts;
use super::files;
use super::flag_values::FlagValue;
use super::journal;
use super::request::Request;
use super::scan::{Scan, long_flag, split_flag};
use crate::cli::{Cli, adapt, keywords};
use crate::environment::Environment;
use crate::flags::Globals;
use crate::manual;
use crate::output::Output;

/// Returns the candidates for the word at the cursor.
#[must_use]
pub fn complete(request: &Request, environment: &Environment, output: &Output) -> Candidates {
    let globals = adapt(Globals::command());
    let (outer, words) = Scan::flags(&globals, &request.words);
    let drafts = Drafts::of(outer.value("config"), environment, output);
    let is_under_docker = !words.is_empty() && words.first() == request.name.as_ref();
    let words = if is_under_docker { &words[1..] } else { words };
    let group = Cli::definition();
    let (command, words) = match words.split_first() {
        // Docker's CLI has the global flags itself.
        None if is_under_docker => (&group, words),
        None => (&globals, request.words.as_slice()),
        Some((name, rest)) => match group.find_subcommand(name) {
            Some(command) => (command, rest),
            None => return Candidates::none(Directive::NO_FILES),
        },
    };
    let line = Line {
        group: &group,
        command,
        scan: Scan::all(command, words),
        current: &request.current,
        drafts: &drafts,
    };
    line.candidates()
}

/// A command line up to the cursor.
struct Line<'a> {
    group: &'a Command,
    /// The command, or the definition of what stands before a command.
    command: &'a Command,
    scan: Scan<'a>,
    current: &'a str,
    drafts: &'a Drafts,
}

impl Line<'_> {
    fn candidates(&self) -> Candidates {
        let current = self.current;
        if let Some(arg) = self.scan.pending {
            return self.values(arg, current);
        }
        if self.scan.is_after_dashes || !current.starts_with('-') {
            return self.words().matching(current);
        }
        match split_flag(current) {
            (name, Some(value)) if current.starts_with("--") => {
                match long_flag(self.command, name) {
                    Some(arg) => self.values(arg, value),
                    None => Candidates::none(Directive::NO_FILES),
                }
            }
            _ => self.flags().matching(current),
        }
    }

    /// Returns commands, or the candidates for an argument.
    fn words(&self) -> Candidates {
        let name = self.command.get_name();
        if self.group.find_subcommand(name).is_some() {
            return self.arguments();
        }
        let mut candidates = Candidates::none(Directive::NO_FILES);
        for command in self
            .group
            .get_subcommands()
            .filter(|command| !command.is_hide_set())
        {
            let about = command.get_about().map(ToString::to_string);
            candidates.add(command.get_name(), about.unwrap_or_default());
        }
        candidates
    }

    /// Returns the flags that may still be given. `--help` is always there.
    fn flags(&self) -> Candidates {
        let mut candidates = Candidates::none(Directive::NO_FILES);
        let given = |arg: &Arg| {
            self.scan
                .flags
                .iter()
                .any(|(flag, _)| flag.get_id() == arg.get_id())
        };
        let is_shown = |arg: &&Arg| {
            let may_repeat = matches!(arg.get_action(), ArgAction::Append);
            let is_listed = !arg.is_hide_set() || arg.get_long() == Some("help");
            is_listed && (may_repeat || !given(arg))
        };
        for arg in self.command.get_arguments().filter(is_shown) {
            let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
            if let Some(long) = arg.get_long() {
                candidates.add(format!("--{long}"), help.clone());
            }
            if let Some(short) = arg.get_short().filter(|_| !self.current.starts_with("--")) {
                candidates.add(format!("-{short}"), help);
            }
        }
        candidates
            .list
            .sort_by(|one, other| one.word.cmp(&other.word));
        candidates
    }

    fn values(&self, arg: &Arg, typed: &str) -> Candidates {
        let long = arg.get_long().unwrap_or_default();
        let value = FlagValue {
            arg,
            typed,
            keywords: keywords(self.group, self.command.get_name(), long),
            list: self.list(),
            pair: (self.scan.value("os"), self.scan.value("arch")),
        };
        value.candidates(self.drafts).matching(typed)
    }

    /// Returns the list on the command line.
    fn list(&self) -> Option<&str> {
        let arguments = Arguments::of(self.command);
        let is_list = arguments.at(0).first() == Some(&&Kind::List);
        let first = self.scan.arguments.first().filter(|_| is_list);
        first.map(String::as_str)
    }

    fn arguments(&self) -> Candidates {
        let given = &self.scan.arguments;
        let arguments = Arguments::of(self.command);
        let mut candidates = Candidates::none(Directive::NO_FILES);
        for kind in arguments.at(given.len()) {
            candidates.extend(match kind {
                Kind::List => self.drafts.lists(self.current, given),
                Kind::Image => self.images(),
                Kind::Repository => self.drafts.repositories(self.current),
                Kind::Tag => journal::tags(self.drafts, self.current, given),
                Kind::Reference => self.drafts.references(self.current),
                Kind::File => Candidates::none(Directive::FILES),
                Kind::Words(words) => {
                    let mut candidates = Candidates::none(Directive::NO_FILES);
                    words.iter().for_each(|word| candidates.add(word, ""));
                    candidates
                }
            });
        }
        candidates
    }

    /// Returns the images of the draft on the command line, or names and places of images.
    fn images(&self) -> Candidates {
        let manual = manual::of(self.command.get_name());
        let takes_sources = manual.is_some_and(|manual| manual.takes_sources);
        if let Some(list) = self.list().filter(|_| !takes_sources)
            && let Some(images) = self.drafts.images(list, self.current)
        {
            return images;
        }
        let mut candidates = self.drafts.references(self.current);
        candidates.extend(files::sources(self.current, takes_sources));
        candidates
    }
}
