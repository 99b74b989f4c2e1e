//! `cargo xtask docs`: renders the reference from the command definitions, and checks the documentation's links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use docker_manifest::reference_docs;

use crate::task::{TaskResult, workspace};

/// Render docs/reference from the command definitions
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail where a page is not what would be rendered, or a link leads nowhere
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &Args) -> TaskResult {
    let folder = workspace().join("docs/reference");
    let pages = reference_docs::pages();
    let stale = stale_pages(&folder, &pages);
    if !args.check {
        write_pages(&folder, &pages)?;
    } else if !stale.is_empty() {
        return Err(format!(
            "run `cargo xtask docs`: not up to date are {}",
            stale.join(", ")
        ));
    }
    let broken = broken_links()?;
    if broken.is_empty() {
        println!(
            "docs: {} reference pages are up to date, every link leads somewhere",
            pages.len()
        );
        Ok(())
    } else {
        Err(format!(
            "links that lead nowhere:\n  {}",
            broken.join("\n  ")
        ))
    }
}

fn write_pages(folder: &Path, pages: &[(String, String)]) -> TaskResult {
    let failed = |error: std::io::Error| format!("cannot write {}: {error}", folder.display());
    let _ = fs::remove_dir_all(folder);
    fs::create_dir_all(folder).map_err(failed)?;
    pages
        .iter()
        .try_for_each(|(name, text)| fs::write(folder.join(name), text).map_err(failed))
}

fn stale_pages(folder: &Path, pages: &[(String, String)]) -> Vec<String> {
    let mut stale: BTreeSet<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    for (name, text) in pages {
        if fs::read_to_string(folder.join(name)).is_ok_and(|found| found == *text) {
            stale.remove(name);
        } else {
            stale.insert(name.clone());
        }
    }
    stale.into_iter().collect()
}

/// Finds links to files of this repository that are not there.
fn broken_links() -> Result<Vec<String>, String> {
    let root = workspace();
    let mut pages: Vec<PathBuf> = ["README.md", "CHANGELOG.md"]
        .map(|name| root.join(name))
        .to_vec();
    for folder in ["docs", "docs/reference"] {
        let entries = fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .flatten();
        let markdown = |path: &PathBuf| path.extension().is_some_and(|extension| extension == "md");
        pages.extend(entries.map(|entry| entry.path()).filter(markdown));
    }
    let mut broken = Vec::new();
    for page in pages {
        let text = fs::read_to_string(&page)
            .map_err(|error| format!("cannot read {}: {error}", page.display()))?;
        let folder = page.parent().unwrap_or(&root);
        for link in links(&text) {
            let path = link.split('#').next().unwrap_or_default();
            if !path.is_empty() && !path.contains("://") && !folder.join(path).exists() {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    Ok(broken)
}

/// Returns the targets of the inline links in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}
