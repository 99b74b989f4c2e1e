//! The one place where the program writes to its terminal: by purpose, not by stream.
//!
//! Standard output is data that a script can read. All else goes to standard error.

use std::io::{self, Write};

/// Writes results to standard output and everything else to standard error.
#[derive(Debug, Default)]
pub struct Output {
    warned: std::cell::RefCell<std::collections::HashSet<String>>,
}

impl Output {
    /// Writes one line of result.
    ///
    /// # Errors
    /// Where standard output cannot be written to.
    pub fn result(&self, line: impl AsRef<[u8]>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(line.as_ref())?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes text to standard output as it is: help that was asked for.
    ///
    /// # Errors
    /// Where standard output cannot be written to.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Says what was done, where the result itself is something else or silent.
    pub fn status(&self, line: &str) {
        self.note(line);
    }

    /// Warns of something that the user may not have meant. Each warning is said once.
    pub fn warning(&self, message: &str) {
        if self.warned.borrow_mut().insert(message.to_owned()) {
            self.note(&format!("warning: {message}"));
        }
    }

    /// Says what was asked for with `--debug`.
    pub fn debug(&self, message: &str) {
        self.note(&format!("debug: {message}"));
    }

    /// Says what can be done about an error.
    pub fn hint(&self, message: &str) {
        self.note(&format!("hint: {message}"));
    }

    /// Writes an error's text.
    pub fn error(&self, message: &str) {
        self.note(message);
    }

    fn note(&self, line: &str) {
        // Where standard error is closed there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "{line}");
    }
}
