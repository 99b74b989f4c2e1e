use std::time::Duration;

use http::{HeaderMap, Method};
use manifest_core::Reference;
use url::Url;

use super::*;
use crate::error::{Attempt, ContentProblem, ErrorResponse, Operation};

/// Collects the reported retries.
#[derive(Debug, Default)]
struct Lines(Mutex<Vec<String>>);

impl Observer for Lines {
    fn retrying(&self, retry: &Retrying<'_>) {
        assert!(retry.wait <= MAX_RETRY_AFTER, "{retry:?}");
        lock(&self.0).push(retry.to_string());
    }
}

fn attempt() -> Box<Attempt> {
    let reference = Reference::parse("reg.io/app:1").unwrap();
    let url = Url::parse("https://reg.io/v2/app/manifests/1").unwrap();
    Attempt::new(
        &Operation::GetManifest(reference),
        &Method::GET,
        &url,
        "reg.io",
    )
}

fn refused(status: u16, retry_after: Option<&str>) -> RegistryError {
    let mut headers = HeaderMap::new();
    if let Some(text) = retry_after {
        headers.insert("retry-after", text.parse().unwrap());
    }
    RegistryError::ErrorResponse {
        attempt: attempt(),
        error_response: ErrorResponse::read(StatusCode::from_u16(status).unwrap(), &headers, b""),
    }
}

fn network(problem: NetworkProblem) -> RegistryError {
    RegistryError::Network {
        attempt: attempt(),
        problem,
        source: None,
    }
}

fn retrier(policy: RetryPolicy) -> (Retrier, Arc<Lines>) {
    let lines = Arc::new(Lines::default());
    let deadline = Deadline::after(policy.timeout);
    (Retrier::new(policy, deadline, lines.clone()), lines)
}

/// Fails until there are no retries left. Returns the elapsed time, the number of attempts and the error.
async fn exhaust(retrier: &Retrier, mut error: RegistryError) -> (Duration, u32, RegistryError) {
    let (attempts, started) = (Attempts::default(), Instant::now());
    while retrier
        .retry(&attempts, &mut error, Contact::Responded)
        .await
    {}
    (started.elapsed(), attempts.current(), error)
}

#[test]
fn transient_failures() {
    use Contact::{NoResponse, Probing, Responded};
    for status in [408, 425, 429, 500, 502, 503, 504, 507, 520, 599] {
        for contact in [Responded, NoResponse, Probing] {
            assert!(is_transient(&refused(status, None), contact), "{status}");
        }
    }
    for status in [
        400, 401, 403, 404, 405, 406, 409, 410, 412, 413, 415, 416, 418, 422, 428, 451, 499, 304,
    ] {
        assert!(!is_transient(&refused(status, None), Responded), "{status}");
    }
    let second = Duration::from_secs(1);
    for (problem, before, never) in [
        (NetworkProblem::ConnectionClosed, true, true),
        (NetworkProblem::Timeout(second), true, true),
        (NetworkProblem::ConnectionRefused, true, false),
        (NetworkProblem::Dns, true, false),
        (NetworkProblem::UnknownCa, false, false),
        (NetworkProblem::Certificate, false, false),
        (NetworkProblem::Tls, false, false),
        (NetworkProblem::NotTls, false, false),
        (NetworkProblem::NoCaCertificates, false, false),
        (NetworkProblem::Deadline(second), false, false),
        (NetworkProblem::Other, false, false),
    ] {
        let error = network(problem);
        assert_eq!(is_transient(&error, Responded), before, "{problem:?}");
        assert_eq!(is_transient(&error, NoResponse), never, "{problem:?}");
    }
    let content = RegistryError::content(attempt(), ContentProblem::InvalidToken);
    assert!(!is_transient(&content, Responded));
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn backoff_doubles_until_the_last_retry() {
    let (retrier, lines) = retrier(RetryPolicy::default());
    let (took, attempts, _) = exhaust(&retrier, refused(503, None)).await;
    // The backoffs are at most 0.5, 1, 2, 4 and 8 s, and each is at least half of that.
    let longest = Duration::from_millis(15_500);
    assert!(took >= longest / 2 && took <= longest, "{took:?}");
    assert_eq!(attempts, 6);
    let lines = lock(&lines.0).clone();
    assert_eq!(lines.len(), 5);
    for (i, line) in lines.iter().enumerate() {
        let end = format!(
            " s ({} of 5): failed to get manifest reg.io/app:1: \
             GET https://reg.io/v2/app/manifests/1: 503 Service Unavailable",
            i + 1
        );
        assert!(line.starts_with("retrying in "), "{line}");
        assert!(line.ends_with(&end), "{line}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn backoff_is_bounded_and_random() {
    let policy = RetryPolicy::default();
    let mut seen = HashSet::new();
    for number in 1..200 {
        let wait = policy.backoff(number);
        assert!(wait >= policy.first_backoff / 2 && wait <= policy.max_backoff);
        assert!(number < 8 || wait >= policy.max_backoff / 2);
        seen.insert(wait);
    }
    assert!(seen.len() > 100);
    assert_eq!(
        RetryPolicy {
            first_backoff: Duration::ZERO,
            ..policy
        }
        .backoff(3),
        Duration::ZERO
    );
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn retry_after_is_honoured() {
    let policy = RetryPolicy {
        max_retries: 2,
        ..RetryPolicy::default()
    };
    for (asked, least, most, attempts) in [
        (Some("0"), 0, 2, 3),
        (Some("60"), 120, 120, 3),
        (Some("120"), 240, 240, 3),
        (Some("121"), 0, 0, 1),
        (Some("99999999999999999999"), 0, 0, 1),
        (Some("soon"), 0, 2, 3),
    ] {
        let (took, made, error) = exhaust(&retrier(policy).0, refused(429, asked)).await;
        let range = Duration::from_secs(least)..=Duration::from_secs(most);
        assert!(range.contains(&took), "{asked:?} {took:?}");
        assert_eq!(made, attempts, "{asked:?}");
        let says_so = error
            .to_string()
            .contains("this program waits 120 s at most");
        assert_eq!(says_so, attempts == 1, "{error}");
    }
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn no_wait_exceeds_the_deadline() {
    let policy = RetryPolicy {
        timeout: Some(Duration::from_secs(10)),
        max_retries: 100,
        ..RetryPolicy::default()
    };
    let (took, attempts, error) = exhaust(&retrier(policy).0, refused(503, None)).await;
    assert!(took < Duration::from_secs(10) && attempts > 3, "{took:?}");
    assert!(error.to_string().contains("no time left"), "{error}");
    let (took, attempts, error) = exhaust(&retrier(policy).0, refused(503, Some("11"))).await;
    assert_eq!((took, attempts), (Duration::ZERO, 1));
    assert!(error.to_string().contains("no time left"), "{error}");
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn missing_content_is_retried_after_a_write() {
    let (retrier, lines) = retrier(RetryPolicy {
        max_retries: 1000,
        ..RetryPolicy::default()
    });
    let (attempts, content) = (Attempts::default(), "reg.io/v2/app/manifests/1");
    let mut missing = refused(404, None);
    assert!(
        !retrier
            .retry_after_write(&attempts, &mut missing, content)
            .await
    );
    retrier.record_write(content.to_owned());
    let mut forbidden = refused(403, None);
    let written = retrier.retry_after_write(&attempts, &mut forbidden, content);
    assert!(!written.await, "only what is missing may come");
    let started = Instant::now();
    while retrier
        .retry_after_write(&attempts, &mut missing, content)
        .await
    {}
    let window = limits::LAG_WINDOW..=limits::LAG_WINDOW + limits::MAX_BACKOFF;
    assert!(
        window.contains(&started.elapsed()),
        "{:?}",
        started.elapsed()
    );
    assert!(lock(&lines.0)[0].contains(" s (1 of 1000): "));
    let other = retrier.retry_after_write(&attempts, &mut missing, "reg.io/v2/app/manifests/2");
    assert!(!other.await);
}

#[tokio::test(flavor = "current_thread", start_paused = true)]
async fn zero_retries() {
    let (none, lines) = retrier(RetryPolicy {
        max_retries: 0,
        ..RetryPolicy::default()
    });
    let (took, attempts, _) = exhaust(&none, network(NetworkProblem::ConnectionClosed)).await;
    assert_eq!((took, attempts), (Duration::ZERO, 1));
    let (some, _) = retrier(RetryPolicy::default());
    let mut error = network(NetworkProblem::ConnectionClosed);
    assert!(
        !some
            .retry(&Attempts::single(), &mut error, Contact::Responded)
            .await
    );
    assert!(lock(&lines.0).is_empty());
}
