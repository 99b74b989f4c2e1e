//! The reasons why no connection pool can be made for a host.

use std::sync::Arc;

use crate::error::CertificateProblem;
use crate::http::tls::TlsError;

/// The reason why no connection pool can be made for a host.
#[derive(Clone, Debug)]
pub(crate) enum PoolError {
    /// There are no CA certificates.
    NoCaCertificates(String),
    /// The user's certificate files cannot be used.
    Certificates(CertificateProblem),
    /// The proxy setting cannot be used.
    Proxy(&'static str),
    /// The HTTP library failed.
    Http(Arc<reqwest::Error>),
}

impl From<TlsError> for PoolError {
    fn from(problem: TlsError) -> Self {
        match problem {
            TlsError::NoCaCertificates(text) => Self::NoCaCertificates(text),
            TlsError::Certificates(problem) => Self::Certificates(problem),
            TlsError::Proxy(reason) => Self::Proxy(reason),
        }
    }
}
