//! The manifests of a list that a target repository may lack.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::Arc;

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::ImageList;
use manifest_core::reference::Repository;
use manifest_core::{Content, Draft, Entry, Source, parallel};
use manifest_registry::{Child, Client};

use super::job::CopiedManifest;
use super::local_layouts::{LocalLayouts, with_local_blobs};
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::sources::{LazyLayout, is_list};

/// Returns for each target the entries that are on this machine or in other repositories, with their descendants. Lists come after
/// their children. The children of a list are fetched once for all targets that lack them.
pub(super) async fn missing_from<'a>(
    client: &Client,
    draft: &Draft,
    targets: impl IntoIterator<Item = &'a Repository>,
    layouts: &LocalLayouts,
) -> Result<BTreeMap<&'a Repository, Vec<Child>>, Failure> {
    let targets: Vec<&Repository> = targets.into_iter().collect();
    let lacks = |target: &Repository, entry: &Entry| {
        let is_on_disk = matches!(entry.source(), Some(Source::Disk(_)));
        is_on_disk || target != entry.reference.repository()
    };
    let is_lacking = |entry: &&Entry| targets.iter().any(|target| lacks(target, entry));
    let entries: Vec<&Entry> = draft.entries.iter().filter(is_lacking).collect();
    let gathered = gather(client, &entries, layouts).await?;
    let of_target = |target: &Repository| {
        let found = entries.iter().zip(&gathered);
        let found = found.filter(|(entry, _)| lacks(target, entry));
        found.flat_map(|(_, children)| children.clone()).collect()
    };
    let children = targets
        .into_iter()
        .map(|target| (target, of_target(target)));
    Ok(children.collect())
}

/// Returns all entries with their descendants, as [`missing_from`] does for an empty target.
pub(super) async fn of_draft(
    client: &Client,
    draft: &Draft,
    layouts: &LocalLayouts,
) -> Result<Vec<Child>, Failure> {
    let entries: Vec<&Entry> = draft.entries.iter().collect();
    let gathered = gather(client, &entries, layouts).await?;
    Ok(gathered.into_iter().flatten().collect())
}

/// Returns each entry with its descendants.
async fn gather(
    client: &Client,
    entries: &[&Entry],
    layouts: &LocalLayouts,
) -> Result<Vec<Vec<Child>>, Failure> {
    let children = parallel::map(entries, |entry| child_of(entry));
    let gathered = entries.iter().zip(children);
    let gathered =
        gathered.map(|(entry, child)| with_descendants(client, layouts.of(entry), child));
    try_join_all(gathered).await
}

async fn with_descendants(
    client: &Client,
    layout: Option<Arc<LazyLayout>>,
    child: Result<Child, Failure>,
) -> Result<Vec<Child>, Failure> {
    let child = with_local_blobs(layout.as_ref(), child?);
    let mut all = match child.manifest().content() {
        Content::List(list) => {
            let source = child.source().clone();
            descendants(client, source, layout, list.clone(), 1).await?
        }
        Content::Image(_) => Vec::new(),
    };
    all.push(child);
    Ok(all)
}

/// Returns the descendants of a list; an image as a child of itself, for the sake of its blobs. The repository that a manifest comes
/// from has them all; for a manifest on this machine, no repository does.
pub(super) async fn of_copy<'a>(
    client: &Client,
    copied: &CopiedManifest<'_>,
    targets: impl IntoIterator<Item = &'a Repository>,
) -> Result<BTreeMap<&'a Repository, Vec<Child>>, Failure> {
    let CopiedManifest {
        repository: source,
        manifest,
        layout,
    } = copied;
    let targets: Vec<&Repository> = targets.into_iter().collect();
    let lacks = |target: &Repository| layout.is_some() || target != *source;
    let children = match manifest.content() {
        _ if !targets.iter().any(|target| lacks(target)) => Vec::new(),
        Content::List(list) => {
            let (source, layout) = (Repository::clone(source), layout.clone());
            descendants(client, source, layout, list.clone(), 1).await?
        }
        Content::Image(_) => {
            let (digest, bytes) = (manifest.digest(), manifest.bytes());
            let child = Child::new(source, digest, manifest.media_type(), bytes)?;
            vec![with_local_blobs(layout.as_ref(), child)]
        }
    };
    let of_target = |target: &Repository| {
        if lacks(target) {
            children.clone()
        } else {
            Vec::new()
        }
    };
    let children = targets
        .into_iter()
        .map(|target| (target, of_target(target)));
    Ok(children.collect())
}

fn child_of(entry: &Entry) -> Result<Child, Failure> {
    let image = || entry.reference.clone();
    let media_type = entry
        .media_type()
        .ok_or_else(|| Failure::NoPayload { image: image() })?;
    let (source, digest) = (entry.reference.repository(), &entry.descriptor.digest);
    let child = Child::new(source, digest, media_type, &entry.unchecked_payload()?);
    child.map_err(|error| match entry.payload() {
        Ok(_) => error.into(),
        // This error names the draft's problem more precisely.
        Err(error) => error.into(),
    })
}

type Descendants<'a> = Pin<Box<dyn Future<Output = Result<Vec<Child>, Failure>> + 'a>>;

/// Fetches the descendants of a list.
fn descendants(
    client: &Client,
    source: Repository,
    layout: Option<Arc<LazyLayout>>,
    list: ImageList,
    depth: usize,
) -> Descendants<'_> {
    Box::pin(async move {
        let (source, layout) = (&source, &layout);
        let fetch = |descriptor: manifest_core::Descriptor| async move {
            if is_list(&descriptor) && depth >= LIST_DEPTH {
                let image = source.at(descriptor.digest);
                return Err(Failure::TooDeep { image, depth });
            }
            let manifest = match layout {
                Some(layout) => layout.manifest(&descriptor)?,
                None => client.child(source, &descriptor).await?,
            };
            let mut all = match manifest.content() {
                Content::List(list) => {
                    descendants(
                        client,
                        source.clone(),
                        layout.clone(),
                        list.clone(),
                        depth + 1,
                    )
                    .await?
                }
                Content::Image(_) => Vec::new(),
            };
            let media_type = manifest.media_type();
            let child = Child::new(source, manifest.digest(), media_type, manifest.bytes())?;
            all.push(with_local_blobs(layout.as_ref(), child));
            Ok::<_, Failure>(all)
        };
        let children = try_join_all(list.manifests.into_iter().map(fetch)).await?;
        Ok(children.into_iter().flatten().collect())
    })
}
