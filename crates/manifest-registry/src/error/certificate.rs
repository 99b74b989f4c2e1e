//! Certificate problems: unusable files of the user, and untrusted certificates of servers and proxies.

use std::fmt;

use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

use crate::redact;

/// A problem with a certificate file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name}: {reason}")]
pub struct CertificateProblem {
    /// The path of the file.
    pub name: String,
    /// The problem.
    pub reason: String,
}

/// A certificate from an unknown CA. `Display` names the issuer.
#[derive(Debug)]
pub(crate) struct UntrustedCertificate {
    /// The name of the issuing CA, if it can be parsed.
    pub(crate) issuer: Option<String>,
    is_self_signed: bool,
}

impl UntrustedCertificate {
    /// Inspects a server's certificate chain. The missing CA is the issuer of the last certificate, or that certificate
    /// itself.
    pub(crate) fn of(end_entity: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Self {
        let last = others.last().unwrap_or(end_entity);
        let Ok((_, last)) = parse_x509_certificate(last) else {
            return Self {
                issuer: None,
                is_self_signed: false,
            };
        };
        let issuer = redact::header(&last.issuer().to_string());
        Self {
            issuer: Some(issuer).filter(|issuer| !issuer.is_empty()),
            is_self_signed: others.is_empty() && last.issuer() == last.subject(),
        }
    }
}

impl fmt::Display for UntrustedCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) if self.is_self_signed => write!(f, "it is self-signed by {issuer}"),
            Some(issuer) => write!(f, "it is issued by {issuer}"),
            None => f.write_str("its issuer cannot be read"),
        }
    }
}

impl std::error::Error for UntrustedCertificate {}

/// The error for an untrusted certificate of a proxy.
#[derive(Debug)]
pub(crate) struct UntrustedProxyCertificate(pub(crate) String);

impl fmt::Display for UntrustedProxyCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UntrustedProxyCertificate {}
