//! `--retry` and `--timeout`.

use std::str::FromStr;
use std::time::Duration;

use manifest_core::go_duration;

/// The value of `--retry`: the number of retries of a failed request, 0 or more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryCount(pub u32);

impl FromStr for RetryCount {
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
        let times = |text: &str| text.parse::<RetryCount>().unwrap_err();
        assert_eq!(times("-1"), "must be a whole number, 0 or more");
        assert_eq!(times(""), "must be a whole number, 0 or more");
        assert_eq!(times("99999999999"), "must be at most 4294967295");
        for text in ["5", "-5s", "x", ""] {
            let error = text.parse::<TimeLimit>().unwrap_err();
            assert!(error.starts_with("must be a time with its unit"), "{text}");
        }
    }
}
