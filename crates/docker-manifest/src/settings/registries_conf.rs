//! `registries.conf` of the containers tools (containers-registries.conf(5), version 2): its mirrors, and nothing else of it.

use std::io;
use std::path::{Path, PathBuf};

use manifest_registry::{Mirror, MirrorRule, Serves};
use serde::Deserialize;

use crate::context::Environment;
use crate::failure::Failure;
use crate::output::Output;

const VARIABLE: &str = "CONTAINERS_REGISTRIES_CONF";

/// The file for all users.
const SYSTEM: &str = "/etc/containers/registries.conf";

/// The mirrors of a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct RegistriesConf {
    /// What is mirrored where.
    pub rules: Vec<MirrorRule>,
    /// The mirrors whose TLS is not checked.
    pub insecure_hosts: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct File {
    registry: Vec<Registry>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Registry {
    prefix: Option<String>,
    location: Option<String>,
    mirror_by_digest_only: bool,
    mirror: Vec<MirrorTable>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct MirrorTable {
    location: String,
    insecure: bool,
    pull_from_mirror: Option<Pull>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Pull {
    All,
    DigestOnly,
    TagOnly,
}

/// Reads the file that `CONTAINERS_REGISTRIES_CONF` names, or else the user's, or else that of all users.
///
/// # Errors
/// Where the variable names one that cannot be read, or is wrong. Another one that is wrong is said and left aside.
pub fn read(environment: &Environment, output: &Output) -> Result<RegistriesConf, Failure> {
    if let Some(path) = environment.var(VARIABLE) {
        let path = PathBuf::from(path);
        return load(&path).map_err(|source| Failure::Setting {
            setting: VARIABLE,
            path,
            source,
        });
    }
    let own = environment.containers();
    let own = own.map(|folder| folder.join("registries.conf"));
    for path in own.into_iter().chain([PathBuf::from(SYSTEM)]) {
        match load(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(found) => return Ok(found),
            Err(error) => {
                let path = path.display();
                output.warning(&format!("{path} is left aside: {error}"));
                return Ok(RegistriesConf::default());
            }
        }
    }
    Ok(RegistriesConf::default())
}

fn load(path: &Path) -> io::Result<RegistriesConf> {
    parse(&std::fs::read_to_string(path)?).map_err(io::Error::other)
}

fn parse(text: &str) -> Result<RegistriesConf, String> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| {
            let before = &text[..span.start.min(text.len())];
            format!("line {}: ", before.lines().count().max(1))
        });
        format!("{}{}", line.unwrap_or_default(), error.message())
    })?;
    let mut found = RegistriesConf::default();
    for registry in file.registry {
        let Some(prefix) = registry.prefix.or(registry.location) else {
            continue;
        };
        let mut mirrors = Vec::new();
        for table in registry.mirror {
            let serves = match table.pull_from_mirror {
                _ if registry.mirror_by_digest_only => Serves::Digests,
                Some(Pull::DigestOnly) => Serves::Digests,
                Some(Pull::TagOnly) => Serves::Tags,
                Some(Pull::All) | None => Serves::All,
            };
            let mirror = Mirror::new(&table.location, serves).map_err(|error| error.to_string())?;
            if table.insecure {
                found.insecure_hosts.push(mirror.host().to_owned());
            }
            mirrors.push(mirror);
        }
        if !mirrors.is_empty() {
            found.rules.push(MirrorRule { prefix, mirrors });
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror(location: &str, serves: Serves) -> Mirror {
        Mirror::new(location, serves).unwrap()
    }

    #[test]
    fn mirrors_are_taken_and_nothing_else() {
        let text = r#"
            unqualified-search-registries = ["docker.io"]
            short-name-mode = "enforcing"
            [[registry]]
            prefix = "docker.io/library"
            location = "other.lan"
            blocked = true
            [[registry.mirror]]
            location = "a.lan:5000/hub"
            insecure = true
            [[registry.mirror]]
            location = "b.lan"
            pull-from-mirror = "digest-only"
            [[registry.mirror]]
            location = "c.lan"
            pull-from-mirror = "tag-only"
            [[registry]]
            location = "quay.io"
            mirror-by-digest-only = true
            [[registry.mirror]]
            location = "d.lan"
            [[registry]]
            location = "insecure.lan"
            insecure = true
            [aliases]
            "alpine" = "docker.io/library/alpine"
        "#;
        let found = parse(text).unwrap();
        let rule = |prefix: &str, mirrors: Vec<Mirror>| MirrorRule {
            prefix: prefix.to_owned(),
            mirrors,
        };
        let hub = vec![
            mirror("a.lan:5000/hub", Serves::All),
            mirror("b.lan", Serves::Digests),
            mirror("c.lan", Serves::Tags),
        ];
        let quay = vec![mirror("d.lan", Serves::Digests)];
        assert_eq!(
            found,
            RegistriesConf {
                rules: vec![rule("docker.io/library", hub), rule("quay.io", quay)],
                insecure_hosts: vec!["a.lan:5000".to_owned()],
            }
        );
        // The first version of the form has no mirrors.
        let first = "[registries.search]\nregistries = ['docker.io']\n";
        assert_eq!(parse(first).unwrap(), RegistriesConf::default());
    }

    #[test]
    fn what_is_wrong_is_said_with_its_line() {
        for (text, reason) in [
            ("a = 1\n[[registry]\n", "line 2: "),
            ("[[registry]]\nmirror = 1\n", "line 2: invalid type"),
            (
                "[[registry]]\nlocation='a.io'\n[[registry.mirror]]\nlocation='https://m.lan'\n",
                "\"https://m.lan\" is not a registry",
            ),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
