//! `cargo xtask walls`: checks what may depend on what.
//!
//! | module | holds |
//! | --- | --- |
//! | [`crates`] | the dependencies between crates, as cargo resolved them |
//! | [`cycles`] | the cycles between the files of a crate |
//! | [`rooms`] | the order of a crate's rooms: its top-level modules |
//! | [`resolve`] | where a path leads to, through `use` and `pub use` |
//! | [`modules`] | the modules of a crate |
//! | [`paths`] | the paths that code names |
//! | [`exempt`] | what is only compiled for tests and fuzzing, which may use anything |
//! | [`table`] | what is allowed |
//!
//! A file depends on the file that defines what it names. What code does not name is not seen: a method of a value,
//! the type of a field, what a macro makes up. `mod name;` says where a file is, and is no use of it. A `pub use`
//! of what a module's own modules define passes a name on, and is no use either, unless the file's own code has that name.

use std::path::PathBuf;

use cargo_metadata::{Metadata, MetadataCommand, Package};

use crate::task::{TaskResult, workspace};

mod crates;
mod cycles;
mod exempt;
mod modules;
mod paths;
mod resolve;
mod rooms;
mod table;
#[cfg(test)]
mod tests;

use modules::Tree;
use table::{Layer, ORDERS, PENDING};

/// Check what may depend on what: crates, files and rooms of a crate
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Show which files each file of a crate uses, and check nothing
    #[arg(long, value_name = "CRATE")]
    graph: Option<String>,
    /// Show what the crates breach whose rooms are not finished
    #[arg(long)]
    pending: bool,
}

pub(crate) fn run(args: &Args) -> TaskResult {
    let metadata = MetadataCommand::new()
        .current_dir(workspace())
        .exec()
        .map_err(|error| format!("cannot ask cargo for the dependencies: {error}"))?;
    if let Some(name) = &args.graph {
        return show_graph(&metadata, name);
    }
    let mut breaches = crates::check(&metadata);
    breaches.extend(unknown_names(&metadata));
    let mut packages = metadata.workspace_packages();
    packages.sort_by_key(|package| package.name.to_string());
    for package in packages {
        let name = package.name.as_str();
        let Some(order) = ORDERS.iter().find(|order| order.name == name) else {
            breaches.push(format!(
                "{name} has no rooms: add it to xtask/src/walls/table.rs"
            ));
            continue;
        };
        let found = Source::of(package).check(order.layers)?;
        if !PENDING.contains(&name) {
            breaches.extend(found);
        } else if args.pending {
            println!("walls: {name} is pending, {} breaches", found.len());
            found.iter().for_each(|found| println!("  {found}"));
        } else if !found.is_empty() {
            println!("walls: {name} is pending: `cargo xtask walls --pending` shows its breaches");
        }
    }
    if breaches.is_empty() {
        let (crates, pending) = (ORDERS.len(), PENDING.len());
        println!(
            "walls: {crates} crates depend only on what they may, and so do the files of all but {pending}"
        );
        return Ok(());
    }
    Err(format!("walls are breached:\n  {}", breaches.join("\n  ")))
}

fn show_graph(metadata: &Metadata, name: &str) -> TaskResult {
    let packages = metadata.workspace_packages();
    let package = packages
        .into_iter()
        .find(|package| package.name.as_str() == name)
        .ok_or_else(|| format!("{name} is not in the workspace"))?;
    let tree = Source::of(package).read()?;
    let uses = resolve::uses(&tree);
    for line in cycles::listed(&tree, &cycles::graph(&tree, &uses)) {
        println!("{line}");
    }
    Ok(())
}

/// Returns the names in the tables that are no crates.
fn unknown_names(metadata: &Metadata) -> Vec<String> {
    let packages = metadata.workspace_packages();
    let is_unknown = |name: &&str| {
        packages
            .iter()
            .all(|package| package.name.as_str() != *name)
    };
    ORDERS
        .iter()
        .map(|order| order.name)
        .chain(PENDING.iter().copied())
        .filter(is_unknown)
        .map(|name| format!("{name} is in xtask/src/walls/table.rs, but not in the workspace"))
        .collect()
}

/// Where the sources of a crate are.
struct Source {
    /// The crate.
    name: String,
    /// The folder of its sources.
    folder: PathBuf,
    /// How messages name that folder.
    shown: String,
    /// `lib.rs` and `main.rs`, or what cargo has in their place.
    roots: Vec<PathBuf>,
}

impl Source {
    fn of(package: &Package) -> Self {
        let folder = package.manifest_path.with_file_name("src");
        let targets = package.targets.iter();
        let mut roots: Vec<(bool, PathBuf)> = targets
            .filter(|target| target.src_path.starts_with(&folder))
            .map(|target| (target.is_bin(), target.src_path.clone().into()))
            .collect();
        roots.sort();
        let folder = PathBuf::from(folder);
        let below = folder.strip_prefix(workspace()).unwrap_or(&folder);
        Self {
            name: package.name.to_string(),
            shown: below.display().to_string().replace('\\', "/"),
            roots: roots.into_iter().map(|(_, path)| path).collect(),
            folder,
        }
    }

    fn read(&self) -> Result<Tree, String> {
        Tree::read(&self.name, &self.folder, &self.roots)
    }

    /// Returns the cycles between the crate's files, and what breaches the order of its rooms.
    fn check(&self, layers: &[Layer]) -> Result<Vec<String>, String> {
        let tree = self.read()?;
        let uses = resolve::uses(&tree);
        let mut found = cycles::check(&tree, &cycles::graph(&tree, &uses), &self.shown);
        if layers.is_empty() && PENDING.contains(&self.name.as_str()) {
            found.push(format!("{}: the table has no rooms yet", self.shown));
        } else {
            found.extend(rooms::check(&tree, &uses, layers, &self.shown));
        }
        Ok(found)
    }
}
