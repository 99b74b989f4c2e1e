//! Waiting for sources that do not exist yet (`--wait`).

use std::collections::HashSet;
use std::fmt;
use std::time::Duration;

use manifest_core::Reference;
use manifest_registry::{Client, RegistryError, RetryPolicy, concurrent};
use tokio::time::Instant;

use super::limits::{
    FIRST_POLL_PAUSE, LAST_POLL, LONGEST_POLL_PAUSE, NAMES_IN_LINE, WAIT_REMINDER,
};
use super::source_spec::SourceSpec;
use crate::concurrency::PARALLEL_IMAGES;
use crate::failure::{Failure, SourceError};
use crate::values::TimeLimit;

/// The time limit of the wait for all sources of a command. It begins with the command, so that many lists wait together.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WaitLimit {
    limit: Duration,
    start: Instant,
}

impl WaitLimit {
    /// Returns a limit that begins now, or `None` if it is zero.
    pub(crate) fn starting_now(limit: TimeLimit) -> Option<Self> {
        (!limit.0.is_zero()).then(|| Self {
            limit: limit.0,
            start: Instant::now(),
        })
    }

    /// Returns the time that is left, for a line about the wait.
    pub(crate) fn left(&self) -> TimeLimit {
        TimeLimit(self.remaining())
    }

    /// Returns the time since the start, for a line about the wait.
    pub(crate) fn waited(&self) -> TimeLimit {
        TimeLimit(self.start.elapsed())
    }

    fn remaining(&self) -> Duration {
        self.limit.saturating_sub(self.start.elapsed())
    }
}

/// A wait for sources.
#[derive(Clone, Copy)]
pub(crate) struct Wait<'a> {
    pub(crate) client: &'a Client,
    pub(crate) limit: WaitLimit,
    /// Whether sources that still do not exist at the end are left out.
    pub(crate) ignore_missing: bool,
    /// Reports the state: at first, when it changes, and now and then.
    pub(crate) report: &'a dyn Fn(&WaitState<'_>),
}

/// The state of a wait. `Display` writes it in one line, with the first [`NAMES_IN_LINE`] names.
#[derive(Clone, Debug)]
pub(crate) struct WaitState<'a> {
    /// The sources that were found since the last poll.
    pub(crate) found: Vec<&'a Reference>,
    /// The sources that do not exist yet.
    pub(crate) missing: Vec<&'a Reference>,
    /// The number of all sources.
    pub(crate) all: usize,
    /// The limit of the wait.
    pub(crate) limit: WaitLimit,
}

impl fmt::Display for WaitState<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            found,
            missing,
            all,
            limit,
        } = self;
        if !found.is_empty() {
            write!(f, "found {}; ", names_of(found))?;
        }
        match missing.len() {
            0 => write!(f, "waited {}", limit.waited()),
            count => write!(
                f,
                "waiting for {count} of {all} sources, {} left: {}",
                limit.left(),
                names_of(missing)
            ),
        }
    }
}

impl Wait<'_> {
    /// Waits until all sources in registries exist. None of them is resolved: one that was there early may move until the last is there. A
    /// tag that is probed early has to be probed after the wait.
    ///
    /// The time limit of the client (`--timeout`) counts for the first poll, as for any other request, and does not count while something
    /// is missing. Only a response that a manifest or its repository does not exist is a reason to wait.
    ///
    /// # Errors
    /// Fails at once if a registry refuses a request or is unavailable. Fails at the end of the wait if sources are missing, unless
    /// these are left out.
    pub(crate) async fn for_all<'s>(
        &self,
        sources: impl IntoIterator<Item = &'s SourceSpec>,
    ) -> Result<(), Failure> {
        let client = self.client;
        let exists = |image| async move { client.require_manifest(&image).await };
        self.for_all_with(sources, exists).await
    }

    /// Waits as [`Self::for_all`] does. `exists` asks whether a source exists, as [`Client::require_manifest`] does.
    ///
    /// # Errors
    /// As [`Self::for_all`].
    pub(crate) async fn for_all_with<'s, F>(
        &self,
        sources: impl IntoIterator<Item = &'s SourceSpec>,
        exists: impl Fn(Reference) -> F,
    ) -> Result<(), Failure>
    where
        F: Future<Output = Result<(), RegistryError>>,
    {
        let mut seen = HashSet::new();
        let references = sources.into_iter().filter_map(SourceSpec::reference);
        let references = references.filter(|reference| seen.insert(*reference));
        let references: Vec<Reference> = references.cloned().collect();
        let polls = Polls {
            client: self.client,
            limit: self.limit,
            exists,
            report: self.report,
        };
        match polls.run(&references).await {
            Ok(missing) if missing.is_empty() || self.ignore_missing => Ok(()),
            Ok(missing) => Err(SourceError::StillMissing {
                missing,
                waited: self.limit.limit,
            }
            .into()),
            Err(error) if error.is_unauthorized() => {
                Err(SourceError::WaitRefused(Box::new(error)).into())
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// The polls of a wait.
struct Polls<'a, E> {
    client: &'a Client,
    limit: WaitLimit,
    /// Checks that a manifest exists.
    exists: E,
    report: &'a dyn Fn(&WaitState<'_>),
}

/// A reference that does not exist, with the registry's response.
type Missing = (Reference, RegistryError);

impl<E, F> Polls<'_, E>
where
    E: Fn(Reference) -> F,
    F: Future<Output = Result<(), RegistryError>>,
{
    /// Polls until nothing is missing, or the time is over. Returns an error for each missing reference.
    async fn run(&self, references: &[Reference]) -> Result<Vec<RegistryError>, RegistryError> {
        let all = references.len();
        let mut missing = self.poll(references.to_vec()).await?;
        let _pause = self.client.pause_time_limit();
        let intervals = RetryPolicy {
            first_backoff: FIRST_POLL_PAUSE,
            max_backoff: LONGEST_POLL_PAUSE,
            ..RetryPolicy::default()
        };
        let mut reported = None;
        for number in 1.. {
            let left = self.limit.remaining();
            if missing.is_empty() || left.is_zero() {
                break;
            }
            if reported.is_none_or(|at: Instant| at.elapsed() >= WAIT_REMINDER) {
                self.report_missing(Vec::new(), &missing, all);
                reported = Some(Instant::now());
            }
            tokio::time::sleep(intervals.backoff(number).min(left)).await;
            let names = missing.iter().map(|(reference, _)| reference.clone());
            let poll = self.poll(names.collect());
            let limit = self.limit.remaining().max(LAST_POLL);
            // A poll without a response has found nothing.
            let Ok(polled) = tokio::time::timeout(limit, poll).await else {
                break;
            };
            let before = std::mem::replace(&mut missing, polled?);
            let found = found(&before, &missing);
            if !found.is_empty() {
                self.report_missing(found, &missing, all);
                reported = Some(Instant::now());
            }
        }
        Ok(missing.into_iter().map(|(_, error)| error).collect())
    }

    /// Asks for each reference once, all at once. Returns those that do not exist, in their order.
    async fn poll(&self, references: Vec<Reference>) -> Result<Vec<Missing>, RegistryError> {
        let asked = references.into_iter().map(|reference| async {
            match (self.exists)(reference.clone()).await {
                Ok(()) => Ok(None),
                Err(error @ RegistryError::NoSuchManifest { .. }) => Ok(Some((reference, error))),
                Err(error) => Err(error),
            }
        });
        let answers = concurrent(PARALLEL_IMAGES, asked).await.into_iter();
        answers.filter_map(Result::transpose).collect()
    }

    fn report_missing(&self, found: Vec<&Reference>, missing: &[Missing], all: usize) {
        (self.report)(&WaitState {
            found,
            missing: missing.iter().map(|(reference, _)| reference).collect(),
            all,
            limit: self.limit,
        });
    }
}

/// Returns the references that are no longer missing.
fn found<'a>(before: &'a [Missing], now: &[Missing]) -> Vec<&'a Reference> {
    let is_missing = |wanted: &&Reference| now.iter().any(|(reference, _)| reference == *wanted);
    let before = before.iter().map(|(reference, _)| reference);
    before.filter(|reference| !is_missing(reference)).collect()
}

/// Names references, the first [`NAMES_IN_LINE`] of them.
pub(crate) fn names_of(references: &[&Reference]) -> String {
    let shown = references.iter().take(NAMES_IN_LINE);
    let shown: Vec<String> = shown.map(ToString::to_string).collect();
    match references.len().saturating_sub(NAMES_IN_LINE) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::collections::HashMap;

    use manifest_registry::{ClientConfig, RetryPolicy};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    /// A registry in which references appear at their times, after the start.
    struct World {
        start: Instant,
        times: HashMap<String, Duration>,
        /// The number of requests for each reference.
        asked: RefCell<HashMap<String, usize>>,
        lines: RefCell<Vec<String>>,
        /// The time that each response takes.
        latency: Cell<Duration>,
    }

    impl World {
        fn new(times: &[(&str, u32)]) -> Self {
            let times = times.iter().copied();
            Self {
                start: Instant::now(),
                times: times
                    .map(|(name, seconds)| (name.to_owned(), seconds * SECOND))
                    .collect(),
                asked: RefCell::default(),
                lines: RefCell::default(),
                latency: Cell::default(),
            }
        }

        async fn wait(&self, limit: u32) -> Result<Vec<String>, RegistryError> {
            let config = ClientConfig {
                retry: RetryPolicy {
                    timeout: Some(SECOND),
                    ..RetryPolicy::default()
                },
                ..ClientConfig::default()
            };
            let client = Client::new(config).unwrap();
            let report = |state: &WaitState<'_>| self.lines.borrow_mut().push(state.to_string());
            let polls = Polls {
                client: &client,
                limit: WaitLimit::starting_now(TimeLimit(limit * SECOND)).unwrap(),
                exists: |reference| self.exists(reference),
                report: &report,
            };
            let mut names: Vec<&String> = self.times.keys().collect();
            names.sort();
            let references: Vec<Reference> = names.into_iter().map(|name| parse(name)).collect();
            let missing = polls.run(&references).await?;
            Ok(missing.iter().map(ToString::to_string).collect())
        }

        async fn exists(&self, reference: Reference) -> Result<(), RegistryError> {
            let name = reference.tag().unwrap().to_owned();
            *self.asked.borrow_mut().entry(name.clone()).or_default() += 1;
            tokio::time::sleep(self.latency.get()).await;
            if self.start.elapsed() >= self.times[&name] {
                return Ok(());
            }
            let reason = RegistryError::NoRegistry(name.clone());
            match name.as_str() {
                "refused" => Err(reason),
                _ => Err(RegistryError::NoSuchManifest {
                    reference: Box::new(reference),
                    source: Box::new(reason),
                }),
            }
        }

        fn asked(&self, name: &str) -> usize {
            self.asked.borrow().get(name).copied().unwrap_or_default()
        }
    }

    fn parse(tag: &str) -> Reference {
        Reference::parse(&format!("q.io/app:{tag}")).unwrap()
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn what_is_there_is_asked_for_once() {
        let world = World::new(&[("a", 0), ("b", 0)]);
        assert_eq!(world.wait(600).await.unwrap(), Vec::<String>::new());
        assert_eq!(world.start.elapsed(), Duration::ZERO);
        assert_eq!((world.asked("a"), world.asked("b")), (1, 1));
        assert!(world.lines.borrow().is_empty());
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn only_the_missing_ones_are_asked_for_at_growing_intervals() {
        let world = World::new(&[("a", 0), ("b", 5), ("c", 300)]);
        assert_eq!(world.wait(600).await.unwrap(), Vec::<String>::new());
        let took = world.start.elapsed();
        assert!(
            (300 * SECOND..=330 * SECOND).contains(&took),
            "within one interval: {took:?}"
        );
        assert_eq!(world.asked("a"), 1);
        // Pauses of half a second to one, of one to two, two to four …
        assert!((3..=7).contains(&world.asked("b")), "{}", world.asked("b"));
        assert!(
            (14..=30).contains(&world.asked("c")),
            "{}",
            world.asked("c")
        );
        let lines = world.lines.borrow();
        assert_eq!(
            lines[0],
            "waiting for 2 of 3 sources, 10m left: q.io/app:b, q.io/app:c"
        );
        assert!(
            // The pauses before it are random: it is found after 5 to 13 seconds.
            lines[1].starts_with("found q.io/app:b; waiting for 1 of 3 sources, 9m"),
            "{lines:?}"
        );
        assert!(lines[1].ends_with(" left: q.io/app:c"), "{lines:?}");
        let last = lines.last().unwrap();
        assert!(last.starts_with("found q.io/app:c; waited 5m"), "{last}");
        // Once a minute, whatever the number of polls.
        let reminders = &lines[2..lines.len() - 1];
        assert!((3..=4).contains(&reminders.len()), "{lines:?}");
        assert!(
            reminders
                .iter()
                .all(|line| line.starts_with("waiting for 1 of 3 sources, "))
        );
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn the_last_poll_is_at_the_end() {
        let world = World::new(&[("a", 60), ("b", 61), ("c", 0)]);
        let missing = world.wait(60).await.unwrap();
        assert_eq!(missing, ["no such manifest: q.io/app:b"]);
        assert_eq!(world.start.elapsed(), 60 * SECOND);
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn a_slow_registry_prolongs_the_wait_a_little() {
        let world = World::new(&[("a", 3600)]);
        world.latency.set(30 * SECOND);
        assert_eq!(world.wait(40).await.unwrap().len(), 1);
        assert!(
            world.start.elapsed() <= 51 * SECOND,
            "{:?}",
            world.start.elapsed()
        );
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn other_errors_end_the_wait() {
        let world = World::new(&[("a", 60), ("refused", 60)]);
        assert!(world.wait(600).await.is_err());
        assert_eq!(world.start.elapsed(), Duration::ZERO);
        assert!(world.lines.borrow().is_empty());
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn lists_that_come_late_share_the_wait() {
        let limit = WaitLimit::starting_now(TimeLimit(60 * SECOND)).unwrap();
        tokio::time::sleep(61 * SECOND).await;
        let client = Client::new(ClientConfig::default()).unwrap();
        let world = World::new(&[("a", 0), ("b", 5)]);
        let polls = Polls {
            client: &client,
            limit,
            exists: |reference| world.exists(reference),
            report: &|state| panic!("{state}"),
        };
        let missing = polls.run(&[parse("a"), parse("b")]).await.unwrap();
        assert_eq!((missing.len(), world.start.elapsed()), (1, Duration::ZERO));
        assert!(WaitLimit::starting_now(TimeLimit(Duration::ZERO)).is_none());
    }

    #[test]
    fn few_names_are_shown() {
        let references: Vec<Reference> = (0..7).map(|number| parse(&number.to_string())).collect();
        let names = names_of(&references.iter().collect::<Vec<_>>());
        assert!(names.ends_with("q.io/app:4 and 2 more"), "{names}");
    }
}
