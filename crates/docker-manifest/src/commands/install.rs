//! `install`: makes this program known to Docker's CLI, and known by other names.

use std::io;
use std::path::{Path, PathBuf};

use super::links::{file_name, is_own_link, own_program, plugin_folder};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;
use crate::names::{BUILTIN, MANIFEST_TOOL, is_plugin_name};
use crate::shim;
use crate::values::ToolName;

/// The default name of the plugin. No Docker CLI has a builtin command of this name.
pub(super) const DEFAULT_NAME: &str = "manifestx";

/// Make this program a plugin of the Docker CLI, and optionally the `docker manifest` command itself
///
/// Links this program as `docker-NAME` into the folder of Docker's CLI plugins, so that
/// `docker NAME create ...` runs it. Docker's CLI has a command `manifest` built in and takes no
/// plugin of that name; with --shim, a link called `docker` is put in a folder that you have earlier
/// on PATH than the real one: it runs `docker manifest` itself and passes everything else on.
///
/// With --as manifest-tool, a link called `manifest-tool` takes that tool's command lines. Then the
/// plugin is linked only if --name is given, too.
#[derive(Debug, clap::Args)]
#[command(override_usage = "install [OPTIONS]", verbatim_doc_comment)]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Link the program under this name: "manifest-tool"
    #[arg(long = "as", value_name = "string")]
    tool: Option<ToolName>,
    /// Folder for the link of --as (default: the folder of this program)
    #[arg(long = "in", value_name = "folder")]
    tool_folder: Option<PathBuf>,
    /// Name of the plugin (default "manifestx")
    #[arg(long, value_name = "string")]
    name: Option<String>,
    /// Folder for the `docker` shim
    #[arg(long, value_name = "folder")]
    shim: Option<PathBuf>,
    #[arg(hide = true)]
    pub(crate) rest: Vec<String>,
}

/// The links to create.
struct Links {
    plugin: Option<PathBuf>,
    shim: Option<PathBuf>,
    tool: Option<PathBuf>,
}

impl Links {
    /// Returns the links that the flags ask for.
    ///
    /// # Errors
    /// Fails if another program is in the place of one.
    fn of(context: &Context<'_>, args: &Args, name: &str, program: &Path) -> Result<Self, Failure> {
        if args.tool.is_none() && args.tool_folder.is_some() {
            return Err(Failure::MissingFlag {
                command: "install --in",
                flag: "--as",
                example: MANIFEST_TOOL,
            });
        }
        let folder = plugin_folder(context)?;
        let plugin = folder.join(file_name(&format!("docker-{name}")));
        let is_plugin_wanted = args.tool.is_none() || args.name.is_some();
        let links = Self {
            plugin: is_plugin_wanted.then_some(plugin),
            shim: args
                .shim
                .as_ref()
                .map(|folder| folder.join(file_name("docker"))),
            tool: args.tool.map(|tool| {
                let own = program.parent().unwrap_or(program);
                let folder = args.tool_folder.as_deref().unwrap_or(own);
                folder.join(file_name(tool.as_str()))
            }),
        };
        let foreign = |link: &Option<PathBuf>| link.clone().filter(|link| is_foreign(link));
        if let Some(plugin) = foreign(&links.plugin) {
            return Err(Failure::PluginPathOccupied(plugin));
        }
        if let Some(shim) = foreign(&links.shim) {
            return Err(Failure::ShimPathOccupied(shim));
        }
        if let Some(tool) = foreign(&links.tool) {
            return Err(Failure::ToolPathOccupied(tool));
        }
        Ok(links)
    }
}

/// Creates the links. Prints each on a line.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let name = args.name.as_deref().unwrap_or(DEFAULT_NAME);
    if !is_plugin_name(name) {
        return Err(Failure::PluginName(name.to_owned()));
    }
    if name == BUILTIN {
        return Err(Failure::BuiltinName { name: BUILTIN });
    }
    let program = own_program()?;
    let links = Links::of(context, args, name, &program)?;
    let Links { plugin, shim, tool } = &links;
    for link in plugin.iter().chain(shim).chain(tool) {
        let made = place_link(&program, link)?;
        let verb = if made { "installed" } else { "already there" };
        context.output.result(format!(
            "{verb}: {} -> {}",
            link.display(),
            program.display()
        ))?;
    }
    if plugin.is_some() {
        context.output.status(&format!("try: docker {name} --help"));
    }
    if let Some(shim) = shim {
        report_shim_position(context, shim, &program);
    }
    if let Some(tool) = tool {
        report_tool_position(context, tool, &program);
    }
    Ok(())
}

/// Reports whether the link of another tool's name is found on PATH before the tool itself.
fn report_tool_position(context: &Context<'_>, link: &Path, program: &Path) {
    let found = shim::find_program(context.environment(), MANIFEST_TOOL, &[]);
    let found = found.and_then(|first| first.canonicalize().ok());
    if found.as_deref() == Some(program) {
        context
            .output
            .status(&format!("try: {MANIFEST_TOOL} --help"));
    } else {
        let folder = link.parent().unwrap_or(link).display();
        context.output.warning(&format!(
            "`{MANIFEST_TOOL}` is not this program yet: put {folder} first on PATH"
        ));
    }
}

/// Reports whether the shim is found on PATH before the real `docker`: it works only then.
fn report_shim_position(context: &Context<'_>, shim: &Path, program: &Path) {
    let environment = context.environment();
    let found = shim::find_docker(environment, &[]).and_then(|first| first.canonicalize().ok());
    let folder = shim.parent().unwrap_or(shim).display().to_string();
    if found.as_deref() != Some(program) {
        context.output.warning(&format!(
            "`docker` is not the shim yet: put {folder} first on PATH"
        ));
    } else if shim::find_docker(environment, &[program.to_owned()]).is_none() {
        context
            .output
            .warning("no real `docker` is on PATH: the shim can only run `docker manifest`");
    } else {
        context.output.status("try: docker manifest --help");
    }
}

/// Tells whether there is a file that `install` has not made.
fn is_foreign(link: &Path) -> bool {
    link.symlink_metadata().is_ok() && !is_own_link(link)
}

/// Creates a link, replacing an older one. Returns whether anything has changed.
fn place_link(program: &Path, link: &Path) -> Result<bool, Failure> {
    let failed = |action, path: &Path| {
        let path = path.to_owned();
        move |source| Failure::InstallLink {
            action,
            path,
            source,
        }
    };
    if std::fs::read_link(link).is_ok_and(|target| target == program) {
        return Ok(false);
    }
    let folder = link.parent().unwrap_or(link);
    std::fs::create_dir_all(folder).map_err(failed("make the folder", folder))?;
    let staged = link.with_extension(format!("new-{}", std::process::id()));
    make_link(program, &staged).map_err(failed("make the link", &staged))?;
    std::fs::rename(&staged, link).map_err(|source| {
        let _ = std::fs::remove_file(&staged);
        failed("make the link", link)(source)
    })?;
    Ok(true)
}

#[cfg(unix)]
fn make_link(program: &Path, link: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(program, link)
}

#[cfg(not(unix))]
fn make_link(program: &Path, link: &Path) -> io::Result<()> {
    std::fs::copy(program, link).map(drop)
}
