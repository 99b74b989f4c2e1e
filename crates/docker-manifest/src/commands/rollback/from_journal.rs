//! The tags to put back, by the journal.

use std::collections::BTreeMap;

use manifest_core::{Reference, TagState};
use manifest_store::journal::{Journal, JournalContent, JournalRecord};

use super::super::runs;
use super::args::Args;
use super::past_write::{PastWrite, PastWrites};
use crate::context::Context;
use crate::failure::{Failure, RollbackError};

/// Returns the writes that the arguments name: those of a run, or the last one of each tag.
///
/// # Errors
/// Fails if the journal cannot be read, or does not have them.
pub(super) fn writes(context: &Context<'_>, args: &Args) -> Result<PastWrites, Failure> {
    let (journal, content) = match (&args.to, &args.expect_digest) {
        // Both digests are given, so there is no need for a journal.
        (Some(to), Some(live)) => {
            return Ok(PastWrites {
                writes: args
                    .tags
                    .iter()
                    .map(|name| {
                        Ok(PastWrite {
                            tag: runs::parse_tag(name)?,
                            before: Some(TagState::At(to.clone())),
                            after: live.clone(),
                        })
                    })
                    .collect::<Result<_, Failure>>()?,
                place: String::new(),
            });
        }
        _ => runs::read_journal(context)?,
    };
    match &args.run {
        Some(id) => {
            let run = runs::find_run(&content, id)?;
            if args.tags.is_empty() && content.incomplete_runs.contains(run) {
                let run = run.to_owned();
                return Err(RollbackError::IncompleteRun { run }.into());
            }
            of_run(&content, run).choose(&args.tags)
        }
        None => last_of_each(&journal, &content, args),
    }
}

/// Returns the writes of a run, one for each tag: from its state before the first to the digest after the last.
fn of_run(content: &JournalContent, run: &str) -> PastWrites {
    let mut writes: Vec<PastWrite> = Vec::new();
    let mut places: BTreeMap<&Reference, usize> = BTreeMap::new();
    let records = content.records.iter();
    // The oldest first.
    for record in records.rev().filter(|record| record.run == run) {
        match places.get(&record.tag) {
            Some(place) => writes[*place].after = record.after.clone(),
            None => {
                places.insert(&record.tag, writes.len());
                writes.push(past_write(record));
            }
        }
    }
    PastWrites {
        writes,
        place: format!("run {run}"),
    }
}

/// Returns the last write of each tag, with the digests of the flags in place of its own.
fn last_of_each(
    journal: &Journal,
    content: &JournalContent,
    args: &Args,
) -> Result<PastWrites, Failure> {
    let mut writes: Vec<PastWrite> = Vec::new();
    for name in &args.tags {
        let tag = runs::parse_tag(name)?;
        if writes.iter().any(|write| write.tag == tag) {
            continue;
        }
        let last = content.records.iter().find(|record| record.tag == tag);
        let last = last.ok_or_else(|| RollbackError::NoRecord {
            tag: tag.into(),
            journal: journal.path(),
        })?;
        let write = past_write(last);
        writes.push(PastWrite {
            before: args.to.clone().map(TagState::At).or(write.before),
            after: args.expect_digest.clone().unwrap_or(write.after),
            ..write
        });
    }
    Ok(PastWrites {
        writes,
        place: "the journal".to_owned(),
    })
}

fn past_write(record: &JournalRecord) -> PastWrite {
    PastWrite {
        tag: record.tag.clone(),
        before: record.before.clone(),
        after: record.after.clone(),
    }
}
