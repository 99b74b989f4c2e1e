//! `verify`: checks a list in a registry or on disk, and all that it refers to.

use manifest_core::Reference;
use manifest_layout::Location;
use manifest_registry::RegistryError;
use manifest_store::Store;

use crate::context::Context;
use crate::failure::{CheckFailure, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags};
use crate::sources::LazyLayout;
use crate::terminal::Terminal;
use crate::values::{PlatformList, ReportFormat, Switch};
use crate::verification::{self, Depth, Place, Report};

/// Check a list and its images, in a registry or on disk
#[derive(Debug, clap::Args)]
#[command(override_usage = "verify [OPTIONS] MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Check layers too: one request for each in a registry, the content of each on disk
    #[arg(long)]
    deep: Switch,
    /// Print the report in this format: "table" or "json" (default "table")
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

/// Asks the registry or reads the layout, prints the report, and fails if there are findings.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [text] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let place = place(context, args, text)?;
    let depth = match args.deep.is_on() {
        true => Depth::Blobs,
        false => Depth::Configs,
    };
    let facts = verification::collect(&place, depth).await;
    let facts = facts.map_err(|failure| only_draft(context, &place, failure))?;
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

fn place(context: &Context<'_>, args: &Args, text: &str) -> Result<Place, Failure> {
    if let Some(location) = Location::parse(text) {
        let location = location?.absolute(&context.current_dir()?)?;
        return Ok(Place::Layout(LazyLayout::new(location)));
    }
    let reference = Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let client = context.client(args.insecure.is_on(), &args.retry, &args.registry)?;
    Ok(Place::Registry { client, reference })
}

/// Tells a list that exists nowhere from a draft that was not pushed.
fn only_draft(context: &Context<'_>, place: &Place, failure: Failure) -> Failure {
    let (
        Place::Registry { reference, .. },
        Failure::Registry(RegistryError::NoSuchManifest { .. }),
    ) = (place, &failure)
    else {
        return failure;
    };
    // Drafts that cannot be read are no reason for another error.
    let has_draft = |store: Store| store.contains(reference).ok();
    match context.store().ok().and_then(has_draft) {
        Some(true) => CheckFailure::OnlyDraft {
            list: reference.clone().into(),
        }
        .into(),
        _ => failure,
    }
}
