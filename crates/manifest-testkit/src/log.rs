//! The request log of every server in this crate.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One request as the server received it.
#[derive(Debug, Clone)]
pub struct Request {
    /// Arrival number, from 0, across all connections of the server.
    pub seq: usize,
    /// Method, in capitals.
    pub method: String,
    /// Path as sent, percent-encoding kept.
    pub path: String,
    /// Query as sent, without the `?`; empty where there was none.
    pub query: String,
    /// Headers in the order they arrived, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Number of the TCP connection, from 0 in the order they were accepted.
    pub connection_id: usize,
    /// Whether the request came over HTTP/2.
    pub http2: bool,
    /// Length of the request body in bytes.
    pub body_len: usize,
    /// Status of the response. 0 while there is none, and for good if a fault cut the connection.
    pub status: u16,
    /// The time when the request's head was read.
    pub started: Instant,
    /// The time when the response's head was sent; `None` while there is none.
    pub answered: Option<Instant>,
}

impl Request {
    /// Returns the first header of that name (lower case).
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Tells whether the request has that method and its path contains `part`.
    #[must_use]
    pub fn is(&self, method: &str, part: &str) -> bool {
        self.method == method && self.path.contains(part)
    }

    /// Renders `METHOD path[?query] status`.
    #[must_use]
    pub fn line(&self) -> String {
        let mark = if self.query.is_empty() { "" } else { "?" };
        format!(
            "{} {}{mark}{} {}",
            self.method, self.path, self.query, self.status
        )
    }
}

/// Returns the longest chain of sequential requests, each started after the response to the one before.
///
/// The longest chain always continues with the request that is answered first.
#[must_use]
pub fn longest_chain(requests: &[Request]) -> usize {
    let mut spans: Vec<(Instant, Instant)> = requests
        .iter()
        .filter_map(|request| Some((request.answered?, request.started)))
        .collect();
    spans.sort();
    let (mut length, mut free) = (0, None);
    for (answered, started) in spans {
        if free.is_none_or(|free| started >= free) {
            (length, free) = (length + 1, Some(answered));
        }
    }
    length
}

/// Shared view of a server's requests; clones see the same log.
#[derive(Debug, Clone, Default)]
pub struct RequestLog {
    inner: Arc<Mutex<Inner>>,
    changed: Arc<Condvar>,
}

#[derive(Debug, Default)]
struct Inner {
    requests: Vec<Request>,
    /// Arrival number of the next request; survives `clear`.
    next: usize,
    connections: usize,
    refused: usize,
    resumed: usize,
}

impl RequestLog {
    /// Returns all requests, in the order they arrived.
    #[must_use]
    pub fn requests(&self) -> Vec<Request> {
        self.lock().requests.clone()
    }

    /// Counts the requests that `predicate` accepts.
    #[must_use]
    pub fn count(&self, mut predicate: impl FnMut(&Request) -> bool) -> usize {
        self.lock().requests.iter().filter(|r| predicate(r)).count()
    }

    /// Waits until `predicate` accepts one of the requests, and returns it. Returns `None` after the time `limit`.
    #[must_use]
    pub fn wait_for(
        &self,
        limit: Duration,
        mut predicate: impl FnMut(&Request) -> bool,
    ) -> Option<Request> {
        let mut find = |inner: &Inner| inner.requests.iter().find(|r| predicate(r)).cloned();
        let mut found = None;
        let nothing_yet = |inner: &mut Inner| {
            found = find(inner);
            found.is_none()
        };
        let waited = self
            .changed
            .wait_timeout_while(self.lock(), limit, nothing_yet);
        drop(waited);
        found
    }

    /// Waits until the log has so many requests. Returns `false` after the time `limit`.
    #[must_use]
    pub fn wait_for_count(&self, limit: Duration, count: usize) -> bool {
        let too_few = |inner: &mut Inner| inner.requests.len() < count;
        let waited = self.changed.wait_timeout_while(self.lock(), limit, too_few);
        waited.is_ok_and(|(_, waited)| !waited.timed_out())
    }

    /// Returns the number of TCP connections accepted since the start or the last `clear`.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Returns the number of those that were reset because of the limit of connections.
    #[must_use]
    pub fn refused_connections(&self) -> usize {
        self.lock().refused
    }

    /// Returns the number of those that resumed the TLS session of an earlier one.
    #[must_use]
    pub fn resumed_connections(&self) -> usize {
        self.lock().resumed
    }

    /// Clears requests and connections. The numbering of requests continues.
    pub fn clear(&self) {
        let mut inner = self.lock();
        *inner = Inner {
            next: inner.next,
            ..Inner::default()
        };
    }

    /// Returns `METHOD path[?query] status` per request, in the order they arrived.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        self.lock().requests.iter().map(Request::line).collect()
    }

    /// Returns [`RequestLog::lines`] sorted, for concurrent clients.
    #[must_use]
    pub fn sorted_lines(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }

    /// Returns the largest number of requests in flight at one moment.
    #[must_use]
    pub fn max_in_flight(&self) -> usize {
        let requests = self.requests();
        let in_flight_at = |moment: Instant| {
            requests
                .iter()
                .filter(|r| r.started <= moment && r.answered.is_none_or(|end| end > moment))
                .count()
        };
        requests
            .iter()
            .map(|r| in_flight_at(r.started))
            .max()
            .unwrap_or(0)
    }

    /// Counts a connection that was reset because of the limit.
    pub(crate) fn refused(&self) {
        self.lock().refused += 1;
    }

    /// Counts a connection that resumed the TLS session of an earlier one.
    pub(crate) fn resumed(&self) {
        self.lock().resumed += 1;
    }

    /// Counts one more connection.
    pub(crate) fn connected(&self) {
        self.lock().connections += 1;
    }

    /// Adds a request and returns its number.
    pub(crate) fn arrived(&self, mut request: Request) -> usize {
        let mut inner = self.lock();
        let seq = inner.next;
        inner.next += 1;
        request.seq = seq;
        inner.requests.push(request);
        self.changed.notify_all();
        seq
    }

    /// Records the response to request `seq`, unless the log was cleared in the meantime.
    pub(crate) fn answered(&self, seq: usize, status: u16) {
        self.update(seq, |request| {
            request.status = status;
            request.answered = Some(Instant::now());
        });
    }

    /// Records the length of the body of request `seq`.
    pub(crate) fn body_read(&self, seq: usize, length: usize) {
        self.update(seq, |request| request.body_len = length);
    }

    fn update(&self, seq: usize, change: impl FnOnce(&mut Request)) {
        let mut inner = self.lock();
        // Numbers are sequential, so the index follows from the number.
        let first = inner.requests.first().map_or(seq, |request| request.seq);
        let place = seq.checked_sub(first);
        if let Some(request) = place.and_then(|place| inner.requests.get_mut(place)) {
            change(request);
        }
        self.changed.notify_all();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
