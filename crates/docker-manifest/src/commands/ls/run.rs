//! The arguments of `ls`, and running it.

use super::{check, report, row};
use crate::context::Context;
use crate::drafts::{DraftStore, ListedResult, RegistryAccess};
use crate::failure::Failure;
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::terminal::Terminal;
use crate::values::{ReportFormat, Switch};

/// List the drafts on this machine, or in a repository
#[derive(Debug, clap::Args)]
#[command(override_usage = "ls [OPTIONS]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Ask the registries which sources and list tags have moved
    #[arg(long)]
    check: Switch,
    /// Print the list in this format: "table" or "json" (default "table")
    #[arg(long, value_name = "string")]
    format: Option<ReportFormat>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    /// Print only the names of the lists
    #[arg(short, long)]
    quiet: Switch,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

impl Args {
    fn check(&self) -> Result<(), Failure> {
        let others = [
            (self.format.is_some(), "--format"),
            (self.check.is_on(), "--check"),
        ];
        match others.into_iter().find(|(is_given, _)| *is_given) {
            Some((_, second)) if self.quiet.is_on() => Err(Failure::ConflictingFlags {
                first: "--quiet",
                second,
                reason: "it prints names only",
            }),
            _ => Ok(()),
        }
    }
}

/// Lists all drafts. Damaged ones are named on standard error too.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    args.check()?;
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let drafts = store.drafts().await?;
    if args.quiet.is_on() {
        return names(context, drafts);
    }
    let checks = match args.check.is_on() {
        true => {
            let drafts = check::drafts(&drafts);
            let registry = args.registry.with_insecure_hosts(&drafts);
            let client = match store.client() {
                Some(client) => client.clone(),
                None => context.client(args.insecure.is_on(), &args.retry, &registry)?,
            };
            Some(check::check(&client, &drafts).await)
        }
        false => None,
    };
    match args.format.unwrap_or_default() {
        ReportFormat::Table => {
            let table = match &checks {
                Some(checks) => report::checked_table(&drafts, checks, context.now()),
                None => report::table(&drafts, context.now()),
            };
            let terminal = Terminal::of(context.environment());
            context.output.styled(&table.render(terminal))?;
        }
        ReportFormat::Json => {
            let array = report::json(&drafts, checks.as_ref());
            context.output.result(format!("{array:#}"))?;
        }
    }
    row::report_unreadable(drafts, context.output);
    match checks.and_then(|checks| check::failure(checks, context)) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}

/// Prints the names of the lists, one a line. Drafts without a known name are reported on standard error.
fn names(context: &Context<'_>, drafts: Vec<ListedResult>) -> Result<(), Failure> {
    let mut text = String::new();
    for draft in drafts.iter().flatten() {
        match &draft.list {
            Some(list) => text.push_str(&format!("{list}\n")),
            None => context.output.warning(&format!(
                "{} is left out: another program made it, and its files do not tell the list's name",
                draft.place
            )),
        }
    }
    context.output.text(&text)?;
    row::report_unreadable(drafts, context.output);
    Ok(())
}
