//! Uploads in a single request (distribution specification, "Single POST"): a registry may take a blob with the request that else opens
//! a session. It says that it did by 201 in place of 202, so that one blob has to find out.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Which registries take a blob in a single request, as far as that was tried.
#[derive(Debug, Default)]
pub(crate) struct SinglePostSupport(Mutex<HashMap<String, Support>>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Support {
    Yes,
    No,
}

impl SinglePostSupport {
    /// Tells whether a blob is to be sent in a single request. Where that is not known, one blob is that is `worth` it; the others
    /// take it for a no until it turns out to be a yes.
    pub(crate) fn use_for(&self, registry: &str, is_worth: bool) -> SinglePost {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(registry) {
            Some(Support::Yes) => SinglePost::Known,
            Some(Support::No) => SinglePost::No,
            None if is_worth => {
                known.insert(registry.to_owned(), Support::No);
                SinglePost::Trial
            }
            None => SinglePost::No,
        }
    }

    /// Notes that a registry does not have what it said it took.
    pub(crate) fn distrust(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::No);
    }

    /// Notes that a registry took a blob in a single request.
    pub(crate) fn taken(&self, registry: &str) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(registry.to_owned(), Support::Yes);
    }
}

/// Whether a blob is sent in a single request.
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
        known.taken("r.io");
        assert_eq!(known.use_for("r.io", false), SinglePost::Known);
        known.distrust("r.io");
        assert_eq!(known.use_for("r.io", true), SinglePost::No);
    }
}
