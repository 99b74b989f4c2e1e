//! How TLS is set up for one host: whom to believe, what to show, and what is remembered of the handshake.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Arc, OnceLock};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, OtherError, SignatureScheme};
use rustls_platform_verifier::Verifier;
use url::Url;
use x509_parser::parse_x509_certificate;

use crate::http::certificates::{CertificateProblem, Certificates, HostCertificates, Shown, roots};
use crate::http::endpoint;
use crate::redact;

/// Why there is no TLS to be had.
#[derive(Clone, Debug)]
pub(crate) enum TlsProblem {
    /// There is no authority to believe.
    NoAuthorities(String),
    /// The user's own files cannot be used.
    Certificates(CertificateProblem),
    /// The proxy on the way cannot be used.
    Proxy(&'static str),
}

impl From<CertificateProblem> for TlsProblem {
    fn from(problem: CertificateProblem) -> Self {
        Self::Certificates(problem)
    }
}

/// Makes TLS settings, host by host.
pub(crate) struct Tls {
    provider: Arc<CryptoProvider>,
    certificates: Certificates,
    /// For all hosts that have no authorities of their own: the system's are read once.
    common: OnceLock<Result<Arc<Verifier>, TlsProblem>>,
}

impl Tls {
    pub(crate) fn new(certificates: Certificates) -> Self {
        Self {
            provider: Arc::new(rustls::crypto::ring::default_provider()),
            certificates,
            common: OnceLock::new(),
        }
    }

    /// Returns what is for this host only.
    pub(crate) fn own(&self, authority: &str) -> Option<&HostCertificates> {
        self.certificates.of(authority)
    }

    /// Makes the settings for a host. What it shows it shows to servers that are not verified as well: they are that host to
    /// the user, who said so.
    pub(crate) fn settings(
        &self,
        authority: &str,
        verify: bool,
    ) -> Result<(ClientConfig, Handshakes), TlsProblem> {
        self.settings_behind(authority, verify, None)
    }

    /// As [`Self::settings`], for a host that is reached by a proxy which is spoken to with TLS itself. The HTTP library has one
    /// set of settings for both; the proxy is always checked, by what is for its own host.
    pub(crate) fn settings_behind(
        &self,
        authority: &str,
        verify: bool,
        proxy: Option<&Url>,
    ) -> Result<(ClientConfig, Handshakes), TlsProblem> {
        let own = self.usable(authority)?;
        let inner = if verify {
            Some(self.verifier_of(own)?)
        } else {
            None
        };
        let proxy = match proxy {
            Some(proxy) => self.proxy(proxy, authority, own, verify)?,
            None => None,
        };
        let handshakes = Handshakes::default();
        let identities = own.map_or(&[][..], |own| &own.identities);
        let shown = Shown::new(identities, &self.provider, handshakes.clone())?;
        let witness = Witness {
            inner,
            proxy,
            schemes: self
                .provider
                .signature_verification_algorithms
                .supported_schemes(),
            handshakes: handshakes.clone(),
        };
        let mut settings = ClientConfig::builder_with_provider(self.provider.clone())
            .with_safe_default_protocol_versions()
            .expect("ring supports the versions that are safe")
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(witness))
            .with_client_cert_resolver(Arc::new(shown));
        settings.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        // Whoever listens could send again what goes along with a handshake (RFC 8446, section 8), and not all that is sent is the same
        // the second time.
        settings.enable_early_data = false;
        Ok((settings, handshakes))
    }

    /// Returns the name of a proxy, and what verifies it; nothing where that is what verifies the host, of the same name.
    fn proxy(
        &self,
        proxy: &Url,
        authority: &str,
        own: Option<&HostCertificates>,
        verify: bool,
    ) -> Result<Option<(ServerName<'static>, Arc<Verifier>)>, TlsProblem> {
        // The library does not tell to whom a certificate is shown.
        if own.is_some_and(|own| !own.identities.is_empty()) {
            let reason = "it would be shown the client certificate of the host";
            return Err(TlsProblem::Proxy(reason));
        }
        let Some(name) = name_of(proxy) else {
            return Err(TlsProblem::Proxy("its host has no name for a certificate"));
        };
        let host = Url::parse(&format!("https://{authority}/")).ok();
        if host.as_ref().and_then(name_of).as_ref() != Some(&name) {
            let own = self.usable(&endpoint::authority(proxy))?;
            return Ok(Some((name, self.verifier_of(own)?)));
        }
        if verify {
            return Ok(None);
        }
        Err(TlsProblem::Proxy(
            "its certificate would not be checked, as that of the host, which has the same name, is not",
        ))
    }

    /// Returns what is for this host only, if there is nothing wrong with it.
    fn usable(&self, authority: &str) -> Result<Option<&HostCertificates>, TlsProblem> {
        let own = self.own(authority);
        match own.and_then(|own| own.problem.clone()) {
            Some(problem) => Err(problem.into()),
            None => Ok(own),
        }
    }

    fn verifier_of(&self, own: Option<&HostCertificates>) -> Result<Arc<Verifier>, TlsProblem> {
        match own {
            Some(own) if !own.roots.is_empty() => Ok(Arc::new(self.verifier(Some(own))?)),
            _ => {
                let common = || self.verifier(None).map(Arc::new);
                self.common.get_or_init(common).clone()
            }
        }
    }

    fn verifier(&self, own: Option<&HostCertificates>) -> Result<Verifier, TlsProblem> {
        let mut extra = roots(&self.certificates.roots)?;
        extra.extend(roots(own.map_or(&[][..], |own| &own.roots))?);
        Verifier::new_with_extra_roots(extra, self.provider.clone())
            .map_err(|error| TlsProblem::NoAuthorities(redact::printable(&error.to_string())))
    }
}

/// Returns the name that a URL's host has for TLS.
fn name_of(url: &Url) -> Option<ServerName<'static>> {
    let host = url.host_str()?;
    let host = host.trim_start_matches('[').trim_end_matches(']');
    ServerName::try_from(host.to_owned()).ok()
}

/// Remembers what a host did when connections to it were made.
#[derive(Clone, Debug, Default)]
pub(crate) struct Handshakes(Arc<Seen>);

#[derive(Debug, Default)]
struct Seen {
    version: AtomicU8,
    asked: AtomicBool,
    answered: AtomicBool,
}

impl Handshakes {
    /// Returns the version of the last handshake, once there was one.
    pub(crate) fn version(&self) -> Option<&'static str> {
        match self.0.version.load(Ordering::Relaxed) {
            12 => Some("TLSv1.2"),
            13 => Some("TLSv1.3"),
            _ => None,
        }
    }

    /// Notes that a request was answered, whatever certificate was shown.
    pub(crate) fn answered(&self) {
        self.0.answered.store(true, Ordering::Relaxed);
    }

    /// Tells whether the host asked for a client certificate, and has answered nothing since.
    pub(crate) fn is_waiting_for_certificate(&self) -> bool {
        self.0.asked.load(Ordering::Relaxed) && !self.0.answered.load(Ordering::Relaxed)
    }

    fn saw(&self, version: u8) {
        self.0.version.store(version, Ordering::Relaxed);
    }

    pub(crate) fn asked(&self) {
        self.0.asked.store(true, Ordering::Relaxed);
    }
}

/// A certificate that nobody vouches for. `Display` says who would have to be believed.
#[derive(Debug)]
pub(crate) struct Untrusted {
    /// The name of the authority, where it can be read.
    pub(crate) issuer: Option<String>,
    is_its_own: bool,
}

impl Untrusted {
    /// Looks at what a server sent: the last certificate is signed by the authority that is missed, or is it.
    fn of(end_entity: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Self {
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

impl fmt::Display for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.issuer {
            Some(issuer) if self.is_its_own => write!(f, "it is signed by itself, {issuer}"),
            Some(issuer) => write!(f, "it is issued by {issuer}"),
            None => f.write_str("its issuer cannot be read"),
        }
    }
}

impl std::error::Error for Untrusted {}

/// Has certificates verified, unless nothing is to be verified, and remembers what it sees.
#[derive(Debug)]
struct Witness {
    inner: Option<Arc<Verifier>>,
    /// The proxy on the way, which has another name than the host, and what verifies it.
    proxy: Option<(ServerName<'static>, Arc<Verifier>)>,
    schemes: Vec<SignatureScheme>,
    handshakes: Handshakes,
}

/// The proxy's certificate is not believed.
#[derive(Debug)]
pub(crate) struct ProxyRefused(String);

impl fmt::Display for ProxyRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ProxyRefused {}

impl Witness {
    /// Returns what verifies signatures, if they are verified. Whose they are is not told, so that they all are where there is a
    /// proxy: else whoever has its certificate, which is no secret, could stand in for it.
    fn signatures(&self) -> Option<&Verifier> {
        let proxy = self.proxy.as_ref().map(|(_, verifier)| verifier);
        self.inner.as_ref().or(proxy).map(Arc::as_ref)
    }
}

impl ServerCertVerifier for Witness {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some((name, verifier)) = &self.proxy
            && name == server_name
        {
            return verifier
                .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
                .map_err(|error| {
                    let refused = ProxyRefused(redact::printable(&error.to_string()));
                    CertificateError::Other(OtherError(Arc::new(refused))).into()
                });
        }
        let Some(inner) = &self.inner else {
            return Ok(ServerCertVerified::assertion());
        };
        inner
            .verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now)
            .map_err(|error| match error {
                rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                    let untrusted = Untrusted::of(end_entity, intermediates);
                    CertificateError::Other(OtherError(Arc::new(untrusted))).into()
                }
                other => other,
            })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.handshakes.saw(12);
        match self.signatures() {
            Some(inner) => inner.verify_tls12_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.handshakes.saw(13);
        match self.signatures() {
            Some(inner) => inner.verify_tls13_signature(message, certificate, signature),
            None => Ok(HandshakeSignatureValid::assertion()),
        }
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        match self.signatures() {
            Some(inner) => inner.supported_verify_schemes(),
            None => self.schemes.clone(),
        }
    }
}
