//! The one place where the program writes to its terminal: by purpose, not by stream.
//!
//! Standard output is data that a script can read. All else goes to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};

use manifest_registry::redact;

/// Writes results to standard output and everything else to standard error.
#[derive(Debug, Default)]
pub struct Output {
    warned: std::cell::RefCell<std::collections::HashSet<String>>,
}

impl Output {
    /// Writes one line of result. On a terminal, what that would obey is escaped as JSON escapes it; a script gets every byte.
    ///
    /// # Errors
    /// Where standard output cannot be written to.
    pub fn result(&self, line: impl AsRef<[u8]>) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(&shown(line.as_ref(), out.is_terminal()))?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// As [`Output::result`], without an end of the line.
    ///
    /// # Errors
    /// Where standard output cannot be written to.
    pub fn text(&self, text: &str) -> io::Result<()> {
        let mut out = io::stdout().lock();
        out.write_all(&shown(text.as_bytes(), out.is_terminal()))?;
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

/// Returns a result as it is, or as it may be written to a terminal: an annotation in a manifest may have in it what a
/// terminal obeys, and JSON need not escape all of that.
fn shown(bytes: &[u8], on_terminal: bool) -> Cow<'_, [u8]> {
    if !on_terminal {
        return bytes.into();
    }
    let mut text = String::with_capacity(bytes.len());
    for c in String::from_utf8_lossy(bytes).chars() {
        if matches!(c, '\n' | '\t') || !redact::is_terminal_control(c) {
            text.push(c);
        } else {
            text.push_str(&format!("\\u{:04x}", u32::from(c)));
        }
    }
    text.into_bytes().into()
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
    use super::{calm, shown};

    #[test]
    fn results_are_calm_on_terminals_and_whole_elsewhere() {
        let json = "{\n\t\"a\": \"\u{fc}\u{9b}2J\u{202e}\u{7f}\"\n}";
        assert_eq!(&*shown(json.as_bytes(), false), json.as_bytes());
        let calm = shown(json.as_bytes(), true);
        let expected = "{\n\t\"a\": \"\u{fc}\\u009b2J\\u202e\\u007f\"\n}";
        assert_eq!(std::str::from_utf8(&calm), Ok(expected));
        let value: serde_json::Value = serde_json::from_slice(&calm).unwrap();
        assert_eq!(
            value,
            serde_json::from_str::<serde_json::Value>(json).unwrap()
        );
    }

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
