//! `uninstall`: removes the links that `install` made.

use std::path::{Path, PathBuf};

use super::links::{file_name, is_own_link, own_program, plugin_folder};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;
use crate::names::MANIFEST_TOOL;

/// Remove the links that install made
///
/// Removes every link to this program from the folder of Docker's CLI plugins, and every `docker` shim
/// and every link `manifest-tool` on PATH and beside the program. With --shim and --in, looks in those
/// folders, too. Drafts and the program itself stay.
#[derive(Debug, clap::Args)]
#[command(override_usage = "uninstall [OPTIONS]", verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Folder of the link `manifest-tool`, if it is not on PATH
    #[arg(long = "in", value_name = "folder")]
    tool_folder: Option<PathBuf>,
    /// Folder of the `docker` shim, if it is not on PATH
    #[arg(long, value_name = "folder")]
    shim: Option<PathBuf>,
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// Removes the links. Prints each on a line.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let path = context
        .environment()
        .var("PATH")
        .cloned()
        .unwrap_or_default();
    let on_path = || std::env::split_paths(&path);
    let shims = on_path().chain(args.shim.clone());
    let shims = shims.map(|folder| folder.join(file_name("docker")));
    let program = own_program()?;
    let beside = program.parent().map(Path::to_owned);
    let tools = on_path().chain(beside).chain(args.tool_folder.clone());
    let tools = tools.map(|folder| folder.join(file_name(MANIFEST_TOOL)));
    let mut removed = false;
    for link in plugin_links(&plugin_folder(context)?)
        .into_iter()
        .chain(shims)
        .chain(tools)
    {
        // A copy that the user made and runs is the program itself.
        if link.symlink_metadata().is_err() || link == program || !is_own_link(&link) {
            continue;
        }
        std::fs::remove_file(&link).map_err(|source| Failure::InstallLink {
            action: "remove",
            path: link.clone(),
            source,
        })?;
        removed = true;
        context
            .output
            .result(format!("removed: {}", link.display()))?;
    }
    if !removed {
        context.output.status("nothing to remove");
    }
    Ok(())
}

fn plugin_links(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let named = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("docker-"))
    };
    let mut plugin_links: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(named).collect();
    plugin_links.sort();
    plugin_links
}
