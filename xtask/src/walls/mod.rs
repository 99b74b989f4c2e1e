//! `cargo xtask walls`: checks the allowed dependencies between crates, files and rooms.
//!
//! | module | holds |
//! | --- | --- |
//! | [`crates`] | the dependencies between crates, as cargo resolved them |
//! | [`cycles`] | the cycles between the files of a crate |
//! | [`rooms`] | the order of a crate's rooms: its top-level modules |
//! | [`resolve`] | resolving a path through `use` and `pub use` |
//! | [`modules`] | the modules of a crate |
//! | [`paths`] | the paths in code |
//! | [`exempt`] | code that is only compiled for tests and fuzzing, which may use anything |
//! | [`table`] | the allowed dependencies |
//!
//! A file depends on the files that define the names in it. Dependencies without a name are not found: a method of a value,
//! the type of a field, a name that a macro generates. `mod name;` declares a file and does not use it. A `pub use` of an item of
//! the module's own modules re-exports it and does not use it, unless the file's own code names the item.

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
use table::{Layer, ORDERS};

/// Check the allowed dependencies between crates, and between files and rooms of a crate
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Print the files that each file of a crate uses, and check nothing
    #[arg(long, value_name = "CRATE")]
    graph: Option<String>,
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
        breaches.extend(Source::of(package).check(order.layers)?);
    }
    if breaches.is_empty() {
        println!(
            "walls: {} crates, their rooms and their files have only allowed dependencies",
            ORDERS.len()
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
    for line in cycles::graph_lines(&tree, &cycles::graph(&tree, &uses)) {
        println!("{line}");
    }
    Ok(())
}

/// Returns the names in the tables that are not crates of the workspace.
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
        .filter(is_unknown)
        .map(|name| format!("{name} is in xtask/src/walls/table.rs, but not in the workspace"))
        .collect()
}

/// The location of a crate's sources.
struct Source {
    /// The crate.
    name: String,
    /// The folder of its sources.
    folder: PathBuf,
    /// The folder's name in messages.
    label: String,
    /// `lib.rs` and `main.rs`, or the paths that `Cargo.toml` gives for them.
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
            label: below.display().to_string().replace('\\', "/"),
            roots: roots.into_iter().map(|(_, path)| path).collect(),
            folder,
        }
    }

    fn read(&self) -> Result<Tree, String> {
        Tree::read(&self.name, &self.folder, &self.roots)
    }

    /// Returns the cycles between the crate's files, and the breaches of the order of its rooms.
    fn check(&self, layers: &[Layer]) -> Result<Vec<String>, String> {
        let tree = self.read()?;
        let uses = resolve::uses(&tree);
        let mut found = cycles::check(&tree, &cycles::graph(&tree, &uses), &self.label);
        found.extend(rooms::check(&tree, &uses, layers, &self.label));
        Ok(found)
    }
}
