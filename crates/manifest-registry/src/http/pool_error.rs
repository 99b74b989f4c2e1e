//! Reasons why no connection pool can be made for a host.

use std::sync::Arc;

use crate::error::CertificateProblem;
use crate::http::tls::TlsError;

/// Why a host cannot be reached in some way.
#[derive(Clone, Debug)]
pub(crate) enum PoolError {
    /// There are no certificate authorities.
    NoAuthorities(String),
    /// Files of the user cannot be used.
    Certificates(CertificateProblem),
    /// The proxy's setting cannot be used.
    Proxy(&'static str),
    /// The HTTP library does not want to.
    Http(Arc<reqwest::Error>),
}

impl From<TlsError> for PoolError {
    fn from(problem: TlsError) -> Self {
        match problem {
            TlsError::NoAuthorities(text) => Self::NoAuthorities(text),
            TlsError::Certificates(problem) => Self::Certificates(problem),
            TlsError::Proxy(reason) => Self::Proxy(reason),
        }
    }
}
