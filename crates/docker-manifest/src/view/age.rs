//! The time since an image was built.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
const WEEK: u64 = 7 * DAY;
const MONTH: u64 = 30 * DAY;
const YEAR: u64 = 365 * DAY;

/// Returns the time since an RFC 3339 time as text, such as `3 weeks`. `now` is in seconds since 1970 (UTC).
///
/// Returns nothing for a text that is not a time, and for the epoch and before, which reproducible builds state instead of a
/// time.
pub(super) fn age(time: &str, now: u64) -> Option<String> {
    let then = seconds(time).filter(|then| *then > 0)?;
    let age = now.saturating_sub(u64::try_from(then).ok()?);
    let units = [
        (YEAR, "year"),
        (MONTH, "month"),
        (WEEK, "week"),
        (DAY, "day"),
        (HOUR, "hour"),
        (MINUTE, "minute"),
        (1, "second"),
    ];
    // One of a unit says too little: 13 days rather than 1 week.
    let (unit, name) = units
        .into_iter()
        .find(|(unit, _)| age >= 2 * unit)
        .unwrap_or((1, "second"));
    let count = age / unit;
    let plural = if count == 1 { "" } else { "s" };
    Some(format!("{count} {name}{plural}"))
}

/// Parses an RFC 3339 time to seconds since 1970 (UTC).
fn seconds(time: &str) -> Option<i64> {
    let bytes = time.as_bytes();
    let is_separated = bytes.get(4) == Some(&b'-')
        && bytes.get(7) == Some(&b'-')
        && matches!(bytes.get(10), Some(b'T' | b't' | b' '))
        && bytes.get(13) == Some(&b':')
        && bytes.get(16) == Some(&b':');
    if !is_separated {
        return None;
    }
    let number = |range: std::ops::Range<usize>| -> Option<i64> {
        let digits = time.get(range)?;
        let is_number = digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| digits.parse().ok()).flatten()
    };
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let is_valid = (1..=12).contains(&month)
        && (1..=31).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !is_valid {
        return None;
    }
    let rest = time.get(19..)?;
    let zone = rest.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.as_bytes() {
        [b'Z' | b'z'] => 0,
        [sign @ (b'+' | b'-'), _, _, b':', _, _] => {
            let start = time.len() - zone.len();
            let offset = number(start + 1..start + 3)? * 3600 + number(start + 4..start + 6)? * 60;
            if *sign == b'-' { -offset } else { offset }
        }
        _ => return None,
    };
    let days = days_since_epoch(year, month, day);
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

/// Returns the days from 1970-01-01 to a date of the Gregorian calendar.
fn days_since_epoch(year: i64, month: i64, day: i64) -> i64 {
    // The year starts in March, so that the leap day is its last.
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let leap_days = year / 4 - year / 100 + year / 400;
    let days_before_month = (153 * month + 2) / 5;
    365 * year + leap_days + days_before_month + day - 1 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read() {
        for (time, expected) in [
            ("1970-01-01T00:00:00Z", Some(0)),
            ("2000-02-29T12:34:56Z", Some(951_827_696)),
            ("2024-01-01T00:00:00Z", Some(1_704_067_200)),
            ("2024-01-01T01:00:00+01:00", Some(1_704_067_200)),
            ("2023-12-31T18:30:00.123456789-05:30", Some(1_704_067_200)),
            ("0001-01-01T00:00:00Z", Some(-62_135_596_800)),
            ("2024-13-01T00:00:00Z", None),
            ("2024-01-01", None),
            ("2024-01-01T00:00:00", None),
            ("2024-01-01T00:00:00+1:00", None),
            ("日本語日本語日本語", None),
            ("", None),
        ] {
            assert_eq!(seconds(time), expected, "{time}");
        }
    }

    #[test]
    fn ages_are_short() {
        let then = 1_704_067_200;
        for (seconds, expected) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (2 * MINUTE, "2 minutes"),
            (47 * HOUR, "47 hours"),
            (13 * DAY, "13 days"),
            (59 * DAY, "8 weeks"),
            (61 * DAY, "2 months"),
            (3 * YEAR, "3 years"),
        ] {
            assert_eq!(
                age("2024-01-01T00:00:00Z", then + seconds).as_deref(),
                Some(expected)
            );
        }
        // A clock that is behind, and times that are none.
        assert_eq!(age("2024-01-01T00:00:00Z", 5).as_deref(), Some("0 seconds"));
        assert_eq!(age("1970-01-01T00:00:00Z", then), None);
        assert_eq!(age("0001-01-01T00:00:00Z", then), None);
        assert_eq!(age("yesterday", then), None);
    }
}
