//! Running `apply`: all lists, then the report.

use std::cell::RefCell;

use manifest_registry::concurrent;
use tokio::sync::Semaphore;

use super::args::Args;
use super::batches::{Access, Batches};
use super::inventory::Inventory;
use super::limits::{LISTS_AT_ONCE, LISTS_IN_MEMORY, WAITING_LISTS_AT_ONCE};
use super::list::{Mode, Run};
use super::report::Report;
use super::result::{ListError, ListResult, ListState};
use super::stop::Stop;
use super::waits::Waits;
use crate::context::Context;
use crate::excerpt::short_digest;
use crate::failure::{Failure, ListFailure};
use crate::interrupt::Deferral;
use crate::progress::ListProgress;
use crate::publishing::TargetState;
use crate::result_files;
use crate::sources::WaitLimit;
use crate::terminal::Terminal;
use crate::values::{ReportFormat, Switch};

/// The line after the first signal.
const STOPPING: &str =
    "stopping: tags that are being written are completed; another signal ends the run at once";

impl Args {
    fn mode(&self) -> Mode {
        match (self.check.is_on(), self.dry_run.is_on()) {
            (true, _) => Mode::Check,
            (_, true) => Mode::DryRun,
            _ => Mode::Apply,
        }
    }
}

/// Reads all descriptions first, then publishes the lists concurrently. Reports them at the end.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    args.check_flags()?;
    let started = context.now();
    let wait = args.lists.wait.and_then(WaitLimit::starting_now);
    let specs = args.load(context)?;
    let current_dir = context.current_dir()?;
    let mut inventory = Inventory::of(&specs, &current_dir)?;
    if let Some(path) = &args.report {
        result_files::check_writable(path)?;
    }
    let mode = args.mode();
    inventory.shared.looks_up_digests = mode == Mode::Check;
    let registry = args.registry.with_mirrors(&args.mirrors);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let run = Run {
        context,
        mode,
        flags: args.lists.publish_flags(),
        waits: wait.map(|limit| Waits::new(context, args.quiet.is_on(), limit)),
        prunes_missing: args.lists.prune_missing.is_on(),
        shared: inventory.shared,
        known: context.known_lists(&registry),
        memory: Semaphore::new(LISTS_IN_MEMORY),
        stop: Stop::default(),
    };
    let followed = Followed::new(context, args, specs.len());
    let mut batches = Batches::new(client, specs, current_dir);
    batches.options = args.lists.options();
    batches.scopes_per_token = inventory.scopes_per_token;
    if mode == Mode::Apply {
        batches.access = Access::Write;
    }
    let progress = (!args.quiet.is_on()).then(|| context.show_list_progress());
    let (run, followed) = (&run, &followed);
    let lists = batches.map(|job| async move {
        let result = run.apply(job).await;
        followed.report(&result);
        if result.error.is_some() && args.fail_fast.is_on() {
            run.stop.after_failure();
        }
        result
    });
    let at_once = match run.waits {
        Some(_) => WAITING_LISTS_AT_ONCE,
        None => LISTS_AT_ONCE,
    };
    let deferral = match mode {
        Mode::Apply => Some(Deferral::start()?),
        Mode::DryRun | Mode::Check => None,
    };
    let lists = concurrent(at_once, lists);
    let results = completed(run, followed, deferral.as_ref(), lists).await;
    drop(progress);
    let finished = finish(context, args, started, results);
    if let Some(deferral) = deferral.filter(|deferral| deferral.signal().is_some()) {
        if let Err(failure) = &finished {
            failure.report(context.output);
        }
        // The shell has to see that a signal ended the run.
        deferral.end();
    }
    finished
}

/// Waits for the results of all lists. A signal stops the run: tags that are being written are completed, so that the report has
/// them.
async fn completed(
    run: &Run<'_>,
    followed: &Followed<'_>,
    deferral: Option<&Deferral>,
    results: impl Future<Output = Vec<ListResult>>,
) -> Vec<ListResult> {
    let mut results = std::pin::pin!(results);
    if let Some(deferral) = deferral {
        tokio::select! {
            biased;
            results = &mut results => return results,
            () = deferral.arrived() => {}
        }
        run.stop.by_signal();
        followed.stopping();
    }
    results.await
}

/// Reports the results, in full to the file of the report.
fn finish(
    context: &Context<'_>,
    args: &Args,
    started: u64,
    results: Vec<ListResult>,
) -> Result<(), Failure> {
    let output = context.output;
    let report = Report {
        run_id: context.run_id(),
        mode: args.mode(),
        started,
        finished: context.now(),
        results: &results,
    };
    let mut hints: Vec<&str> = Vec::new();
    let errors = results.iter().filter_map(|result| result.error.as_ref());
    for hint in errors.clone().flat_map(|error| &error.hints) {
        if !hints.contains(&hint.as_str()) {
            hints.push(hint);
            output.hint(hint);
        }
    }
    // The report comes first: standard output may be closed.
    if let Some(path) = &args.report {
        report.write(path)?;
    }
    if args.quiet.is_on() {
        output.text(&report.digests())?;
    } else if args.format.unwrap_or_default() == ReportFormat::Json {
        output.result(report.json())?;
    } else {
        output.styled(&report.table(Terminal::of(context.environment())))?;
        output.status(&report.summary());
    }
    let failed = errors.count();
    let unfinished = ListResult::count(&results, ListState::NotStarted);
    match (failed, unfinished) {
        (0, 0) => Ok(()),
        (0, unfinished) => Err(ListFailure::Interrupted {
            unfinished,
            lists: results.len(),
        }
        .into()),
        _ => Err(ListFailure::SomeFailed {
            failed,
            lists: results.len(),
            publishes: args.mode() == Mode::Apply,
            exit: ListResult::exit(&results),
        }
        .into()),
    }
}

/// Follows the run: a line for each list that is done, and the progress of all.
struct Followed<'a> {
    context: &'a Context<'a>,
    is_quiet: Switch,
    progress: RefCell<ListProgress>,
}

impl<'a> Followed<'a> {
    fn new(context: &'a Context<'_>, args: &Args, lists: usize) -> Self {
        let progress = ListProgress {
            lists,
            ..ListProgress::default()
        };
        Self {
            context,
            is_quiet: args.quiet,
            progress: RefCell::new(progress),
        }
    }

    /// Reports that a signal stops the run.
    fn stopping(&self) {
        if !self.is_quiet.is_on() {
            let write = || self.context.output.status(STOPPING);
            self.context.suspend_progress(write);
        }
    }

    /// Reports a list that is done.
    fn report(&self, result: &ListResult) {
        self.context.suspend_progress(|| self.write(result));
        let mut progress = self.progress.borrow_mut();
        progress.done += 1;
        progress.failed += usize::from(result.error.is_some());
        self.context.list_progress(*progress);
    }

    fn write(&self, result: &ListResult) {
        let output = self.context.output;
        for warning in &result.warnings {
            output.warning(warning);
        }
        if let Some(ListError { message, .. }) = &result.error {
            let ListResult { position, name, .. } = result;
            output.error(&format!("{position}: {name}: {message}"));
        }
        if let (ListState::Written, Some(digest), false) =
            (result.state, &result.digest, self.is_quiet.is_on())
        {
            let tags = result
                .targets
                .iter()
                .filter(|row| row.state == TargetState::Written);
            let tags: Vec<&str> = tags.map(|row| row.reference.as_str()).collect();
            let digest = short_digest(digest);
            output.status(&format!("wrote {}: {digest}", tags.join(", ")));
        }
    }
}
