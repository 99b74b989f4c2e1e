//! CA certificates and client certificates: for all hosts, and for single hosts.
//!
//! The plugin reads the files; this module parses them for the TLS library.

use std::collections::BTreeMap;
use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::parse_x509_certificate;

use crate::error::CertificateProblem;
use crate::host::is_docker_hub;

/// The content of a PEM file. `Debug` hides it, because it may be a private key.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    /// The path of the file, for errors.
    pub name: String,
    /// The content of the file.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({})", self.name)
    }
}

/// A client certificate and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, followed by any intermediate certificates.
    pub certificate: Pem,
    /// Its private key.
    pub key: Pem,
}

/// The certificates for one host: a folder in `certs.d`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostCertificates {
    /// CA certificates for this host, in addition to those for all hosts.
    pub roots: Vec<Pem>,
    /// Client certificates for this host only. If the server names CAs, the first certificate issued by one of them is
    /// used; else the first certificate.
    pub identities: Vec<Identity>,
    /// A problem with the folder. It prevents all connections to the host.
    pub problem: Option<CertificateProblem>,
    /// The folders with these certificates, for events.
    pub folders: Vec<String>,
}

/// The certificates of a client, in addition to the system's CA certificates.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// CA certificates for all hosts: `--ca-file`.
    pub roots: Vec<Pem>,
    /// The certificates for single hosts. The key is the host as in URLs, with the port unless it is 443.
    pub hosts: BTreeMap<String, HostCertificates>,
}

impl Certificates {
    /// Returns the certificates for `authority`: a host, with the port unless it is the scheme's default port.
    pub(crate) fn of(&self, authority: &str) -> Option<&HostCertificates> {
        let names: &[&str] = if is_docker_hub(authority) {
            &["registry-1.docker.io", "docker.io", "index.docker.io"]
        } else {
            &[authority]
        };
        names
            .iter()
            .find_map(|name| self.hosts.get(*name))
            .or_else(|| self.hosts.get(&format!("{authority}:443")))
    }
}

/// Parses the CA certificates in some files. Each file must contain at least one.
pub(crate) fn roots(files: &[Pem]) -> Result<Vec<CertificateDer<'static>>, CertificateProblem> {
    let mut roots = Vec::new();
    for file in files {
        let certificates = chain(file)?;
        for certificate in &certificates {
            // The TLS library would silently skip an unreadable CA certificate, and then reject servers that it issued
            // certificates for.
            if parse_x509_certificate(certificate).is_err() {
                return Err(file.problem("it has a certificate that cannot be read"));
            }
        }
        roots.extend(certificates);
    }
    Ok(roots)
}

pub(super) fn chain(file: &Pem) -> Result<Vec<CertificateDer<'static>>, CertificateProblem> {
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&file.bytes).collect();
    match certificates {
        Ok(certificates) if certificates.is_empty() => {
            Err(file.problem("it contains no certificate (PEM is expected)"))
        }
        Ok(certificates) => Ok(certificates),
        Err(_) => Err(file.problem("it is damaged (PEM is expected)")),
    }
}

impl Pem {
    pub(super) fn problem(&self, reason: &str) -> CertificateProblem {
        CertificateProblem {
            name: self.name.clone(),
            reason: reason.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_found_as_urls_name_them() {
        let hosts = ["a.io", "b.io:443", "[::1]:5000", "docker.io", "c.io:5000"];
        let certificates = Certificates {
            hosts: hosts.map(|host| (host.to_owned(), <_>::default())).into(),
            ..Certificates::default()
        };
        for (host, found) in [
            ("a.io", true),
            ("a.io:5000", false),
            ("b.io", true),
            ("[::1]:5000", true),
            ("[::1]", false),
            ("registry-1.docker.io", true),
            ("auth.docker.io", false),
            ("c.io", false),
            ("c.io:5000", true),
        ] {
            assert_eq!(certificates.of(host).is_some(), found, "{host}");
        }
    }

    #[test]
    fn files_without_certificates_are_named_and_keys_not_shown() {
        for (bytes, reason) in [
            (&b""[..], "it contains no certificate"),
            (b"just text", "it contains no certificate"),
            (
                b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
                "a certificate that cannot be read",
            ),
            (b"-----BEGIN CERTIFICATE-----\n*\n", "it is damaged"),
        ] {
            let file = Pem {
                name: "/x/ca.crt".into(),
                bytes: bytes.into(),
            };
            let problem = roots(&[file]).unwrap_err().to_string();
            assert!(problem.starts_with("/x/ca.crt: "), "{problem}");
            assert!(problem.contains(reason), "{problem}");
        }
        let key = Pem {
            name: "/x/client.key".into(),
            bytes: b"secret".into(),
        };
        assert_eq!(format!("{key:?}"), "Pem(/x/client.key)");
    }
}
