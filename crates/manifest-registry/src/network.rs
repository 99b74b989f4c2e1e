//! Why there is no answer.

use std::error::Error;
use std::fmt;
use std::io;
use std::time::Duration;

use crate::limits::SLOWEST_BYTES;
use crate::redact;

/// Why a request has no answer.
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
            Self::NoAuthorities => f.write_str("this system has no certificate authorities"),
            Self::Cut => f.write_str("the connection was cut"),
            Self::Timeout(limit) => write!(f, "no answer within {} s", limit.as_secs_f32()),
            Self::Slow(within) => write!(
                f,
                "less than {SLOWEST_BYTES} bytes came within {} s",
                within.as_secs_f32()
            ),
            Self::Deadline(limit) => {
                write!(f, "the time limit of {limit:?} for everything is over")
            }
            Self::Other => f.write_str("the request could not be sent"),
        }
    }
}

/// What lies at the bottom of a network problem, in the words of the system or the TLS library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Cause {
    text: String,
    connecting: bool,
}

impl Cause {
    pub(crate) fn of(error: &reqwest::Error) -> Self {
        let mut deepest: &(dyn Error + 'static) = error;
        while let Some(next) = below(deepest) {
            deepest = next;
        }
        // The library's outermost layer is the only one that names the URL.
        let is_outermost = deepest.downcast_ref::<reqwest::Error>().is_some();
        let text = if is_outermost {
            "no more is known".to_owned()
        } else {
            deepest.to_string()
        };
        Self {
            text: redact::printable(&text),
            connecting: error.is_connect(),
        }
    }

    /// Tells whether the connection was still being made.
    pub(crate) fn is_connect(&self) -> bool {
        self.connecting
    }
}

/// Returns the next error down. What an I/O error wraps is not its source.
fn below<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => io.get_ref().map(|inner| inner as &(dyn Error + 'static)),
        None => error.source(),
    }
}

impl NetworkProblem {
    /// Recognises what the HTTP library reports. `limit` is the time limit that may have struck.
    pub(crate) fn of(error: &reqwest::Error, limit: Duration) -> Self {
        if error.is_timeout() {
            return Self::Timeout(limit);
        }
        if error.is_dns() {
            return Self::Dns;
        }
        let connecting = error.is_connect();
        let mut next: Option<&(dyn Error + 'static)> = Some(error);
        let mut found = Self::Other;
        while let Some(current) = next {
            if let Some(tls) = current.downcast_ref::<rustls::Error>() {
                return Self::of_tls(tls);
            }
            if let Some(io) = current.downcast_ref::<io::Error>() {
                found = match io.kind() {
                    io::ErrorKind::ConnectionRefused => return Self::Refused,
                    io::ErrorKind::TimedOut => return Self::Timeout(limit),
                    io::ErrorKind::UnexpectedEof if connecting => Self::NotTls,
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
        if found == Self::Other && !connecting && !error.is_builder() {
            Self::Cut
        } else {
            found
        }
    }

    fn of_tls(error: &rustls::Error) -> Self {
        use rustls::CertificateError::UnknownIssuer;
        use rustls::Error as Tls;
        match error {
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
