//! `inspect`: shows a draft, an entry of one, or a manifest in a registry or layout.

use manifest_core::manifest::ImageList;
use manifest_core::{
    Content, Descriptor, Draft, Entry, Manifest, PublishedList, Reference, entry_json, go_json,
    list,
};
use manifest_layout::{ImageSelector, Location};
use manifest_registry::{Client, RegistryError};

use super::select;
use crate::concurrency::try_join_all;
use crate::context::Context;
use crate::failure::{DraftLookup, Failure};
use crate::flags::{HelpFlag, MirrorFlags, RegistryFlags, RetryFlags};
use crate::sources::LazyLayout;
use crate::values::Switch;

/// The unit of indentation of Docker's verbose output, and of image manifests.
const TAB: &str = "\t";

/// Display an image manifest, or manifest list
#[derive(Debug, clap::Args)]
#[command(override_usage = "inspect [OPTIONS] [MANIFEST_LIST] MANIFEST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    mirrors: MirrorFlags,
    /// Output additional info including layers and platform
    #[arg(short, long)]
    verbose: Switch,
    #[arg(value_name = "[MANIFEST_LIST] MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Shows an entry of a draft if two references are given; else the draft of that name, or the manifest in the registry.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let verbose = args.verbose.is_on();
    let text = match args.images.as_slice() {
        [list, text] => {
            // A layout is not a reference, but names an entry, too.
            let image = match Location::parse(text) {
                Some(_) => None,
                None => Some(parse(text)?),
            };
            entry(context, &parse(list)?, image, text, verbose)?
        }
        [image] => match Location::parse(image) {
            Some(location) => local_json(location?.absolute(&context.current_dir()?)?, verbose)?,
            None => draft_or_remote(context, args, &parse(image)?).await?,
        },
        _ => unreachable!("the number was checked"),
    };
    Ok(context.output.result(text)?)
}

async fn draft_or_remote(
    context: &Context<'_>,
    args: &Args,
    image: &Reference,
) -> Result<Vec<u8>, Failure> {
    let verbose = args.verbose.is_on();
    let store = context.store()?;
    if let Some(draft) = store.load(image)? {
        return draft_json(&draft, verbose);
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    remote(&client, image, verbose)
        .await
        .map_err(|failure| match failure {
            Failure::Registry(error) if is_missing(&error, image) => {
                Failure::NeitherDraftNorPublished {
                    error: error.into(),
                    list: image.clone().into(),
                    searched: store.root().to_owned(),
                }
            }
            failure => failure,
        })
}

/// Tells whether the registry has no manifest of this name. It might have been the name of a draft.
fn is_missing(error: &RegistryError, image: &Reference) -> bool {
    match error {
        RegistryError::NoSuchManifest { reference, .. } => {
            **reference == *image && image.digest().is_none()
        }
        _ => false,
    }
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
    image: Option<Reference>,
    text: &str,
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
        let current_dir = context.current_dir().ok();
        found = select::one(&draft, text, current_dir.as_deref())?.cloned();
    }
    let Some(entry) = found else {
        let image = image.map(|image| image.to_string());
        return Err(Failure::NotInDraft {
            image: image.unwrap_or_else(|| text.to_owned()),
            lookup: DraftLookup {
                list: list.clone().into(),
                has_draft: store.contains(list)?,
                searched: store.root().to_owned(),
            },
        });
    };
    if verbose {
        return Ok(go_json::indent(&entry_json::encode(&entry), TAB));
    }
    let json = entry
        .shown
        .as_ref()
        .map(|shown| go_json::indent(&shown.json, TAB));
    json.ok_or_else(|| Failure::NoPayload {
        image: entry.reference.clone(),
    })
}

fn draft_json(draft: &Draft, verbose: bool) -> Result<Vec<u8>, Failure> {
    Ok(if verbose {
        entries_json(&draft.entries)
    } else {
        PublishedList::from_draft(draft)?.bytes
    })
}

fn entries_json(entries: &[Entry]) -> Vec<u8> {
    array_json(&entries.iter().map(entry_json::encode).collect::<Vec<_>>())
}

fn array_json(objects: &[Vec<u8>]) -> Vec<u8> {
    let array = [b"[".to_vec(), objects.join(&b","[..]), b"]".to_vec()].concat();
    go_json::indent(&array, TAB)
}

/// Renders a manifest in a layout as [`remote`] renders one in a registry. The `Ref` of an entry is its location.
fn local_json(location: Location, verbose: bool) -> Result<Vec<u8>, Failure> {
    let layout = LazyLayout::new(location);
    let manifest = layout.root()?;
    match manifest.content() {
        _ if !verbose => Ok(manifest_json(&manifest)),
        Content::Image(image) => {
            let descriptor = Descriptor {
                platform: Some(layout.config(image)?.platform),
                ..manifest.descriptor()
            };
            let place = layout.location().to_string();
            let object = entry_json::encode_local(place, &descriptor, &manifest);
            Ok(go_json::indent(&object, TAB))
        }
        Content::List(list) => {
            let child = |descriptor: &Descriptor| {
                let place = Location {
                    name: ImageSelector::Digest(descriptor.digest.clone()),
                    ..layout.location().clone()
                };
                let manifest = layout.manifest(descriptor)?;
                let object = entry_json::encode_local(place.to_string(), descriptor, &manifest);
                Ok::<_, Failure>(object)
            };
            let objects: Vec<Vec<u8>> =
                list.manifests.iter().map(child).collect::<Result<_, _>>()?;
            Ok(array_json(&objects))
        }
    }
}

fn manifest_json(manifest: &Manifest) -> Vec<u8> {
    match manifest.content() {
        Content::Image(_) => go_json::indent(manifest.bytes(), TAB),
        Content::List(list) => list::render_for_inspect(manifest.media_type(), list),
    }
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
    Ok(manifest_json(&client.manifest(image).await?))
}

/// Fetches all children of a list concurrently. Their platforms are the list's, not their configurations'.
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
    try_join_all(list.manifests.iter().cloned().map(fetch)).await
}
