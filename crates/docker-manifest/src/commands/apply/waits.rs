//! The waits of all lists of a run for images that do not exist yet (`--wait`), reported together.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use manifest_core::Reference;
use manifest_registry::{Client, RegistryError};
use manifest_spec::Position;
use tokio::time::Instant;

use super::limits::WAIT_LINE_PAUSE;
use crate::assembly::SpecList;
use crate::context::Context;
use crate::failure::Failure;
use crate::sources::{Wait, WaitLimit, WaitState, names_of};

/// The waits of all lists of a run. They end at the same time.
pub(super) struct Waits<'a> {
    context: &'a Context<'a>,
    is_quiet: bool,
    limit: WaitLimit,
    /// The missing images of each list, by the place of its description.
    missing: RefCell<BTreeMap<String, Vec<Reference>>>,
    /// The time of the last line, if there was one since something is missing.
    reported: Cell<Option<Instant>>,
}

impl<'a> Waits<'a> {
    /// Returns the waits of a run. `is_quiet` means that nothing is reported.
    pub(super) fn new(context: &'a Context<'a>, is_quiet: bool, limit: WaitLimit) -> Self {
        Self {
            context,
            is_quiet,
            limit,
            missing: RefCell::default(),
            reported: Cell::default(),
        }
    }

    /// Waits until all images of the list that is described at `place` exist, which `exists` asks.
    ///
    /// # Errors
    /// Fails as [`Wait::for_all`] does.
    pub(super) async fn for_list<F>(
        &self,
        client: &Client,
        list: &SpecList,
        place: &Position,
        exists: impl Fn(Reference) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), RegistryError>>,
    {
        let place = place.to_string();
        let wait = Wait {
            client,
            limit: self.limit,
            ignore_missing: list.options.ignores_missing,
            report: &|state| self.report(&place, state),
        };
        let images = list.images.iter().map(|image| &image.spec);
        let waited = wait.for_all_with(images, exists).await;
        self.missing.borrow_mut().remove(&place);
        waited
    }

    /// Notes the state of a list, and reports that of all lists: at once if nothing was reported for a while.
    fn report(&self, place: &str, state: &WaitState<'_>) {
        let mut missing = self.missing.borrow_mut();
        match state.missing.as_slice() {
            [] => missing.remove(place),
            images => {
                let images = images.iter().map(|image| (*image).clone());
                missing.insert(place.to_owned(), images.collect())
            }
        };
        let is_over = missing.is_empty();
        let is_new = |at: Instant| at.elapsed() < WAIT_LINE_PAUSE;
        if self.is_quiet || !is_over && self.reported.get().is_some_and(is_new) {
            return;
        }
        self.reported.set((!is_over).then(Instant::now));
        let line = if is_over {
            format!(
                "no image is missing any more, waited {}",
                self.limit.waited()
            )
        } else {
            let images: BTreeSet<&Reference> = missing.values().flatten().collect();
            let images: Vec<&Reference> = images.into_iter().collect();
            format!(
                "waiting for {} of {}, {} left: {}",
                count(images.len(), "image"),
                count(missing.len(), "list"),
                self.limit.left(),
                names_of(&images)
            )
        };
        let write = || self.context.output.status(&line);
        self.context.suspend_progress(write);
    }
}

fn count(number: usize, noun: &str) -> String {
    match number {
        1 => format!("1 {noun}"),
        number => format!("{number} {noun}s"),
    }
}
