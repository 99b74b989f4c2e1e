//! Single POST (distribution specification): a registry may take a blob with the request that otherwise opens a session. It
//! responds 201 in place of 202 then, so that one blob has to find out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// The registries that take a blob in a single POST, as far as that was tried.
#[derive(Debug, Default)]
pub(crate) struct SinglePostSupport(Mutex<HashMap<String, Support>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    Yes,
    No,
}

impl SinglePostSupport {
    /// Tells whether a blob is to be sent in a single POST. Where support is not known, one blob that is worth it is a trial; the
    /// others take it for a no until it turns out to be a yes.
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

    /// Notes that a registry does not have what it said it took.
    pub(crate) fn mark_unsupported(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::No);
    }

    /// Notes that a registry took a blob in a single request.
    pub(crate) fn mark_supported(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::Yes);
    }
}

/// Whether a blob is sent in a single POST.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SinglePost {
    /// It goes into a session.
    No,
    /// It is to find out whether that works.
    Trial,
    /// That is known to work.
    Known,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_blob_finds_out() {
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
