//! Credential helpers (docker/docker-credential-helpers, "Development": the protocol of `get`).
//!
//! The crate `docker_credential` implements this protocol, too. But it reports a helper that does not read its input,
//! as scripts for one registry do, as not runnable, and drops its message.

use std::io::{self, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Deserialize;

use crate::redact::Secret;

/// The output of a helper.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct HelperOutput {
    /// The user, or `<token>` where the secret is an identity token.
    pub(crate) username: String,
    secret: String,
}

impl HelperOutput {
    pub(crate) fn into_parts(self) -> (String, Secret) {
        (self.username, Secret::new(self.secret))
    }
}

/// The error of a helper that returned no credentials.
pub(crate) enum HelperError {
    /// The helper could not be started.
    Start(io::Error),
    /// The helper failed. Its output is for people; by convention it is on standard output.
    Failed(String),
    /// The output is not credentials.
    InvalidOutput,
}

/// The running helpers. There is one list for the process, because [`stop_helpers`] stops all of them when the process
/// ends.
static RUNNING: Mutex<Running> = Mutex::new(Running {
    is_stopped: false,
    helpers: Vec::new(),
});

struct Running {
    is_stopped: bool,
    helpers: Vec<Arc<Mutex<Child>>>,
}

/// Kills all running helpers, and prevents the start of others.
///
/// Call it before the process exits: the helpers are child processes, and would outlive it.
pub fn stop_helpers() {
    let mut running = lock(&RUNNING);
    running.is_stopped = true;
    for helper in running.helpers.drain(..) {
        // A locked helper has closed its output, and is about to exit.
        if let Ok(mut helper) = helper.try_lock() {
            let _ = helper.kill();
        }
    }
    // The output of a killed helper must not be used. The lock is never released, so that callers of [`get`] wait until
    // the process exits.
    std::mem::forget(running);
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops one helper, for a caller that no longer waits for its output.
#[derive(Clone, Default)]
pub(crate) struct HelperStop(Arc<Mutex<Stopping>>);

#[derive(Default)]
struct Stopping {
    is_stopped: bool,
    helper: Option<Arc<Mutex<Child>>>,
}

impl HelperStop {
    /// Kills the helper that was started with this handle, or prevents its start.
    pub(crate) fn stop(&self) {
        let mut stopping = lock(&self.0);
        stopping.is_stopped = true;
        if let Some(helper) = stopping.helper.take() {
            // A locked helper has closed its output, and is about to exit.
            if let Ok(mut helper) = helper.try_lock() {
                let _ = helper.kill();
            }
        }
    }
}

/// Runs `docker-credential-NAME` to get the credentials of a server. Blocks until the helper exits.
pub(crate) fn get(
    name: &str,
    server: &str,
    stop: &HelperStop,
) -> Result<HelperOutput, HelperError> {
    let mut stopping = lock(&stop.0);
    let mut running = lock(&RUNNING);
    if running.is_stopped || stopping.is_stopped {
        return Err(HelperError::Start(io::ErrorKind::Interrupted.into()));
    }
    let mut helper = Command::new(format!("docker-credential-{name}"))
        .arg("get")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(HelperError::Start)?;
    let (stdin, stdout, stderr) = (
        helper.stdin.take(),
        helper.stdout.take(),
        helper.stderr.take(),
    );
    let helper = Arc::new(Mutex::new(helper));
    running.helpers.push(helper.clone());
    stopping.helper = Some(helper.clone());
    drop((running, stopping));
    if let Some(mut stdin) = stdin {
        // The write fails if the helper ignores its input or has exited. Its output and status tell the result.
        let _ = stdin.write_all(server.as_bytes());
    }
    // Both pipes are read concurrently: a helper that fills one of them would block forever.
    let (stdout, stderr) = std::thread::scope(|scope| {
        let stderr = scope.spawn(|| read_all(stderr));
        (read_all(stdout), stderr.join().unwrap_or_default())
    });
    let status = lock(&helper).wait().map_err(HelperError::Start)?;
    lock(&RUNNING)
        .helpers
        .retain(|other| !Arc::ptr_eq(other, &helper));
    if !status.success() {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        return Err(HelperError::Failed(format!(
            "{} {}",
            text(&stdout),
            text(&stderr)
        )));
    }
    serde_json::from_slice(&stdout).map_err(|_| HelperError::InvalidOutput)
}

/// Reads a pipe to its end, or up to the first error.
fn read_all(pipe: Option<impl io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    bytes
}
