//! The result of a program.

use std::fmt;
use std::process::ExitStatus;

/// The end of this program's line for a push that had nothing to write.
pub(crate) const NOTHING_WRITTEN: &str = " there already: nothing was written";

/// Parts of this program's warnings about images.
pub(crate) const OF_IMAGES: [&str; 4] = [
    "its configuration says",
    "some registries refuse a mixed one",
    "no engine will select",
    "from other registries",
];

/// Exit code, standard output and standard error of a program, with its command line.
///
/// Checks can be chained, and a failed one shows everything. A result that is never checked is a warning.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "what a command did is to be checked"]
pub(crate) struct Ran {
    /// The command line, for people.
    pub(crate) line: String,
    /// The exit code. If a signal ended the program, 128 plus its number, as in shells.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ran {
    pub(super) fn new(line: String, status: ExitStatus, stdout: Vec<u8>, stderr: Vec<u8>) -> Self {
        let text = |bytes: Vec<u8>| {
            String::from_utf8(bytes).unwrap_or_else(|error| panic!("{line}: no UTF-8: {error}"))
        };
        let (stdout, stderr) = (text(stdout), text(stderr));
        Self {
            code: code(status),
            stdout,
            stderr,
            line,
        }
    }

    /// Checks that the program succeeded.
    #[track_caller]
    pub(crate) fn succeeds(&self) -> &Self {
        self.fails(0)
    }

    /// Checks the exit code.
    #[track_caller]
    pub(crate) fn fails(&self, code: i32) -> &Self {
        assert!(self.code == code, "the exit code is not {code}\n{self}");
        self
    }

    /// Checks the whole of standard output.
    #[track_caller]
    pub(crate) fn prints(&self, stdout: &str) -> &Self {
        assert!(
            self.stdout == stdout,
            "standard output is not\n{stdout}\n{self}"
        );
        self
    }

    /// Checks that standard error has this text in it.
    #[track_caller]
    pub(crate) fn says(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "standard error does not say {text:?}\n{self}"
        );
        self
    }

    /// Checks that standard error does not have this text in it.
    #[track_caller]
    pub(crate) fn does_not_say(&self, text: &str) -> &Self {
        assert!(
            !self.stderr.contains(text),
            "standard error says {text:?}\n{self}"
        );
        self
    }

    /// Checks that standard error is empty, except for the line of a push with nothing to write, and for warnings about images
    /// for the wrong platform or in mixed formats, as many here are.
    #[track_caller]
    pub(crate) fn is_quiet(&self) -> &Self {
        let mut lines = self.stderr.lines();
        let is_usual = |line: &str| {
            line.ends_with(NOTHING_WRITTEN) || OF_IMAGES.iter().any(|said| line.contains(said))
        };
        assert!(lines.all(is_usual), "standard error is not empty\n{self}");
        self
    }

    /// Returns the first line of standard error: the error, before any hint. Warnings, and the line of a push with nothing to
    /// write, are not errors.
    pub(crate) fn error(&self) -> &str {
        let mut lines = self.stderr.lines();
        let is_none = |line: &str| line.ends_with(NOTHING_WRITTEN) || line.starts_with("warning: ");
        lines.find(|line| !is_none(line)).unwrap_or_default()
    }

    /// Returns the part that Docker's command must print as well: the error, with the usage if the command line is wrong. This
    /// program may add hints.
    pub(crate) fn said(&self) -> String {
        if !self.stderr.contains("\nUsage:  ") {
            return self.error().to_owned();
        }
        let lines = self.stderr.trim_end().lines();
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with("hint: ")).collect();
        lines.join("\n")
    }
}

impl fmt::Display for Ran {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            line,
            code,
            stdout,
            stderr,
        } = self;
        write!(
            f,
            "$ {line}\nexit code: {code}\n--- stdout\n{stdout}--- stderr\n{stderr}---"
        )
    }
}

#[cfg(unix)]
fn code(status: ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status
        .code()
        .unwrap_or_else(|| 128 + status.signal().unwrap_or_default())
}

#[cfg(not(unix))]
fn code(status: ExitStatus) -> i32 {
    status.code().unwrap_or(-1)
}
