//! The configuration of a token server: its users, and the differences between such servers.

/// Path of the token endpoint.
pub(super) const PATH: &str = "/token";

/// The issuer, both in tokens and in the configuration of a real registry.
pub(super) const ISSUER: &str = "manifest-testkit";

/// Lifetime of a token without `expires_in`: the specification's 60 seconds.
pub(super) const DEFAULT_LIFETIME: u64 = 60;

/// The fields of the response that hold the token.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum TokenField {
    /// Both `token` and `access_token`, as most servers do.
    #[default]
    Both,
    /// `token` only.
    Token,
    /// `access_token` only.
    AccessToken,
}

/// The users of a server, and its behaviour.
#[derive(Debug, Default)]
pub(super) struct Config {
    pub(super) service: String,
    pub(super) users: Vec<User>,
    pub(super) anonymous: Vec<Permission>,
    pub(super) refresh_tokens: Vec<(String, String)>,
    pub(super) grant_only_first_scope: bool,
    pub(super) grant_push_for_single_scope: bool,
    pub(super) opaque: bool,
    pub(super) expires_in: Option<u64>,
    pub(super) lifetime: Option<i64>,
    pub(super) field: TokenField,
}

#[derive(Debug)]
pub(super) struct User {
    pub(super) name: String,
    pub(super) password: String,
    pub(super) permissions: Vec<Permission>,
}

/// Repositories by a pattern with `*`, and the actions allowed there.
#[derive(Debug)]
pub(super) struct Permission {
    pub(super) repository: String,
    pub(super) actions: Vec<String>,
}

impl Permission {
    pub(super) fn new(repository: &str, actions: &str) -> Self {
        let actions = actions.split(',').map(str::to_owned).collect();
        Self {
            repository: repository.to_owned(),
            actions,
        }
    }

    pub(super) fn covers(&self, name: &str) -> bool {
        match self.repository.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == self.repository,
        }
    }
}
