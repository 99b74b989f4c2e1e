//! The terminal that standard output is connected to: its width, and whether text may have colours, there and on standard error.

use std::io::IsTerminal as _;
use std::os::fd::AsFd;

use crate::environment::Environment;

/// The narrowest layout. A narrower terminal wraps by itself.
const LEAST_COLUMNS: u16 = 20;

/// The properties of standard output that a layout depends on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Terminal {
    /// The number of columns. None where lines are not to be wrapped, as in a file or a pipe.
    pub columns: Option<u16>,
    /// Whether text may have colours.
    pub has_colours: bool,
}

impl Terminal {
    /// Finds out about standard output. `COLUMNS` sets a width, `NO_COLOR` turns colours off, and `CLICOLOR_FORCE` turns them
    /// on where there is no terminal.
    #[must_use]
    pub fn of(environment: &Environment) -> Self {
        let out = std::io::stdout();
        let is_terminal = out.is_terminal();
        let own = || columns_of(&out);
        Self::decide(environment, is_terminal, own)
    }

    fn decide(
        environment: &Environment,
        is_terminal: bool,
        width: impl FnOnce() -> Option<u16>,
    ) -> Self {
        let text = |name: &str| environment.var(name).and_then(|value| value.to_str());
        let columns = text("COLUMNS").and_then(|columns| columns.parse().ok());
        // Zero means that the width is not known.
        let columns = columns.filter(|columns| *columns > 0);
        let columns = columns.or_else(|| width().filter(|_| is_terminal));
        Self {
            columns: columns.map(|columns: u16| columns.max(LEAST_COLUMNS)),
            has_colours: has_colours(environment, is_terminal),
        }
    }

    /// Returns text in bold, where it may have colours.
    #[must_use]
    pub fn bold(self, text: &str) -> String {
        if self.has_colours && !text.is_empty() {
            format!("\u{1b}[1m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Tells whether text on standard error may have colours, by the same variables.
#[must_use]
pub fn has_colours_on_stderr(environment: &Environment) -> bool {
    has_colours(environment, is_stderr_terminal())
}

/// Tells whether a person reads standard error, as far as that can be known.
#[must_use]
pub fn is_stderr_terminal() -> bool {
    std::io::stderr().is_terminal()
}

/// Returns the width of a terminal. `None` if it is not known, which some pseudo-terminals state as 0, or if there is no terminal.
fn columns_of(out: impl AsFd) -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(out).ok()?;
    (size.ws_col > 0).then_some(size.ws_col)
}

fn has_colours(environment: &Environment, is_terminal: bool) -> bool {
    let text = |name: &str| environment.var(name).and_then(|value| value.to_str());
    let is_forced = text("CLICOLOR_FORCE").is_some_and(|value| value != "0");
    let is_off = environment.var("NO_COLOR").is_some() || text("TERM") == Some("dumb");
    !is_off && (is_terminal || is_forced)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_decide_before_the_terminal() {
        let plain = Terminal::default();
        let wide = |columns, has_colours| Terminal {
            columns: Some(columns),
            has_colours,
        };
        for (variables, is_terminal, expected) in [
            (&[][..], false, plain),
            (&[], true, wide(80, true)),
            (&[("COLUMNS", "60")], true, wide(60, true)),
            (&[("COLUMNS", "60")], false, wide(60, false)),
            (&[("COLUMNS", "x")], false, plain),
            (&[("COLUMNS", "0")], false, plain),
            (&[("COLUMNS", "0")], true, wide(80, true)),
            (&[("COLUMNS", "1")], false, wide(LEAST_COLUMNS, false)),
            (&[("NO_COLOR", "1")], true, wide(80, false)),
            (&[("TERM", "dumb")], true, wide(80, false)),
            (
                &[("CLICOLOR_FORCE", "1")],
                false,
                Terminal {
                    columns: None,
                    has_colours: true,
                },
            ),
            (&[("CLICOLOR_FORCE", "0")], false, plain),
            (&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")], false, plain),
        ] {
            let environment = Environment::of(variables);
            let found = Terminal::decide(&environment, is_terminal, || Some(80));
            assert_eq!(found, expected, "{variables:?} {is_terminal}");
        }
    }
}
