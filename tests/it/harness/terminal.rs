//! A program in a pseudo-terminal, with keys typed into it. `script` of util-linux makes the terminal.

use std::io::{Read as _, Write as _};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use super::docker;

/// The time limit for each expected output, after which the test fails.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// A running program. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Terminal {
    child: Child,
    keys: ChildStdin,
    output: Receiver<Vec<u8>>,
    /// The output since the last expected text.
    shown: String,
}

/// Prints outside of the captured test output that a test did not run.
///
/// # Panics
///
/// Panics under `CI=true`, unless the real registry is disabled as well: CI machines must have or fetch all that the tests need.
pub(crate) fn not_run(test: &str, reason: &str) {
    let is_ci = docker::setting("CI").is_some_and(|value| value == "true");
    let is_offline = docker::setting("EMBEDDED_ONLY").is_some();
    assert!(!is_ci || is_offline, "{test}: {reason}");
    let _ = writeln!(std::io::stderr(), "\nNOT RUN {test}: {reason}\n");
}

impl Terminal {
    /// Runs a command line of `sh` in a terminal, by `command`, which is `script`. `None` if there is no such program; that is said.
    pub(crate) fn run(mut command: Command, line: &str) -> Option<Self> {
        let child = command
            .args(["-qfec", line, "/dev/null"])
            .env("TERM", "xterm")
            .env("SHELL", "/bin/sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = match child {
            Ok(child) => child,
            Err(error) => {
                not_run(line, &format!("cannot run `script` of util-linux: {error}"));
                return None;
            }
        };
        let mut stdout = child.stdout.take().unwrap();
        let (send, output) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(length @ 1..) = stdout.read(&mut buffer) {
                if send.send(buffer[..length].to_vec()).is_err() {
                    return;
                }
            }
        });
        Some(Self {
            keys: child.stdin.take().unwrap(),
            child,
            output,
            shown: String::new(),
        })
    }

    /// Types keys.
    pub(crate) fn type_keys(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
        self.keys.flush().unwrap();
    }

    /// Waits until the program has shown a text, and returns the output up to its end.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) -> String {
        let end = Instant::now() + TIME_LIMIT;
        loop {
            if let Some(place) = self.shown.find(text) {
                let rest = self.shown.split_off(place + text.len());
                return std::mem::replace(&mut self.shown, rest);
            }
            let left = end.saturating_duration_since(Instant::now());
            match self.output.recv_timeout(left) {
                Ok(bytes) => self.shown.push_str(&String::from_utf8_lossy(&bytes)),
                Err(_) => panic!("{text:?} was not shown, but: {:?}", self.shown),
            }
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
