//! Problems with certificates: those of files that the user gives, and those of servers and proxies that are not trusted.

use std::fmt;

use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

use crate::redact;

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct CertificateProblem {
    /// The file.
    pub name: String,
    /// What is wrong with it.
    pub reason: String,
}

/// A certificate that nobody vouches for. `Display` says who would have to be believed.
#[derive(Debug)]
pub(crate) struct UntrustedCertificate {
    /// The name of the authority, where it can be read.
    pub(crate) issuer: Option<String>,
    is_its_own: bool,
}

impl UntrustedCertificate {
    /// Looks at what a server sent: the last certificate is signed by the authority that is missed, or is it.
    pub(crate) fn of(end_entity: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Self {
        let last = others.last().unwrap_or(end_entity);
        let Ok((_, last)) = parse_x509_certificate(last) else {
            return Self {
                issuer: None,
                is_its_own: false,
            };
        };
        let issuer = redact::header(&last.issuer().to_string());
        Self {
            issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
            is_its_own: others.is_empty() && last.issuer() == last.subject(),
        }
    }
}

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) if self.is_its_own => write!(f, "it is signed by itself, {issuer}"),
            Some(issuer) => write!(f, "it is issued by {issuer}"),
            None => f.write_str("its issuer cannot be read"),
        }
    }
}

impl std::error::Error for UntrustedCertificate {}

/// The proxy's certificate is not believed.
#[derive(Debug)]
pub(crate) struct UntrustedProxyCertificate(pub(crate) String);

impl fmt::Display for UntrustedProxyCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UntrustedProxyCertificate {}
