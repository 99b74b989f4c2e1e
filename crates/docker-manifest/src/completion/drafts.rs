//! Names of drafts, and of the images and platforms in them.

use std::time::Duration;

use manifest_core::{Entry, Reference};
use manifest_store::journal::JournalRecord;
use manifest_store::{Outline, Store};

use super::candidates::{Candidates, Directive};
use crate::context::Context;
use crate::environment::Environment;
use crate::flags::Globals;
use crate::output::Output;

/// The longest wait for a command that changes a draft. The person at the keyboard waits, too.
const LOCK_WAIT: Duration = Duration::from_millis(200);

/// The drafts on this machine. What cannot be read is not there.
pub(super) struct Drafts(Option<Store>);

impl Drafts {
    /// Returns the drafts in Docker's configuration folder, or in the one that `--config` names.
    pub(super) fn of(config: Option<&str>, environment: &Environment, output: &Output) -> Self {
        let mut globals = Globals::default();
        globals.config = config.map(Into::into);
        let context = Context::new(environment.clone(), globals, output);
        let store = |folder: std::path::PathBuf| {
            Store::new(folder.join("manifests")).with_lock_wait(LOCK_WAIT, |_| {})
        };
        Self(context.config_folder().ok().map(store))
    }

    /// Returns the names of drafts, without those that are `given` already.
    pub(super) fn lists(&self, typed: &str, given: &[String]) -> Candidates {
        let given: Vec<Reference> = given
            .iter()
            .filter_map(|name| Reference::parse(name).ok())
            .collect();
        let mut candidates = Candidates::none(Directive::NO_FILES);
        for (list, outline) in self.outlines() {
            if !given.contains(&list) {
                candidates.add(spell(&list, typed), describe(&outline));
            }
        }
        candidates
    }

    /// Returns all names that drafts know: their own, and those of their images.
    pub(super) fn references(&self, typed: &str) -> Candidates {
        let mut candidates = Candidates::none(Directive::NO_FILES);
        let outlines = self.outlines();
        for (list, outline) in &outlines {
            candidates.add(spell(list, typed), describe(outline));
        }
        for (list, outline) in &outlines {
            for image in outline.images.iter().filter(|image| image.tag().is_some()) {
                let description = format!("image in the draft of {}", spell(list, ""));
                candidates.add(spell(image, typed), description);
            }
        }
        candidates
    }

    /// Returns the registries and repositories that drafts know.
    pub(super) fn repositories(&self, typed: &str) -> Candidates {
        let mut candidates = Candidates::none(Directive::NO_FILES);
        let outlines = self.outlines();
        let names = outlines
            .iter()
            .flat_map(|(list, outline)| std::iter::once(list).chain(&outline.images));
        for name in names {
            candidates.add(name.domain(), "registry");
            let repository = spell_text(name.repository().to_string(), typed);
            candidates.add(repository, "repository");
        }
        candidates
    }

    /// Returns the images of a draft, by name and by platform; by digest if that is typed. `None` if there is no such draft.
    pub(super) fn images(&self, list: &str, typed: &str) -> Option<Candidates> {
        let entries = self.entries(list)?;
        let mut candidates = Candidates::none(Directive::NO_FILES);
        let images = || entries.iter().filter(|entry| entry.is_image());
        for entry in images() {
            let platform = platform(entry).unwrap_or_default();
            candidates.add(spell(&entry.reference, typed), platform);
        }
        for entry in images() {
            if let Some(platform) = platform(entry) {
                candidates.add(platform, spell(&entry.reference, typed));
            }
        }
        if typed.starts_with("sha256:") {
            for entry in &entries {
                let platform = platform(entry).unwrap_or_default();
                candidates.add(entry.descriptor.digest.to_string(), platform);
            }
        }
        Some(candidates)
    }

    /// Returns the platforms of a draft, or none if there is no such draft.
    pub(super) fn platforms(&self, list: &str) -> Vec<String> {
        let entries = self.entries(list).unwrap_or_default();
        let images = entries.iter().filter(|entry| entry.is_image());
        images.filter_map(platform).collect()
    }

    /// Returns the writes of tags in the journal, the newest first.
    pub(super) fn writes(&self) -> Vec<JournalRecord> {
        let content = self.0.as_ref().map(|store| store.journal().read());
        let content = content.and_then(Result::ok).unwrap_or_default();
        content.records
    }

    fn entries(&self, list: &str) -> Option<Vec<Entry>> {
        let list = Reference::parse(list).ok()?;
        let entries = self.0.as_ref()?.entries(&list).ok()??;
        Some(entries.into_iter().filter_map(Result::ok).collect())
    }

    fn outlines(&self) -> Vec<(Reference, Outline)> {
        self.0.as_ref().map(Store::outlines).unwrap_or_default()
    }
}

fn platform(entry: &Entry) -> Option<String> {
    let platform = entry.descriptor.platform.as_ref()?;
    platform.is_stated().then(|| platform.to_string())
}

/// Describes a draft by the number of its entries, and tells if its name is a guess.
fn describe(outline: &Outline) -> String {
    let draft = match outline.images.len() {
        1 => "draft of 1 entry".to_owned(),
        entries => format!("draft of {entries} entries"),
    };
    match outline.is_guess {
        true => format!("{draft}; the name is a guess"),
        false => draft,
    }
}

/// Spells a reference as it is typed: with `docker.io` in front only if that is there already.
pub(super) fn spell(reference: &Reference, typed: &str) -> String {
    spell_text(reference.to_string(), typed)
}

/// Spells the full name of a reference or repository as it is typed.
fn spell_text(full: String, typed: &str) -> String {
    let short = ["docker.io/library/", "docker.io/"]
        .into_iter()
        .find_map(|prefix| full.strip_prefix(prefix));
    match short {
        Some(short) if !typed.starts_with("docker.io/") => short.to_owned(),
        _ => full,
    }
}
