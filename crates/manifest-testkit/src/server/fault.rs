//! Faults: rules for requests that get a wrong response.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use super::response::Response;

/// A rule: the requests that it matches, and the response to them. Without [`Fault::nth`] and [`Fault::times`] it applies to all
/// of them.
#[derive(Debug, Clone)]
pub struct Fault {
    method: Option<String>,
    path: String,
    nth: usize,
    times: usize,
    response: Response,
}

impl Fault {
    /// Matches requests of this method (`*` for any) whose path contains `path`.
    ///
    /// A `*` in `path` stands for any run of characters: `app/manifests/*1`.
    #[must_use]
    pub fn on(method: &str, path: &str) -> Self {
        Self {
            method: (method != "*").then(|| method.to_owned()),
            path: path.to_owned(),
            nth: 1,
            times: usize::MAX,
            response: Response::status(500),
        }
    }

    /// Matches requests of any method whose path contains `path`, with `*` as in [`Fault::on`].
    #[must_use]
    pub fn on_any(path: &str) -> Self {
        Self::on("*", path)
    }

    /// Lets matching requests pass until the `nth`, counted from 1, and applies once.
    #[must_use]
    pub fn nth(mut self, nth: usize) -> Self {
        self.nth = nth;
        self.times = 1;
        self
    }

    /// Applies this many times, then never again.
    #[must_use]
    pub fn times(mut self, times: usize) -> Self {
        self.times = times;
        self
    }

    /// Sets the response.
    #[must_use]
    pub fn respond(mut self, response: Response) -> Self {
        self.response = response;
        self
    }

    fn matches(&self, method: &str, path: &str) -> bool {
        self.method.as_deref().is_none_or(|m| m == method) && contains_glob(path, &self.path)
    }
}

/// Counts the requests that a fault has applied to.
#[derive(Debug, Clone)]
pub struct FaultHandle {
    hits: Arc<AtomicUsize>,
}

impl FaultHandle {
    /// Returns the number of requests that got the fault's response.
    #[must_use]
    pub fn hits(&self) -> usize {
        self.hits.load(Ordering::SeqCst)
    }
}

/// The faults of one server; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Faults {
    rules: Arc<Mutex<Vec<Rule>>>,
}

#[derive(Debug)]
struct Rule {
    fault: Fault,
    seen: usize,
    hits: Arc<AtomicUsize>,
}

impl Faults {
    /// Adds a rule. If several match, the first one that is not used up applies.
    pub(crate) fn add(&self, fault: Fault) -> FaultHandle {
        let hits = Arc::new(AtomicUsize::new(0));
        self.lock().push(Rule {
            fault,
            seen: 0,
            hits: hits.clone(),
        });
        FaultHandle { hits }
    }

    /// Removes all rules.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    /// Returns the response of the rule that applies to this request.
    pub(super) fn take(&self, method: &str, path: &str) -> Option<Response> {
        for rule in self
            .lock()
            .iter_mut()
            .filter(|r| r.fault.matches(method, path))
        {
            rule.seen += 1;
            let hits = rule.hits.load(Ordering::SeqCst);
            if rule.seen >= rule.fault.nth && hits < rule.fault.times {
                rule.hits.store(hits + 1, Ordering::SeqCst);
                return Some(rule.fault.response.clone());
            }
        }
        None
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Rule>> {
        self.rules.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Tells whether `text` contains the pieces of `pattern` between its `*`s, in order.
fn contains_glob(text: &str, pattern: &str) -> bool {
    let mut rest = text;
    for piece in pattern.split('*') {
        let Some(at) = rest.find(piece) else {
            return false;
        };
        rest = &rest[at + piece.len()..];
    }
    true
}

#[cfg(test)]
mod tests {
    use super::contains_glob;

    #[test]
    fn globs_match_in_order() {
        let check = |pattern: &str, text: &str| contains_glob(text, pattern);
        assert!(check("", "/v2/"));
        assert!(check("/manifests/", "/v2/app/manifests/1"));
        assert!(check("app/*/1", "/v2/app/manifests/1"));
        assert!(!check("manifests/*app", "/v2/app/manifests/1"));
        assert!(!check("blobs", "/v2/app/manifests/1"));
    }
}
