//! Times of creation, as configurations of images state them.

use std::fmt;

use serde::Serialize;

/// The year from which a time is believed. Reproducible builds set 1970 or year 1, which tells nothing.
const FIRST_YEAR: &str = "1971";

/// A time (RFC 3339, section 5.6). Times compare by what is written, whatever their offset, which is at most a day.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub(super) struct Timestamp(String);

impl Timestamp {
    /// Parses a time. `None` if it is not one, or one that reproducible builds set.
    pub(super) fn parse(text: &str) -> Option<Self> {
        const PATTERN: &str = "0000-00-00T00:00:00";
        let matches = |(form, c): (char, char)| match form {
            '0' => c.is_ascii_digit(),
            _ => c == form,
        };
        let (start, rest) = text.split_at_checked(PATTERN.len())?;
        let is_time = PATTERN.chars().zip(start.chars()).all(matches);
        let is_rest = |c: char| c.is_ascii_digit() || ".:+-Z".contains(c);
        let is_valid = is_time && rest.len() <= PATTERN.len() && rest.chars().all(is_rest);
        (is_valid && start >= FIRST_YEAR).then(|| Self(text.to_owned()))
    }

    /// Returns the date: `2024-05-01`.
    pub(super) fn date(&self) -> &str {
        self.0.split('T').next().unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_of_times() {
        for (text, date) in [
            ("2024-05-01T10:20:30Z", Some("2024-05-01")),
            ("2024-05-01T10:20:30.123456789+02:00", Some("2024-05-01")),
            ("1970-01-01T00:00:00Z", None),
            ("0001-01-01T00:00:00Z", None),
            ("2024-05-01", None),
            ("2024-05-01T10:20:30<script>", None),
            ("2024-05-01T10:20:3\u{fc}", None),
            ("\u{1b}", None),
        ] {
            let found = Timestamp::parse(text);
            assert_eq!(found.as_ref().map(Timestamp::date), date, "{text}");
        }
    }
}
