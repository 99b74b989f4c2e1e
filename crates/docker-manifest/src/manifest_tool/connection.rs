//! The flags before the command: login, TLS, and the place of Docker's configuration.

use std::path::PathBuf;

use manifest_core::Reference;
use manifest_registry::{Client, Credentials, Secret};

use super::flag_parser::Flags;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{Globals, RegistryFlags, RetryFlags};
use crate::output::Output;

/// The name of the login in errors.
const LOGIN: &str = "--username and --password";

/// The settings that the flags before the command make.
#[derive(Debug)]
pub(super) struct Connection {
    login: Option<Login>,
    is_password_given: bool,
    /// Whether TLS need not be verified, and plain HTTP is allowed.
    pub(super) insecure: bool,
    plain_http: bool,
    is_debug: bool,
    config: DockerConfig,
}

#[derive(Debug)]
struct Login {
    username: String,
    password: Secret,
}

/// The place of Docker's configuration.
#[derive(Debug)]
enum DockerConfig {
    Default,
    Folder(PathBuf),
    File(PathBuf),
}

impl Connection {
    /// Reads the flags.
    ///
    /// # Errors
    /// Fails if the value of `--docker-cfg` does not exist.
    pub(super) fn new(flags: &Flags) -> Result<Self, Failure> {
        let [username, password] = ["username", "password"].map(|name| flags.text(name));
        let login = (username.is_some() || password.is_some()).then(|| Login {
            username: username.unwrap_or_default().to_owned(),
            password: Secret::new(password.unwrap_or_default()),
        });
        Ok(Self {
            login,
            is_password_given: password.is_some(),
            insecure: flags.is_on("insecure"),
            plain_http: flags.is_on("plain-http"),
            is_debug: flags.is_on("debug"),
            config: docker_config(flags.text("docker-cfg"))?,
        })
    }

    /// Warns of a password that others can see.
    pub(super) fn warn(&self, output: &Output) {
        if self.is_password_given {
            output.warning(
                "other users of this machine can see --password in the list of processes: `docker login` stores it instead",
            );
        }
    }

    /// Returns the flags of this program that `--debug` and `--docker-cfg` stand for.
    pub(super) fn globals(&self) -> Globals {
        let (folder, file) = match &self.config {
            DockerConfig::Default => (None, None),
            DockerConfig::Folder(folder) => (Some(folder.clone()), None),
            DockerConfig::File(file) => (None, Some(file.clone())),
        };
        Globals::new(folder, file, self.is_debug)
    }

    /// Returns the flags for connecting to registries. The login is for the registry of `image` alone.
    pub(super) fn registry_flags(&self, image: &Reference) -> RegistryFlags {
        let credentials = self.login.as_ref().map(|Login { username, password }| {
            Credentials::of_login(LOGIN, image.domain(), username, password)
        });
        RegistryFlags {
            credentials: credentials.unwrap_or_default(),
            plain_http: self.plain_http,
            ..RegistryFlags::default()
        }
    }

    /// Returns a client that reads `image`.
    pub(super) fn reader(
        &self,
        context: &Context<'_>,
        image: &Reference,
    ) -> Result<Client, Failure> {
        let (retry, registry) = (RetryFlags::default(), self.registry_flags(image));
        let client = context.client(self.insecure, &retry, &registry)?;
        Ok(client.for_reading([image]))
    }
}

fn docker_config(path: Option<&str>) -> Result<DockerConfig, Failure> {
    let Some(path) = path.map(PathBuf::from) else {
        return Ok(DockerConfig::Default);
    };
    let metadata = std::fs::metadata(&path).map_err(|source| Failure::SettingFile {
        setting: "--docker-cfg",
        path: path.clone(),
        source,
    })?;
    Ok(if metadata.is_dir() {
        DockerConfig::Folder(path)
    } else {
        DockerConfig::File(path)
    })
}
