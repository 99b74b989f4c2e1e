//! The manifests of a list that a target may lack.

use std::pin::Pin;

use manifest_core::manifest::ImageList;
use manifest_core::reference::Repository;
use manifest_core::{Content, Draft, Entry, Manifest};
use manifest_registry::{Child, Client};

use crate::commands::for_all;
use crate::failure::Failure;

/// Returns the entries that are in other repositories than the target, lists among them after what is in them.
pub(super) async fn of(
    client: &Client,
    draft: &Draft,
    target: &Repository,
) -> Result<Vec<Child>, Failure> {
    let elsewhere = |entry: &&Entry| entry.reference.repository() != target;
    let gather = |entry: &Entry| {
        let child = child_of(entry);
        async move {
            let child = child?;
            let mut all = match child.manifest().content() {
                Content::List(list) => {
                    descendants(client, child.source().clone(), list.clone()).await?
                }
                Content::Image(_) => Vec::new(),
            };
            all.push(child);
            Ok::<_, Failure>(all)
        }
    };
    let entries = draft.entries.iter().filter(elsewhere);
    let children = for_all(entries.map(gather)).await?;
    Ok(children.into_iter().flatten().collect())
}

/// Returns what a manifest leads to: a list's children and theirs; an image as a child of itself, for the sake of its blobs.
pub(super) async fn whole(
    client: &Client,
    source: &Repository,
    manifest: &Manifest,
) -> Result<Vec<Child>, Failure> {
    if let Content::List(list) = manifest.content() {
        return descendants(client, source.clone(), list.clone()).await;
    }
    let (digest, bytes) = (manifest.digest(), manifest.bytes());
    Ok(vec![Child::new(
        source,
        digest,
        manifest.media_type(),
        bytes,
    )?])
}

fn child_of(entry: &Entry) -> Result<Child, Failure> {
    let image = || entry.reference.clone();
    let media_type = entry
        .media_type()
        .ok_or_else(|| Failure::NoPayload { image: image() })?;
    let (source, digest) = (entry.reference.repository(), &entry.descriptor.digest);
    Ok(Child::new(source, digest, media_type, &entry.payload()?)?)
}

type Descendants<'a> = Pin<Box<dyn Future<Output = Result<Vec<Child>, Failure>> + 'a>>;

/// Fetches everything that a list in a list leads to.
fn descendants(client: &Client, source: Repository, list: ImageList) -> Descendants<'_> {
    Box::pin(async move {
        let source = &source;
        let fetch = |descriptor: manifest_core::Descriptor| async move {
            let manifest = client.child(source, &descriptor).await?;
            let mut all = match manifest.content() {
                Content::List(list) => descendants(client, source.clone(), list.clone()).await?,
                Content::Image(_) => Vec::new(),
            };
            let media_type = manifest.media_type();
            all.push(Child::new(
                source,
                manifest.digest(),
                media_type,
                manifest.bytes(),
            )?);
            Ok::<_, Failure>(all)
        };
        let children = for_all(list.manifests.into_iter().map(fetch)).await?;
        Ok(children.into_iter().flatten().collect())
    })
}
