//! `--referrers`: what refers to the manifests that a target lacks goes along with them.

use std::collections::{BTreeMap, HashSet};

use manifest_core::Reference;
use manifest_core::reference::Repository;
use manifest_registry::{Child, Client, Referrers};

use super::What;
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
    // Several targets mostly lack the same.
    let mut known: BTreeMap<Vec<Reference>, Referrers> = BTreeMap::new();
    for (target, children) in children.iter_mut() {
        let mut subjects: Vec<Reference> = children
            .iter()
            .filter(|child| child.local().is_none() && child.source() != *target)
            .map(|child| child.source().at(child.digest().clone()))
            .collect();
        if let What::Copy(source, manifest) = what
            && source != target
        {
            subjects.push(source.at(manifest.digest().clone()));
        }
        let mut seen = HashSet::new();
        subjects.retain(|subject| seen.insert(subject.clone()));
        if !known.contains_key(&subjects) {
            let found = client.referrers(&subjects).await?;
            for skipped in &found.skipped {
                output.warning(&skipped.to_string());
            }
            known.insert(subjects.clone(), found);
        }
        let found = &known[&subjects];
        children.extend(found.children.iter().cloned());
    }
    Ok(())
}
