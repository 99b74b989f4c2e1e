//! `inspect`: shows a draft, an entry of one, or what a registry has.

use manifest_core::manifest::ImageList;
use manifest_core::{
    Content, Descriptor, Draft, Entry, Manifest, PublishedList, Reference, entry_json, go_json,
    list,
};
use manifest_layout::Location;
use manifest_registry::Client;

use super::{find, for_all};
use crate::cli::{Help, MirrorFlags, Patience, Reach, Switch};
use crate::context::Context;
use crate::failure::{DraftLookup, Failure};

/// The unit of indentation of Docker's verbose output, and of image manifests.
const TAB: &str = "\t";

/// Display an image manifest, or manifest list
#[derive(Debug, clap::Args)]
#[command(override_usage = "inspect [OPTIONS] [MANIFEST_LIST] MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: Help,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    mirrors: MirrorFlags,
    /// Output additional info including layers and platform
    #[arg(short, long)]
    verbose: Switch,
    #[arg(value_name = "[MANIFEST_LIST] MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Shows an entry of a draft where two references are given; else the draft of that name, or what the registry has.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let verbose = args.verbose.is_on();
    let text = match args.images.as_slice() {
        [list, text] => {
            // A place on disk is no reference, and names an entry all the same.
            let image = match Location::parse(text) {
                Some(_) => None,
                None => Some(parse(text)?),
            };
            entry(context, &parse(list)?, (image, text), verbose)?
        }
        [image] => {
            let image = parse(image)?;
            match context.store()?.load(&image)? {
                Some(draft) => draft_json(&draft, verbose)?,
                None => {
                    let reach = args.reach.mirrored(&args.mirrors);
                    let client = context.client(args.insecure.is_on(), &args.patience, &reach)?;
                    remote(&client, &image, verbose).await?
                }
            }
        }
        _ => unreachable!("the number was checked"),
    };
    Ok(context.output.result(text)?)
}

fn parse(text: &str) -> Result<Reference, Failure> {
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })
}

fn entry(
    context: &Context<'_>,
    list: &Reference,
    (image, text): (Option<Reference>, &str),
    verbose: bool,
) -> Result<Vec<u8>, Failure> {
    let store = context.store()?;
    let mut found = match &image {
        Some(image) => store.entry(list, image)?,
        None => None,
    };
    if found.is_none()
        && let Ok(Some(draft)) = store.load(list)
    {
        let here = context.here().ok();
        found = find::one(&draft, text, here.as_deref())?.cloned();
    }
    let entry = match found {
        Some(entry) => entry,
        None => {
            let image = image.map(|image| image.to_string());
            return Err(Failure::NotInDraft {
                image: image.unwrap_or_else(|| text.to_owned()),
                lookup: DraftLookup {
                    list: list.clone().into(),
                    has_draft: store.contains(list)?,
                    searched: store.root().to_owned(),
                },
            });
        }
    };
    if verbose {
        return Ok(go_json::indent(&entry_json::encode(&entry), TAB));
    }
    let shown = entry
        .shown
        .as_ref()
        .map(|shown| go_json::indent(&shown.json, TAB));
    shown.ok_or_else(|| Failure::NoPayload {
        image: entry.reference.clone(),
    })
}

fn draft_json(draft: &Draft, verbose: bool) -> Result<Vec<u8>, Failure> {
    Ok(if verbose {
        entries_json(&draft.entries)
    } else {
        PublishedList::of(draft)?.bytes
    })
}

fn entries_json(entries: &[Entry]) -> Vec<u8> {
    let objects: Vec<Vec<u8>> = entries.iter().map(entry_json::encode).collect();
    let array = [b"[".to_vec(), objects.join(&b","[..]), b"]".to_vec()].concat();
    go_json::indent(&array, TAB)
}

async fn remote(client: &Client, image: &Reference, verbose: bool) -> Result<Vec<u8>, Failure> {
    if verbose {
        let (manifest, platform) = client.image(image).await?;
        if let (Content::Image(_), Some(platform)) = (manifest.content(), platform) {
            let entry = Entry::resolved(image.clone(), &manifest, platform, 0);
            return Ok(go_json::indent(&entry_json::encode(&entry), TAB));
        }
        let Content::List(list) = manifest.content() else {
            return Err(Failure::NoPayload {
                image: image.clone(),
            });
        };
        return Ok(entries_json(&children(client, image, list).await?));
    }
    let manifest = client.manifest(image).await?;
    Ok(match manifest.content() {
        Content::Image(_) => go_json::indent(manifest.bytes(), TAB),
        Content::List(list) => list::show(manifest.media_type(), list),
    })
}

/// Fetches all children of a list at once. Their platforms are the list's, not their configurations'.
async fn children(
    client: &Client,
    image: &Reference,
    list: &ImageList,
) -> Result<Vec<Entry>, Failure> {
    let fetch = |descriptor: Descriptor| async move {
        let manifest: Manifest = client.child(image.repository(), &descriptor).await?;
        let platform = descriptor.platform.clone().unwrap_or_default();
        let reference = image.pinned(descriptor.digest.clone());
        let mut entry = Entry::resolved(reference, &manifest, platform, 0);
        entry.descriptor = descriptor;
        Ok::<_, Failure>(entry)
    };
    for_all(list.manifests.iter().cloned().map(fetch)).await
}
