//! The arguments of a command, as its usage names them: `annotate [OPTIONS] MANIFEST_LIST MANIFEST`.

use clap::Command;

use super::scan::{long_flag, split_flag};
use crate::cli::takes_next_word;

/// The meaning of an argument.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A list: drafts.
    List,
    /// An image: one in the draft that is named before, or any.
    Image,
    /// A repository, or a registry.
    Repository,
    /// A tag in the journal.
    Tag,
    /// A file.
    File,
    /// One of these words.
    Words(Vec<String>),
    /// A name in a registry.
    Reference,
}

impl Kind {
    fn of(word: &str) -> Self {
        match word {
            "MANIFEST_LIST" | "LIST" | "DRAFT" => Self::List,
            "MANIFEST" | "IMAGE" | "SOURCE" => Self::Image,
            "TAG" => Self::Tag,
            _ if word.starts_with("REPO") || word.starts_with("REGISTRY") => Self::Repository,
            "FILE" | "FILE|-" => Self::File,
            // Lower-case words stand for themselves.
            _ if word.contains('|') && !word.contains(|c: char| c.is_ascii_uppercase()) => {
                Self::Words(word.split('|').map(str::to_owned).collect())
            }
            _ => Self::Reference,
        }
    }
}

/// One argument in a usage.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Argument {
    kind: Kind,
    is_optional: bool,
    repeats: bool,
}

/// The arguments of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Arguments(Vec<Argument>);

impl Arguments {
    pub(super) fn of(command: &Command) -> Self {
        let usage = command.clone().render_usage().to_string();
        let words = usage.trim_start_matches("Usage:").split_whitespace();
        let mut words = words.skip(1);
        let mut arguments: Vec<Argument> = Vec::new();
        while let Some(word) = words.next() {
            if word == "[OPTIONS]" {
                continue;
            }
            if word.starts_with('-') {
                // A flag that has to be given.
                let (name, _) = split_flag(word);
                if long_flag(command, name).is_some_and(takes_next_word) {
                    words.next();
                }
                continue;
            }
            if word.starts_with("[-") {
                // A flag, with its value up to the bracket.
                let is_open = |word: &str| !word.ends_with(']');
                while is_open(word) && words.next().is_some_and(is_open) {}
                continue;
            }
            let name = word.trim_matches(['[', ']', '<', '>', '.']);
            // An inner bracket belongs to the name: `REGISTRY[/REPO]`.
            let argument = Argument {
                kind: Kind::of(name),
                is_optional: word.starts_with('['),
                repeats: word.contains("..."),
            };
            match arguments.last_mut() {
                Some(last) if argument.repeats && last.kind == argument.kind => last.repeats = true,
                _ => arguments.push(argument),
            }
        }
        Self(arguments)
    }

    /// Returns the possible meanings of the argument at this index. Optional arguments before it may be left out.
    pub(super) fn at(&self, index: usize) -> Vec<&Kind> {
        let mut kinds = Vec::new();
        for argument in self.0.iter().skip(index) {
            kinds.push(&argument.kind);
            if !argument.is_optional || argument.repeats {
                return kinds;
            }
        }
        let last = self.0.last().filter(|last| last.repeats);
        if let Some(last) = last.filter(|_| kinds.is_empty()) {
            kinds.push(&last.kind);
        }
        kinds
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(usage: &'static str, index: usize) -> Vec<Kind> {
        let age = clap::Arg::new("age")
            .long("age")
            .action(clap::ArgAction::Set);
        let all = clap::Arg::new("all")
            .long("all")
            .action(clap::ArgAction::SetTrue);
        let command = Command::new("x").args([age, all]).override_usage(usage);
        let arguments = Arguments::of(&command);
        arguments.at(index).into_iter().cloned().collect()
    }

    #[test]
    fn the_usage_names_the_arguments() {
        use Kind::{File, Image, List, Reference, Repository, Tag};
        for (usage, expected) in [
            ("x", &[&[][..], &[]][..]),
            ("x [OPTIONS]", &[&[], &[]]),
            ("push [OPTIONS] MANIFEST_LIST", &[&[List], &[]]),
            (
                "rm MANIFEST_LIST [MANIFEST_LIST...]",
                &[&[List], &[List], &[List]],
            ),
            (
                "create MANIFEST_LIST MANIFEST [MANIFEST...]",
                &[&[List], &[Image], &[Image]],
            ),
            (
                "inspect [OPTIONS] [MANIFEST_LIST] MANIFEST",
                &[&[List, Image], &[Image], &[]],
            ),
            ("diff [OPTIONS] A B", &[&[Reference], &[Reference], &[]]),
            ("check [OPTIONS] REGISTRY[/REPO]", &[&[Repository], &[]]),
            ("rollback [OPTIONS] [TAG...]", &[&[Tag], &[Tag]]),
            ("matrix REPO [--tags GLOB]", &[&[Repository], &[]]),
            ("prune --age DURATION [OPTIONS]", &[&[], &[]]),
            ("prune --all MANIFEST_LIST", &[&[List], &[]]),
            ("ls [OPTIONS] [MANIFEST_LIST...]", &[&[List], &[List]]),
            ("import [OPTIONS] FILE|-", &[&[File], &[]]),
            ("exists [OPTIONS] <REF>...", &[&[Reference], &[Reference]]),
        ] {
            for (index, expected) in expected.iter().enumerate() {
                assert_eq!(kinds(usage, index), *expected, "{usage}: {index}");
            }
        }
        let shells = ["bash", "zsh"].map(str::to_owned).to_vec();
        assert_eq!(kinds("completion bash|zsh", 0), [Kind::Words(shells)]);
    }
}
