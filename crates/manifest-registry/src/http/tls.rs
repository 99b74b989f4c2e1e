//! The TLS settings of one host: CA certificates, client certificates, and the proxy in between.

use std::sync::{Arc, OnceLock};

use rustls::ClientConfig;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::ServerName;
use rustls_platform_verifier::Verifier;
use url::Url;

use crate::error::CertificateProblem;
use crate::host;
use crate::http::certificates::{Certificates, HostCertificates, roots};
use crate::http::client_certificate::ClientCertificates;
use crate::http::handshakes::Handshakes;
use crate::http::server_certificate::UserAuthorities;
use crate::http::verifier::ServerVerifier;
use crate::redact;

/// The reason why TLS cannot be set up.
#[derive(Clone, Debug)]
pub(crate) enum TlsError {
    /// There are no CA certificates.
    NoCaCertificates(String),
    /// The user's certificate files cannot be used.
    Certificates(CertificateProblem),
    /// The proxy in between cannot be used.
    Proxy(&'static str),
}

impl From<CertificateProblem> for TlsError {
    fn from(problem: CertificateProblem) -> Self {
        Self::Certificates(problem)
    }
}

/// Creates the TLS settings of each host.
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    certificates: Certificates,
    /// The verifier for all hosts without their own CA certificates. The system's CA certificates are read once.
    common: OnceLock<Result<Arc<Verifier>, TlsError>>,
}

impl Tls {
    pub(crate) fn new(certificates: Certificates) -> Self {
        Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            certificates,
            common: OnceLock::new(),
        }
    }

    /// Returns the certificates for this host only.
    pub(crate) fn host_certificates(&self, authority: &str) -> Option<&HostCertificates> {
        self.certificates.of(authority)
    }

    /// Creates the settings for a host. A client certificate is also presented without verification of the server,
    /// because the user has declared that the server is that host.
    pub(crate) fn settings(
        &self,
        authority: &str,
        verify: bool,
    ) -> Result<(ClientConfig, Handshakes), TlsError> {
        self.settings_behind_proxy(authority, verify, None)
    }

    /// As [`Self::settings`], for a host behind a proxy that itself uses TLS. The HTTP library has a single set of
    /// settings for both. The proxy is always verified, by the certificates for the proxy's host.
    pub(crate) fn settings_behind_proxy(
        &self,
        authority: &str,
        verify: bool,
        proxy: Option<&Url>,
    ) -> Result<(ClientConfig, Handshakes), TlsError> {
        let certificates = self.checked_certificates(authority)?;
        let inner = if verify {
            Some(self.verifier_of(certificates)?)
        } else {
            None
        };
        let proxy = match proxy {
            Some(proxy) => self.proxy(proxy, authority, certificates, verify)?,
            None => None,
        };
        let handshakes = Handshakes::default();
        let identities = certificates.map_or(&[][..], |certificates| &certificates.identities);
        let resolver = ClientCertificates::new(identities, &self.provider, handshakes.clone())?;
        let verifier = ServerVerifier {
            inner,
            proxy,
            schemes: self
                .provider
                .signature_verification_algorithms
                .supported_schemes(),
            authorities: UserAuthorities::new(&self.certificates.roots, certificates),
            handshakes: handshakes.clone(),
        };
        let mut settings = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .expect("ring supports the versions that are safe")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_client_cert_resolver(Arc::new(resolver));
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Early data can be replayed (RFC 8446, section 8), and not all requests are idempotent.
        settings.enable_early_data = false;
        Ok((settings, handshakes))
    }

    /// Returns the name and the verifier of a proxy. `None` if it has the host's name, and so the host's verifier.
    fn proxy(
        &self,
        proxy: &Url,
        authority: &str,
        certificates: Option<&HostCertificates>,
        verify: bool,
    ) -> Result<Option<(ServerName<'static>, Arc<Verifier>)>, TlsError> {
        // The TLS library does not tell which server requests a client certificate.
        if certificates.is_some_and(|certificates| !certificates.identities.is_empty()) {
            let reason = "it would receive the client certificate of the host";
            return Err(TlsError::Proxy(reason));
        }
        let Some(name) = server_name(proxy) else {
            return Err(TlsError::Proxy("its host has no name for a certificate"));
        };
        let host = Url::parse(&format!("https://{authority}/")).ok();
        if host.as_ref().and_then(server_name).as_ref() != Some(&name) {
            let certificates = self.checked_certificates(&host::authority(proxy))?;
            return Ok(Some((name, self.verifier_of(certificates)?)));
        }
        if verify {
            return Ok(None);
        }
        Err(TlsError::Proxy(
            "its certificate would not be checked, because the checks are off for the host of the same name",
        ))
    }

    /// Returns the certificates for this host only, if they can be used.
    fn checked_certificates(&self, authority: &str) -> Result<Option<&HostCertificates>, TlsError> {
        let certificates = self.host_certificates(authority);
        match certificates.and_then(|certificates| certificates.problem.clone()) {
            Some(problem) => Err(problem.into()),
            None => Ok(certificates),
        }
    }

    fn verifier_of(
        &self,
        certificates: Option<&HostCertificates>,
    ) -> Result<Arc<Verifier>, TlsError> {
        match certificates {
            Some(certificates) if !certificates.roots.is_empty() => {
                Ok(Arc::new(self.verifier(Some(certificates))?))
            }
            _ => {
                let common = || self.verifier(None).map(Arc::new);
                self.common.get_or_init(common).clone()
            }
        }
    }

    fn verifier(&self, certificates: Option<&HostCertificates>) -> Result<Verifier, TlsError> {
        let mut extra = roots(&self.certificates.roots)?;
        extra.extend(roots(
            certificates.map_or(&[][..], |certificates| &certificates.roots),
        )?);
        Verifier::new_with_extra_roots(extra, self.provider.clone())
            .map_err(|error| TlsError::NoCaCertificates(redact::printable(&error.to_string())))
    }
}

/// Returns the TLS server name of a URL's host.
fn server_name(url: &Url) -> Option<ServerName<'static>> {
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).ok()
}
