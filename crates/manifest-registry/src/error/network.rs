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
    /// The host's name has no address.
    Dns,
    /// Nobody listens on the port.
    Refused,
    /// The server does not speak TLS.
    NotTls,
    /// The server's certificate is signed by an authority that this system does not know.
    UnknownAuthority,
    /// The server's certificate is wrong: for another name, expired, revoked.
    Certificate,
    /// TLS failed in another way.
    Tls,
    /// The server wants to be shown a certificate, and was shown none that it takes.
    ClientCertificate,
    /// The proxy cannot be reached, or does not connect to the server.
    Proxy,
    /// The proxy's own certificate is not believed.
    ProxyCertificate,
    /// The proxy wants a login, or another one.
    ProxyLogin,
    /// The proxy cannot be used as it is named.
    ProxySetting,
    /// This system has no certificate authorities at all.
    NoAuthorities,
    /// The connection was cut.
    Cut,
    /// It took too long.
    Timeout(Duration),
    /// A body came, but as good as not: less than [`SLOWEST_BYTES`] in this time.
    Slow(Duration),
    /// The time for everything is over.
    Deadline(Duration),
    /// Something else.
    Other,
}

impl fmt::Display for NetworkProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns => f.write_str("no such host"),
            Self::Refused => f.write_str("connection refused"),
            Self::NotTls => f.write_str("the server does not speak TLS"),
            Self::UnknownAuthority => {
                f.write_str("the server's certificate is signed by an unknown authority")
            }
            Self::Certificate => f.write_str("the server's certificate is not valid"),
            Self::Tls => f.write_str("TLS failed"),
            Self::ClientCertificate => {
                f.write_str("the server wants a client certificate that it takes")
            }
            Self::Proxy => f.write_str("the proxy does not connect to the server"),
            Self::ProxyCertificate => f.write_str("the proxy's certificate is not believed"),
            Self::ProxyLogin => f.write_str("the proxy wants a login (407)"),
            Self::ProxySetting => f.write_str("the proxy cannot be used"),
            Self::NoAuthorities => f.write_str("this system has no certificate authorities"),
            Self::Cut => f.write_str("the connection was cut"),
            Self::Timeout(limit) => write!(f, "no answer within {} s", limit.as_secs_f32()),
            Self::Slow(within) => write!(
                f,
                "less than {SLOWEST_BYTES} bytes came within {} s",
                within.as_secs_f32()
            ),
            Self::Deadline(limit) => {
                write!(f, "timed out after {limit:?} (--timeout)")
            }
            Self::Other => f.write_str("the request could not be sent"),
        }
    }
}

/// The cause of a network problem, in the words of the system or the TLS library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Cause {
    text: String,
    connecting: bool,
    /// The authority that would have to be believed.
    issuer: Option<String>,
}

impl Cause {
    /// Returns the cause of a failure to send.
    pub(crate) fn of_send(error: &SendError) -> Self {
        match error {
            SendError::Library(error) => Self::of(error),
            SendError::Tunnel(error) => Self::beneath(error, error.is_connect()),
        }
    }

    pub(crate) fn of(error: &reqwest::Error) -> Self {
        Self::beneath(error, error.is_connect())
    }

    fn beneath(error: &(dyn Error + 'static), connecting: bool) -> Self {
        let mut deepest = error;
        while let Some(next) = below(deepest) {
            deepest = next;
        }
        // The library's outermost layer is the only one that names the URL.
        let is_outermost = deepest.downcast_ref::<reqwest::Error>().is_some();
        let untrusted = deepest.downcast_ref::<rustls::Error>().and_then(untrusted);
        let refused = deepest
            .downcast_ref::<rustls::Error>()
            .and_then(other::<UntrustedProxyCertificate>);
        let text = match (untrusted, refused) {
            _ if is_outermost => "no more is known".to_owned(),
            (Some(untrusted), _) => untrusted.to_string(),
            (None, Some(refused)) => refused.to_string(),
            (None, None) => deepest.to_string(),
        };
        Self {
            text: redact::printable(&text),
            connecting,
            issuer: untrusted.and_then(|untrusted| untrusted.issuer.clone()),
        }
    }

    /// Makes the cause of a failure before anything was sent.
    pub(crate) fn before(text: &str) -> Self {
        Self {
            text: redact::printable(text),
            connecting: true,
            issuer: None,
        }
    }

    /// Returns the name of the authority that would have to be believed, where a server's certificate is of an unknown one.
    #[must_use]
    pub fn issuer(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// Tells whether the connection was still being made.
    pub(crate) fn is_connect(&self) -> bool {
        self.connecting
    }
}

/// Returns what is known of a certificate of an unknown authority.
fn untrusted(error: &rustls::Error) -> Option<&UntrustedCertificate> {
    other(error)
}

/// Returns the error of our own that the TLS library carries.
fn other<T: Error + 'static>(error: &rustls::Error) -> Option<&T> {
    match error {
        rustls::Error::InvalidCertificate(rustls::CertificateError::Other(other)) => {
            other.0.downcast_ref()
        }
        _ => None,
    }
}

/// Returns the next error down. What an I/O error wraps is not its source.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

/// The phase in which a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// The request was being made.
    Building,
    /// The connection was being made.
    Connecting,
    /// The connection was there.
    Exchanging,
}

impl NetworkProblem {
    /// Recognises the failure to send a request. `limit` is the time limit that may have struck.
    pub(crate) fn of_send(error: &SendError, limit: Duration) -> Self {
        match error {
            SendError::Library(error) => Self::of(error, limit),
            SendError::Tunnel(error) => {
                let phase = match error.is_connect() {
                    true => Phase::Connecting,
                    false => Phase::Exchanging,
                };
                Self::of_chain(error, phase, limit)
            }
        }
    }

    /// Recognises an error of the HTTP library. `limit` is the time limit that may have struck.
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
        Self::of_chain(error, phase, limit)
    }

    /// Recognises an error by itself and what is beneath it.
    fn of_chain(error: &(dyn Error + 'static), phase: Phase, limit: Duration) -> Self {
        if let Some(problem) = Self::of_tunnel(error) {
            return problem;
        }
        let mut next = Some(error);
        let mut found = Self::Other;
        while let Some(current) = next {
            if let Some(tls) = current.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls);
            }
            if let Some(io) = current.downcast_ref::<io::Error>() {
                found = match io.kind() {
                    io::ErrorKind::ConnectionRefused => return Self::Refused,
                    io::ErrorKind::TimedOut => return Self::Timeout(limit),
                    io::ErrorKind::UnexpectedEof if phase == Phase::Connecting => Self::NotTls,
                    io::ErrorKind::ConnectionReset
                    | io::ErrorKind::ConnectionAborted
                    | io::ErrorKind::BrokenPipe
                    | io::ErrorKind::UnexpectedEof => Self::Cut,
                    _ => found,
                };
            }
            next = below(current);
        }
        // What is none of these broke an exchange that was under way: an HTTP message without its end, a stream reset.
        if found == Self::Other && phase == Phase::Exchanging {
            Self::Cut
        } else {
            found
        }
    }

    /// Recognises what a proxy answers instead of connecting, and that it has no address. The libraries' types for these are not
    /// public, so their texts have to do.
    fn of_tunnel(error: &(dyn Error + 'static)) -> Option<Self> {
        let mut next = Some(error);
        while let Some(current) = next {
            match current.to_string().as_str() {
                "tunnel error: proxy authorization required" => return Some(Self::ProxyLogin),
                "tunnel error: unsuccessful" => return Some(Self::Proxy),
                "dns error" => return Some(Self::Dns),
                _ => next = below(current),
            }
        }
        None
    }

    /// Returns the same problem as it is where a proxy stands between: what cannot be reached is the proxy.
    pub(crate) fn by_proxy(self) -> Self {
        match self {
            Self::Dns | Self::Refused => Self::Proxy,
            other => other,
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::AlertDescription as Alert;
        use rustls::CertificateError::UnknownIssuer;
        use rustls::Error as Tls;
        if untrusted(error).is_some() {
            return Self::UnknownAuthority;
        }
        if other::<UntrustedProxyCertificate>(error).is_some() {
            return Self::ProxyCertificate;
        }
        match error {
            // What these alerts of a server are about is the client's certificate.
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
            Tls::InvalidCertificate(UnknownIssuer) => Self::UnknownAuthority,
            Tls::InvalidCertificate(_) => Self::Certificate,
            _ => Self::Tls,
        }
    }

    /// Tells whether a port that could not be connected to with TLS may still speak plain http.
    pub(crate) fn may_be_plain(self) -> bool {
        matches!(
            self,
            Self::NotTls | Self::Cut | Self::NoAuthorities | Self::Timeout(_)
        )
    }
}
