//! `create`: makes a draft of images that are in a registry, or adds to one.

use std::collections::BTreeSet;

use manifest_core::{Draft, Entry, Reference};
use manifest_registry::Client;

use super::for_all;
use crate::cli::{Help, MirrorFlags, Patience, Reach, Switch};
use crate::context::Context;
use crate::failure::Failure;

/// Create a local manifest list for annotating and pushing to a registry
#[derive(Debug, clap::Args)]
#[command(override_usage = "create MANIFEST_LIST MANIFEST [MANIFEST...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: Help,
    /// Amend an existing manifest list
    #[arg(short, long)]
    amend: Switch,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    mirrors: MirrorFlags,
    #[arg(value_name = "MANIFEST_LIST MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Resolves all images first, all at once, then puts the draft on disk as a whole.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text, images @ ..] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for manifest list {list_text}")),
        source,
    })?;
    let amend = args.amend.is_on();
    let store = context.store()?;
    if !amend && store.contains(&list)? {
        return Err(Failure::RefusingToAmend { list });
    }
    let images = each_once(images)?;
    // A draft that cannot be read remembers nothing; what is wrong with it is said when it is changed.
    let existing = if amend {
        store.load(&list).ok().flatten()
    } else {
        None
    };
    let insecure = args.insecure.is_on();
    let reach = args.reach.mirrored(&args.mirrors);
    let reach = reach.remembering(existing.as_ref());
    let client = context.client(insecure, &args.patience, &reach)?;
    let client = client.reading(&images);
    let now = context.now();
    let resolved = images.into_iter().map(|image| resolve(&client, image, now));
    let mut resolved = for_all(resolved).await?;
    for entry in &mut resolved {
        if insecure || reach.remembers(&entry.reference) {
            entry.mark_insecure();
        }
    }
    store.update(&list, |existing| match existing {
        Some(_) if !amend => Err(Failure::RefusingToAmend { list: list.clone() }),
        existing => Ok((merged(resolved, existing), ())),
    })?;
    Ok(context
        .output
        .result(format!("Created manifest list {list}"))?)
}

/// Parses the images, each reference once, in the order given.
fn each_once(images: &[String]) -> Result<Vec<Reference>, Failure> {
    let mut seen = BTreeSet::new();
    let mut references = Vec::new();
    for image in images {
        let reference = Reference::parse(image).map_err(|source| Failure::Reference {
            prefix: None,
            source,
        })?;
        if seen.insert(reference.clone()) {
            references.push(reference);
        }
    }
    Ok(references)
}

async fn resolve(client: &Client, image: Reference, now: u64) -> Result<Entry, Failure> {
    let (manifest, platform) = client.image(&image).await?;
    match platform {
        Some(platform) => Ok(Entry::resolved(image, &manifest, platform, now)),
        None => Err(Failure::IsList { image }),
    }
}

/// What was annotated on an entry stays when the image is resolved anew.
fn merged(resolved: Vec<Entry>, existing: Option<&Draft>) -> Vec<Entry> {
    let merge = |mut entry: Entry| {
        if let Some(old) = existing.and_then(|draft| draft.entry(&entry.reference)) {
            entry.keep_annotations(old);
        }
        entry
    };
    resolved.into_iter().map(merge).collect()
}
