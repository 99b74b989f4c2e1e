//! Which of the states in a sidecar a folder is in.

use crate::folder::Folder;
use crate::folder_id::FolderMatch;
use crate::sidecar::{DraftState, Sidecar};

impl Sidecar {
    /// Chooses the state that a folder is in. Nothing where it is in none of them, so that the notes are of
    /// another folder, which had this name before.
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
    /// Tells how alike a folder is to this state: whether it is the same folder, how many files have the noted
    /// content, and how many are of the noted manifest at least. Nothing where it is another draft's.
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
