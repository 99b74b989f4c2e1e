//! The wait that a registry asks for (RFC 9110, "Retry-After").

use std::time::Duration;

use http::header::{DATE, HeaderMap, RETRY_AFTER};
use manifest_core::go_duration;

/// The text before the wait in GHCR's error messages. A duration in Go's format follows.
const IN_MESSAGE: &str = "retry-after:";

/// Parses the header: seconds, or a date.
///
/// A date is compared with the response's `Date`, so that it does not depend on the local clock. Without a `Date` it is
/// ignored.
pub(crate) fn header_retry_after(headers: &HeaderMap) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let stated = text(RETRY_AFTER)?;
    if !stated.is_empty() && stated.bytes().all(|b| b.is_ascii_digit()) {
        // A number that overflows is capped, and so exceeds every limit.
        return Some(Duration::from_secs(stated.parse().unwrap_or(u64::MAX)));
    }
    let date = |text| httpdate::parse_http_date(text).ok();
    let (then, now) = (date(stated)?, date(text(DATE)?)?);
    Some(then.duration_since(now).unwrap_or_default())
}

/// Parses the wait in an error message: `retry-after: 12.5ms, allowed: 2000/minute`.
pub(crate) fn message_retry_after(message: &str) -> Option<Duration> {
    let at = message.to_ascii_lowercase().find(IN_MESSAGE)?;
    let rest = message[at + IN_MESSAGE.len()..].trim_start();
    let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | 'µ' | 'μ');
    let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    go_duration::parse(rest[..end].trim_end_matches('.')).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_registries() {
        const NOW: &str = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (stated, date, expected) in [
            ("0", None, Some(0)),
            (" 120 ", None, Some(120)),
            ("99999999999999999999999", None, Some(u64::MAX)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some(NOW), Some(30)),
            ("Sunday, 06-Nov-94 08:50:07 GMT", Some(NOW), Some(30)),
            ("Sun Nov  6 08:50:07 1994", Some(NOW), Some(30)),
            ("Sun, 06 Nov 1994 08:49:00 GMT", Some(NOW), Some(0)),
            ("Sun, 06 Nov 1994 08:50:07 GMT", None, None),
            ("Sun, 06 Nov 1994 08:50:07 GMT", Some("today"), None),
            ("soon", Some(NOW), None),
            ("-5", None, None),
            ("1.5", None, None),
            ("", None, None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, stated.parse().unwrap());
            if let Some(date) = date {
                headers.insert(DATE, date.parse().unwrap());
            }
            let expected = expected.map(Duration::from_secs);
            assert_eq!(header_retry_after(&headers), expected, "{stated} {date:?}");
        }
        assert_eq!(header_retry_after(&HeaderMap::new()), None);
    }

    #[test]
    fn messages_of_ghcr() {
        for (message, microseconds) in [
            ("retry-after: 12.5ms, allowed: 2000/minute", Some(12_500)),
            ("slow down (Retry-After: 1m2s)", Some(62_000_000)),
            ("retry-after:730.5µs.", Some(730)),
            ("retry-after: 5", None),
            ("retry-after: soon", None),
            ("retry-after:", None),
            ("ümlaut RETRY-AFTER: 1s", Some(1_000_000)),
            ("slow down", None),
        ] {
            let found = message_retry_after(message).map(|wait| wait.as_micros());
            assert_eq!(found, microseconds, "{message}");
        }
    }
}
