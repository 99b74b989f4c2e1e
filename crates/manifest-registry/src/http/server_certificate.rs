//! The certificate that a server presented, and the CA certificate that it is trusted by.

use rustls::pki_types::CertificateDer;
use x509_parser::parse_x509_certificate;

use crate::http::certificates::{HostCertificates, Pem, chain};
use crate::redact;

/// The certificate that a server presented.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerCertificate {
    /// The name of the CA that issued it, without control characters. Empty if it cannot be parsed.
    pub issuer: String,
    /// The last day on which it is valid (UTC): `2027-01-31`.
    pub expires_on: String,
    /// The end of its validity, in seconds since 1970 (UTC).
    pub expires_at: i64,
    /// The reason why it is trusted.
    pub trust: Trust,
}

/// The reason why a certificate is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// A CA certificate of this system.
    System,
    /// A CA certificate of the user, in this file.
    File(String),
    /// None: any certificate is accepted.
    Unverified,
}

impl ServerCertificate {
    pub(super) fn of(end_entity: &CertificateDer<'_>, trust: Trust) -> Self {
        let Ok((_, parsed)) = parse_x509_certificate(end_entity) else {
            return Self {
                issuer: String::new(),
                expires_on: String::new(),
                expires_at: i64::MAX,
                trust,
            };
        };
        let not_after = parsed.validity().not_after;
        Self {
            issuer: redact::header(&parsed.issuer().to_string()),
            expires_on: not_after.to_datetime().date().to_string(),
            expires_at: not_after.timestamp(),
            trust,
        }
    }
}

/// The CA certificates of the user, by their names.
#[derive(Debug, Default)]
pub(super) struct UserAuthorities(Vec<UserAuthority>);

#[derive(Debug)]
struct UserAuthority {
    /// The name of the CA, as certificates that it issued have it.
    subject: Vec<u8>,
    file: String,
}

impl UserAuthorities {
    /// Reads the CA certificates for one host: those for all hosts, and those for this host only. Unreadable files are
    /// skipped, as TLS cannot be set up with them.
    pub(super) fn new(common: &[Pem], host: Option<&HostCertificates>) -> Self {
        let own = host.map_or(&[][..], |host| &host.roots);
        let authorities = common.iter().chain(own).flat_map(|file| {
            let certificates = chain(file).unwrap_or_default();
            certificates.into_iter().filter_map(|certificate| {
                let (_, parsed) = parse_x509_certificate(&certificate).ok()?;
                Some(UserAuthority {
                    subject: parsed.subject().as_raw().to_vec(),
                    file: file.name.clone(),
                })
            })
        });
        Self(authorities.collect())
    }

    /// Returns the reason why a verified chain is trusted: the user's CA certificate that a certificate of it names as
    /// its issuer, else the system's.
    pub(super) fn trust(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
    ) -> Trust {
        let is_issuer = |authority: &&UserAuthority| {
            let certificates = std::iter::once(end_entity).chain(intermediates);
            certificates
                .filter_map(|certificate| parse_x509_certificate(certificate).ok())
                .any(|(_, parsed)| parsed.issuer().as_raw() == authority.subject)
        };
        match self.0.iter().find(is_issuer) {
            Some(authority) => Trust::File(authority.file.clone()),
            None => Trust::System,
        }
    }
}
