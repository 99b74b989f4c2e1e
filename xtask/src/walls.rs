//! `cargo xtask walls`: checks which crate depends on what, by walking what cargo resolved.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, Package, PackageId};

use crate::{TaskResult, workspace};

/// Check which crate depends on what
#[derive(clap::Args)]
pub(crate) struct Args {}

/// What one crate may depend on.
struct Wall {
    /// The crate.
    name: &'static str,
    /// What its manifest may name as dependencies.
    direct: &'static [&'static str],
    /// What must not be reached over any number of dependencies.
    never: &'static [&'static str],
}

const WALLS: &[Wall] = &[
    Wall {
        name: "manifest-core",
        direct: &["base64", "serde", "serde_json", "sha2", "thiserror"],
        never: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "fs2",
            "tempfile",
            "rustix",
            "manifest-layout",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-layout",
        direct: &[
            "fs2",
            "manifest-core",
            "serde",
            "serde_json",
            "tar",
            "tempfile",
            "thiserror",
        ],
        never: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-store",
        direct: &[
            "fs2",
            "manifest-core",
            "rustix",
            "serde",
            "serde_json",
            "tempfile",
            "thiserror",
        ],
        never: &[
            "tokio",
            "reqwest",
            "hyper",
            "oci-client",
            "clap",
            "directories",
            "rustls",
            "manifest-layout",
            "manifest-registry",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "manifest-registry",
        direct: &[
            "base64",
            "bytes",
            "fastrand",
            "futures-util",
            "http",
            "httpdate",
            "hyper-rustls",
            "hyper-util",
            "manifest-core",
            "oci-client",
            "reqwest",
            "ring",
            "rustls",
            "rustls-platform-verifier",
            "serde",
            "serde_json",
            "thiserror",
            "tokio",
            "tower-layer",
            "tower-service",
            "url",
            "x509-parser",
        ],
        never: &[
            "clap",
            "directories",
            "fs2",
            "manifest-layout",
            "manifest-store",
            "docker-manifest",
            "manifest-testkit",
        ],
    },
    Wall {
        name: "docker-manifest",
        direct: &[
            "clap",
            "directories",
            "indicatif",
            "manifest-core",
            "manifest-layout",
            "manifest-registry",
            "manifest-store",
            "rustix",
            "serde",
            "serde_json",
            "signal-hook",
            "thiserror",
            "tokio",
            "toml",
        ],
        never: &["manifest-testkit"],
    },
    Wall {
        name: "manifest-testkit",
        direct: &[],
        never: &[
            "manifest-layout",
            "manifest-store",
            "manifest-registry",
            "docker-manifest",
            "clap",
            "reqwest",
        ],
    },
];

pub(crate) fn run(_args: &Args) -> TaskResult {
    let metadata = MetadataCommand::new()
        .current_dir(workspace())
        .exec()
        .map_err(|error| format!("cannot ask cargo for the dependencies: {error}"))?;
    let breaches: Vec<String> = WALLS
        .iter()
        .flat_map(|wall| breaches(&metadata, wall))
        .collect();
    let unknown = members_without_wall(&metadata);
    if breaches.is_empty() && unknown.is_empty() {
        println!("walls: {} crates depend only on what they may", WALLS.len());
        return Ok(());
    }
    Err(format!(
        "walls are breached:\n  {}",
        [breaches, unknown].concat().join("\n  ")
    ))
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
                "{} has no wall: add one to xtask/src/walls.rs",
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
    breaches.extend(leaks(metadata, &package.id, wall.never));
    breaches
}

/// Walks all dependencies, nearest first, and returns the shortest path to each forbidden crate.
fn leaks(metadata: &Metadata, start: &PackageId, never: &[&str]) -> Vec<String> {
    let Some(resolve) = &metadata.resolve else {
        return vec!["cargo resolved nothing".to_owned()];
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
        if path.len() > 1 && never.contains(&names[last]) {
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
