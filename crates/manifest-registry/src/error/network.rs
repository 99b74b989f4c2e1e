//! Network problems: the reasons why there is no response.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::error::certificate::{UntrustedCertificate, UntrustedProxyCertificate};
use crate::error::send_error::SendError;
use crate::limits::SLOWEST_BYTES;
use crate::redact;

/// The reason why a request has no response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NetworkProblem {
    /// The host name has no address.
    Dns,
    /// The connection was refused.
    ConnectionRefused,
    /// The server does not speak TLS.
    NotTls,
    /// The server's certificate is issued by an unknown CA.
    UnknownCa,
    /// The server's certificate is not valid: wrong name, expired, revoked.
    Certificate,
    /// TLS failed for another reason.
    Tls,
    /// The server requires a client certificate, and got none that it accepts.
    ClientCertificate,
    /// The proxy cannot be reached, or does not connect to the server.
    Proxy,
    /// The proxy's certificate is not trusted.
    ProxyCertificate,
    /// The proxy requires authentication, or rejected the credentials.
    ProxyAuthentication,
    /// The proxy setting cannot be used.
    ProxySetting,
    /// This system has no CA certificates.
    NoCaCertificates,
    /// The connection was closed.
    ConnectionClosed,
    /// The request timed out, after this time.
    Timeout(Duration),
    /// The body was too slow: less than [`SLOWEST_BYTES`] in this time.
    TooSlow(Duration),
    /// The time limit of all work of the client was reached.
    Deadline(Duration),
    /// The request failed for another reason.
    Other,
}

impl fmt::Display for NetworkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns => f.write_str("no such host"),
            Self::ConnectionRefused => f.write_str("connection refused"),
            Self::NotTls => f.write_str("the server does not speak TLS"),
            Self::UnknownCa => {
                f.write_str("the server's certificate is signed by an unknown authority")
            }
            Self::Certificate => f.write_str("the server's certificate is not valid"),
            Self::Tls => f.write_str("TLS failed"),
            Self::ClientCertificate => {
                f.write_str("the server requires a client certificate that it accepts")
            }
            Self::Proxy => f.write_str("the proxy could not connect to the server"),
            Self::ProxyCertificate => f.write_str("the proxy's certificate is not trusted"),
            Self::ProxyAuthentication => f.write_str("the proxy requires a login (407)"),
            Self::ProxySetting => f.write_str("the proxy cannot be used"),
            Self::NoCaCertificates => f.write_str("this system has no CA certificates"),
            Self::ConnectionClosed => f.write_str("the connection was closed"),
            Self::Timeout(limit) => write!(f, "no response within {} s", limit.as_secs_f32()),
            Self::TooSlow(within) => write!(
                f,
                "received less than {SLOWEST_BYTES} bytes within {} s",
                within.as_secs_f32()
            ),
            Self::Deadline(limit) => {
                write!(f, "timed out after {limit:?} (--timeout)")
            }
            Self::Other => f.write_str("the request could not be sent"),
        }
    }
}

/// The cause of a network problem, with the message of the system or the TLS library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Cause {
    text: String,
    is_connect: bool,
    /// The name of the unknown CA.
    issuer: Option<String>,
}

impl Cause {
    /// Returns the cause of a failed request.
    pub(crate) fn of_send(error: &SendError) -> Self {
        match error {
            SendError::Library(error) => Self::of(error),
            SendError::Tunnel(error) => Self::from_chain(error, error.is_connect()),
        }
    }

    pub(crate) fn of(error: &reqwest::Error) -> Self {
        Self::from_chain(error, error.is_connect())
    }

    fn from_chain(error: &(dyn Error + 'static), is_connect: bool) -> Self {
        let mut root = error;
        while let Some(next) = next_source(root) {
            root = next;
        }
        // Only the library's outermost error contains the URL.
        let is_outermost = root.downcast_ref::<reqwest::Error>().is_some();
        let untrusted = root
            .downcast_ref::<rustls::Error>()
            .and_then(untrusted_certificate);
        let refused = root
            .downcast_ref::<rustls::Error>()
            .and_then(wrapped_error::<UntrustedProxyCertificate>);
        let text = match (untrusted, refused) {
            _ if is_outermost => "no details".to_owned(),
            (Some(untrusted), _) => untrusted.to_string(),
            (None, Some(refused)) => refused.to_string(),
            (None, None) => root.to_string(),
        };
        Self {
            text: redact::printable(&text),
            is_connect,
            issuer: untrusted.and_then(|untrusted| untrusted.issuer.clone()),
        }
    }

    /// Creates the cause of a failure before the connection.
    pub(crate) fn before_connecting(text: &str) -> Self {
        Self {
            text: redact::printable(text),
            is_connect: true,
            issuer: None,
        }
    }

    /// Returns the name of the unknown CA that issued a server's certificate.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Tells whether the failure occurred before the connection was established.
    pub(crate) fn is_connect(&self) -> bool {
        self.is_connect
    }
}

/// Returns the details about a certificate from an unknown CA.
fn untrusted_certificate(error: &rustls::Error) -> Option<&UntrustedCertificate> {
    wrapped_error(error)
}

/// Returns an error of this crate inside one of the TLS library.
fn wrapped_error<T: Error + 'static>(error: &rustls::Error) -> Option<&T> {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
            other.0.downcast_ref()
        }
        _ => None,
    }
}

/// Returns the next error in the chain. The error inside an I/O error is not its `source`.
fn next_source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

/// The phase in which a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Building the request.
    Building,
    /// Connecting to the host.
    Connecting,
    /// Sending the request and receiving the response, on an open connection.
    Exchanging,
}

impl NetworkProblem {
    /// Classifies the error of a failed request. `limit` is the timeout that may have been reached.
    pub(crate) fn of_send(error: &SendError, limit: Duration) -> Self {
        match error {
            SendError::Library(error) => Self::of(error, limit),
            SendError::Tunnel(error) => {
                let phase = match error.is_connect() {
                    true => Phase::Connecting,
                    false => Phase::Exchanging,
                };
                Self::classify_chain(error, phase, limit)
            }
        }
    }

    /// Classifies an error of the HTTP library. `limit` is the timeout that may have been reached.
    pub(crate) fn of(error: &reqwest::Error, limit: Duration) -> Self {
        if error.is_timeout() {
            return Self::Timeout(limit);
        }
        if error.is_dns() {
            return Self::Dns;
        }
        let phase = if error.is_connect() {
            Phase::Connecting
        } else if error.is_builder() {
            Phase::Building
        } else {
            Phase::Exchanging
        };
        Self::classify_chain(error, phase, limit)
    }

    /// Classifies an error by its chain of sources.
    fn classify_chain(error: &(dyn Error + 'static), phase: Phase, limit: Duration) -> Self {
        if let Some(problem) = Self::classify_tunnel(error) {
            return problem;
        }
        let mut next = Some(error);
        let mut found = Self::Other;
        while let Some(current) = next {
            if let Some(tls) = current.downcast_ref::<rustls::Error>() {
                return Self::classify_tls(tls);
            }
            if let Some(io) = current.downcast_ref::<io::Error>() {
                found = match io.kind() {
                    io::ErrorKind::ConnectionRefused => return Self::ConnectionRefused,
                    io::ErrorKind::TimedOut => return Self::Timeout(limit),
                    io::ErrorKind::UnexpectedEof if phase == Phase::Connecting => Self::NotTls,
                    io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof => Self::ConnectionClosed,
                    _ => found,
                };
            }
            next = next_source(current);
        }
        // Any other error during an exchange breaks it: an incomplete HTTP message, or a stream reset.
        if found == Self::Other && phase == Phase::Exchanging {
            Self::ConnectionClosed
        } else {
            found
        }
    }

    /// Classifies the refusal of a proxy to connect, and a proxy host without an address. The libraries' error types
    /// are not public, so their texts are compared.
    fn classify_tunnel(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(current) = next {
            match current.to_string().as_str() {
                "tunnel error: proxy authorization required" => {
                    return Some(Self::ProxyAuthentication);
                }
                "tunnel error: unsuccessful" => return Some(Self::Proxy),
                "dns error" => return Some(Self::Dns),
                _ => next = next_source(current),
            }
        }
        None
    }

    /// Returns the problem as seen through a proxy: an unreachable host is the proxy.
    pub(crate) fn through_proxy(self) -> Self {
        match self {
            Self::Dns | Self::ConnectionRefused => Self::Proxy,
            other => other,
        }
    }

    fn classify_tls(error: &rustls::Error) -> Self {
        use rustls::AlertDescription as Alert;
        use rustls::CertificateError::UnknownIssuer;
        use rustls::Error as Tls;
        if untrusted_certificate(error).is_some() {
            return Self::UnknownCa;
        }
        if wrapped_error::<UntrustedProxyCertificate>(error).is_some() {
            return Self::ProxyCertificate;
        }
        match error {
            // These alerts of a server are about the client's certificate.
            Tls::AlertReceived(
                Alert::CertificateRequired
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA,
            ) => Self::ClientCertificate,
            Tls::InvalidMessage(_) | Tls::DecryptError => Self::NotTls,
            Tls::InvalidCertificate(UnknownIssuer) => Self::UnknownCa,
            Tls::InvalidCertificate(_) => Self::Certificate,
            _ => Self::Tls,
        }
    }

    /// Tells whether a port may speak plain HTTP after the TLS connection failed.
    pub(crate) fn may_be_plain(self) -> bool {
        matches!(
            self,
            Self::NotTls | Self::ConnectionClosed | Self::NoCaCertificates | Self::Timeout(_)
        )
    }
}
