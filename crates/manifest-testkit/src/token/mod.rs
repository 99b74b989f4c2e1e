//! A token server, after the distribution token and OAuth2 specifications.

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
