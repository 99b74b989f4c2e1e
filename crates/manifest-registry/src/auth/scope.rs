//! The scope of a token: its permissions on one repository.

use std::fmt;
use std::hash::Hash;

use manifest_core::reference::Repository;

/// The scope to pull from, push to, or delete from one repository (distribution specification, "Token Scope").
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Scope {
    path: String,
    actions: Actions,
}

/// The actions of a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Actions {
    Pull,
    PullAndPush,
    Delete,
}

impl Scope {
    pub(crate) fn pull(repository: &Repository) -> Self {
        Self {
            path: repository.path().to_owned(),
            actions: Actions::Pull,
        }
    }

    pub(crate) fn push(repository: &Repository) -> Self {
        Self {
            path: repository.path().to_owned(),
            actions: Actions::PullAndPush,
        }
    }

    pub(crate) fn delete(repository: &Repository) -> Self {
        Self {
            path: repository.path().to_owned(),
            actions: Actions::Delete,
        }
    }

    /// Returns the repository, without its host.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(super) fn covers(&self, other: &Self) -> bool {
        let covers_actions = match other.actions {
            Actions::Pull => self.actions != Actions::Delete,
            others => self.actions == others,
        };
        self.path == other.path && covers_actions
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let actions = match self.actions {
            Actions::Pull => "pull",
            Actions::PullAndPush => "pull,push",
            Actions::Delete => "delete",
        };
        write!(f, "repository:{}:{actions}", self.path)
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::Reference;

    use super::*;

    #[test]
    fn scopes_cover_what_they_grant() {
        let app = Reference::parse("r.io/app").unwrap();
        let (app, other) = (app.repository(), Reference::parse("r.io/other").unwrap());
        let (pull, push, delete) = (Scope::pull(app), Scope::push(app), Scope::delete(app));
        assert_eq!(delete.to_string(), "repository:app:delete");
        for (scope, covered) in [
            (&pull, [true, false, false]),
            (&push, [true, true, false]),
            (&delete, [false, false, true]),
        ] {
            let found = [&pull, &push, &delete].map(|wanted| scope.covers(wanted));
            assert_eq!(found, covered, "{scope}");
            assert!(!scope.covers(&Scope::pull(other.repository())));
        }
    }
}
