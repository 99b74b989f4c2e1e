//! `prune`: deletes drafts that nobody has changed for some time. Registries are not asked.

use std::time::{Duration, UNIX_EPOCH};

use manifest_store::{DraftSummary, Removal, Store};
use serde_json::{Value, json};

use super::ls;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;
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
    /// Delete drafts whose last change is longer ago, such as 7d or 36h (required)
    #[arg(long, value_name = "duration")]
    older_than: Option<AgeLimit>,
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Deletes old drafts without a question. A draft that changes meanwhile, and a damaged one, is left alone.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let limit = args.older_than.ok_or(Failure::MissingFlag {
        command: "prune",
        flag: "--older-than",
        example: "7d",
    })?;
    let store = context.store()?;
    let now = Duration::from_secs(context.now());
    let is_old = |draft: &DraftSummary| {
        let changed_at = draft.changed_at.duration_since(UNIX_EPOCH);
        now.saturating_sub(changed_at.unwrap_or_default()) >= limit.0
    };
    let mut removed: Vec<Value> = Vec::new();
    let mut failures = Vec::new();
    for draft in store.drafts()? {
        let draft = match draft {
            Ok(draft) if is_old(&draft) => draft,
            Ok(_) => continue,
            Err(error) => {
                Failure::Store(error).report(context.output);
                continue;
            }
        };
        if draft.is_damaged() {
            ls::report_damage(draft, context.output);
            continue;
        }
        match remove(context, args, &store, &draft) {
            Ok(true) => removed.push(ls::identity(&draft)),
            Ok(false) => {}
            Err(failure) => failures.push(failure),
        }
    }
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

/// Removes one draft, and prints its name. Returns `false` if it was left alone.
fn remove(
    context: &Context<'_>,
    args: &Args,
    store: &Store,
    draft: &DraftSummary,
) -> Result<bool, Failure> {
    let name = ls::name(draft);
    if !args.dry_run.is_on() {
        match store.remove_listed(draft)? {
            Removal::Removed => {}
            Removal::Absent => return Ok(false),
            Removal::Changed => {
                let message = format!("the draft {name} was changed meanwhile, and is left alone");
                context.output.warning(&message);
                return Ok(false);
            }
        }
    }
    // Each at once: if the command is interrupted, its output still tells all that was removed.
    if args.format.is_none() {
        context.output.result(name)?;
    }
    Ok(true)
}
