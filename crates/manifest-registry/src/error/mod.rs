mod attempt;
mod certificate;
mod content;
mod error_response;
mod hint;
mod network;
mod registry_error;
mod registry_kind;
mod retry_after;
mod send_error;

pub use attempt::{Attempt, Operation};
pub use certificate::CertificateProblem;
pub use content::{Absent, ContentProblem};
pub use error_response::{ErrorResponse, Message};
pub use network::{Cause, NetworkProblem};
pub use registry_error::RegistryError;

pub(crate) use certificate::{UntrustedCertificate, UntrustedProxyCertificate};
pub(crate) use retry_after::header_retry_after;
pub(crate) use send_error::SendError;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use retry_after::message_retry_after;
