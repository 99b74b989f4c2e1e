//! CA certificates and client certificates: for all hosts, and for one.
//!
//! The plugin reads the files; here they are parsed for the TLS library.

use std::collections::BTreeMap;
use std::fmt;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_parser::parse_x509_certificate;

use crate::error::CertificateProblem;
use crate::host::is_docker_hub;

/// The content of a file in PEM, which may be a key: it is not shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Pem {
    /// Where it is from, for errors: a path.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pem({})", self.name)
    }
}

/// A certificate that this program shows to a server which asks for one, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, with those between it and an authority after it.
    pub certificate: Pem,
    /// Its private key.
    pub key: Pem,
}

/// The certificates for one host: a folder in `certs.d`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HostCertificates {
    /// Authorities that are believed there, in addition to those that are believed everywhere.
    pub roots: Vec<Pem>,
    /// What may be shown there, and nowhere else. A server that names authorities gets one of theirs, else the first.
    pub identities: Vec<Identity>,
    /// What is wrong with the folder. No connection to the host is made then.
    pub problem: Option<CertificateProblem>,
    /// The folders that all this is from, for the trace.
    pub folders: Vec<String>,
}

/// The certificates that a client goes by, in addition to the system's authorities.
#[derive(Clone, Debug, Default)]
pub struct Certificates {
    /// Authorities that are believed everywhere: `--ca-file`.
    pub roots: Vec<Pem>,
    /// The certificates for one host only: by the host as URLs have it, with the port where it is not 443.
    pub hosts: BTreeMap<String, HostCertificates>,
}

impl Certificates {
    /// Returns the certificates for `authority`, a host with the port where that is not the scheme's own.
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

/// Reads the certificates in some files, each of which must have one.
pub(crate) fn roots(files: &[Pem]) -> Result<Vec<CertificateDer<'static>>, CertificateProblem> {
    let mut roots = Vec::new();
    for file in files {
        let certificates = chain(file)?;
        for certificate in &certificates {
            // An unreadable certificate would be left out in silence, and missed when a server sends its child.
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
            Err(file.problem("there is no certificate in it (PEM is expected)"))
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
            (&b""[..], "there is no certificate in it"),
            (b"just text", "there is no certificate in it"),
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
