//! `--timeout`.

use std::str::FromStr;
use std::time::Duration;

use manifest_core::go_duration;

/// The value of `--timeout`: a duration in Go's form; 0 means no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeLimit(pub Duration);

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
}
