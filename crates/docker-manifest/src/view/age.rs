//! The time since an image was built.

use crate::timestamp::Timestamp;

/// Returns the time since an RFC 3339 time as text, such as `3 weeks`. `now` is in seconds since 1970 (UTC).
///
/// Returns nothing for a text that is not a time, and for a time that reproducible builds set.
pub(super) fn age(time: &str, now: u64) -> Option<String> {
    let then = Timestamp::parse(time)?.seconds();
    Some(crate::age::age(now.saturating_sub(then)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60;
    const HOUR: u64 = 60 * MINUTE;
    const DAY: u64 = 24 * HOUR;

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
            (3 * 365 * DAY, "3 years"),
        ] {
            assert_eq!(
                age("2024-01-01T00:00:00Z", then + seconds).as_deref(),
                Some(expected)
            );
        }
        // Offsets and fractions of a second count.
        for time in [
            "2024-01-01T01:00:00+01:00",
            "2023-12-31T18:30:00.123456789-05:30",
        ] {
            assert_eq!(age(time, then).as_deref(), Some("0 seconds"), "{time}");
        }
        // A clock that is behind, and texts that are no times.
        assert_eq!(age("2024-01-01T00:00:00Z", 5).as_deref(), Some("0 seconds"));
        assert_eq!(age("1970-01-01T00:00:00Z", then), None);
        assert_eq!(age("0001-01-01T00:00:00Z", then), None);
        for text in [
            "yesterday",
            "",
            "2024-01-01",
            "2024-13-01T00:00:00Z",
            "日本語",
        ] {
            assert_eq!(age(text, then), None, "{text}");
        }
    }
}
