//! Drafts: lists before they are published.

use crate::reference::Reference;
use crate::settings::ListSettings;

pub use crate::entry::{Entry, Origin, PayloadError, ReadableManifest, Source};

/// A draft: the list's reference, and its entries in the order of publication.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The reference to push the list to.
    pub list: Reference,
    /// The entries in byte order of their file names, the order in which Docker publishes them. Entries that came with a list
    /// take the place of that list's name.
    pub entries: Vec<Entry>,
    /// The properties of the list itself.
    pub settings: ListSettings,
}

impl Draft {
    /// Creates a draft of these entries, with default settings.
    #[must_use]
    pub fn new(list: Reference, entries: Vec<Entry>) -> Self {
        Self {
            list,
            entries,
            settings: ListSettings::default(),
        }
    }

    /// Returns the entry that was created from `image`.
    #[must_use]
    pub fn entry(&self, image: &Reference) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.reference == *image)
    }

    /// Returns the hosts of the entries that the user allowed without TLS verification, sorted.
    #[must_use]
    pub fn insecure_hosts(&self) -> Vec<String> {
        let is_insecure =
            |entry: &&Entry| entry.origin.as_ref().is_some_and(|origin| origin.insecure);
        let entries = self.entries.iter().filter(is_insecure);
        let mut hosts: Vec<String> = entries
            .map(|entry| entry.reference.domain().to_owned())
            .collect();
        hosts.sort();
        hosts.dedup();
        hosts
    }
}
