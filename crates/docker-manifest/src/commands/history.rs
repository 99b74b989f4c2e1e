//! `history`: shows the tags that this program wrote.
//!
//! | file | holds |
//! | --- | --- |
//! | `filter` | the choice of records |
//! | `report` | the records as a table and as JSON |
//! | `limits` | bounds |

mod filter;
mod limits;
mod report;

use std::collections::BTreeSet;

use manifest_registry::redact::printable;
use manifest_store::journal::JournalRecord;

use self::filter::TagFilter;
use self::limits::DEFAULT_RECORDS;
use super::runs;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;
use crate::terminal::Terminal;
use crate::values::{Count, ReportFormat, Switch};

/// Show the tags that were written from this machine
#[derive(Debug, clap::Args)]
#[command(override_usage = "history [OPTIONS] [TAG]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the records in this format: "table" or "json" (default "table")
    #[arg(long, value_name = "string")]
    format: Option<ReportFormat>,
    /// Show at most this many records, the newest; 0 for all (default 100)
    #[arg(long, value_name = "uint")]
    limit: Option<Count>,
    /// Print only the IDs of runs
    #[arg(short, long)]
    quiet: Switch,
    /// Show only the records of the run with this ID, or this start of an ID
    #[arg(long, value_name = "id")]
    run: Option<String>,
    #[arg(value_name = "TAG", hide = true)]
    pub(crate) tags: Vec<String>,
}

/// Reads the journal and shows it. No registry is asked.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    if args.quiet.is_on() && args.format.is_some() {
        return Err(Failure::ConflictingFlags {
            first: "--quiet",
            second: "--format",
            reason: "it prints IDs only",
        });
    }
    let filter = args.tags.first().map(|text| TagFilter::parse(text));
    let filter = filter.transpose()?;
    let (journal, content) = runs::read_journal(context)?;
    let run = args.run.as_deref().map(|id| runs::find_run(&content, id));
    let run = run.transpose()?;
    let is_shown = |record: &&JournalRecord| {
        filter
            .as_ref()
            .is_none_or(|filter| filter.matches(&record.tag))
            && run.is_none_or(|run| record.run == run)
    };
    let all: Vec<&JournalRecord> = content.records.iter().filter(is_shown).collect();
    let limit = match args.limit.map_or(DEFAULT_RECORDS, |limit| limit.0 as usize) {
        0 => usize::MAX,
        limit => limit,
    };
    let shown = &all[..all.len().min(limit)];
    if args.quiet.is_on() {
        return Ok(context.output.text(&run_ids(shown))?);
    }
    match args.format.unwrap_or_default() {
        ReportFormat::Table => {
            let table = report::table(shown, context.now());
            let terminal = Terminal::of(context.environment());
            context.output.styled(&table.render(terminal))?;
            if all.is_empty() {
                let path = journal.path();
                let what = match content.records.is_empty() {
                    true => "records",
                    false => "such records",
                };
                let message = format!("there are no {what} in {}", path.display());
                context.output.status(&message);
            } else if shown.len() < all.len() {
                let message = format!(
                    "the newest {} of {} records are shown; --limit 0 shows all",
                    shown.len(),
                    all.len()
                );
                context.output.status(&message);
            }
        }
        ReportFormat::Json => {
            let object = report::json(&journal, shown, all.len());
            context.output.result(format!("{object:#}"))?;
        }
    }
    Ok(())
}

/// Returns the identifiers of runs, each once and on a line.
fn run_ids(records: &[&JournalRecord]) -> String {
    let mut seen = BTreeSet::new();
    let runs = records.iter().map(|record| record.run.as_str());
    let runs = runs.filter(|run| seen.insert(*run));
    runs.map(|run| format!("{}\n", printable(run))).collect()
}
