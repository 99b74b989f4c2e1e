//! The state of a token server.

use std::sync::Mutex;
use std::sync::atomic::AtomicU64;

use super::access::IssuedTokens;
use super::jwt::Signer;

/// The signer of a server, and the tokens issued so far.
#[derive(Debug)]
pub(super) struct State {
    pub(super) signer: Signer,
    pub(super) issued_tokens: IssuedTokens,
    pub(super) requested_scopes: Mutex<Vec<String>>,
    pub(super) issued: AtomicU64,
}
