//! Choosing the state in a sidecar that a folder is in.

use crate::folder::Folder;
use crate::folder_id::FolderMatch;
use crate::sidecar::{DraftState, Sidecar};

impl Sidecar {
    /// Chooses the state that a folder is in. Returns `None` if it is in neither: the records belong to an earlier folder of this
    /// name.
    pub(crate) fn state_of(self, folder: &Folder) -> Option<DraftState> {
        let weigh = |state: DraftState| Some((state.similarity(folder)?, state));
        match (self.current.and_then(weigh), self.next.and_then(weigh)) {
            (Some((was, _)), Some((is, next))) if is > was => Some(next),
            (None, Some((_, next))) => Some(next),
            (current, _) => current.map(|(_, state)| state),
        }
    }
}

impl DraftState {
    /// Returns the similarity of a folder and this state: whether it is the same folder, the number of files with the recorded
    /// content, and the number of files with the recorded manifest. Returns `None` if the folder is another draft's.
    fn similarity(&self, folder: &Folder) -> Option<(bool, usize, usize)> {
        let entries = || {
            self.files
                .iter()
                .filter_map(|(name, record)| Some((record, folder.files.get(name)?)))
        };
        let content =
            entries().filter(|(record, file)| file.content.as_ref() == Some(&record.content));
        let digest = entries().filter(|(record, file)| {
            file.entry
                .as_ref()
                .is_ok_and(|entry| record.is_of_manifest(entry))
        });
        let (content, digest) = (content.count(), digest.count());
        let folder_match = self.folder.map_or(FolderMatch::Different, |recorded| {
            recorded.compare(folder.id)
        });
        let is_same = folder_match != FolderMatch::Different;
        let is_certain = folder_match == FolderMatch::Same;
        (is_certain || content > 0 || (is_same && digest > 0)).then_some((is_same, content, digest))
    }
}
