//! Exit codes: one table.

/// The exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// A failure, or something was not found. Docker's code for every error at run time.
    Failure,
    /// The registry refused the login or the access.
    Unauthorized,
    /// The registry has rate limited the requests.
    RateLimited,
    /// The registry or the network is unavailable.
    Unavailable,
    /// A file or tag exists already, or a tag was moved in the meantime.
    Conflict,
    /// A flag is unknown or has an invalid value, as in Docker.
    Usage,
    /// The shim has found no `docker`: the code of shells for an unknown command.
    NoDocker,
    /// The exit code of another program: of the real `docker`, on systems without `exec`, or as `manifest-tool` has it.
    Other(u8),
}

impl Exit {
    /// Every exit code with its meaning, as `docs/reference/exit-codes.md` shows them.
    pub const TABLE: &[(Self, &str)] = &[
        (Self::Done, "done"),
        (
            Self::Failure,
            "failed, or not found; `verify` found errors, `diff` differences; an unknown command, or the wrong number of arguments",
        ),
        (
            Self::Unauthorized,
            "unauthorized: the registry refused the login or the access",
        ),
        (Self::RateLimited, "rate limited by the registry"),
        (
            Self::Unavailable,
            "registry or network unavailable, or timed out (`--timeout`)",
        ),
        (
            Self::Conflict,
            "refused: a tag already points to another manifest, was moved meanwhile, or would lose images",
        ),
        (
            Self::Usage,
            "an unknown flag, a flag without its value or with a wrong one, or flags that contradict each other",
        ),
        (
            Self::NoDocker,
            "the `docker` shim found no real docker to run",
        ),
    ];

    /// Command lines that end before any request: with the status, its reason, and whether Docker's command ends with the same code.
    /// Docker's command does not have the flags of the others.
    pub const EXAMPLES: &[(&str, Self, &str, bool)] = &[
        (
            "docker manifest",
            Self::Done,
            "no command: the usage, on standard error",
            true,
        ),
        ("docker manifest push --help", Self::Done, "help", true),
        (
            "docker manifest bogus",
            Self::Failure,
            "an unknown command",
            true,
        ),
        (
            "docker manifest create app",
            Self::Failure,
            "too few arguments",
            true,
        ),
        (
            "docker manifest push app other",
            Self::Failure,
            "too many arguments",
            true,
        ),
        (
            "docker manifest push App",
            Self::Failure,
            "a malformed name",
            true,
        ),
        (
            "docker manifest push app",
            Self::Failure,
            "no such draft",
            true,
        ),
        (
            "docker manifest push --bogus app",
            Self::Usage,
            "an unknown flag",
            true,
        ),
        (
            "docker manifest push -x app",
            Self::Usage,
            "an unknown flag",
            true,
        ),
        (
            "docker manifest annotate app other --os",
            Self::Usage,
            "a flag without its value",
            true,
        ),
        (
            "docker manifest push --purge=maybe app",
            Self::Usage,
            "a wrong value",
            true,
        ),
        (
            "docker manifest push --bogus",
            Self::Usage,
            "an unknown flag, and too few arguments",
            true,
        ),
        (
            "docker manifest push --retry x app",
            Self::Usage,
            "a wrong value",
            false,
        ),
        (
            "docker manifest push --by-digest --if-not-exists app",
            Self::Usage,
            "flags that contradict each other",
            false,
        ),
        (
            "docker manifest create --digestfile digest app other",
            Self::Usage,
            "a flag that needs another one (`--push`)",
            false,
        ),
    ];

    /// Returns the exit code.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failure => 1,
            Self::Unauthorized => 4,
            Self::RateLimited => 5,
            Self::Unavailable => 6,
            Self::Conflict => 7,
            Self::Usage => 125,
            Self::NoDocker => 127,
            Self::Other(code) => code,
        }
    }
}
