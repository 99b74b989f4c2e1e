//! Scopes of the distribution token specification, and the tokens that carry them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Rights on one thing: `repository:app:pull,push`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Access {
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) actions: Vec<String>,
}

impl Access {
    /// Makes rights of their parts.
    pub(crate) fn new(kind: &str, name: &str, actions: &[&str]) -> Self {
        let actions = actions.iter().map(|&action| action.to_owned()).collect();
        Self {
            kind: kind.to_owned(),
            name: name.to_owned(),
            actions,
        }
    }

    /// Parses one scope; the name may have colons of its own.
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

/// What a registry finds out about a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The token covers what is needed.
    Granted,
    /// The token is good but does not cover it.
    Insufficient,
    /// The token was never given out, or is no longer good.
    Unknown,
}

/// The tokens that a token server has given out; clones share them.
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
    /// Notes a token that was given out.
    pub(crate) fn add(&self, token: &str, access: Vec<Access>, lifetime: Duration) {
        let grant = Grant {
            access,
            expires: Instant::now() + lifetime,
        };
        self.lock().insert(token.to_owned(), grant);
    }

    /// Makes all tokens so far worthless.
    pub(crate) fn revoke(&self) {
        self.lock().clear();
    }

    /// Checks a token against what a request needs.
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
