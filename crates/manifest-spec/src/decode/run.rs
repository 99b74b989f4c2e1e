//! The state of a run.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use manifest_core::Reference;

use crate::error::SpecError;
use crate::limits::LISTS;
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
        if self.lists.len() >= LISTS {
            self.report.error(SpecError {
                position: list.position,
                message: format!("there are more than {LISTS} lists"),
                hint: Some("apply the files in several runs".to_owned()),
            });
        } else if self.report.has_errors() {
            self.lists = Vec::new();
        } else {
            self.lists.push(list);
        }
    }

    /// Returns the number of lists so far.
    pub(crate) fn list_count(&self) -> usize {
        self.lists.len()
    }

    /// Ends the run.
    pub(crate) fn into_parts(self) -> (Vec<ListSpec>, Report) {
        (self.lists, self.report)
    }
}
