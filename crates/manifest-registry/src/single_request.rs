//! Uploads in a single request (distribution specification, "Single POST"): a registry may take a blob with the request that else opens
//! a session. It says that it did by 201 in place of 202, so that one blob has to find out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Which registries take a blob in a single request, as far as that was tried.
#[derive(Debug, Default)]
pub(crate) struct SingleRequests(Mutex<HashMap<String, Support>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    Yes,
    No,
}

impl SingleRequests {
    /// Tells whether a blob is to be sent in a single request. Where that is not known, one blob is that is `worth` it; the others
    /// take it for a no until it turns out to be a yes.
    pub(crate) fn use_for(&self, registry: &str, is_worth: bool) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(registry) {
            Some(support) => *support == Support::Yes,
            None if is_worth => {
                known.insert(registry.to_owned(), Support::No);
                true
            }
            None => false,
        }
    }

    /// Notes that a registry took a blob in a single request.
    pub(crate) fn taken(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::Yes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blob_finds_out() {
        let known = SingleRequests::default();
        assert!(!known.use_for("r.io", false));
        assert!(known.use_for("r.io", true));
        assert!(!known.use_for("r.io", true), "it is being tried");
        assert!(known.use_for("s.io", true), "another registry");
        known.taken("r.io");
        assert!(known.use_for("r.io", false));
    }
}
