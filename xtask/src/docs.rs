//! `cargo xtask docs`: renders the reference, the troubleshooting page, the schema of spec files and the man pages from the
//! program, and checks the documentation's links.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use docker_manifest::{man_pages, reference_docs};

use crate::task::{TaskResult, workspace};

/// The generated page of the guide.
const TROUBLESHOOTING: &str = "docs/guide/troubleshooting.md";

/// The schema of spec files.
const SPEC_SCHEMA: &str = "docs/schemas/spec.schema.json";

/// Render docs/reference, docs/guide/troubleshooting.md, the schema of spec files and man from the program
#[derive(Default, clap::Args)]
pub(crate) struct Args {
    /// Change nothing; fail if a generated page is out of date or a link is broken
    #[arg(long)]
    pub(crate) check: bool,
}

pub(crate) fn run(args: &Args) -> TaskResult {
    let folders = [
        (workspace().join("docs/reference"), reference_docs::pages()),
        (workspace().join("man"), man_pages::pages()),
    ];
    let files = [
        (TROUBLESHOOTING, reference_docs::troubleshooting()),
        (SPEC_SCHEMA, manifest_spec::json_schema()),
    ];
    let mut stale: Vec<String> = folders
        .iter()
        .flat_map(|(folder, pages)| stale_pages(folder, pages))
        .collect();
    for (file, text) in &files {
        if !fs::read_to_string(workspace().join(file)).is_ok_and(|found| found == *text) {
            stale.push((*file).to_owned());
        }
    }
    if !args.check {
        for (folder, pages) in &folders {
            write_pages(folder, pages)?;
        }
        for (file, text) in &files {
            fs::write(workspace().join(file), text)
                .map_err(|error| format!("cannot write {file}: {error}"))?;
        }
    } else if !stale.is_empty() {
        return Err(format!(
            "out of date, run `cargo xtask docs`: {}",
            stale.join(", ")
        ));
    }
    let broken = broken_links()?;
    if broken.is_empty() {
        println!(
            "docs: {} generated pages are up to date, no link is broken",
            folders.iter().map(|(_, pages)| pages.len()).sum::<usize>() + files.len()
        );
        Ok(())
    } else {
        Err(format!("broken links:\n  {}", broken.join("\n  ")))
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

/// Finds links to files of this repository, or to headings in them, that do not exist.
fn broken_links() -> Result<Vec<String>, String> {
    let root = workspace();
    let mut pages: Vec<PathBuf> = ["README.md", "CHANGELOG.md"]
        .map(|name| root.join(name))
        .to_vec();
    for folder in ["docs", "docs/guide", "docs/reference"] {
        let entries = fs::read_dir(root.join(folder))
            .into_iter()
            .flatten()
            .flatten();
        let paths = entries.map(|entry| entry.path());
        pages.extend(paths.filter(|path| is_markdown(path)));
    }
    let read = |page: &Path| {
        fs::read_to_string(page).map_err(|error| format!("cannot read {}: {error}", page.display()))
    };
    let mut broken = Vec::new();
    for page in pages {
        let text = read(&page)?;
        let folder = page.parent().unwrap_or(&root);
        for link in links(&text).filter(|link| !link.contains("://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            let target = match path {
                "" => page.clone(),
                path => folder.join(path),
            };
            let is_valid = target.exists()
                && (anchor.is_empty()
                    || !is_markdown(&target)
                    || anchors(&read(&target)?).contains(anchor));
            if !is_valid {
                broken.push(format!("{}: {link}", page.display()));
            }
        }
    }
    Ok(broken)
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "md")
}

/// Returns the anchors of the headings in a text, in GitHub's form. No page has two headings of the same name.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut is_code = false;
    let mut anchors = BTreeSet::new();
    for line in text.lines() {
        if line.trim_start().starts_with("```") {
            is_code = !is_code;
        }
        let title = line.trim_start_matches('#');
        if !is_code && line.starts_with('#') && title.starts_with(' ') {
            let letters = title.trim().chars();
            let kept = letters.filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
            anchors.insert(kept.collect::<String>().to_lowercase().replace(' ', "-"));
        }
    }
    anchors
}

/// Returns the targets of the inline links in a text.
fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_have_the_form_of_github() {
        let text = "# A page\n## Pass the digest on\n```sh\n# a comment\n```\n### `push --to`, and `-t`\n#no heading\n";
        let found: Vec<String> = anchors(text).into_iter().collect();
        assert_eq!(found, ["a-page", "pass-the-digest-on", "push---to-and--t"]);
    }
}
