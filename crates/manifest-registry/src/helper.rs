//! Credential helpers (docker/docker-credential-helpers, "Development": the protocol of `get`).
//!
//! The crate `docker_credential` speaks this protocol, too, but takes a helper that does not read its input, as
//! scripts for one registry do, for one that cannot be run, and loses what it said.

use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};

use serde::Deserialize;

use crate::redact::Secret;

/// What a helper answers.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answer {
    /// The user, or `<token>` where the secret is an identity token.
    pub(crate) username: String,
    secret: String,
}

impl Answer {
    pub(crate) fn into_parts(self) -> (String, Secret) {
        (self.username, Secret::new(self.secret))
    }
}

/// Why a helper gave no credentials.
pub(crate) enum Problem {
    /// It could not be started.
    Start(io::Error),
    /// It ended with a failure. What it said is for people; by convention it says it on standard output.
    Failed(String),
    /// It answered something else than credentials.
    Garbled,
}

/// Asks the helper `docker-credential-NAME` for the credentials of a server. Blocks until it has ended.
pub(crate) fn get(name: &str, server: &str) -> Result<Answer, Problem> {
    let mut helper = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(Problem::Start)?;
    if let Some(mut stdin) = helper.stdin.take() {
        // One that does not read what it is asked, or has ended already, tells by its answer how it went.
        let _ = stdin.write_all(server.as_bytes());
    }
    let Output {
        status,
        stdout,
        stderr,
    } = helper.wait_with_output().map_err(Problem::Start)?;
    if !status.success() {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        return Err(Problem::Failed(format!(
            "{} {}",
            text(&stdout),
            text(&stderr)
        )));
    }
    serde_json::from_slice(&stdout).map_err(|_| Problem::Garbled)
}
