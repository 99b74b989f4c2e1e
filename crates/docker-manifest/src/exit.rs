//! Exit codes: one table.

/// What the program ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Done.
    Done,
    /// It failed, or what was asked for is not there. Docker's code for every error at run time.
    Failure,
    /// The registry does not know who asks, or does not let them.
    Unauthorized,
    /// The registry has had too many requests.
    RateLimited,
    /// The registry or the way to it does not work now.
    Unavailable,
    /// A flag is unknown or has a wrong value, as in Docker.
    Usage,
    /// The shim has no `docker` to hand over to: what a shell answers to an unknown command.
    NoDocker,
    /// What the real `docker` ended with, where a process cannot become another.
    Other(u8),
}

impl Exit {
    /// Every way to end, with what it means: the table in the guide.
    pub const TABLE: &[(Self, &str)] = &[
        (Self::Done, "done"),
        (
            Self::Failure,
            "failed, or not found; Docker's code for every error at run time",
        ),
        (
            Self::Unauthorized,
            "not authorised: the registry refused the credentials or the access",
        ),
        (Self::RateLimited, "rate limited by the registry"),
        (Self::Unavailable, "registry or network unavailable"),
        (
            Self::Usage,
            "unknown flag, or a flag with a wrong value; Docker's code for it",
        ),
        (
            Self::NoDocker,
            "the `docker` shim found no real docker to hand over to",
        ),
    ];

    /// Returns the number that the shell sees.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Failure => 1,
            Self::Unauthorized => 4,
            Self::RateLimited => 5,
            Self::Unavailable => 6,
            Self::Usage => 125,
            Self::NoDocker => 127,
            Self::Other(code) => code,
        }
    }
}
