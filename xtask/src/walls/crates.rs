//! The dependencies between crates, read from the graph that cargo resolved.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, Package, PackageId};

use super::table::{WALLS, Wall};

/// Returns the forbidden dependencies of all crates.
pub(super) fn check(metadata: &Metadata) -> Vec<String> {
    let mut found: Vec<String> = WALLS
        .iter()
        .flat_map(|wall| breaches(metadata, wall))
        .collect();
    found.extend(members_without_wall(metadata));
    found
}

fn members_without_wall(metadata: &Metadata) -> Vec<String> {
    let members = metadata.workspace_packages();
    let known = |package: &&&Package| {
        package.name.as_str() != "xtask"
            && WALLS.iter().all(|wall| package.name.as_str() != wall.name)
    };
    let unknown = members.iter().filter(known);
    unknown
        .map(|package| {
            format!(
                "{} has no wall: add one to xtask/src/walls/table.rs",
                package.name
            )
        })
        .collect()
}

fn breaches(metadata: &Metadata, wall: &Wall) -> Vec<String> {
    let Some(package) = metadata
        .packages
        .iter()
        .find(|package| package.name.as_str() == wall.name)
    else {
        return vec![format!("{} is not in the workspace", wall.name)];
    };
    let mut breaches = Vec::new();
    let normal = package
        .dependencies
        .iter()
        .filter(|d| d.kind == DependencyKind::Normal);
    for dependency in normal.filter(|_| !wall.direct.is_empty()) {
        if !wall.direct.contains(&dependency.name.as_str()) {
            breaches.push(format!(
                "{} must not depend on {}",
                wall.name, dependency.name
            ));
        }
    }
    breaches.extend(leaks(metadata, &package.id, wall.forbidden));
    breaches
}

/// Walks all dependencies, nearest first, and returns the shortest path to each forbidden crate.
fn leaks(metadata: &Metadata, start: &PackageId, forbidden: &[&str]) -> Vec<String> {
    let Some(resolve) = &metadata.resolve else {
        return vec!["cargo did not resolve the dependencies".to_owned()];
    };
    let names: BTreeMap<&PackageId, &str> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.as_str()))
        .collect();
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (&node.id, node)).collect();
    let mut seen = BTreeSet::from([start]);
    let mut paths = VecDeque::from([vec![start]]);
    let mut found = Vec::new();
    while let Some(path) = paths.pop_front() {
        let last = path[path.len() - 1];
        if path.len() > 1 && forbidden.contains(&names[last]) {
            let words: Vec<&str> = path.iter().map(|id| names[id]).collect();
            found.push(words.join(" -> "));
            continue;
        }
        for dependency in &nodes[last].deps {
            let normal = dependency
                .dep_kinds
                .iter()
                .any(|kind| kind.kind != DependencyKind::Development);
            if normal && seen.insert(&dependency.pkg) {
                paths.push_back([path.clone(), vec![&dependency.pkg]].concat());
            }
        }
    }
    found
}
