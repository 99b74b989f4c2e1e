//! A list that is being made, and its entries.

use crate::reference::Reference;
use crate::settings::ListSettings;

pub use crate::entry::{Entry, Origin, PayloadError, ReadableManifest, Source};

/// A draft: the list's reference, and its entries in the order in which they are published.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The reference that the list is pushed to.
    pub list: Reference,
    /// The entries, in byte order of their file names, which is the order in which Docker publishes them. Those that came with
    /// a list stand where its name does.
    pub entries: Vec<Entry>,
    /// What the list has beside its entries.
    pub settings: ListSettings,
}

impl Draft {
    /// Makes a draft of these entries, with nothing else.
    #[must_use]
    pub fn new(list: Reference, entries: Vec<Entry>) -> Self {
        Self {
            list,
            entries,
            settings: ListSettings::default(),
        }
    }

    /// Returns the entry that was made from `image`.
    #[must_use]
    pub fn entry(&self, image: &Reference) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.reference == *image)
    }

    /// Returns the hosts of the entries for which the user did not want TLS to be checked.
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
