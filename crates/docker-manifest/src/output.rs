//! The one place where the program writes to its terminal: by purpose, not by stream.
//!
//! Standard output is data that a script can read. All else goes to standard error.

use std::io::{self, Write};

use manifest_registry::redact;

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
            // A line break in a name or platform would look like another line of ours.
            self.note(&format!("warning: {}", redact::printable(message)));
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

    fn note(&self, text: &str) {
        // Where standard error is closed there is nobody left to tell.
        let _ = writeln!(io::stderr().lock(), "{}", calm(text));
    }
}

/// Escapes what a terminal would obey, but for lines and tabs: some of the text is from registries, draft files, file names.
fn calm(text: &str) -> String {
    let pieces = text.split_inclusive(['\n', '\t']);
    let calm = |piece: &str| match piece.strip_suffix(['\n', '\t']) {
        Some(start) => redact::printable(start) + &piece[start.len()..],
        None => redact::printable(piece),
    };
    pieces.map(calm).collect()
}

#[cfg(test)]
mod tests {
    use super::calm;

    #[test]
    fn terminals_are_not_commanded() {
        for (text, shown) in [
            ("", ""),
            ("plain \u{fc}\n", "plain \u{fc}\n"),
            ("\n a\tb\n\n", "\n a\tb\n\n"),
            ("a\u{1b}[2J\r\nb\u{9b}", "a\\u{1b}[2J\\r\nb\\u{9b}"),
        ] {
            assert_eq!(calm(text), shown);
        }
    }
}
