//! The flags for connecting to registries.

use std::path::PathBuf;
use std::str::FromStr;

use manifest_core::{Draft, Reference};
use manifest_registry::{Credentials, Mirror, MirrorRule, PullFromMirror};

use crate::values::Switch;

/// The flags of each command that talks to a registry.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RegistryFlags {
    /// Trust additional CA certificates (PEM file)
    #[arg(long = "ca-file", value_name = "file", action = clap::ArgAction::Append)]
    pub(crate) ca_files: Vec<PathBuf>,
    /// Disable the cache
    #[arg(long = "no-cache")]
    pub(crate) no_cache: Switch,
    /// Hosts that count as insecure without `--insecure`.
    #[arg(skip)]
    pub(crate) insecure_hosts: Vec<String>,
    /// The mirrors of `--mirror`.
    #[arg(skip)]
    pub(crate) mirror_rules: Vec<MirrorRule>,
    /// Credentials from the command line, which take precedence over all others.
    #[arg(skip)]
    pub(crate) credentials: Credentials,
    /// Whether registries are reached by plain HTTP alone.
    #[arg(skip)]
    pub(crate) plain_http: bool,
}

/// The flag of each command that reads images without writing to their registry.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct MirrorFlags {
    /// Read from a mirror first, such as docker.io=mirror.lan:5000/hub
    #[arg(long = "mirror", value_name = "host=mirror", action = clap::ArgAction::Append)]
    mirrors: Vec<MirrorFlag>,
}

/// One value of `--mirror`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct MirrorFlag {
    prefix: String,
    mirror: Mirror,
}

impl FromStr for MirrorFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (prefix, location) = text
            .split_once('=')
            .filter(|(prefix, _)| !prefix.is_empty())
            .ok_or("HOST=MIRROR is expected")?;
        let mirror =
            Mirror::new(location, PullFromMirror::All).map_err(|error| error.to_string())?;
        Ok(Self {
            prefix: prefix.strip_suffix('/').unwrap_or(prefix).to_owned(),
            mirror,
        })
    }
}

impl MirrorFlags {
    /// Returns a rule for each mirrored prefix. Several mirrors of one registry are asked in the order in which they are given.
    fn rules(&self) -> Vec<MirrorRule> {
        let mut rules: Vec<MirrorRule> = Vec::new();
        for MirrorFlag { prefix, mirror } in &self.mirrors {
            match rules.iter_mut().find(|rule| rule.prefix == *prefix) {
                Some(rule) => rule.mirrors.push(mirror.clone()),
                None => rules.push(MirrorRule {
                    prefix: prefix.clone(),
                    mirrors: vec![mirror.clone()],
                }),
            }
        }
        rules
    }
}

impl RegistryFlags {
    /// Returns these flags with the mirrors of `--mirror`.
    #[must_use]
    pub fn with_mirrors(&self, mirrors: &MirrorFlags) -> Self {
        Self {
            mirror_rules: mirrors.rules(),
            ..self.clone()
        }
    }

    /// Returns these flags with the hosts that drafts have recorded as insecure.
    #[must_use]
    pub fn with_insecure_hosts<'a>(&self, drafts: impl IntoIterator<Item = &'a Draft>) -> Self {
        Self {
            insecure_hosts: drafts.into_iter().flat_map(Draft::insecure_hosts).collect(),
            ..self.clone()
        }
    }

    /// Tells whether a draft has recorded the host of an image as insecure.
    #[must_use]
    pub fn is_insecure_host_of(&self, image: &Reference) -> bool {
        self.insecure_hosts
            .iter()
            .any(|host| host == image.domain())
    }
}
