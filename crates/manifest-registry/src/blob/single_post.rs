//! Single POST uploads (distribution specification, "Single POST").
//!
//! A registry may accept the content of a blob in the POST that otherwise opens an upload session. It then responds with 201
//! instead of 202. Only a trial with one blob shows whether a registry supports this.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The known support of each registry for a single POST.
#[derive(Debug, Default)]
pub(crate) struct SinglePostSupport(Mutex<HashMap<String, Support>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    Yes,
    No,
}

impl SinglePostSupport {
    /// Decides whether a blob is sent in a single POST.
    ///
    /// If support is unknown, the first blob with `is_worth_trial` is the trial. The other blobs use sessions until the trial
    /// succeeds.
    pub(crate) fn use_for(&self, registry: &str, is_worth_trial: bool) -> SinglePost {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(registry) {
            Some(Support::Yes) => SinglePost::Known,
            Some(Support::No) => SinglePost::No,
            None if is_worth_trial => {
                known.insert(registry.to_owned(), Support::No);
                SinglePost::Trial
            }
            None => SinglePost::No,
        }
    }

    /// Records that a registry lacks a blob that it claimed to have stored.
    pub(crate) fn mark_unsupported(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::No);
    }

    /// Records that a registry stored a blob from a single POST.
    pub(crate) fn mark_supported(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::Yes);
    }
}

/// Whether a blob is sent in a single POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SinglePost {
    /// The blob uses an upload session.
    No,
    /// The blob is the trial that shows whether the registry supports it.
    Trial,
    /// The registry is known to support it.
    Known,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blob_is_the_trial() {
        let known = SinglePostSupport::default();
        assert_eq!(known.use_for("r.io", false), SinglePost::No);
        assert_eq!(known.use_for("r.io", true), SinglePost::Trial);
        assert_eq!(
            known.use_for("r.io", true),
            SinglePost::No,
            "it is being tried"
        );
        assert_eq!(known.use_for("s.io", true), SinglePost::Trial);
        known.mark_supported("r.io");
        assert_eq!(known.use_for("r.io", false), SinglePost::Known);
        known.mark_unsupported("r.io");
        assert_eq!(known.use_for("r.io", true), SinglePost::No);
    }
}
