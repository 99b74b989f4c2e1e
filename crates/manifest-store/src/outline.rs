//! What a draft is made of, told from one file: enough to begin talking to registries while the draft is read.

use manifest_core::Reference;

use crate::extras_file;
use crate::layout::Names;
use crate::store::Store;

/// What is noted of a draft's entries. The draft itself may have changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The references of the entries.
    pub images: Vec<Reference>,
    /// The hosts of the entries for which the user did not want TLS to be checked, each once and in order.
    pub insecure_hosts: Vec<String>,
}

impl Store {
    /// Returns what is noted of a draft's entries. Nothing where nothing is noted, as of drafts that Docker's CLI made, or it cannot be
    /// read: whoever reads the draft gets to know why.
    #[must_use]
    pub fn outline(&self, list: &Reference) -> Option<Outline> {
        let Names { plain, marked } = Names::of(list);
        let state = [plain, marked].iter().find_map(|folder| {
            let noted = extras_file::read(self.layout(), folder).ok()?;
            noted.extras?.current.filter(|state| state.list == *list)
        })?;
        let is_insecure = |origin: &manifest_core::draft::Origin| origin.insecure;
        let notes = state.files.values();
        let insecure = notes.filter(|note| note.origin.as_ref().is_some_and(is_insecure));
        let mut insecure_hosts: Vec<String> = insecure
            .map(|note| note.reference.domain().to_owned())
            .collect();
        insecure_hosts.sort();
        insecure_hosts.dedup();
        let images = state.files.into_values().map(|note| note.reference);
        Some(Outline {
            images: images.collect(),
            insecure_hosts,
        })
    }
}
