//! Times of creation, as configurations of images and annotations state them.

use std::fmt;

use serde::Serialize;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The first year of a time that tells something. Reproducible builds set 1970 or year 1.
const FIRST_YEAR: i32 = 1971;

/// The length of a date: `2024-05-01`.
const DATE_CHARS: usize = 10;

/// A time (RFC 3339, section 5.6). Times compare by the moment, whatever their offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(into = "String")]
pub(crate) struct Timestamp {
    moment: OffsetDateTime,
    text: String,
}

impl Timestamp {
    /// Parses a time. Returns nothing for another text, and for a time that reproducible builds set.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let moment = OffsetDateTime::parse(text, &Rfc3339).ok()?;
        (moment.year() >= FIRST_YEAR).then(|| Self {
            moment,
            text: text.to_owned(),
        })
    }

    /// Returns the time of a clock, in seconds since 1970 (UTC).
    pub(crate) fn of_seconds(seconds: u64) -> Option<Self> {
        let moment = OffsetDateTime::from_unix_timestamp(i64::try_from(seconds).ok()?).ok()?;
        let text = moment.format(&Rfc3339).ok()?;
        Some(Self { moment, text })
    }

    /// Returns the date as the text has it: `2024-05-01`.
    pub(crate) fn date(&self) -> &str {
        self.text.get(..DATE_CHARS).unwrap_or_default()
    }

    /// Returns the seconds since 1970 (UTC).
    pub(crate) fn seconds(&self) -> u64 {
        u64::try_from(self.moment.unix_timestamp()).unwrap_or_default()
    }
}

/// Returns the date (UTC) of a time in seconds since 1970: `2024-05-01`. Empty for a time after the year 9999.
pub(crate) fn date_of(seconds: u64) -> String {
    let moment = i64::try_from(seconds).ok();
    let moment = moment.and_then(|seconds| OffsetDateTime::from_unix_timestamp(seconds).ok());
    moment.map_or_else(String::new, |moment| moment.date().to_string())
}

impl From<Timestamp> for String {
    fn from(time: Timestamp) -> Self {
        time.text
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
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

    #[test]
    fn dates_of_seconds() {
        assert_eq!(date_of(1_714_597_200), "2024-05-01");
        assert_eq!(date_of(0), "1970-01-01");
        assert_eq!(date_of(u64::MAX), "");
    }

    #[test]
    fn times_compare_by_the_moment() {
        let parse = |text| Timestamp::parse(text).unwrap();
        let (east, utc) = (
            parse("2024-05-02T01:00:00+05:00"),
            parse("2024-05-01T21:00:00Z"),
        );
        assert!(east < utc, "{east} is 20:00 UTC");
        assert_eq!(utc.seconds(), 1_714_597_200);
        let clock = Timestamp::of_seconds(1_714_597_200).unwrap();
        assert_eq!(clock, utc);
    }
}
