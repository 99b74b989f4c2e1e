//! Errors: what went wrong, and what the user can do about it.
//!
//! | file | holds |
//! | --- | --- |
//! | `hint` | the table from errors to hints |
//! | `registry_error` | [`RegistryError`] |
//! | `attempt`, `content`, `network`, `certificate`, `send_error` | the failed request; wrong content; no response, and why |
//! | `error_response`, `retry_after` | a registry's refusal; how long it asks to wait |
//! | `registry_kind` | Docker Hub, GHCR, ECR and others, by name |

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
pub use hint::{Advice, advice};
pub use network::{Cause, NetworkProblem};
pub use registry_error::RegistryError;

pub(crate) use certificate::{UntrustedCertificate, UntrustedProxyCertificate};
pub(crate) use retry_after::header_retry_after;
pub(crate) use send_error::SendError;

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use retry_after::message_retry_after;
