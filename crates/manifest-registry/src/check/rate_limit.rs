//! The headers about rate limits (draft-ietf-httpapi-ratelimit-headers-02, which Docker Hub follows).

use std::time::Duration;

use http::header::HeaderMap;

/// The rate limit that a registry reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateLimit {
    /// The number of requests in one window. `None` if it is not stated.
    pub limit: Option<u64>,
    /// The number of requests that are left.
    pub remaining: u64,
    /// The window. `None` if it is not stated.
    pub window: Option<Duration>,
}

impl RateLimit {
    /// Reads `ratelimit-limit: 100;w=21600` and `ratelimit-remaining: 76;w=21600`. `None` if the number that is left is
    /// not stated.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let header = |name| headers.get(name)?.to_str().ok();
        let remaining = header("ratelimit-remaining")?;
        let limit = header("ratelimit-limit").unwrap_or_default();
        let window = window(remaining).or_else(|| window(limit));
        Some(Self {
            limit: number(limit),
            remaining: number(remaining)?,
            window: window.map(Duration::from_secs),
        })
    }
}

fn number(value: &str) -> Option<u64> {
    value.split([';', ',']).next()?.trim().parse().ok()
}

fn window(value: &str) -> Option<u64> {
    let mut parameters = value.split(';').skip(1);
    parameters.find_map(|parameter| parameter.trim().strip_prefix("w=")?.parse().ok())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn headers() {
        let rate = |limit, remaining, window: Option<u64>| {
            Some(RateLimit {
                limit,
                remaining,
                window: window.map(Duration::from_secs),
            })
        };
        for (limit, remaining, expected) in [
            (
                "100;w=21600",
                "76;w=21600",
                rate(Some(100), 76, Some(21600)),
            ),
            ("100;w=21600", "0", rate(Some(100), 0, Some(21600))),
            ("", "5", rate(None, 5, None)),
            ("x", " 5 ; w=x", rate(None, 5, None)),
            ("100, 100;w=60", "7;q=1;w=60", rate(Some(100), 7, Some(60))),
            ("100", "", None),
            ("100", "-1", None),
            ("100", "99999999999999999999", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert("ratelimit-limit", HeaderValue::from_static(limit));
            headers.insert("ratelimit-remaining", HeaderValue::from_static(remaining));
            assert_eq!(RateLimit::of(&headers), expected, "{limit} {remaining}");
        }
        assert_eq!(RateLimit::of(&HeaderMap::new()), None);
    }
}
