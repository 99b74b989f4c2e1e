//! The state of a run.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use manifest_core::Reference;

use crate::error::{Problem, SpecError};
use crate::limits::{LIST_BYTES, LISTS, RUN_SUBSTITUTED_BYTES};
use crate::model::ListSpec;
use crate::position::Position;
use crate::report::Report;
use crate::targets::Targets;
use crate::variables::Variables;

/// Whose rules hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// This program's: all keys, and unknown ones are errors.
    Full,
    /// `manifest-tool`'s: its keys only, and all others are ignored.
    ManifestTool,
}

/// The state of a run over all its files.
pub(crate) struct Run<'v> {
    /// The rules.
    pub(crate) dialect: Dialect,
    /// The values of variables from the command line.
    pub(crate) variables: &'v Variables,
    /// The errors and warnings so far.
    pub(crate) report: Report,
    /// The names of variables that are used or declared.
    pub(crate) known_variables: BTreeSet<String>,
    lists: Vec<ListSpec>,
    /// The number of lists, whether they are kept or not.
    count: usize,
    is_over: bool,
    /// The size of the lists.
    bytes: usize,
    /// The size of the texts that variables have been filled in.
    substituted: usize,
    targets: Targets,
    /// Texts that repeat.
    texts: HashSet<Arc<str>>,
}

impl<'v> Run<'v> {
    /// Starts a run.
    pub(crate) fn new(dialect: Dialect, variables: &'v Variables) -> Self {
        Self {
            dialect,
            variables,
            report: Report::default(),
            known_variables: BTreeSet::new(),
            lists: Vec::new(),
            count: 0,
            is_over: false,
            bytes: 0,
            substituted: 0,
            targets: Targets::default(),
            texts: HashSet::new(),
        }
    }

    /// Returns the shared copy of a text.
    pub(super) fn shared(&mut self, text: &str) -> Arc<str> {
        if let Some(shared) = self.texts.get(text) {
            return Arc::clone(shared);
        }
        let shared: Arc<str> = Arc::from(text);
        self.texts.insert(Arc::clone(&shared));
        shared
    }

    /// Notes that a name is published, and reports it if it is published already.
    pub(super) fn add_target(&mut self, target: &Reference, position: &Position) {
        let Err(problem) = self.targets.add(target, position) else {
            return;
        };
        match self.dialect {
            Dialect::Full => self.report.error(problem.at(position.clone())),
            Dialect::ManifestTool => self.report.warning(position.clone(), problem.message),
        }
    }

    /// Adds a list. Once there is an error, no list is kept.
    pub(super) fn add_list(&mut self, list: ListSpec) {
        self.bytes = self.bytes.saturating_add(list.bytes());
        self.count += 1;
        let message = if self.count > LISTS {
            format!("there are more than {LISTS} lists")
        } else if self.bytes > LIST_BYTES {
            let most = LIST_BYTES / (1024 * 1024);
            format!("the lists need more than {most} MiB of memory")
        } else {
            if self.report.has_errors() {
                self.lists = Vec::new();
            } else {
                self.lists.push(list);
            }
            return;
        };
        self.is_over = true;
        self.report.error(SpecError {
            position: list.position,
            message,
            hint: Some("use several runs, and check large annotations in `defaults:`".to_owned()),
        });
    }

    /// Counts a text that variables have been filled in.
    ///
    /// # Errors
    /// Returns an error if there are too many of them.
    pub(super) fn count_substituted(&mut self, text: &str) -> Result<(), Problem> {
        self.substituted = self.substituted.saturating_add(text.len());
        if self.substituted <= RUN_SUBSTITUTED_BYTES {
            return Ok(());
        }
        let most = RUN_SUBSTITUTED_BYTES / (1024 * 1024);
        let message = format!("texts with variables have more than {most} MiB in all");
        Err(Problem::new(message, "shorten the values of the variables"))
    }

    /// Tells whether the lists or the errors are beyond a bound, so that no more is read.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over || self.report.is_full()
    }

    /// Returns the number of lists so far.
    pub(crate) fn list_count(&self) -> usize {
        self.count
    }

    /// Ends the run.
    pub(crate) fn into_parts(self) -> (Vec<ListSpec>, Report) {
        (self.lists, self.report)
    }
}
