//! Credential helpers (docker/docker-credential-helpers, "Development": the protocol of `get`).
//!
//! The crate `docker_credential` speaks this protocol, too, but takes a helper that does not read its input, as
//! scripts for one registry do, for one that cannot be run, and loses what it said.

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

/// The reason why a helper gave no credentials.
pub(crate) enum HelperError {
    /// It could not be started.
    Start(io::Error),
    /// It ended with a failure. What it said is for people; by convention it says it on standard output.
    Failed(String),
    /// It answered something else than credentials.
    Garbled,
}

/// The helpers that run now. What ends this process ends all of it, so there is one such list for the process.
static RUNNING: Mutex<Running> = Mutex::new(Running {
    is_stopped: false,
    helpers: Vec::new(),
});

struct Running {
    is_stopped: bool,
    helpers: Vec<Arc<Mutex<Child>>>,
}

/// Kills all helpers that run, and lets no more be started: for a process that is about to end. They are children of this
/// process, and would go on without anybody to answer to.
pub fn stop_helpers() {
    let mut running = locked(&RUNNING);
    running.is_stopped = true;
    for helper in running.helpers.drain(..) {
        // One that is waited for has closed its output, and is about to end.
        if let Ok(mut helper) = helper.try_lock() {
            let _ = helper.kill();
        }
    }
    // What a killed helper said is no answer: whoever waits for one waits until the process has ended.
    std::mem::forget(running);
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Stops one helper, for a caller that does not wait for its output any more.
#[derive(Clone, Default)]
pub(crate) struct HelperStop(Arc<Mutex<Stopping>>);

#[derive(Default)]
struct Stopping {
    is_stopped: bool,
    helper: Option<Arc<Mutex<Child>>>,
}

impl HelperStop {
    /// Kills the helper that this was given to, or keeps it from being started.
    pub(crate) fn stop(&self) {
        let mut stopping = locked(&self.0);
        stopping.is_stopped = true;
        if let Some(helper) = stopping.helper.take() {
            // One that is waited for has closed its output, and is about to end.
            if let Ok(mut helper) = helper.try_lock() {
                let _ = helper.kill();
            }
        }
    }
}

/// Asks the helper `docker-credential-NAME` for the credentials of a server. Blocks until it has ended.
pub(crate) fn get(
    name: &str,
    server: &str,
    stop: &HelperStop,
) -> Result<HelperOutput, HelperError> {
    let mut stopping = locked(&stop.0);
    let mut running = locked(&RUNNING);
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
        // One that does not read what it is asked, or has ended already, tells by its answer how it went.
        let _ = stdin.write_all(server.as_bytes());
    }
    // Both at once: a helper that fills one of the pipes would wait for ever for somebody to read it.
    let (stdout, stderr) = std::thread::scope(|scope| {
        let stderr = scope.spawn(|| all_of(stderr));
        (all_of(stdout), stderr.join().unwrap_or_default())
    });
    let status = locked(&helper).wait().map_err(HelperError::Start)?;
    locked(&RUNNING)
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
    serde_json::from_slice(&stdout).map_err(|_| HelperError::Garbled)
}

/// Reads a pipe to its end, or as far as it can be read.
fn all_of(pipe: Option<impl io::Read>) -> Vec<u8> {
    let mut bytes = Vec::new();
    let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
    bytes
}
