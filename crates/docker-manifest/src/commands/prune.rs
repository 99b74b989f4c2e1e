//! `prune`: deletes drafts that nobody has changed for some time. No published list is touched.

use std::time::{Duration, UNIX_EPOCH};

use manifest_store::{DraftSummary, Removal, Store};
use serde_json::{Value, json};

use super::ls;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess, listed_name};
use crate::failure::{DraftPlace, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::values::{AgeLimit, Format, Switch};

/// Delete drafts that were not changed for some time
#[derive(Debug, clap::Args)]
#[command(override_usage = "prune --older-than DURATION [OPTIONS]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the drafts that would be deleted, and delete nothing
    #[arg(long)]
    dry_run: Switch,
    /// Print the result in this format: "json"
    #[arg(long, value_name = "string")]
    format: Option<Format>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    /// Delete drafts whose last change is longer ago, such as 7d or 36h (required)
    #[arg(long, value_name = "duration")]
    older_than: Option<AgeLimit>,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// The drafts that were removed, and the failures.
#[derive(Default)]
struct Pruned {
    removed: Vec<Value>,
    failures: Vec<Failure>,
}

/// Deletes old drafts without a question. A draft that changes meanwhile, and a damaged one, is left alone.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let limit = args.older_than.ok_or(Failure::MissingFlag {
        command: "prune",
        flag: "--older-than",
        example: "7d",
    })?;
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let now = Duration::from_secs(context.now());
    let is_old = |changed_at: Duration| now.saturating_sub(changed_at) >= limit.0;
    let Pruned { removed, failures } = match store.local() {
        Some(local) => prune_local(context, args, local, is_old)?,
        None => prune_staged(context, args, &store, is_old).await?,
    };
    if args.format.is_some() {
        let object = json!({"dryRun": args.dry_run.is_on(), "removed": removed});
        context.output.result(format!("{object:#}"))?;
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::Multiple(failures))
    }
}

fn prune_local(
    context: &Context<'_>,
    args: &Args,
    store: &Store,
    is_old: impl Fn(Duration) -> bool,
) -> Result<Pruned, Failure> {
    let mut pruned = Pruned::default();
    for draft in store.drafts()? {
        let draft = match draft {
            Ok(draft) => draft,
            Err(error) => {
                Failure::Store(error).report(context.output);
                continue;
            }
        };
        let changed_at = draft.changed_at.duration_since(UNIX_EPOCH);
        if !is_old(changed_at.unwrap_or_default()) {
            continue;
        }
        if draft.is_damaged() {
            let errors = draft.entries.into_iter().filter_map(Result::err);
            ls::report_damage(errors.map(Failure::Store), "file", context.output);
            continue;
        }
        let name = listed_name(draft.list.as_ref(), &draft.folder);
        let removal = match args.dry_run.is_on() {
            true => Ok(Removal::Removed),
            false => store.remove_listed(&draft).map_err(Failure::Store),
        };
        let identity = identity(&draft);
        pruned.add(context, args, (name, identity), removal)?;
    }
    Ok(pruned)
}

async fn prune_staged(
    context: &Context<'_>,
    args: &Args,
    store: &DraftStore<'_>,
    is_old: impl Fn(Duration) -> bool,
) -> Result<Pruned, Failure> {
    let mut pruned = Pruned::default();
    let drafts = store.drafts().await?.into_iter().flatten();
    let is_old = |time: Option<u64>| time.is_none_or(|time| is_old(Duration::from_secs(time)));
    for draft in drafts.filter(|draft| is_old(draft.changed_at)) {
        let name = draft.name();
        let identity = ls::identity(draft.list.as_ref(), &draft.place, draft.changed_at);
        let Some(whole) = draft.draft() else {
            let failures = draft.entries.into_iter().filter_map(Result::err);
            ls::report_damage(failures, "part", context.output);
            continue;
        };
        let removal = match args.dry_run.is_on() {
            true => Ok(Removal::Removed),
            false => store.remove_listed(&whole).await,
        };
        pruned.add(context, args, (name, identity), removal)?;
    }
    Ok(pruned)
}

impl Pruned {
    /// Adds the result of one draft, and prints its name if it was removed.
    fn add(
        &mut self,
        context: &Context<'_>,
        args: &Args,
        (name, identity): (String, Value),
        removal: Result<Removal, Failure>,
    ) -> Result<(), Failure> {
        match removal {
            Ok(Removal::Removed) => self.removed.push(identity),
            Ok(Removal::Absent) => return Ok(()),
            Ok(Removal::Changed) => {
                let message = format!("the draft {name} was changed meanwhile, and is left alone");
                context.output.warning(&message);
                return Ok(());
            }
            Err(failure) => {
                self.failures.push(failure);
                return Ok(());
            }
        }
        // Each at once: if the command is interrupted, its output still tells all that was removed.
        if args.format.is_none() {
            context.output.result(name)?;
        }
        Ok(())
    }
}

fn identity(draft: &DraftSummary) -> Value {
    let place = DraftPlace::Folder(draft.folder.clone());
    let changed_at = draft.changed_at.duration_since(UNIX_EPOCH);
    let changed_at = changed_at.map_or(0, |since| since.as_secs());
    ls::identity(draft.list.as_ref(), &place, Some(changed_at))
}
