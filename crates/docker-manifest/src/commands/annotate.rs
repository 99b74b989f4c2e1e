//! `annotate`: states what an image in a draft runs on.

use manifest_core::{PlatformEdit, Reference};

use crate::cli::{CommaList, Help};
use crate::context::Context;
use crate::failure::Failure;

/// Add additional information to a local image manifest
#[derive(Debug, clap::Args)]
#[command(override_usage = "annotate [OPTIONS] MANIFEST_LIST MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: Help,
    /// Set operating system
    #[arg(long, value_name = "string")]
    os: Option<String>,
    /// Set architecture
    #[arg(long, value_name = "string")]
    arch: Option<String>,
    /// Set architecture variant
    #[arg(long, value_name = "string")]
    variant: Option<String>,
    /// Set operating system version
    #[arg(long, value_name = "string")]
    os_version: Option<String>,
    /// Set operating system feature
    #[arg(long, value_name = "strings", action = clap::ArgAction::Append)]
    os_features: Vec<CommaList>,
    #[arg(value_name = "MANIFEST_LIST MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Changes one entry of a draft. Prints nothing, as Docker does.
pub(super) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text, image_text] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let parse = |kind, text: &str| {
        let prefix = format!("annotate: error parsing name for {kind} {text}");
        Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: Some(prefix),
            source,
        })
    };
    let list = parse("manifest list", list_text)?;
    let image = parse("manifest", image_text)?;
    let edit = PlatformEdit {
        os: args.os.clone(),
        architecture: args.arch.clone(),
        variant: args.variant.clone(),
        os_version: args.os_version.clone(),
        os_features: args
            .os_features
            .iter()
            .flat_map(|list| list.0.clone())
            .collect(),
    };
    let store = context.store()?;
    let found = store.update_entry(&list, &image, |entry| {
        entry.annotate(&edit).map_err(Failure::from)
    })?;
    if found {
        return Ok(());
    }
    Err(Failure::NoEntry {
        image: image_text.clone(),
        list: list_text.clone(),
        searched: store.root().to_owned(),
    })
}
