//! `exists`: tells by its exit code whether a registry has a manifest.

use manifest_core::Reference;
use manifest_registry::{ManifestMetadata, redact};
use serde_json::{Value, json};

use crate::byte_size::byte_size;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags};
use crate::values::{Format, Switch};

/// Tell by the exit code whether a registry has an image or list
#[derive(Debug, clap::Args)]
#[command(override_usage = "exists [OPTIONS] NAME")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print digest, media type and size in this format: "json"
    #[arg(long, value_name = "string")]
    format: Option<Format>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    /// Print digest, media type and size
    #[arg(short, long)]
    verbose: Switch,
    #[arg(value_name = "NAME", hide = true)]
    pub(crate) names: Vec<String>,
}

/// Asks the registry by HEAD. Prints nothing unless that is requested.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [name] = args.names.as_slice() else {
        unreachable!("the number was checked")
    };
    let reference = Reference::parse(name).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let client = context.client(args.insecure.is_on(), &args.retry, &args.registry)?;
    if args.format.is_none() && !args.verbose.is_on() {
        return match client.manifest_exists(&reference).await? {
            true => Ok(()),
            false => Err(Failure::Absent(reference.into())),
        };
    }
    let metadata = client.manifest_metadata(&reference).await?;
    match (args.format, &metadata) {
        (Some(Format::Json), metadata) => {
            let object = report(&reference, metadata.as_ref());
            context.output.result(format!("{object:#}"))?;
        }
        (None, Some(metadata)) => context.output.text(&text(&reference, metadata))?,
        (None, None) => context
            .output
            .status(&format!("the registry has no manifest {reference}")),
    }
    match metadata {
        Some(_) => Ok(()),
        None => Err(Failure::Absent(reference.into())),
    }
}

fn report(reference: &Reference, metadata: Option<&ManifestMetadata>) -> Value {
    match metadata {
        Some(metadata) => json!({
            "reference": reference.to_string(),
            "exists": true,
            "digest": metadata.digest,
            "mediaType": metadata.media_type,
            "size": metadata.size,
        }),
        None => json!({"reference": reference.to_string(), "exists": false}),
    }
}

fn text(reference: &Reference, metadata: &ManifestMetadata) -> String {
    let ManifestMetadata {
        digest,
        media_type,
        size,
    } = metadata;
    let media_type = redact::printable(media_type);
    let size = byte_size(*size);
    format!(
        "Name:       {reference}\nDigest:     {digest}\nMedia type: {media_type}\nSize:       {size}\n"
    )
}
