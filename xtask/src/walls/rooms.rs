//! The order of the rooms of a crate: its top-level modules, each a file or a folder.

use std::collections::BTreeSet;

use super::modules::{FileId, Tree};
use super::resolve::Use;
use super::table::Layer;

/// Returns the uses of rooms that the order forbids, and the rooms that only the order or only the crate has.
pub(super) fn check(tree: &Tree, uses: &[Use], layers: &[Layer], folder: &str) -> Vec<String> {
    let mut found = differences(tree, layers, folder);
    let mut seen = BTreeSet::new();
    for used in uses {
        let Some(own) = room(tree, used.from) else {
            continue;
        };
        for other in used_rooms(tree, used) {
            if !may_use(layers, own, other) && seen.insert((used.from, used.line, other)) {
                let Use { line, path, .. } = used;
                let file = tree.display_path(used.from);
                let other = other.map_or_else(
                    || tree.display_path(tree.modules[tree.roots[0]].file),
                    |other| format!("room `{other}`"),
                );
                found.push(format!(
                    "{folder}/{file}:{line}: room `{own}` must not use {other} ({path})"
                ));
            }
        }
    }
    found
}

/// Returns the room that a path names and the room that it resolves to. `None` is the root, which is above all rooms.
fn used_rooms<'a>(tree: &'a Tree, used: &Use) -> Vec<Option<&'a str>> {
    let mut rooms: Vec<Option<&str>> = Vec::new();
    // A re-export by the root is no use of the root. A room that re-exports a name is used as well.
    rooms.extend(room(tree, used.named).map(Some));
    rooms.extend(used.target.map(|target| room(tree, target)));
    rooms.dedup();
    rooms
}

/// Returns the room of a file, or `None` for a root.
fn room(tree: &Tree, file: FileId) -> Option<&str> {
    tree.path(tree.files[file].module).first().copied()
}

fn may_use(layers: &[Layer], own: &str, other: Option<&str>) -> bool {
    let place = |room: &str| layers.iter().position(|layer| layer.rooms.contains(&room));
    let Some(other) = other else {
        return false;
    };
    match (place(own), place(other)) {
        _ if own == other => true,
        (Some(own), Some(other)) if own == other => layers[own].peers,
        (Some(own), Some(other)) => own < other,
        // A room without a layer is reported once, by `differences`.
        _ => true,
    }
}

/// Returns messages for the rooms that only the crate has, and for those that only the table has.
fn differences(tree: &Tree, layers: &[Layer], folder: &str) -> Vec<String> {
    let Some(root) = tree.roots.first().map(|root| &tree.modules[*root]) else {
        return Vec::new();
    };
    let children = root.children.iter();
    let files = children.filter(|(_, child)| tree.modules[**child].file != root.file);
    let real: BTreeSet<&str> = files.map(|(name, _)| name.as_str()).collect();
    let mut listed = BTreeSet::new();
    let mut found = Vec::new();
    for &room in layers.iter().flat_map(|layer| layer.rooms) {
        if !listed.insert(room) {
            found.push(format!("{folder}: the table names room `{room}` twice"));
        }
        if !real.contains(room) {
            found.push(format!(
                "{folder}: the table names room `{room}`, but there is no such module"
            ));
        }
    }
    let unlisted: Vec<&str> = real.difference(&listed).copied().collect();
    if !unlisted.is_empty() {
        let rooms = unlisted.join("`, `");
        found.push(format!(
            "{folder}: no layer has `{rooms}`: add each room to xtask/src/walls/table.rs"
        ));
    }
    found
}
