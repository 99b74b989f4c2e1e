//! A token server, after the distribution token and OAuth2 specifications.
//!
//! | module | holds |
//! | --- | --- |
//! | `builder` | its options, and the start |
//! | `server` | the running server |
//! | `grant` | the response to a request for a token |
//! | `state` | the signer, and the tokens issued so far |
//! | `jwt` | signed tokens |
//! | `access` | scopes |
//! | `config` | users, permissions, behaviour |

mod access;
mod builder;
mod config;
mod grant;
mod jwt;
mod server;
mod state;

pub(crate) use self::access::{Access, IssuedTokens, Verdict};
pub use self::builder::TokenBuilder;
pub use self::config::TokenField;
pub use self::server::TokenServer;
