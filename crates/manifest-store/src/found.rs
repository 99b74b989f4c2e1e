//! A draft as it was found: the folder's entries, joined with what is noted beside them.

use std::collections::{BTreeMap, BTreeSet};

use manifest_core::{Digest, Draft, Entry, ListSettings, Reference, Source};

use crate::error::StoreError;
use crate::folder::{EntryFile, Folder};
use crate::format::{Extras, FolderId, Note, State};
use crate::layout::Names;
use crate::writer::Contents;

/// The draft of one list.
#[derive(Debug)]
pub(crate) struct Found {
    /// The folder's name.
    pub(crate) name: String,
    id: Option<FolderId>,
    slots: Vec<Slot>,
    state: Option<State>,
}

/// One file of a draft.
#[derive(Debug)]
struct Slot {
    name: String,
    file: EntryFile,
    note: Option<Note>,
}

/// Where the entry of an image is to be written.
enum Occupant<'a> {
    Nobody,
    Image(&'a str),
    Damage(&'a str),
    Another,
}

impl Extras {
    /// Chooses the state that a folder is in. Nothing where it is in none of them, so that the notes are of
    /// another folder, which had this name before.
    pub(crate) fn state_of(self, folder: &Folder) -> Option<State> {
        let weigh = |state: State| Some((state.likeness(folder)?, state));
        match (self.current.and_then(weigh), self.next.and_then(weigh)) {
            (Some((was, _)), Some((is, next))) if is > was => Some(next),
            (None, Some((_, next))) => Some(next),
            (current, _) => current.map(|(_, state)| state),
        }
    }

    /// Tells whether a file is noted, before the change or after it.
    pub(crate) fn knows(&self, file: &str) -> bool {
        let states = [&self.current, &self.next].into_iter().flatten();
        states
            .flat_map(|state| state.files.keys())
            .any(|name| name == file)
    }
}

impl State {
    /// Notes an entry. One that is there already keeps its place in the order of the arguments.
    pub(crate) fn note(&mut self, file: &str, entry: &Entry, content: Digest) {
        let known = self
            .files
            .get(file)
            .filter(|note| note.reference == entry.reference);
        let last = self.files.values().map(|note| note.position).max();
        let position = known
            .map(|note| note.position)
            .or(last.map(|last| last + 1));
        let note = Note {
            reference: entry.reference.clone(),
            content,
            digest: entry.descriptor.digest.clone(),
            position: position.unwrap_or_default(),
            origin: entry.origin.clone(),
        };
        self.files.insert(file.to_owned(), note);
    }

    /// Gives entries the places that they have among `images`.
    pub(crate) fn arrange(&mut self, images: &[Reference]) {
        let places: BTreeMap<&Reference, u64> = images.iter().zip(0..).collect();
        for note in self.files.values_mut() {
            if let Some(place) = places.get(&note.reference) {
                note.position = *place;
            }
        }
    }

    /// Tells how alike a folder is to this state: whether it is the same folder, how many files have the noted
    /// content, and how many are of the noted manifest at least. Nothing where it is another draft's.
    fn likeness(&self, folder: &Folder) -> Option<(bool, usize, usize)> {
        let entries = || {
            self.files
                .iter()
                .filter_map(|(name, note)| Some((note, folder.files.get(name)?)))
        };
        let content = entries().filter(|(note, file)| file.content.as_ref() == Some(&note.content));
        let digest = entries().filter(|(note, file)| {
            file.entry
                .as_ref()
                .is_ok_and(|entry| note.is_of_manifest(entry))
        });
        let (content, digest) = (content.count(), digest.count());
        let (same, certain) = self
            .folder
            .map(|noted| noted.compare(folder.id))
            .unwrap_or_default();
        (certain || content > 0 || (same && digest > 0)).then_some((same, content, digest))
    }
}

impl Note {
    fn is_of_manifest(&self, entry: &Entry) -> bool {
        self.digest == entry.descriptor.digest && self.reference == entry.reference
    }
}

impl Found {
    /// A draft that is not there yet.
    pub(crate) fn nothing(name: String) -> Self {
        Self {
            name,
            id: None,
            slots: Vec::new(),
            state: None,
        }
    }

    pub(crate) fn new(name: String, folder: Folder, state: Option<State>) -> Self {
        let mut notes = state
            .as_ref()
            .map(|state| state.files.clone())
            .unwrap_or_default();
        let slot = |(name, mut file): (String, EntryFile)| {
            let mut note = notes.remove(&name);
            if let (Ok(entry), Some(content)) = (&mut file.entry, &file.content) {
                // Docker's CLI may have written the file since. As long as it is of the same manifest it was
                // only annotated, and what is noted of it still holds.
                note = note.filter(|note| note.content == *content || note.is_of_manifest(entry));
                if let Some(note) = &mut note {
                    note.content = content.clone();
                    entry.origin.clone_from(&note.origin);
                    entry.position = Some(note.position);
                }
            }
            Slot { name, file, note }
        };
        let mut slots: Vec<Slot> = folder.files.into_iter().map(slot).collect();
        // Those that came with a list stand together where its name does, in the list's order.
        slots.sort_by_cached_key(|slot| {
            let note = slot.note.as_ref();
            let source = note.and_then(|note| note.origin.as_ref()?.source.as_ref());
            match (source, note) {
                (Some(source), Some(note)) => (source_name(source), note.position),
                _ => (slot.name.clone(), 0),
            }
        });
        Self {
            name,
            id: Some(folder.id),
            slots,
            state,
        }
    }

    /// Returns the list whose draft this is, where that is noted.
    pub(crate) fn owner(&self) -> Option<&Reference> {
        self.state.as_ref().map(|state| &state.list)
    }

    /// Returns what the list has beside its entries.
    pub(crate) fn settings(&self) -> ListSettings {
        let settings = self.state.as_ref().map(|state| &state.settings);
        settings.cloned().unwrap_or_default()
    }

    /// Returns the names of the files of these images.
    pub(crate) fn names_of(&self, images: &[Reference]) -> BTreeSet<String> {
        let is_meant = |slot: &&Slot| match (&slot.file.entry, &slot.note) {
            (Ok(entry), _) => images.contains(&entry.reference),
            (Err(_), Some(note)) => images.contains(&note.reference),
            (Err(_), None) => false,
        };
        let slots = self.slots.iter().filter(is_meant);
        slots.map(|slot| slot.name.clone()).collect()
    }

    /// Returns the names of the files, those that are no entries included.
    pub(crate) fn file_names(&self) -> impl Iterator<Item = &str> {
        self.slots.iter().map(|slot| slot.name.as_str())
    }

    /// Tells whether the file of that name has that content.
    pub(crate) fn has_content(&self, name: &str, note: &Note) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.name == name && slot.file.content.as_ref() == Some(&note.content))
    }

    /// Returns the entries, each with its own result.
    pub(crate) fn into_entries(self, list: Option<&Reference>) -> Vec<Result<Entry, StoreError>> {
        let in_list = |error: StoreError| error.in_list(list);
        self.slots
            .into_iter()
            .map(|slot| slot.file.entry.map_err(in_list))
            .collect()
    }

    /// Returns the entries that are not damaged.
    pub(crate) fn healthy(&self, list: &Reference) -> Draft {
        let entries = self
            .slots
            .iter()
            .filter_map(|slot| slot.file.entry.as_ref().ok());
        Draft {
            list: list.clone(),
            entries: entries.cloned().collect(),
            settings: self.settings(),
        }
    }

    /// Returns the entry of an image.
    pub(crate) fn entry(
        &mut self,
        list: &Reference,
        image: &Reference,
    ) -> Result<Option<Entry>, StoreError> {
        let names = Names::of(image);
        let name = match (
            self.occupant(&names.marked, image),
            self.occupant(&names.plain, image),
        ) {
            (Occupant::Image(name) | Occupant::Damage(name), _)
            | (_, Occupant::Image(name) | Occupant::Damage(name)) => name.to_owned(),
            (_, Occupant::Nobody | Occupant::Another) => return Ok(None),
        };
        self.take_damage(list, |slot| slot.name == name)?;
        let slot = self.slots.iter().find(|slot| slot.name == name);
        Ok(slot.and_then(|slot| slot.file.entry.as_ref().ok()).cloned())
    }

    /// Fails with what is wrong with the first of the given files that is damaged. It is no longer here then.
    fn take_damage(
        &mut self,
        list: &Reference,
        is_meant: impl Fn(&Slot) -> bool,
    ) -> Result<(), StoreError> {
        let damaged = |slot: &Slot| slot.file.entry.is_err() && is_meant(slot);
        let Some(index) = self.slots.iter().position(damaged) else {
            return Ok(());
        };
        self.slots
            .remove(index)
            .file
            .entry
            .map(drop)
            .map_err(|error| error.in_list(Some(list)))
    }

    /// Chooses the name of the file for an image: the one that it has, or Docker's, or where another image has
    /// that (a file that is here, or one that `is_taken` knows of), a name of its own.
    pub(crate) fn name_for(&self, image: &Reference, is_taken: impl Fn(&str) -> bool) -> String {
        let Names { plain, marked } = Names::of(image);
        if let Occupant::Image(name) | Occupant::Damage(name) = self.occupant(&marked, image) {
            return name.to_owned();
        }
        match self.occupant(&plain, image) {
            Occupant::Image(name) | Occupant::Damage(name) => name.to_owned(),
            Occupant::Nobody if !is_taken(&plain) => plain,
            Occupant::Nobody | Occupant::Another => marked,
        }
    }

    fn occupant(&self, name: &str, image: &Reference) -> Occupant<'_> {
        // A file system that does not tell case apart keeps the name that a file had first.
        let of_image = |slot: &&Slot| {
            slot.name.eq_ignore_ascii_case(name)
                && slot
                    .file
                    .entry
                    .as_ref()
                    .is_ok_and(|entry| entry.reference == *image)
        };
        let slot = self.slots.iter().find(|slot| slot.name == name);
        let Some(slot) = slot.or_else(|| self.slots.iter().find(of_image)) else {
            return Occupant::Nobody;
        };
        match (&slot.file.entry, &slot.note) {
            (Ok(entry), _) if entry.reference == *image => Occupant::Image(&slot.name),
            (Ok(_), _) => Occupant::Another,
            (Err(_), Some(note)) if note.reference != *image => Occupant::Another,
            (Err(_), _) => Occupant::Damage(&slot.name),
        }
    }

    /// Fails where a file is damaged that is not about to be replaced.
    pub(crate) fn check_all_but(
        &mut self,
        list: &Reference,
        replaced: &Contents,
        removed: &BTreeSet<String>,
    ) -> Result<(), StoreError> {
        self.take_damage(list, |slot| {
            !(slot.file.is_replaceable
                && (replaced.contains_key(&slot.name) || removed.contains(&slot.name)))
        })
    }

    /// Returns what is noted of the draft as it was found. Entries that someone else added come last in the order
    /// of the arguments.
    pub(crate) fn state(&self, list: &Reference) -> State {
        let mut state = State {
            list: list.clone(),
            folder: self.id,
            files: BTreeMap::new(),
            settings: self.settings(),
        };
        for slot in &self.slots {
            if let Some(note) = &slot.note {
                state.files.insert(slot.name.clone(), note.clone());
            }
        }
        for slot in self.slots.iter().filter(|slot| slot.note.is_none()) {
            if let (Ok(entry), Some(content)) = (&slot.file.entry, &slot.file.content) {
                state.note(&slot.name, entry, content.clone());
            }
        }
        state
    }

    /// Tells whether the notes already are as given.
    pub(crate) fn is_noted(&self, state: &State) -> bool {
        self.state.as_ref() == Some(state)
    }
}

/// Puts entries that are in no folder into the order that a folder would give them: that of their files' names, the children
/// of a list together where its name stands. They are given in the order of the arguments.
#[must_use]
pub fn in_storage_order(entries: Vec<Entry>) -> Vec<Entry> {
    let mut taken = BTreeSet::new();
    let mut placed: Vec<((String, u64), Entry)> = (0..)
        .zip(entries)
        .map(|(position, mut entry)| {
            entry.position = Some(position);
            let Names { plain, marked } = Names::of(&entry.reference);
            let name = if taken.insert(plain.clone()) {
                plain
            } else {
                marked
            };
            let key = match entry.source() {
                Some(source) => (source_name(source), position),
                None => (name, 0),
            };
            (key, entry)
        })
        .collect();
    placed.sort_by(|(one, _), (other, _)| one.cmp(other));
    placed.into_iter().map(|(_, entry)| entry).collect()
}

/// Returns the text by which the children of a list are sorted among the files.
fn source_name(source: &Source) -> String {
    match source {
        Source::Registry(reference) => Names::of(reference).plain,
        Source::Disk(location) => location.replace(':', "-").replace('/', "_"),
    }
}
