//! Ages in a readable form.

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// The units with their lengths in seconds. A month is 30 days, a year 365.
const UNITS: [(u64, &str); 7] = [
    (365 * DAY, "year"),
    (30 * DAY, "month"),
    (7 * DAY, "week"),
    (DAY, "day"),
    (HOUR, "hour"),
    (MINUTE, "minute"),
    (1, "second"),
];

/// The number of units from which on a longer unit is used: 47 hours tell more than one day.
const ENOUGH: u64 = 2;

/// Formats an age in seconds, in whole units: `3 days`.
#[must_use]
pub(crate) fn age(seconds: u64) -> String {
    let unit = UNITS.iter().find(|(length, _)| seconds >= length * ENOUGH);
    let &(length, name) = unit.unwrap_or(&(1, "second"));
    match seconds / length {
        1 => format!("1 {name}"),
        count => format!("{count} {name}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (119, "119 seconds"),
            (120, "2 minutes"),
            (2 * HOUR - 1, "119 minutes"),
            (47 * HOUR, "47 hours"),
            (2 * DAY, "2 days"),
            (13 * DAY, "13 days"),
            (14 * DAY, "2 weeks"),
            (59 * DAY, "8 weeks"),
            (60 * DAY, "2 months"),
            (729 * DAY, "24 months"),
            (730 * DAY, "2 years"),
            (u64::MAX, "584942417355 years"),
        ] {
            assert_eq!(age(seconds), text);
        }
    }
}
