//! `push`: publishes a draft.

use std::collections::BTreeMap;

use manifest_core::{Draft, Entry, MediaType, Platform, PublishedList, Reference};
use manifest_registry::{Client, concurrent};
use manifest_store::Removal;

use super::IMAGES_AT_ONCE;
use crate::cli::{Help, Patience, Switch};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Push a manifest list to a repository
#[derive(Debug, clap::Args)]
#[command(override_usage = "push [OPTIONS] MANIFEST_LIST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: Help,
    /// Allow push to an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    patience: Patience,
    /// Remove the local manifest list after push
    #[arg(short, long)]
    purge: Switch,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// An image whose manifest the target repository may not have yet.
struct Foreign<'a> {
    entry: &'a Entry,
    media_type: MediaType,
    bytes: Vec<u8>,
}

/// Checks everything that can be checked here, brings the children to the target, and writes the tag last, once.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text] = args.lists.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let store = context.store()?;
    let missing = || Failure::NoDraft {
        reference: Box::new(list.clone()),
        searched: store.root().to_owned(),
    };
    let draft = store.load(&list)?.ok_or_else(missing)?;
    if draft.entries.is_empty() {
        return Err(Failure::EmptyDraft { list });
    }
    let foreign = checked(&draft)?;
    warn_of_duplicates(&draft, context.output);
    let published = PublishedList::of_entries(&draft.entries);
    let client = context.client(args.insecure.is_on(), &args.patience)?;
    let copied = foreign.iter().map(|image| bring(&client, &list, image));
    for line in concurrent(IMAGES_AT_ONCE, copied).await {
        context.output.result(line?)?;
    }
    let PublishedList {
        media_type,
        digest,
        bytes,
    } = published;
    // A digest in the list's own name says nothing of what is pushed: without a tag it goes to its true digest.
    let target = match list.tag() {
        Some(_) => list.clone(),
        None => list.repository().at(digest),
    };
    let pushed = client.put_manifest(&target, media_type, bytes).await?;
    context.output.result(pushed.as_str())?;
    if args.purge.is_on() && store.remove_unchanged(&draft)? == Removal::Changed {
        context.output.warning(&format!(
            "the draft of {list} was changed while it was pushed, so it was not removed"
        ));
    }
    Ok(())
}

/// Checks the entries before anything is sent, and returns those of other repositories with their bytes.
fn checked(draft: &Draft) -> Result<Vec<Foreign<'_>>, Failure> {
    let mut foreign = Vec::new();
    for entry in &draft.entries {
        if !entry.has_platform() {
            return Err(Failure::NoPlatform {
                image: entry.reference.clone(),
            });
        }
        if entry.reference.repository() == draft.list.repository() {
            continue;
        }
        let media_type = entry.media_type().ok_or_else(|| Failure::NoPayload {
            image: entry.reference.clone(),
        })?;
        foreign.push(Foreign {
            entry,
            media_type,
            bytes: entry.payload()?,
        });
    }
    Ok(foreign)
}

async fn bring(client: &Client, list: &Reference, image: &Foreign<'_>) -> Result<String, Failure> {
    let source = image.entry.reference.repository();
    let target = list.repository();
    let digest = &image.entry.descriptor.digest;
    client
        .copy_child(source, target, &image.bytes, image.media_type, digest)
        .await?;
    Ok(format!(
        "Pushed ref {target}@{digest} with digest: {digest}"
    ))
}

/// Two entries of one platform go live, for scripts rely on it; but not in silence.
fn warn_of_duplicates(draft: &Draft, output: &Output) {
    let mut first: BTreeMap<String, &Reference> = BTreeMap::new();
    for entry in &draft.entries {
        let Some(platform) = &entry.descriptor.platform else {
            continue;
        };
        if let Some(other) = first.insert(comparable(platform), &entry.reference) {
            output.warning(&format!(
                "{other} and {} are both for {platform}: most clients will only ever see the first",
                entry.reference
            ));
        }
    }
}

/// Returns a text that two platforms share if engines cannot tell them apart: `arm64` is `arm64/v8`, `arm` is `arm/v7`.
fn comparable(platform: &Platform) -> String {
    let variant = match (platform.architecture.as_str(), platform.variant.as_str()) {
        ("arm64", "v8") => "",
        ("arm", "") => "v7",
        (_, variant) => variant,
    };
    let Platform {
        os,
        architecture,
        os_version,
        os_features,
        ..
    } = platform;
    format!("{os}/{architecture}/{variant}({os_version}){os_features:?}")
}
