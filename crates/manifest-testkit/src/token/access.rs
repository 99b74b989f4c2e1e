//! Scopes of the distribution token specification, and tokens with scopes.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One scope: `repository:app:pull,push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) actions: Vec<String>,
}

impl Access {
    /// Creates a scope from its parts.
    pub(crate) fn new(kind: &str, name: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions,
        }
    }

    /// Parses one scope. The name may contain colons.
    pub(crate) fn parse(scope: &str) -> Option<Self> {
        let (kind, rest) = scope.split_once(':')?;
        let (name, actions) = rest.rsplit_once(':')?;
        let actions: Vec<&str> = actions.split(',').filter(|a| !a.is_empty()).collect();
        Some(Self::new(kind, name, &actions))
    }

    fn covers(&self, needed: &Self) -> bool {
        self.kind == needed.kind
            && self.name == needed.name
            && needed
                .actions
                .iter()
                .all(|action| self.actions.contains(action))
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.kind, self.name, self.actions.join(","))
    }
}

/// The result of checking a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The token covers the needed scopes.
    Granted,
    /// The token is valid but does not cover them.
    Insufficient,
    /// The token was never issued, or is no longer valid.
    Unknown,
}

/// The tokens that a token server has issued; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct IssuedTokens {
    tokens: Arc<Mutex<HashMap<String, Grant>>>,
}

#[derive(Debug)]
struct Grant {
    access: Vec<Access>,
    expires: Instant,
}

impl IssuedTokens {
    /// Records an issued token.
    pub(crate) fn add(&self, token: &str, access: Vec<Access>, lifetime: Duration) {
        let grant = Grant {
            access,
            expires: Instant::now() + lifetime,
        };
        self.lock().insert(token.to_owned(), grant);
    }

    /// Revokes all tokens so far.
    pub(crate) fn revoke(&self) {
        self.lock().clear();
    }

    /// Checks a token against the scopes that a request needs.
    pub(crate) fn check(&self, token: &str, needed: &[Access]) -> Verdict {
        match self.lock().get(token) {
            Some(grant) if grant.expires > Instant::now() => {
                let covered = needed
                    .iter()
                    .all(|n| grant.access.iter().any(|a| a.covers(n)));
                if covered {
                    Verdict::Granted
                } else {
                    Verdict::Insufficient
                }
            }
            _ => Verdict::Unknown,
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Grant>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::Access;

    #[test]
    fn scopes_keep_colons_in_names() {
        let access = Access::parse("repository:host:5000/app:pull,push").unwrap();
        assert_eq!(
            access,
            Access::new("repository", "host:5000/app", &["pull", "push"])
        );
        assert_eq!(access.to_string(), "repository:host:5000/app:pull,push");
        assert_eq!(Access::parse("repository"), None);
    }
}
