//! The name that the program was called by, and its role: itself, a plugin of Docker's CLI, the `docker` shim, or `manifest-tool`.
//!
//! One binary has several names. Docker's CLI calls a plugin `docker-NAME` with everything that was typed after `docker`: global flags
//! first, then NAME, then the rest.

use std::ffi::{OsStr, OsString};
use std::path::Path;

/// The program's own name.
pub const PROGRAM: &str = "docker-manifest";
/// Docker's builtin command, which the shim replaces. Docker's CLI runs no plugin of this name.
pub const BUILTIN: &str = "manifest";
/// The name of the tool whose command lines the program takes if it is called by that name.
pub const MANIFEST_TOOL: &str = "manifest-tool";
/// The argument with which Docker's CLI asks a plugin for its metadata.
pub const METADATA_ARGUMENT: &str = "docker-cli-plugin-metadata";
/// The arguments with which shells and Docker's CLI ask for completions, with and without descriptions (cobra's protocol).
pub const COMPLETE_ARGUMENTS: [&str; 2] = ["__complete", "__completeNoDesc"];

/// The name that the program was called by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProgramName {
    /// `docker-manifest`, or any name that is not one of the others.
    Own,
    /// `docker-NAME`: a plugin if the first argument that is not a flag is NAME, else the program itself.
    Plugin(String),
    /// `docker`: the shim.
    Shim,
    /// `manifest-tool`, or the name of one of its downloads, such as `manifest-tool-linux-amd64`.
    ManifestTool,
}

impl ProgramName {
    /// Reads the name from the first word of the command line.
    #[must_use]
    pub fn from_argv0(argv0: &OsStr) -> Self {
        let file = Path::new(argv0)
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy();
        if file == "docker" {
            return Self::Shim;
        }
        let tool = file.strip_prefix(MANIFEST_TOOL);
        if tool.is_some_and(|rest| rest.is_empty() || rest.starts_with('-')) {
            return Self::ManifestTool;
        }
        match file
            .strip_prefix("docker-")
            .filter(|name| is_plugin_name(name))
        {
            Some(name) => Self::Plugin(name.to_owned()),
            None => Self::Own,
        }
    }
}

/// Tells whether Docker's CLI accepts `name` as the name of a plugin: `^[a-z][a-z0-9]*$`.
#[must_use]
pub fn is_plugin_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
}

/// The words by which the user called the program, for help and usage errors: `docker manifestx`, `docker-manifest`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invocation {
    /// The whole command: `docker manifest`.
    pub command: String,
    /// Its first word, which prefixes usage errors: `docker`.
    pub prefix: String,
}

impl Invocation {
    /// Returns the invocation by the program's own name.
    #[must_use]
    pub fn own() -> Self {
        Self {
            command: PROGRAM.to_owned(),
            prefix: PROGRAM.to_owned(),
        }
    }

    /// Returns a command line with a global flag, which precedes the plugin's name.
    #[must_use]
    pub fn with_global(&self, flag: &str, command: &str) -> String {
        let Self { prefix, .. } = self;
        let own = self.command.strip_prefix(prefix.as_str());
        let own = own.unwrap_or_default().trim();
        let words = [prefix, flag, own, command];
        let words: Vec<&str> = words.into_iter().filter(|word| !word.is_empty()).collect();
        words.join(" ")
    }

    /// Tells whether Docker's CLI reads the global flags.
    #[must_use]
    pub fn is_under_docker(&self) -> bool {
        self.prefix != self.command
    }

    /// Returns the invocation as the command `name` of `docker`.
    #[must_use]
    pub fn under_docker(name: &str) -> Self {
        Self {
            command: format!("docker {name}"),
            prefix: "docker".to_owned(),
        }
    }
}

/// Removes the plugin's own name from the arguments after the global flags, if Docker's CLI has put it there.
#[must_use]
pub fn strip_plugin_name(name: &ProgramName, rest: Vec<OsString>) -> (Invocation, Vec<OsString>) {
    let called = match name {
        ProgramName::Plugin(plugin) => rest.first().is_some_and(|first| first == plugin.as_str()),
        ProgramName::Shim => true,
        ProgramName::Own | ProgramName::ManifestTool => false,
    };
    match (name, called) {
        (ProgramName::Plugin(plugin), true) => (
            Invocation::under_docker(plugin),
            rest.into_iter().skip(1).collect(),
        ),
        (ProgramName::Shim, _) => (
            Invocation::under_docker(BUILTIN),
            rest.into_iter().skip(1).collect(),
        ),
        _ => (Invocation::own(), rest),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (argv0, name) in [
            ("docker-manifest", ProgramName::Plugin("manifest".into())),
            (
                "/usr/lib/docker/cli-plugins/docker-manifestx",
                ProgramName::Plugin("manifestx".into()),
            ),
            (
                "docker-manifestx.exe",
                ProgramName::Plugin("manifestx".into()),
            ),
            ("/opt/shim/docker", ProgramName::Shim),
            ("/usr/local/bin/manifest-tool", ProgramName::ManifestTool),
            ("manifest-tool.exe", ProgramName::ManifestTool),
            ("manifest-tool-linux-amd64", ProgramName::ManifestTool),
            ("manifest-tools", ProgramName::Own),
            ("docker-", ProgramName::Own),
            ("docker-1x", ProgramName::Own),
            ("docker-my-tool", ProgramName::Own),
            ("manifest", ProgramName::Own),
            ("", ProgramName::Own),
        ] {
            assert_eq!(ProgramName::from_argv0(OsStr::new(argv0)), name, "{argv0}");
        }
    }

    #[test]
    fn the_plugins_name_is_removed_from_the_arguments() {
        let check = |name: &str, words: &[&str], command: &str, rest: &[&str]| {
            let words = words.iter().map(OsString::from).collect();
            let (invocation, left) =
                strip_plugin_name(&ProgramName::from_argv0(OsStr::new(name)), words);
            assert_eq!(
                (invocation.command.as_str(), left),
                (command, rest.iter().map(OsString::from).collect())
            );
        };
        check(
            "docker-manifestx",
            &["manifestx", "rm", "a"],
            "docker manifestx",
            &["rm", "a"],
        );
        check(
            "docker-manifestx",
            &["rm", "a"],
            "docker-manifest",
            &["rm", "a"],
        );
        check(
            "docker-manifest",
            &["manifest", "rm"],
            "docker manifest",
            &["rm"],
        );
        check("docker", &["manifest", "rm"], "docker manifest", &["rm"]);
        check(
            "other",
            &["manifest", "rm"],
            "docker-manifest",
            &["manifest", "rm"],
        );
    }
}
