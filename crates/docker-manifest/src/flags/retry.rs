//! The flags for retries and timeouts.

use manifest_registry::{RetryPolicy, limits};

use crate::values::{Count, TimeLimit};

/// The flags of each command that talks to a registry.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RetryFlags {
    /// Retry a failed request up to this many times (default 5)
    #[arg(long, value_name = "uint")]
    retry: Option<Count>,
    /// Time limit for the whole command, such as 90s or 5m (default no limit)
    #[arg(long, value_name = "duration")]
    timeout: Option<TimeLimit>,
}

impl RetryFlags {
    /// Returns the retry policy for the registry client.
    #[must_use]
    pub fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            max_retries: self.retry.map_or(limits::RETRIES, |count| count.0),
            timeout: self
                .timeout
                .map(|limit| limit.0)
                .filter(|limit| !limit.is_zero()),
            ..RetryPolicy::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    #[command(no_binary_name = true)]
    struct Line {
        #[command(flatten)]
        flags: RetryFlags,
    }

    #[test]
    fn flags_set_the_policy_and_the_time_limit() {
        for (line, max_retries, timeout) in [
            ("", 5, None),
            ("--retry 0", 0, None),
            ("--retry=12 --timeout=1m30s", 12, Some(90)),
            ("--timeout 0", 5, None),
            ("--timeout 0s", 5, None),
        ] {
            let line = Line::try_parse_from(line.split_whitespace()).expect(line);
            let retry = line.flags.retry();
            assert_eq!(retry.max_retries, max_retries);
            assert_eq!(retry.timeout, timeout.map(Duration::from_secs));
        }
    }
}
