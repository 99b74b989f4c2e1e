//! Authentication: from credentials and a challenge to an `Authorization` header.
//!
//! | file | holds |
//! | --- | --- |
//! | `authenticator` | the `Authorization` for a challenge; requests to token servers |
//! | `token`, `scope`, `scope_plan`, `granted` | tokens; their scopes; the scopes that are requested together; those that a token says it has |
//! | `known_registries`, `challenge` | challenges known in advance; `WWW-Authenticate` |
//! | `credentials`, `credential_helper` | Docker's `config.json`; its helpers |

mod authenticator;
mod challenge;
mod credential_helper;
mod credentials;
mod granted;
mod known_registries;
mod scope;
mod scope_plan;
mod token;

pub use credential_helper::stop_helpers;
pub use credentials::{Credential, Credentials, FoundCredential};
pub use known_registries::{KnownRegistries, KnownRegistry, KnownRegistryError};

pub(crate) use authenticator::{Authenticator, RequestSummary};
pub(crate) use challenge::Challenge;
pub(crate) use granted::grants_push;
pub(crate) use scope::Scope;
pub(crate) use scope_plan::ScopePlan;
pub(crate) use token::{Authorization, Tokens};

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use token::Token;
