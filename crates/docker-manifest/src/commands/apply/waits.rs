//! The waits of all lists of a run for images that do not exist yet (`--wait`), reported together.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use manifest_core::Reference;
use manifest_registry::{Client, RegistryError};
use manifest_spec::Position;
use tokio::time::Instant;

use super::limits::{WAIT_LINE_PAUSE, WAIT_SECOND_LINE_PAUSE};
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
    /// The last line, if there was one since something is missing.
    reported: Cell<Option<Line>>,
    /// Whether something has changed since the last line.
    is_behind: Cell<bool>,
}

/// A line that was written.
#[derive(Clone, Copy)]
struct Line {
    at: Instant,
    /// The least time until the next line.
    pause: Duration,
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
            is_behind: Cell::default(),
        }
    }

    /// Waits until all images of the list that is described at `place`, and its subject, exist, which `exists` asks.
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
        // A line that was held back is written with a later poll.
        let exists = |image| {
            self.catch_up();
            exists(image)
        };
        let waited = wait.for_all_with(list.specs(), exists).await;
        let mut missing = self.missing.borrow_mut();
        missing.remove(&place);
        if missing.is_empty() {
            // Nobody waits any more: images were found, which was reported, or the time is over.
            self.is_behind.set(false);
        }
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
        drop(missing);
        self.is_behind.set(true);
        self.catch_up();
    }

    /// Reports the state of all lists if it has changed, and nothing was reported for a while.
    fn catch_up(&self) {
        let missing = self.missing.borrow();
        let is_over = missing.is_empty();
        let last = self.reported.get();
        let is_new = last.is_some_and(|line| line.at.elapsed() < line.pause);
        if self.is_quiet || !self.is_behind.get() || !is_over && is_new {
            return;
        }
        self.is_behind.set(false);
        let pause = match last {
            // The first line is about the first list that lacks an image; others follow at once.
            None => WAIT_SECOND_LINE_PAUSE,
            Some(_) => WAIT_LINE_PAUSE,
        };
        let at = Instant::now();
        self.reported.set((!is_over).then_some(Line { at, pause }));
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
