//! The flags that say how long a command bears with a registry.

use std::str::FromStr;
use std::time::Duration;

use manifest_core::go_duration;
use manifest_registry::{RetryPolicy, limits};

/// The flags of each command that talks to a registry.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct Patience {
    /// Repeat a failed request up to this many times (default 5)
    #[arg(long, value_name = "uint")]
    retry: Option<Times>,
    /// Give up after this time in all, such as 90s or 5m (default no limit)
    #[arg(long, value_name = "duration")]
    timeout: Option<Limit>,
}

impl Patience {
    /// Returns what the registry client bears.
    #[must_use]
    pub fn retry(&self) -> RetryPolicy {
        RetryPolicy {
            times: self.retry.map_or(limits::RETRIES, |times| times.0),
            timeout: self
                .timeout
                .map(|limit| limit.0)
                .filter(|limit| !limit.is_zero()),
            ..RetryPolicy::default()
        }
    }
}

/// A number of repetitions: 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Times(u32);

impl FromStr for Times {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.is_empty() || !text.bytes().all(|b| b.is_ascii_digit()) {
            return Err("must be a whole number, 0 or more".to_owned());
        }
        text.parse()
            .map(Self)
            .map_err(|_| format!("must be at most {}", u32::MAX))
    }
}

/// A time limit in Go's form; 0 is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limit(Duration);

impl FromStr for Limit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        go_duration::parse(text)
            .map(Self)
            .map_err(|_| "must be a time with its unit, such as 90s or 1m30s, or 0")
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(Debug, clap::Parser)]
    #[command(no_binary_name = true)]
    struct Line {
        #[command(flatten)]
        patience: Patience,
    }

    #[test]
    fn flags_and_what_they_mean() {
        for (line, times, timeout) in [
            ("", 5, None),
            ("--retry 0", 0, None),
            ("--retry=12 --timeout=1m30s", 12, Some(90)),
            ("--timeout 0", 5, None),
            ("--timeout 0s", 5, None),
        ] {
            let line = Line::try_parse_from(line.split_whitespace()).expect(line);
            let retry = line.patience.retry();
            assert_eq!(retry.times, times);
            assert_eq!(retry.timeout, timeout.map(Duration::from_secs));
        }
        let times = |text: &str| text.parse::<Times>().unwrap_err();
        assert_eq!(times("-1"), "must be a whole number, 0 or more");
        assert_eq!(times(""), "must be a whole number, 0 or more");
        assert_eq!(times("99999999999"), "must be at most 4294967295");
        for text in ["5", "-5s", "x", ""] {
            let error = text.parse::<Limit>().unwrap_err();
            assert!(error.starts_with("must be a time with its unit"), "{text}");
        }
    }
}
