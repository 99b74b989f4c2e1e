//! The manifests of a list that a target may lack.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;
use std::sync::Arc;

use manifest_core::limits::LIST_DEPTH;
use manifest_core::manifest::ImageList;
use manifest_core::reference::Repository;
use manifest_core::{Content, Digest, Draft, Entry, Source, parallel};
use manifest_layout::{ImageSelector, Referrer, Relation};
use manifest_registry::{Child, Client, LocalBlobs};

use super::Copied;
use crate::commands::for_all;
use crate::failure::Failure;
use crate::sources::Disk;
use crate::sources::flatten::is_list;
use crate::sources::words::Named;

/// Returns for each target the entries that are on this machine, or in other repositories. Lists among them stand after what is
/// in them. What is in a list is asked for once, however many targets lack it.
pub(super) async fn of<'a>(
    client: &Client,
    draft: &Draft,
    targets: impl IntoIterator<Item = &'a Repository>,
    disks: &Disks,
) -> Result<BTreeMap<&'a Repository, Vec<Child>>, Failure> {
    let targets: Vec<&Repository> = targets.into_iter().collect();
    let lacks = |target: &Repository, entry: &Entry| {
        let is_on_disk = matches!(entry.source(), Some(Source::Disk(_)));
        is_on_disk || target != entry.reference.repository()
    };
    let is_lacking = |entry: &&Entry| targets.iter().any(|target| lacks(target, entry));
    let entries: Vec<&Entry> = draft.entries.iter().filter(is_lacking).collect();
    let gathered = gather(client, &entries, disks).await?;
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

/// Returns all entries with what is in them, as [`of`] does for a target that has nothing.
pub(super) async fn all(
    client: &Client,
    draft: &Draft,
    disks: &Disks,
) -> Result<Vec<Child>, Failure> {
    let entries: Vec<&Entry> = draft.entries.iter().collect();
    let gathered = gather(client, &entries, disks).await?;
    Ok(gathered.into_iter().flatten().collect())
}

/// Returns each entry with what is in it.
async fn gather(
    client: &Client,
    entries: &[&Entry],
    disks: &Disks,
) -> Result<Vec<Vec<Child>>, Failure> {
    let children = parallel::map(entries, |entry| child_of(entry));
    let gathered = entries.iter().zip(children);
    let gathered = gathered.map(|(entry, child)| with_descendants(client, disks.of(entry), child));
    for_all(gathered).await
}

async fn with_descendants(
    client: &Client,
    disk: Option<Arc<Disk>>,
    child: Result<Child, Failure>,
) -> Result<Vec<Child>, Failure> {
    let child = on(disk.as_ref(), child?);
    let mut all = match child.manifest().content() {
        Content::List(list) => {
            let source = child.source().clone();
            descendants(client, source, disk, list.clone(), 1).await?
        }
        Content::Image(_) => Vec::new(),
    };
    all.push(child);
    Ok(all)
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

    /// Returns what refers to these manifests in any of the places. Its blobs are there; `repository` is what it is named by.
    pub(super) fn referrers(
        &self,
        repository: &Repository,
        subjects: &BTreeSet<Digest>,
    ) -> Result<Vec<Child>, Failure> {
        let mut children = Vec::new();
        for disk in self.0.values() {
            children.extend(referrers_on(disk, repository, subjects)?);
        }
        Ok(children)
    }

    /// Returns what each place whose content may change shows now; nothing of one that cannot be read.
    pub(super) fn shown(&self) -> impl Iterator<Item = (&Source, Option<Digest>)> {
        let changes = |disk: &&Disk| !matches!(disk.location().name, ImageSelector::Digest(_));
        let places = self.0.iter().filter(move |(_, disk)| changes(&&***disk));
        places.map(|(source, disk)| (source, disk.root().ok().map(|root| root.digest().clone())))
    }
}

/// Returns what refers to these manifests in one place, as [`Disks::referrers`] does.
pub(super) fn referrers_on(
    disk: &Arc<Disk>,
    repository: &Repository,
    subjects: &BTreeSet<Digest>,
) -> Result<Vec<Child>, Failure> {
    let child = |Referrer { manifest, relation }| {
        let (digest, media_type) = (manifest.digest(), manifest.media_type());
        let child = Child::new(repository, digest, media_type, manifest.bytes())?;
        let child = on(Some(disk), child);
        Ok(match relation {
            Relation::Subject => child.as_referrer(),
            Relation::Tag(tag) => child.with_tag(tag),
            Relation::Inside => child,
        })
    };
    disk.referrers(subjects)?.into_iter().map(child).collect()
}

/// Says where a child's blobs are.
fn on(disk: Option<&Arc<Disk>>, child: Child) -> Child {
    match disk {
        Some(disk) => child.with_local_blobs(Arc::clone(disk) as Arc<dyn LocalBlobs>),
        None => child,
    }
}

/// Returns what a manifest leads to: a list's children and theirs; an image as a child of itself, for the sake of its blobs. Where
/// it comes from has it all, unless that is this machine.
pub(super) async fn whole<'a>(
    client: &Client,
    copied: &Copied<'_>,
    targets: impl IntoIterator<Item = &'a Repository>,
) -> Result<BTreeMap<&'a Repository, Vec<Child>>, Failure> {
    let Copied {
        repository: source,
        manifest,
        disk,
    } = copied;
    let targets: Vec<&Repository> = targets.into_iter().collect();
    let lacks = |target: &Repository| disk.is_some() || target != *source;
    let children = match manifest.content() {
        _ if !targets.iter().any(|target| lacks(target)) => Vec::new(),
        Content::List(list) => {
            let (source, disk) = (Repository::clone(source), disk.clone());
            descendants(client, source, disk, list.clone(), 1).await?
        }
        Content::Image(_) => {
            let (digest, bytes) = (manifest.digest(), manifest.bytes());
            let child = Child::new(source, digest, manifest.media_type(), bytes)?;
            vec![on(disk.as_ref(), child)]
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
        // Says more of what is wrong with the draft.
        Err(error) => error.into(),
    })
}

type Descendants<'a> = Pin<Box<dyn Future<Output = Result<Vec<Child>, Failure>> + 'a>>;

/// Fetches everything that a list in a list leads to.
fn descendants(
    client: &Client,
    source: Repository,
    disk: Option<Arc<Disk>>,
    list: ImageList,
    depth: usize,
) -> Descendants<'_> {
    Box::pin(async move {
        let (source, disk) = (&source, &disk);
        let fetch = |descriptor: manifest_core::Descriptor| async move {
            if is_list(&descriptor) && depth >= LIST_DEPTH {
                let image = source.at(descriptor.digest);
                return Err(Failure::TooDeep { image, depth });
            }
            let manifest = match disk {
                Some(disk) => disk.manifest(&descriptor)?,
                None => client.child(source, &descriptor).await?,
            };
            let mut all = match manifest.content() {
                Content::List(list) => {
                    descendants(
                        client,
                        source.clone(),
                        disk.clone(),
                        list.clone(),
                        depth + 1,
                    )
                    .await?
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
