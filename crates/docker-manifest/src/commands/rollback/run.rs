//! Running `rollback`.

use manifest_core::Reference;
use serde_json::json;

use super::args::Args;
use super::limits::TAGS;
use super::{from_journal, from_report};
use crate::context::Context;
use crate::failure::{Failure, RollbackError};
use crate::flags::PublishFlags;
use crate::publishing::{Publisher, Restoration, TargetReport, restore};

/// Finds out where the tags pointed before, and puts all of them back, or none.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    args.check()?;
    let writes = match &args.from {
        Some(path) => from_report::writes(path, args)?,
        None => from_journal::writes(context, args)?,
    };
    let place = writes.place.clone();
    let is_empty = writes.writes.is_empty();
    let restorations = writes.restorations(args.skip_new.is_on())?;
    if restorations.len() > TAGS {
        return Err(RollbackError::TooMany {
            found: restorations.len(),
            limit: TAGS,
        }
        .into());
    }
    let flags = PublishFlags {
        dry_run: args.dry_run,
        format: args.format,
        quiet: args.quiet,
        ..PublishFlags::default()
    };
    if restorations.is_empty() {
        let message = match is_empty {
            true => format!("{place} has no tags that were written: nothing to put back"),
            false => "all these tags are new, so they stay: nothing was written".to_owned(),
        };
        flags.status(&message, context.output);
        return show(context, args, &[]);
    }
    let reports = put_back(context, args, &flags, &restorations).await?;
    show(context, args, &reports)
}

async fn put_back(
    context: &Context<'_>,
    args: &Args,
    flags: &PublishFlags,
    restorations: &[Restoration],
) -> Result<Vec<TargetReport>, Failure> {
    let tags: Vec<&Reference> = restorations.iter().map(|one| &one.tag).collect();
    let client = context.client(args.insecure.is_on(), &args.retry, &args.registry)?;
    let client = client.for_publishing(tags.iter().copied(), tags.iter().copied());
    let publisher = Publisher::new(context, &client, flags);
    restore(&publisher, restorations).await
}

/// Prints each tag with its digest, as one reference, or one JSON object.
fn show(context: &Context<'_>, args: &Args, reports: &[TargetReport]) -> Result<(), Failure> {
    if args.format.is_some() {
        let object = json!({
            "run": context.run_id(),
            "dryRun": args.dry_run.is_on(),
            "targets": reports,
        });
        return Ok(context.output.result(format!("{object:#}"))?);
    }
    for TargetReport {
        reference, digest, ..
    } in reports
    {
        if let Some(digest) = digest {
            context.output.result(format!("{reference}@{digest}"))?;
        }
    }
    Ok(())
}
