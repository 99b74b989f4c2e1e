//! `--older-than`.

use std::str::FromStr;
use std::time::Duration;

use manifest_core::go_duration;

/// The number of hours in a day: days are parsed as hours.
const HOURS_PER_DAY: u32 = 24;

/// The value of `--older-than`: a duration in Go's form, before which days may stand: `7d`, `1d12h`, `36h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeLimit(pub Duration);

impl FromStr for AgeLimit {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        parse(text)
            .map(Self)
            .ok_or("must be a time with its unit, such as 7d, 36h or 1d12h")
    }
}

fn parse(text: &str) -> Option<Duration> {
    let Some((days, rest)) = text.split_once('d') else {
        return go_duration::parse(text).ok();
    };
    // Anything but one number would be multiplied too: `1h2d` has no meaning in any order.
    if !days.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return None;
    }
    let hours = go_duration::parse(&format!("{days}h")).ok()?;
    let days = hours.checked_mul(HOURS_PER_DAY)?;
    let rest = match rest {
        "" => Duration::ZERO,
        rest if rest.starts_with('+') => return None,
        rest => go_duration::parse(rest).ok()?,
    };
    days.checked_add(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_stand_before_gos_durations() {
        let seconds = |text: &str| text.parse::<AgeLimit>().map(|limit| limit.0.as_secs());
        for (text, expected) in [
            ("7d", 604_800),
            ("1d12h", 129_600),
            ("1.5d", 129_600),
            ("0d", 0),
            ("0", 0),
            ("36h", 129_600),
            ("90m", 5_400),
            ("1d0", 86_400),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for text in [
            "",
            "7",
            "d",
            "-7d",
            "7d-1h",
            "1h2d",
            "7d1d",
            "1d+1h",
            "7w",
            "1d5",
            "x",
            "99999999999999d",
            "9999999d99999999999h",
        ] {
            assert!(seconds(text).is_err(), "{text}");
        }
    }
}
