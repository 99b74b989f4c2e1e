//! The scope of a token: its permissions on one repository.

use std::fmt;
use std::hash::Hash;

use manifest_core::reference::Repository;

/// The scope to pull from, or to pull from and push to, one repository (distribution specification, "Token Scope").
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    path: String,
    can_push: bool,
}

impl Scope {
    pub(crate) fn pull(repository: &Repository) -> Self {
        Self {
            path: repository.path().to_owned(),
            can_push: false,
        }
    }

    pub(crate) fn push(repository: &Repository) -> Self {
        Self {
            path: repository.path().to_owned(),
            can_push: true,
        }
    }

    /// Returns the repository, without its host.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        self.path == other.path && self.can_push >= other.can_push
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = if self.can_push { "pull,push" } else { "pull" };
        write!(f, "repository:{}:{actions}", self.path)
    }
}
