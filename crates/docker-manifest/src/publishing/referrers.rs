//! `--referrers`: the referrers of the manifests that a target lacks are copied along with them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, Reference};
use manifest_registry::{Child, Client, Referrers};

use super::job::JobSource;
use super::local_layouts::{LocalLayouts, referrers_in};
use crate::failure::Failure;
use crate::output::Output;

/// Adds to the children of each target repository their referrers in the source, and those of a list that keeps its digest. Warns once
/// of each referrer that cannot be copied.
pub(super) async fn add(
    client: &Client,
    source: JobSource<'_>,
    children: &mut BTreeMap<&Repository, Vec<Child>>,
    output: &Output,
) -> Result<(), Failure> {
    let on_disk = match source {
        JobSource::Draft(draft, layouts) => {
            in_layouts(draft, layouts, children.values().flatten())?
        }
        JobSource::Copy(copied) => match &copied.layout {
            Some(layout) => {
                let children = children.values().flatten().map(Child::digest);
                let own = std::iter::once(copied.manifest.digest());
                let subjects = own.chain(children).cloned().collect();
                referrers_in(layout, copied.repository, &subjects)?
            }
            None => Vec::new(),
        },
    };
    // Several targets mostly lack the same.
    let mut known: BTreeMap<Vec<Reference>, Referrers> = BTreeMap::new();
    for (target, children) in children.iter_mut() {
        let mut subjects = in_registries(children.iter().filter(|child| child.source() != *target));
        if let JobSource::Copy(copied) = source
            && copied.layout.is_none()
            && copied.repository != *target
        {
            let digest = copied.manifest.digest().clone();
            subjects.push(copied.repository.at(digest));
        }
        let mut seen = HashSet::new();
        subjects.retain(|subject| seen.insert(subject.clone()));
        if !known.contains_key(&subjects) {
            let found = fetch(client, &subjects, output).await?;
            known.insert(subjects.clone(), found);
        }
        let found = &known[&subjects];
        children.extend(found.children.iter().cloned());
        children.extend(on_disk.iter().cloned());
    }
    Ok(())
}

/// Adds to all children of a draft their referrers in the source.
pub(super) async fn add_all(
    client: &Client,
    draft: &Draft,
    layouts: &LocalLayouts,
    children: &mut Vec<Child>,
    output: &Output,
) -> Result<(), Failure> {
    let on_disk = in_layouts(draft, layouts, children.iter())?;
    let mut subjects = in_registries(children.iter());
    subjects.sort();
    subjects.dedup();
    children.extend(fetch(client, &subjects, output).await?.children);
    children.extend(on_disk);
    Ok(())
}

/// Returns the references of the children that come from a registry, which may have referrers of them.
fn in_registries<'a>(children: impl Iterator<Item = &'a Child>) -> Vec<Reference> {
    children
        .filter(|child| child.local_blobs().is_none())
        .map(|child| child.source().at(child.digest().clone()))
        .collect()
}

async fn fetch(
    client: &Client,
    subjects: &[Reference],
    output: &Output,
) -> Result<Referrers, Failure> {
    let found = client.referrers(subjects).await?;
    for skipped in &found.skipped {
        output.warning(&skipped.to_string());
    }
    Ok(found)
}

/// Returns the referrers on this machine of the entries of a draft and of their descendants.
fn in_layouts<'a>(
    draft: &'a Draft,
    layouts: &LocalLayouts,
    children: impl Iterator<Item = &'a Child>,
) -> Result<Vec<Child>, Failure> {
    let entries = draft.entries.iter().map(|entry| &entry.descriptor.digest);
    let subjects: BTreeSet<Digest> = entries
        .chain(children.map(Child::digest))
        .cloned()
        .collect();
    layouts.referrers(draft.list.repository(), &subjects)
}
