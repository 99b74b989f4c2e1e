//! The program's output, by purpose. Nothing else writes to standard output or standard error.
//!
//! Standard output has data that scripts can read. Everything else goes to standard error.

use std::borrow::Cow;
use std::io::{self, IsTerminal as _, Write};

use manifest_registry::redact;

/// Writes results to standard output and everything else to standard error.
#[derive(Debug, Default)]
pub struct Output {
    has_colours: bool,
    warned: std::cell::RefCell<std::collections::HashSet<String>>,
    /// The list that it is about, if the command works on many.
    list: Option<String>,
    /// The warnings about that list.
    held: std::cell::RefCell<Vec<String>>,
}

/// A label in front of a line, with its colour (ECMA-48, "Select Graphic Rendition").
type Label = (&'static str, &'static str);

const WARNING: Label = ("warning", "1;33");
const HINT: Label = ("hint", "1;36");

impl Output {
    /// Returns an output whose labels on standard error have colours, or not.
    #[must_use]
    pub fn new(has_colours: bool) -> Self {
        Self {
            has_colours,
            ..Self::default()
        }
    }

    /// Returns the output for one list of a command that works on many. Results and progress are dropped, because the command shows its
    /// own. Warnings name the list, and are held for [`Self::take_warnings`].
    #[must_use]
    pub fn for_list(&self, list: impl Into<String>) -> Self {
        Self {
            list: Some(list.into()),
            ..Self::new(self.has_colours)
        }
    }

    /// Writes one line of result. On a terminal, control characters are escaped as in JSON; a script gets every byte.
    ///
    /// # Errors
    /// Fails if standard output cannot be written to.
    pub fn result(&self, line: impl AsRef<[u8]>) -> io::Result<()> {
        if self.list.is_some() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(&escape_for_terminal(line.as_ref(), out.is_terminal()))?;
        out.write_all(b"\n")?;
        out.flush()
    }

    /// Writes bytes as they are. On a terminal, control characters are escaped, and a line break is added.
    ///
    /// # Errors
    /// Fails if standard output cannot be written to.
    pub fn bytes(&self, bytes: &[u8]) -> io::Result<()> {
        if self.list.is_some() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        let on_terminal = out.is_terminal();
        out.write_all(&escape_for_terminal(bytes, on_terminal))?;
        if on_terminal && !bytes.ends_with(b"\n") {
            out.write_all(b"\n")?;
        }
        out.flush()
    }

    /// Writes a result with colours, such as a table, whose control characters were escaped before.
    ///
    /// # Errors
    /// Fails if standard output cannot be written to.
    pub fn styled(&self, text: &str) -> io::Result<()> {
        if self.list.is_some() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()
    }

    /// Writes a result without a line break at its end.
    ///
    /// # Errors
    /// Fails if standard output cannot be written to.
    pub fn text(&self, text: &str) -> io::Result<()> {
        if self.list.is_some() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        out.write_all(&escape_for_terminal(text.as_bytes(), out.is_terminal()))?;
        out.flush()
    }

    /// Reports progress.
    pub fn status(&self, line: &str) {
        if self.list.is_none() {
            self.write_line(line);
        }
    }

    /// Warns of a possible mistake of the user. Each warning is written once.
    pub fn warning(&self, message: &str) {
        if self.warned.borrow_mut().insert(message.to_owned()) {
            // A line break in a name or platform would look like another line of this program.
            match &self.list {
                Some(list) => self.held.borrow_mut().push(format!("{list}: {message}")),
                None => self.write(&self.labelled(WARNING, &redact::printable(message))),
            }
        }
    }

    /// Returns the warnings about the list of this output, and holds them no longer.
    #[must_use]
    pub fn take_warnings(&self) -> Vec<String> {
        self.held.take()
    }

    /// Writes a line of the trace (`--debug`).
    pub fn debug(&self, message: &str) {
        self.write_line(&format!("debug: {message}"));
    }

    /// Writes the remedy for an error.
    pub fn hint(&self, message: &str) {
        self.write(&self.labelled(HINT, message));
    }

    /// Writes an error's text.
    pub fn error(&self, message: &str) {
        self.write_line(message);
    }

    /// Returns a line with a label. Only the label has a colour, and only what is escaped stands behind it.
    fn labelled(&self, (label, colour): Label, message: &str) -> String {
        let message = escape_controls(message);
        if self.has_colours {
            format!("\u{1b}[{colour}m{label}:\u{1b}[0m {message}")
        } else {
            format!("{label}: {message}")
        }
    }

    fn write_line(&self, text: &str) {
        self.write(&escape_controls(text));
    }

    fn write(&self, text: &str) {
        // If standard error is closed, there is no way to report the failure.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }
}

/// Returns a result as it is, or with control characters escaped for a terminal: an annotation in a manifest may contain some, and
/// JSON need not escape all of them.
fn escape_for_terminal(bytes: &[u8], on_terminal: bool) -> Cow<'_, [u8]> {
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

/// Escapes control characters, except line breaks and tabs: some of the text comes from registries, draft files and file names.
fn escape_controls(text: &str) -> String {
    let pieces = text.split_inclusive(['\n', '\t']);
    let escape_controls = |piece: &str| match piece.strip_suffix(['\n', '\t']) {
        Some(start) => redact::printable(start) + &piece[start.len()..],
        None => redact::printable(piece),
    };
    pieces.map(escape_controls).collect()
}

#[cfg(test)]
mod tests {
    use super::{HINT, Output, WARNING, escape_controls, escape_for_terminal};

    #[test]
    fn results_are_escaped_on_terminals_only() {
        let json = "{\n\t\"a\": \"\u{fc}\u{9b}2J\u{202e}\u{7f}\"\n}";
        assert_eq!(
            &*escape_for_terminal(json.as_bytes(), false),
            json.as_bytes()
        );
        let escape_controls = escape_for_terminal(json.as_bytes(), true);
        let expected = "{\n\t\"a\": \"\u{fc}\\u009b2J\\u202e\\u007f\"\n}";
        assert_eq!(std::str::from_utf8(&escape_controls), Ok(expected));
        let value: serde_json::Value = serde_json::from_slice(&escape_controls).unwrap();
        assert_eq!(
            value,
            serde_json::from_str::<serde_json::Value>(json).unwrap()
        );
    }

    #[test]
    fn labels_have_colours_and_messages_have_none() {
        let message = "a\u{1b}[2Jb";
        let plain = Output::new(false).labelled(WARNING, message);
        assert_eq!(plain, "warning: a\\u{1b}[2Jb");
        let colours = Output::new(true).labelled(HINT, message);
        assert_eq!(colours, "\u{1b}[1;36mhint:\u{1b}[0m a\\u{1b}[2Jb");
    }

    #[test]
    fn control_characters_are_escaped() {
        for (text, escape_for_terminal) in [
            ("", ""),
            ("plain \u{fc}\n", "plain \u{fc}\n"),
            ("\n a\tb\n\n", "\n a\tb\n\n"),
            ("a\u{1b}[2J\r\nb\u{9b}", "a\\u{1b}[2J\\r\nb\\u{9b}"),
        ] {
            assert_eq!(escape_controls(text), escape_for_terminal);
        }
    }
}
