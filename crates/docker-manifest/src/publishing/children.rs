//! The manifests of a list that a target may lack.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use manifest_core::manifest::ImageList;
use manifest_core::reference::Repository;
use manifest_core::{Content, Digest, Draft, Entry, Manifest, Source};
use manifest_layout::Name;
use manifest_registry::{Child, Client, LocalBlobs};

use crate::commands::for_all;
use crate::failure::Failure;
use crate::sources::Disk;
use crate::sources::words::Named;

/// Returns the entries that are on this machine, or in other repositories than the target; all where there is no target.
/// Lists among them stand after what is in them.
pub(super) async fn of(
    client: &Client,
    draft: &Draft,
    target: Option<&Repository>,
    disks: &Disks,
) -> Result<Vec<Child>, Failure> {
    let elsewhere = |entry: &&Entry| {
        let is_on_disk = matches!(entry.source(), Some(Source::Disk(_)));
        is_on_disk || target != Some(entry.reference.repository())
    };
    let gather = |entry: &Entry| {
        let disk = disks.of(entry);
        let child = child_of(entry).map(|child| on(disk.as_ref(), child));
        async move {
            let child = child?;
            let mut all = match child.manifest().content() {
                Content::List(list) => {
                    let source = child.source().clone();
                    descendants(client, source, disk, list.clone()).await?
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

/// The places on this machine that a draft has entries from.
#[derive(Debug, Default)]
pub(super) struct Disks(BTreeMap<Source, Arc<Disk>>);

impl Disks {
    pub(super) fn new(draft: &Draft) -> Self {
        let sources: BTreeSet<&Source> = draft.entries.iter().filter_map(Entry::source).collect();
        let open = |source: &Source| match Named::of(source) {
            Some(Named::Disk(location)) => Some((source.clone(), Arc::new(Disk::new(location)))),
            _ => None,
        };
        Self(sources.into_iter().filter_map(open).collect())
    }

    fn of(&self, entry: &Entry) -> Option<Arc<Disk>> {
        self.0.get(entry.source()?).cloned()
    }

    /// Returns what each place whose content may change shows now; nothing of one that cannot be read.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&Source, Option<Digest>)> {
        let changes = |disk: &&Disk| !matches!(disk.location().name, Name::Digest(_));
        let places = self.0.iter().filter(move |(_, disk)| changes(&&***disk));
        places.map(|(source, disk)| (source, disk.root().ok().map(|root| root.digest().clone())))
    }
}

/// Says where a child's blobs are.
fn on(disk: Option<&Arc<Disk>>, child: Child) -> Child {
    match disk {
        Some(disk) => child.on_disk(Arc::clone(disk) as Arc<dyn LocalBlobs>),
        None => child,
    }
}

/// Returns what a manifest leads to: a list's children and theirs; an image as a child of itself, for the sake of its blobs.
pub(super) async fn whole(
    client: &Client,
    source: &Repository,
    manifest: &Manifest,
) -> Result<Vec<Child>, Failure> {
    if let Content::List(list) = manifest.content() {
        return descendants(client, source.clone(), None, list.clone()).await;
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
fn descendants(
    client: &Client,
    source: Repository,
    disk: Option<Arc<Disk>>,
    list: ImageList,
) -> Descendants<'_> {
    Box::pin(async move {
        let (source, disk) = (&source, &disk);
        let fetch = |descriptor: manifest_core::Descriptor| async move {
            let manifest = match disk {
                Some(disk) => disk.manifest(&descriptor)?,
                None => client.child(source, &descriptor).await?,
            };
            let mut all = match manifest.content() {
                Content::List(list) => {
                    descendants(client, source.clone(), disk.clone(), list.clone()).await?
                }
                Content::Image(_) => Vec::new(),
            };
            let media_type = manifest.media_type();
            let child = Child::new(source, manifest.digest(), media_type, manifest.bytes())?;
            all.push(on(disk.as_ref(), child));
            Ok::<_, Failure>(all)
        };
        let children = for_all(list.manifests.into_iter().map(fetch)).await?;
        Ok(children.into_iter().flatten().collect())
    })
}
