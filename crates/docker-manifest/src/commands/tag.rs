//! `tag`: publishes a manifest from a registry or layout under other names, byte for byte.

use manifest_core::Reference;
use manifest_layout::Location;

use crate::context::Context;
use crate::failure::Failure;
use crate::flags::PublishFlags;
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags};
use crate::publishing::{self, Publisher};
use crate::sources::SourceSpec;
use crate::values::Format;
use crate::values::Switch;

/// Give a list or image in a registry other names, there or in other registries
#[derive(Debug, clap::Args)]
#[command(override_usage = "tag [OPTIONS] SOURCE TARGET [TARGET...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the planned writes, and write nothing
    #[arg(long)]
    dry_run: Switch,
    /// Write a tag only if it points to this digest
    #[arg(long, value_name = "digest")]
    expect_digest: Option<manifest_core::Digest>,
    /// Print the result in this format: "json"
    #[arg(long, value_name = "string")]
    format: Option<Format>,
    /// Write a tag only if it does not exist
    #[arg(long)]
    if_not_exists: Switch,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    /// Print only the digest
    #[arg(short, long)]
    quiet: Switch,
    /// Also copy referrers (signatures, attestations, SBOMs)
    #[arg(long)]
    referrers: Switch,
    #[arg(value_name = "SOURCE TARGET", hide = true)]
    pub(crate) names: Vec<String>,
}

/// Copies the content that a target lacks; writes the names last.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let parse = |text: &String| {
        Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: Some(format!("error parsing name {text}")),
            source,
        })
    };
    let [source, targets @ ..] = args.names.as_slice() else {
        unreachable!("the number was checked")
    };
    let source = match Location::parse(source) {
        Some(location) => SourceSpec::Layout(location?.absolute(&context.current_dir()?)?),
        None => SourceSpec::Registry(parse(source)?),
    };
    let targets = &targets.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
    let flags = PublishFlags {
        dry_run: args.dry_run,
        expect_digest: args.expect_digest.clone(),
        format: args.format,
        if_not_exists: args.if_not_exists,
        quiet: args.quiet,
        referrers: args.referrers,
        ..PublishFlags::default()
    };
    let client = context.client(args.insecure.is_on(), &args.retry, &args.registry)?;
    let client = client.for_publishing(targets, source.reference());
    client.probe_tags_early(publishing::early_probes(targets, &flags));
    let publisher = Publisher::new(context, &client, &flags);
    publishing::copy(&publisher, &source, targets).await?;
    Ok(())
}
