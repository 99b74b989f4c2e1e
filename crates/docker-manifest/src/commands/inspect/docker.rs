//! The output of Docker's command, which is the default, to the byte.

use manifest_core::manifest::ImageList;
use manifest_core::{
    Content, Descriptor, Digest, Draft, Entry, Manifest, PublishedList, Reference, entry_json,
    go_json, list,
};
use manifest_layout::{ImageSelector, Location};
use manifest_registry::Client;

use super::args::Args;
use super::live::{self, Shown};
use super::lookup;
use crate::concurrency::try_join_all;
use crate::context::Context;
use crate::failure::Failure;
use crate::sources::LazyLayout;

/// The unit of indentation of Docker's verbose output, and of image manifests.
const TAB: &str = "\t";

/// Shows an entry of a draft if two references are given; else the draft of that name, or the manifest in the registry.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let verbose = args.verbose.is_on();
    let text = match args.images.as_slice() {
        [list, text] => {
            // A layout is not a reference, but names an entry, too.
            let image = match Location::parse(text) {
                Some(_) => None,
                None => Some(lookup::parse(text)?),
            };
            let entry =
                lookup::find_entry(context, args, &lookup::parse(list)?, image, text).await?;
            let name = entry.reference.to_string();
            let shown = Shown::Entry(name, &entry.descriptor.digest);
            live::report_to_terminal(context, args, &shown).await?;
            entry_json(&entry, verbose)?
        }
        [image] => match Location::parse(image) {
            Some(location) => {
                let layout = LazyLayout::new(location?.absolute(&context.current_dir()?)?);
                let manifest = layout.root()?;
                let shown = Shown::Disk(layout.location().to_string(), manifest.digest());
                live::report_to_terminal(context, args, &shown).await?;
                local_json(&layout, &manifest, verbose)?
            }
            None => draft_or_remote(context, args, &lookup::parse(image)?).await?,
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
    if !args.remote.is_on() {
        let store = args.drafts(context)?;
        if let Some(draft) = store.load(image).await? {
            return shown_draft(context, args, &draft).await;
        }
        if args.local.is_on() {
            return Err(Failure::NoDraft {
                reference: image.clone().into(),
                searched: store.place(),
            });
        }
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let found = remote(&client, image, verbose).await;
    let searched = lookup::searched_place(context, args)?;
    let (json, digest) = found.map_err(|failure| lookup::neither(failure, image, searched))?;
    let shown = Shown::Registry(image.to_string(), &digest);
    live::report_to_terminal(context, args, &shown).await?;
    Ok(json)
}

async fn shown_draft(
    context: &Context<'_>,
    args: &Args,
    draft: &Draft,
) -> Result<Vec<u8>, Failure> {
    let list = PublishedList::from_draft(draft);
    if let Ok(list) = &list {
        live::report_to_terminal(context, args, &Shown::Draft(draft, &list.digest)).await?;
    }
    Ok(if args.verbose.is_on() {
        entries_json(&draft.entries)
    } else {
        list?.bytes
    })
}

fn entry_json(entry: &Entry, verbose: bool) -> Result<Vec<u8>, Failure> {
    if verbose {
        return Ok(go_json::indent(&entry_json::encode(entry), TAB));
    }
    let json = entry
        .shown
        .as_ref()
        .map(|shown| go_json::indent(&shown.json, TAB));
    json.ok_or_else(|| Failure::NoPayload {
        image: entry.reference.clone(),
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
fn local_json(layout: &LazyLayout, manifest: &Manifest, verbose: bool) -> Result<Vec<u8>, Failure> {
    match manifest.content() {
        _ if !verbose => Ok(manifest_json(manifest)),
        Content::Image(image) => {
            let descriptor = Descriptor {
                platform: Some(layout.config(image)?.platform),
                ..manifest.descriptor()
            };
            let place = layout.location().to_string();
            let object = entry_json::encode_local(place, &descriptor, manifest);
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

async fn remote(
    client: &Client,
    image: &Reference,
    verbose: bool,
) -> Result<(Vec<u8>, Digest), Failure> {
    if !verbose {
        let manifest = client.manifest(image).await?;
        return Ok((manifest_json(&manifest), manifest.digest().clone()));
    }
    let (manifest, platform) = client.image(image).await?;
    let digest = manifest.digest().clone();
    if let (Content::Image(_), Some(platform)) = (manifest.content(), platform) {
        let entry = Entry::resolved(image.clone(), &manifest, platform, 0);
        return Ok((go_json::indent(&entry_json::encode(&entry), TAB), digest));
    }
    let Content::List(list) = manifest.content() else {
        return Err(Failure::NoPayload {
            image: image.clone(),
        });
    };
    Ok((entries_json(&children(client, image, list).await?), digest))
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
