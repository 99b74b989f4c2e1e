//! `diff`: compares two lists, or a draft with the list in its registry.

use manifest_core::{Content, Digest, Draft, Manifest, Platform, Reference};
use manifest_layout::Location;
use manifest_registry::{Client, concurrent};

use crate::comparison::{Origin, Report, Side};
use crate::concurrency::PARALLEL_IMAGES;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::exit::Exit;
use crate::failure::{CheckFailure, DraftPlace, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::sources::LazyLayout;
use crate::terminal::Terminal;
use crate::values::{ReportFormat, Switch};

/// Compare two lists, or a draft with the published list
#[derive(Debug, clap::Args)]
#[command(override_usage = "diff [OPTIONS] MANIFEST_LIST [MANIFEST_LIST]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the report in this format: "table" or "json" (default "table")
    #[arg(long, value_name = "string")]
    format: Option<ReportFormat>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    /// Take the draft of a name if there is one, instead of the list in the registry
    #[arg(long)]
    local: Switch,
    /// Print nothing: the exit code tells
    #[arg(short, long)]
    quiet: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// A list that is to be compared, before any request.
enum Operand {
    /// A draft, or a layout on this machine.
    Here(Side),
    /// A name in a registry.
    Remote(Reference),
}

/// Reads both lists, prints the differences, and fails if there are some.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let (from, to, registry) = operands(context, args).await?;
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let remote = [&from, &to]
        .into_iter()
        .filter_map(|operand| match operand {
            Operand::Remote(reference) => Some(reference),
            Operand::Here(_) => None,
        });
    let client = client.for_reading(remote);
    if args.quiet.is_on()
        && let Some(is_same) = have_same_digest(&client, &from, &to).await?
    {
        return outcome(is_same);
    }
    let reads = [from, to].map(|operand| read(&client, operand));
    let sides: Result<Vec<Side>, Failure> = concurrent(PARALLEL_IMAGES, reads)
        .await
        .into_iter()
        .collect();
    let Ok([from, to]) = <[Side; 2]>::try_from(sides?) else {
        unreachable!("there are two operands")
    };
    if from.digest().is_none() && to.digest().is_none() {
        let failure = CheckFailure::NothingToCompare {
            first: from.name().to_owned(),
            second: to.name().to_owned(),
        };
        return Err(failure.into());
    }
    let quiet = args.quiet.is_on();
    for side in [&from, &to]
        .into_iter()
        .filter(|side| side.digest().is_none() && !quiet)
    {
        let message = format!("{} does not exist in the registry", side.name());
        context.output.status(&message);
        if args.lists.len() > 1
            && let Some(place) = place_of_draft(context, args, side.name()).await
        {
            let hint = format!("it is a draft {place}, which `--local` compares");
            context.output.hint(&hint);
        }
    }
    let report = Report::of(from, to);
    if !quiet {
        show(context, args, &report)?;
    }
    outcome(report.is_same())
}

/// Returns the drafts that are compared.
fn drafts<'a>(context: &'a Context<'a>, args: &Args) -> Result<DraftStore<'a>, Failure> {
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    DraftStore::open(context, &args.stage, access)
}

/// Returns the place of the draft of this name, for a sentence. `None` if there is none, or it cannot be read.
async fn place_of_draft(context: &Context<'_>, args: &Args, name: &str) -> Option<String> {
    let list = Reference::parse(name).ok()?;
    let store = drafts(context, args).ok()?;
    store.contains(&list).await.ok().filter(|exists| *exists)?;
    Some(match store.place() {
        DraftPlace::Folder(_) => "on this machine".to_owned(),
        DraftPlace::Repository(repository) => format!("in {repository}"),
    })
}

fn outcome(is_same: bool) -> Result<(), Failure> {
    match is_same {
        true => Ok(()),
        false => Err(CheckFailure::Different.into()),
    }
}

fn show(context: &Context<'_>, args: &Args, report: &Report) -> Result<(), Failure> {
    match args.format.unwrap_or_default() {
        ReportFormat::Table => {
            let terminal = Terminal::of(context.environment());
            context.output.styled(&report.table(terminal))?;
        }
        ReportFormat::Json => context.output.result(format!("{:#}", report.json()))?,
    }
    Ok(())
}

/// Returns both operands, and the flags for the registry. With one name these are the list in the registry and its draft.
async fn operands(
    context: &Context<'_>,
    args: &Args,
) -> Result<(Operand, Operand, RegistryFlags), Failure> {
    let flags = |draft: &Draft| args.registry.with_insecure_hosts(Some(draft));
    match args.lists.as_slice() {
        [list] => {
            let list = parse(list)?;
            let store = drafts(context, args)?;
            let draft = store.load(&list).await?;
            let draft = draft.ok_or_else(|| Failure::NoDraft {
                reference: list.clone().into(),
                searched: store.place(),
            })?;
            let registry = flags(&draft);
            let draft = Operand::Here(Side::of_draft(&draft)?);
            Ok((Operand::Remote(list), draft, registry))
        }
        [from, to] => {
            let is_name = |text: &String| Location::parse(text).is_none();
            let wants_drafts = args.local.is_on() && args.lists.iter().any(is_name);
            let store = wants_drafts.then(|| drafts(context, args)).transpose()?;
            let store = store.as_ref();
            let (from, to) =
                tokio::try_join!(operand(context, store, from), operand(context, store, to))?;
            Ok((from, to, args.registry.clone()))
        }
        _ => unreachable!("the number was checked"),
    }
}

/// Returns an operand: a layout, a draft of `store`, or a name in a registry.
async fn operand(
    context: &Context<'_>,
    store: Option<&DraftStore<'_>>,
    text: &str,
) -> Result<Operand, Failure> {
    if let Some(location) = Location::parse(text) {
        let layout = LazyLayout::new(location?.absolute(&context.current_dir()?)?);
        let manifest = layout.root()?;
        let name = layout.location().to_string();
        let config = match manifest.content() {
            Content::Image(image) if image.is_image() => layout.config(image).ok(),
            _ => None,
        };
        let platform = config.map(|config| config.platform);
        let side = Side::of_manifest(name, Origin::Layout, &manifest, platform);
        return Ok(Operand::Here(side));
    }
    let reference = parse(text)?;
    if let Some(store) = store
        && let Some(draft) = store.load(&reference).await?
    {
        return Ok(Operand::Here(Side::of_draft(&draft)?));
    }
    Ok(Operand::Remote(reference))
}

fn parse(text: &str) -> Result<Reference, Failure> {
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })
}

/// Compares the digests alone. `None` if they are not comparable: of different algorithms, or of names that do not exist.
async fn have_same_digest(
    client: &Client,
    from: &Operand,
    to: &Operand,
) -> Result<Option<bool>, Failure> {
    let probes = [from, to].map(|operand| digest_of(client, operand));
    let digests: Result<Vec<Option<Digest>>, Failure> = concurrent(PARALLEL_IMAGES, probes)
        .await
        .into_iter()
        .collect();
    Ok(match digests?.as_slice() {
        [Some(from), Some(to)] if from.algorithm() == to.algorithm() => Some(from == to),
        _ => None,
    })
}

async fn digest_of(client: &Client, operand: &Operand) -> Result<Option<Digest>, Failure> {
    Ok(match operand {
        Operand::Here(side) => side.digest().cloned(),
        Operand::Remote(reference) => client.manifest_digest(reference).await?,
    })
}

async fn read(client: &Client, operand: Operand) -> Result<Side, Failure> {
    let reference = match operand {
        Operand::Here(side) => return Ok(side),
        Operand::Remote(reference) => reference,
    };
    let name = reference.to_string();
    match client.registry_manifest(&reference).await {
        Ok(manifest) => {
            let platform = platform(client, &reference, &manifest).await?;
            Ok(Side::of_manifest(
                name,
                Origin::Registry,
                &manifest,
                platform,
            ))
        }
        Err(error) if error.is_not_found() => Ok(Side::absent(name, Origin::Registry)),
        Err(error) => Err(error.into()),
    }
}

/// Returns the platform of a single image, which only its configuration states. None if that is missing, too large or damaged.
async fn platform(
    client: &Client,
    reference: &Reference,
    manifest: &Manifest,
) -> Result<Option<Platform>, Failure> {
    let Content::Image(image) = manifest.content() else {
        return Ok(None);
    };
    if !image.is_image() {
        return Ok(None);
    }
    let config = client.registry_config(reference.repository(), &image.config);
    match config.await.map_err(Failure::from) {
        Ok(config) => Ok(Some(config.platform)),
        Err(failure) if failure.exit() == Exit::Failure => Ok(None),
        Err(failure) => Err(failure),
    }
}
