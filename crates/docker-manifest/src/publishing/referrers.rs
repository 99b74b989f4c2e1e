//! `--referrers`: what refers to the manifests that a target lacks goes along with them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, Reference};
use manifest_registry::{Child, Client, Referrers};

use super::What;
use super::children::{Disks, referrers_on};
use crate::failure::Failure;
use crate::output::Output;

/// Adds to the children of each repository what refers to them where they come from, and to a list that keeps its digest. What
/// cannot be copied is said, once.
pub(super) async fn add(
    client: &Client,
    what: &What<'_>,
    children: &mut BTreeMap<&Repository, Vec<Child>>,
    output: &Output,
) -> Result<(), Failure> {
    let on_disk = match what {
        What::Draft(draft, disks) => of_disks(draft, disks, children.values().flatten())?,
        What::Copy(copied) => match &copied.disk {
            Some(disk) => {
                let children = children.values().flatten().map(Child::digest);
                let own = std::iter::once(copied.manifest.digest());
                let subjects = own.chain(children).cloned().collect();
                referrers_on(disk, copied.repository, &subjects)?
            }
            None => Vec::new(),
        },
    };
    // Several targets mostly lack the same.
    let mut known: BTreeMap<Vec<Reference>, Referrers> = BTreeMap::new();
    for (target, children) in children.iter_mut() {
        let mut subjects = of_registries(children.iter().filter(|child| child.source() != *target));
        if let What::Copy(copied) = what
            && copied.disk.is_none()
            && copied.repository != *target
        {
            let digest = copied.manifest.digest().clone();
            subjects.push(copied.repository.at(digest));
        }
        let mut seen = HashSet::new();
        subjects.retain(|subject| seen.insert(subject.clone()));
        if !known.contains_key(&subjects) {
            let found = found(client, &subjects, output).await?;
            known.insert(subjects.clone(), found);
        }
        let found = &known[&subjects];
        children.extend(found.children.iter().cloned());
        children.extend(on_disk.iter().cloned());
    }
    Ok(())
}

/// Adds to all children of a draft what refers to them where they come from.
pub(super) async fn add_to_all(
    client: &Client,
    draft: &Draft,
    disks: &Disks,
    children: &mut Vec<Child>,
    output: &Output,
) -> Result<(), Failure> {
    let on_disk = of_disks(draft, disks, children.iter())?;
    let mut subjects = of_registries(children.iter());
    subjects.sort();
    subjects.dedup();
    children.extend(found(client, &subjects, output).await?.children);
    children.extend(on_disk);
    Ok(())
}

/// Returns the names of those children that a registry may have referrers of.
fn of_registries<'a>(children: impl Iterator<Item = &'a Child>) -> Vec<Reference> {
    children
        .filter(|child| child.local().is_none())
        .map(|child| child.source().at(child.digest().clone()))
        .collect()
}

async fn found(
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

/// Finds on this machine what refers to the entries of a draft, and to what is in them.
fn of_disks<'a>(
    draft: &'a Draft,
    disks: &Disks,
    children: impl Iterator<Item = &'a Child>,
) -> Result<Vec<Child>, Failure> {
    let entries = draft.entries.iter().map(|entry| &entry.descriptor.digest);
    let subjects: BTreeSet<Digest> = entries
        .chain(children.map(Child::digest))
        .cloned()
        .collect();
    disks.referrers(draft.list.repository(), &subjects)
}
