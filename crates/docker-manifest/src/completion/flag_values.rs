//! Candidates for the value of a flag: its keywords, else what the name of its value stands for.

use std::any::TypeId;
use std::path::PathBuf;

use clap::Arg;

use super::candidates::{Candidates, Directive};
use super::drafts::Drafts;
use super::files;
use super::journal;
use super::platforms;
use crate::cli::{Keywords, is_switch};
use crate::values::{AnyPlatformList, PlatformList};

/// The keys of annotations that the OCI image specification defines ("Pre-Defined Annotation Keys").
const ANNOTATIONS: &[&str] = &[
    "authors",
    "base.digest",
    "base.name",
    "created",
    "description",
    "documentation",
    "licenses",
    "ref.name",
    "revision",
    "source",
    "title",
    "url",
    "vendor",
    "version",
];

/// Common values of `--wait`: builds take minutes.
const WAITS: [&str; 4] = ["5m", "10m", "30m", "1h"];

/// A flag whose value is at the cursor, and the rest of its command line.
pub(super) struct FlagValue<'a> {
    pub(super) arg: &'a Arg,
    /// The value up to the cursor.
    pub(super) typed: &'a str,
    /// The keywords that the parser accepts.
    pub(super) keywords: Option<Keywords>,
    /// The draft on the command line.
    pub(super) list: Option<&'a str>,
    /// The values of `--os` and `--arch`.
    pub(super) pair: (Option<&'a str>, Option<&'a str>),
}

impl FlagValue<'_> {
    pub(super) fn candidates(self, drafts: &Drafts) -> Candidates {
        let (arg, typed) = (self.arg, self.typed);
        if is_switch(arg) {
            return words(["true", "false"].map(str::to_owned));
        }
        if let Some(keywords) = self.keywords {
            return words(keywords.words);
        }
        let parser = arg.get_value_parser().type_id();
        let is_list = [
            TypeId::of::<PlatformList>(),
            TypeId::of::<AnyPlatformList>(),
        ];
        let of_draft = || {
            let list = self.list;
            list.map(|list| drafts.platforms(list)).unwrap_or_default()
        };
        if is_list.iter().any(|list| parser == *list) {
            return platforms::lists(typed, &of_draft());
        }
        let (os, architecture) = self.pair;
        match (arg.get_long().unwrap_or_default(), value_name(arg)) {
            ("os", _) => platforms::systems(),
            ("arch", _) => platforms::architectures(os),
            ("variant", _) => platforms::variants(architecture),
            ("wait", _) => words(WAITS.map(str::to_owned)),
            (_, "platform" | "os/arch") => platforms::names(&of_draft()),
            (_, "annotation") => annotations(),
            (_, "name" | "image") => drafts.references(typed),
            (_, "id") => journal::runs(drafts),
            (_, "layout") => files::sources(typed, false),
            (_, "dir" | "folder") => Candidates::none(Directive::FOLDERS),
            (_, "file") => Candidates::none(Directive::FILES),
            _ if parser == TypeId::of::<PathBuf>() => Candidates::none(Directive::FILES),
            _ => words(quoted_words(arg)),
        }
    }
}

fn value_name(arg: &Arg) -> &str {
    let names = arg.get_value_names();
    names
        .and_then(<[_]>::first)
        .map_or("", |name| name.as_str())
}

fn words(words: impl IntoIterator<Item = String>) -> Candidates {
    let mut candidates = Candidates::none(Directive::NO_FILES);
    for word in words {
        candidates.add(word, "");
    }
    candidates
}

fn annotations() -> Candidates {
    let mut candidates = Candidates::none(Directive::NO_FILES_NO_SPACE);
    for key in ANNOTATIONS {
        candidates.add(format!("org.opencontainers.image.{key}="), "");
    }
    candidates
}

/// Returns the plain words in quotes in a flag's help, which are values that it accepts.
fn quoted_words(arg: &Arg) -> Vec<String> {
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let quoted = help.split('"').skip(1).step_by(2);
    let is_plain = |word: &&str| word.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    quoted.filter(is_plain).map(str::to_owned).collect()
}
