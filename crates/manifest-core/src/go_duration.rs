//! Durations in Go's syntax (`1m30s`, `12.5ms`), as Docker's flags take them and some registries send them.

use std::time::Duration;

/// The reason why a text is not a duration, in Go's words (`time.ParseDuration`).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DurationError {
    /// It does not follow the grammar, is negative, or is longer than some 584 years.
    #[error("time: invalid duration {0:?}")]
    Invalid(String),
    /// A number has no unit.
    #[error("time: missing unit in duration {0:?}")]
    NoUnit(String),
    /// A unit is unknown.
    #[error("time: unknown unit {unit:?} in duration {text:?}")]
    Unit {
        /// The unit.
        unit: String,
        /// The whole text.
        text: String,
    },
}

/// Parses a duration: numbers with units (`ns`, `us`, `µs`, `ms`, `s`, `m`, `h`), or `0`.
///
/// # Errors
/// Returns an error where Go's `time.ParseDuration` does, and for negative durations, which have no use here.
pub fn parse(text: &str) -> Result<Duration, DurationError> {
    let invalid = || DurationError::Invalid(text.to_owned());
    let mut rest = text.strip_prefix('+').unwrap_or(text);
    if rest == "0" {
        return Ok(Duration::ZERO);
    }
    if rest.is_empty() {
        return Err(invalid());
    }
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let is_number = |c: char| c.is_ascii_digit() || c == '.';
        let (number, after) = rest.split_at(rest.find(|c| !is_number(c)).unwrap_or(rest.len()));
        if !number.contains(|c: char| c.is_ascii_digit()) {
            return Err(invalid());
        }
        let (unit, after) = after.split_at(after.find(is_number).unwrap_or(after.len()));
        let nanoseconds: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            "" => return Err(DurationError::NoUnit(text.to_owned())),
            _ => {
                let (unit, text) = (unit.to_owned(), text.to_owned());
                return Err(DurationError::Unit { unit, text });
            }
        };
        let part = scaled(number, nanoseconds).ok_or_else(invalid)?;
        total = total.checked_add(part).ok_or_else(invalid)?;
        rest = after;
    }
    Ok(total)
}

/// Multiplies a decimal number without sign or exponent by a unit.
fn scaled(number: &str, nanoseconds: u64) -> Option<Duration> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let whole = if whole.is_empty() {
        0
    } else {
        whole.parse::<u64>().ok()?
    };
    let whole = whole.checked_mul(nanoseconds)?;
    // Further digits are less than a nanosecond.
    let digits = &fraction[..fraction.len().min(15)];
    let value = if digits.is_empty() {
        0
    } else {
        digits.parse::<u128>().ok()?
    };
    let below = value * u128::from(nanoseconds) / 10u128.pow(digits.len() as u32);
    let below = u64::try_from(below).ok()?;
    Some(Duration::from_nanos(whole.checked_add(below)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_of_go() {
        let nanoseconds = |text: &str| parse(text).map(|duration| duration.as_nanos());
        for (text, expected) in [
            ("0", 0),
            ("+0", 0),
            ("0s", 0),
            ("5s", 5_000_000_000),
            ("12.5ms", 12_500_000),
            ("1h2m3.5s", 3_723_500_000_000),
            (".5s", 500_000_000),
            ("5.s", 5_000_000_000),
            ("1.5h", 5_400_000_000_000),
            ("100µs", 100_000),
            ("100μs", 100_000),
            ("1us", 1_000),
            ("0.3333333333333333333h", 1_199_999_999_999),
        ] {
            assert_eq!(nanoseconds(text), Ok(expected), "{text}");
        }
        for (text, error) in [
            ("", "time: invalid duration \"\""),
            ("5", "time: missing unit in duration \"5\""),
            ("1s5", "time: missing unit in duration \"1s5\""),
            ("x", "time: invalid duration \"x\""),
            (".s", "time: invalid duration \".s\""),
            ("1.2.3s", "time: invalid duration \"1.2.3s\""),
            ("-5s", "time: invalid duration \"-5s\""),
            ("5d", "time: unknown unit \"d\" in duration \"5d\""),
            (
                "99999999999999999999s",
                "time: invalid duration \"99999999999999999999s\"",
            ),
            ("9999999999h", "time: invalid duration \"9999999999h\""),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), error, "{text}");
        }
    }
}
