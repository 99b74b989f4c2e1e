//! The request log that every server of this crate keeps.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// One request as a server saw it.
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
    /// Status of the answer; 0 while there is none, and for good if a fault cut the connection.
    pub status: u16,
    /// When the head of the request had been read.
    pub started: Instant,
    /// When the answer's head was handed out; `None` while there is none.
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

    /// Returns whether the request has that method and its path contains `part`.
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

/// Returns how many requests followed one another at the most, each begun after the answer to the one before: the longest chain
/// always goes on with the one that is answered first.
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

    /// Waits until `predicate` accepts one of the requests, as it is then; nothing if that takes longer than `limit`.
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

    /// Returns how many TCP connections have been accepted since the start or the last `clear`.
    #[must_use]
    pub fn connections(&self) -> usize {
        self.lock().connections
    }

    /// Returns how many of them were reset because there were too many at once.
    #[must_use]
    pub fn refused_connections(&self) -> usize {
        self.lock().refused
    }

    /// Returns how many of them resumed the TLS session of an earlier one.
    #[must_use]
    pub fn resumed_connections(&self) -> usize {
        self.lock().resumed
    }

    /// Forgets all requests and connections so far. Numbers of requests go on.
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

    /// Returns [`RequestLog::lines`] sorted, for clients that do things at the same time.
    #[must_use]
    pub fn sorted_lines(&self) -> Vec<String> {
        let mut lines = self.lines();
        lines.sort();
        lines
    }

    /// Returns the largest number of requests that were under way at one moment.
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

    /// Counts a connection that was reset because there were too many.
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

    /// Notes the answer to request `seq`, unless the log was cleared meanwhile.
    pub(crate) fn answered(&self, seq: usize, status: u16) {
        self.update(seq, |request| {
            request.status = status;
            request.answered = Some(Instant::now());
        });
    }

    /// Notes the length of the body of request `seq`.
    pub(crate) fn body_read(&self, seq: usize, length: usize) {
        self.update(seq, |request| request.body_len = length);
    }

    fn update(&self, seq: usize, change: impl FnOnce(&mut Request)) {
        let mut inner = self.lock();
        // Numbers are given out in order, so the place follows from the number.
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
