//! Cycles between the files of a crate.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::modules::{FileId, Tree};
use super::resolve::Use;

/// The files that each file uses, with the first use of each.
pub(super) type Graph<'a> = BTreeMap<FileId, BTreeMap<FileId, &'a Use>>;

/// Builds the graph of the files from their uses.
pub(super) fn graph<'a>(tree: &Tree, uses: &'a [Use]) -> Graph<'a> {
    let mut graph: Graph<'a> = (0..tree.files.len())
        .map(|file| (file, BTreeMap::new()))
        .collect();
    for found in uses {
        if let Some(target) = found.target.filter(|target| *target != found.from) {
            let edges = graph.entry(found.from).or_default();
            edges.entry(target).or_insert(found);
        }
    }
    graph
}

/// Returns one line for each file, with the files that it uses.
pub(super) fn graph_lines(tree: &Tree, graph: &Graph<'_>) -> Vec<String> {
    let mut lines: Vec<String> = graph
        .iter()
        .map(|(file, edges)| {
            let mut used: Vec<String> = edges.keys().map(|file| tree.display_path(*file)).collect();
            used.sort();
            let used = if used.is_empty() {
                "nothing".to_owned()
            } else {
                used.join(", ")
            };
            format!("{} uses {used}", tree.display_path(*file))
        })
        .collect();
    lines.sort();
    lines
}

/// Returns a message for each group of files that depend on each other, with its members and its shortest cycle.
pub(super) fn check(tree: &Tree, graph: &Graph<'_>, folder: &str) -> Vec<String> {
    let groups = groups(graph);
    groups
        .iter()
        .map(|group| {
            let mut members: Vec<String> =
                group.iter().map(|file| tree.display_path(*file)).collect();
            members.sort();
            let mut text = format!(
                "{folder}: {} files depend on each other: {}",
                group.len(),
                members.join(", ")
            );
            let cycle = shortest_cycle(graph, group);
            for (at, from) in cycle.iter().enumerate() {
                let to = cycle[(at + 1) % cycle.len()];
                let (shown, used) = (tree.display_path(*from), tree.display_path(to));
                let Use { line, path, .. } = graph[from][&to];
                text += &format!("\n    {folder}/{shown}:{line} uses {used} ({path})");
            }
            text
        })
        .collect()
}

/// Returns the groups of files that can reach each other.
fn groups(graph: &Graph<'_>) -> Vec<BTreeSet<FileId>> {
    let reached: BTreeMap<FileId, BTreeSet<FileId>> = graph
        .keys()
        .map(|file| (*file, reached_from(graph, *file)))
        .collect();
    let mut grouped: BTreeSet<FileId> = BTreeSet::new();
    let mut groups = Vec::new();
    for (file, others) in &reached {
        if others.contains(file) && !grouped.contains(file) {
            let back = others.iter().filter(|other| reached[other].contains(file));
            let group: BTreeSet<FileId> = back.copied().collect();
            grouped.extend(&group);
            groups.push(group);
        }
    }
    groups
}

/// Returns the files that a file reaches. It includes itself only if it is in a cycle.
fn reached_from(graph: &Graph<'_>, start: FileId) -> BTreeSet<FileId> {
    let mut reached = BTreeSet::new();
    let mut open = vec![start];
    while let Some(file) = open.pop() {
        open.extend(graph[&file].keys().filter(|next| reached.insert(**next)));
    }
    reached
}

fn shortest_cycle(graph: &Graph<'_>, group: &BTreeSet<FileId>) -> Vec<FileId> {
    group
        .iter()
        .filter_map(|start| shortest_cycle_through(graph, *start))
        .min_by_key(Vec::len)
        .unwrap_or_default()
}

/// Returns the shortest path from a file to itself.
fn shortest_cycle_through(graph: &Graph<'_>, start: FileId) -> Option<Vec<FileId>> {
    let mut paths = VecDeque::from([vec![start]]);
    let mut seen = BTreeSet::new();
    while let Some(path) = paths.pop_front() {
        for next in graph[&path[path.len() - 1]].keys() {
            if *next == start {
                return Some(path);
            }
            if seen.insert(*next) {
                paths.push_back([path.clone(), vec![*next]].concat());
            }
        }
    }
    None
}
