//! `--timeout` and `--wait`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use manifest_core::go_duration;

/// The value of `--timeout` or `--wait`: a duration in Go's form; 0 means that the flag is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit(pub Duration);

/// Writes the time as the flags take it, in whole seconds, rounded up: `1h5m`, `90s` as `1m30s`.
impl fmt::Display for TimeLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_secs() + u64::from(self.0.subsec_nanos() > 0);
        if seconds == 0 {
            return f.write_str("0s");
        }
        let parts = [
            (seconds / 3600, 'h'),
            (seconds / 60 % 60, 'm'),
            (seconds % 60, 's'),
        ];
        let parts = parts.into_iter().filter(|(count, _)| *count > 0);
        for (count, unit) in parts {
            write!(f, "{count}{unit}")?;
        }
        Ok(())
    }
}

impl FromStr for TimeLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        go_duration::parse(text)
            .map(Self)
            .map_err(|_| "must be a time with its unit, such as 90s or 1m30s, or 0")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wrong_values_are_refused() {
        for text in ["5", "-5s", "x", ""] {
            let error = text.parse::<TimeLimit>().unwrap_err();
            assert!(error.starts_with("must be a time with its unit"), "{text}");
        }
    }

    #[test]
    fn times_are_written_as_flags_take_them() {
        for (text, written) in [
            ("0", "0s"),
            ("10m", "10m"),
            ("90s", "1m30s"),
            ("59.2s", "1m"),
            ("1ms", "1s"),
            ("1h5s", "1h5s"),
            ("36h", "36h"),
        ] {
            let limit: TimeLimit = text.parse().unwrap();
            assert_eq!(limit.to_string(), written, "{text}");
            assert!(written.parse::<TimeLimit>().is_ok());
        }
    }
}
