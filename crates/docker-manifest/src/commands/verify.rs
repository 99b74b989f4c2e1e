//! `verify`: checks a published list and all that it refers to.

use manifest_core::Reference;

use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags};
use crate::terminal::Terminal;
use crate::values::{PlatformList, ReportFormat, Switch};
use crate::verification::{self, Depth, Report};

/// Check a published list and its images
#[derive(Debug, clap::Args)]
#[command(override_usage = "verify [OPTIONS] MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Check that layers exist too, with one request for each
    #[arg(long)]
    deep: Switch,
    /// Format of the report: table, json
    #[arg(long, value_name = "string")]
    format: Option<ReportFormat>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    /// Fail unless the list has an image for each of these platforms
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    require: Vec<PlatformList>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[arg(value_name = "MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Asks the registry, prints the report, and fails if there are findings.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [text] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let reference = Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let client = context.client(args.insecure.is_on(), &args.retry, &args.registry)?;
    let depth = match args.deep.is_on() {
        true => Depth::Blobs,
        false => Depth::Configs,
    };
    let facts = verification::collect(&client, &reference, depth).await?;
    let report = Report::of(&facts, &PlatformList::all(&args.require));
    match args.format.unwrap_or_default() {
        ReportFormat::Table => {
            let terminal = Terminal::of(context.environment());
            context.output.styled(&report.table(terminal))?;
        }
        ReportFormat::Json => context.output.result(format!("{:#}", report.json()))?,
    }
    match report.failure(args.strict.is_on()) {
        Some(failure) => Err(failure),
        None => Ok(()),
    }
}
