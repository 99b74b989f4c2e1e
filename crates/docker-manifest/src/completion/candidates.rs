//! Candidates, the directive to the shell, and their form in cobra's protocol.

use std::collections::BTreeSet;

use manifest_registry::redact;

/// The largest number of candidates. Nobody reads more, and shells become slow.
const CANDIDATES: usize = 5_000;

/// What a shell does beside showing the candidates (cobra's `ShellCompDirective`). All bits are off by default: the shell adds a space,
/// and completes files if there is no candidate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Directive(u8);

impl Directive {
    /// The shell adds no space behind the candidate.
    pub(super) const NO_SPACE: Self = Self(2);
    /// The shell does not complete files.
    pub(super) const NO_FILES: Self = Self(4);
    /// Both of these.
    pub(super) const NO_FILES_NO_SPACE: Self = Self(6);
    /// The shell completes folders.
    pub(super) const FOLDERS: Self = Self(16);
    /// The shell completes files if there are no candidates.
    pub(super) const FILES: Self = Self(0);

    const NAMES: [(Self, &str); 3] = [
        (Self::NO_SPACE, "ShellCompDirectiveNoSpace"),
        (Self::NO_FILES, "ShellCompDirectiveNoFileComp"),
        (Self::FOLDERS, "ShellCompDirectiveFilterDirs"),
    ];

    fn names(self) -> String {
        let names = Self::NAMES.into_iter();
        let names: Vec<&str> = names
            .filter(|(bit, _)| self.0 & bit.0 != 0)
            .map(|(_, name)| name)
            .collect();
        match names.as_slice() {
            [] => "ShellCompDirectiveDefault".to_owned(),
            names => names.join(", "),
        }
    }
}

/// One candidate for the word at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) word: String,
    pub(super) description: String,
}

/// The candidates for the word at the cursor, with the directive to the shell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    pub(super) list: Vec<Candidate>,
    pub(super) directive: Directive,
}

impl Candidates {
    /// Returns no candidates, and a directive.
    pub(super) fn none(directive: Directive) -> Self {
        Self {
            list: Vec::new(),
            directive,
        }
    }

    /// Adds a candidate.
    pub(super) fn add(&mut self, word: impl Into<String>, description: impl Into<String>) {
        self.list.push(Candidate {
            word: word.into(),
            description: description.into(),
        });
    }

    /// Adds all candidates of `others`. Its directive wins.
    pub(super) fn extend(&mut self, others: Self) {
        self.list.extend(others.list);
        self.directive = others.directive;
    }

    /// Keeps the candidates that start with `typed`, each once. A word with a space or a control character is left out, because a
    /// shell would split it.
    #[must_use]
    pub(super) fn matching(mut self, typed: &str) -> Self {
        let mut seen = BTreeSet::new();
        let is_plain = |word: &str| {
            !word.is_empty()
                && !word.contains(|c: char| c.is_whitespace() || redact::is_terminal_control(c))
        };
        self.list.retain(|candidate| {
            candidate.word.starts_with(typed)
                && is_plain(&candidate.word)
                && seen.insert(candidate.word.clone())
        });
        self.list.truncate(CANDIDATES);
        self
    }

    /// Renders the candidates and the directive.
    #[must_use]
    pub fn text(&self, has_descriptions: bool) -> String {
        let line = |candidate: &Candidate| match candidate.description.lines().next() {
            Some(description) if has_descriptions && !description.is_empty() => {
                format!("{}\t{}\n", candidate.word, redact::printable(description))
            }
            _ => format!("{}\n", candidate.word),
        };
        let lines: String = self.list.iter().map(line).collect();
        format!("{lines}:{}\n", self.directive.0)
    }

    /// Returns the line for people that cobra writes to standard error.
    #[must_use]
    pub fn status(&self) -> String {
        format!(
            "Completion ended with directive: {}",
            self.directive.names()
        )
    }
}
