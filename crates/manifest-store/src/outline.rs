//! What a draft is made of, told from one file: enough to begin talking to registries while the draft is read.

use manifest_core::Reference;

use crate::paths::FileNames;
use crate::sidecar;
use crate::store::Store;

/// What is noted of a draft's entries. The draft itself may have changed since.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outline {
    /// The references of the entries.
    pub images: Vec<Reference>,
    /// Whether the user did not want TLS to be checked for one of them.
    pub is_insecure: bool,
}

impl Store {
    /// Returns what is noted of a draft's entries. Nothing where nothing is noted, as of drafts that Docker's CLI made, or it cannot be
    /// read: whoever reads the draft gets to know why.
    #[must_use]
    pub fn outline(&self, list: &Reference) -> Option<Outline> {
        let FileNames { docker, unique } = FileNames::of(list);
        let state = [docker, unique].iter().find_map(|folder| {
            let sidecar = sidecar::read(self.paths(), folder).ok()?;
            sidecar.sidecar?.current.filter(|state| state.list == *list)
        })?;
        let mut origins = state
            .files
            .values()
            .filter_map(|record| record.origin.as_ref());
        let is_insecure = origins.any(|origin| origin.insecure);
        let images = state.files.into_values().map(|record| record.reference);
        Some(Outline {
            images: images.collect(),
            is_insecure,
        })
    }
}
