//! Errors, and hints about them for the user.
//!
//! | file | holds |
//! | --- | --- |
//! | `hint` | the table from errors to hints |
//! | `registry_error` | [`RegistryError`] |
//! | `attempt`, `content`, `network`, `certificate`, `send_error` | the failed request; invalid content; the reasons why there is no response |
//! | `error_response`, `retry_after` | a registry's error response; the wait that it asks for |
//! | `registry_kind` | Docker Hub, GHCR, ECR and others, by host name |

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

pub use attempt::{Attempt, Operation, RejectedLogin};
pub use certificate::CertificateProblem;
pub use content::{Absent, ContentProblem};
pub use error_response::{ErrorResponse, Message};
pub use hint::{Advice, advice};
pub use network::{Cause, NetworkProblem};
pub use registry_error::RegistryError;

pub(crate) use certificate::{UntrustedCertificate, UntrustedProxyCertificate};
pub(crate) use registry_kind::RegistryKind;
pub(crate) use retry_after::header_retry_after;
pub(crate) use send_error::SendError;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use retry_after::message_retry_after;
