//! `registries.conf` of the containers tools (containers-registries.conf(5), version 2), and the files in the folder
//! `registries.conf.d` beside it (containers-registries.conf.d(5)). Only their mirrors are read.

use std::io;
use std::path::{Path, PathBuf};

use manifest_registry::{Mirror, MirrorRule, PullFromMirror};
use serde::Deserialize;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::output::Output;

const VARIABLE: &str = "CONTAINERS_REGISTRIES_CONF";

/// The folder of the settings for all users.
const SYSTEM: &str = "/etc/containers";

const FILE: &str = "registries.conf";
const FOLDER: &str = "registries.conf.d";

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

/// Reads the file that `CONTAINERS_REGISTRIES_CONF` names, else the user's, else the file for all users; then the files in the
/// folders next to these. The files for all users do not apply to a user with files of their own.
///
/// # Errors
/// Fails if the variable names a file that cannot be read or is malformed. Any other malformed file is warned of and ignored.
pub fn read(environment: &Environment, output: &Output) -> Result<Vec<MirrorRule>, Failure> {
    let own = environment.containers_folder();
    let system = PathBuf::from(SYSTEM);
    let mut tables = Vec::new();
    let mut is_own = false;
    if let Some(path) = environment.var(VARIABLE) {
        let path = PathBuf::from(path);
        tables = load(&path).map_err(|source| Failure::SettingFile {
            setting: VARIABLE,
            path,
            source,
        })?;
    } else {
        let own = own.iter().map(|folder| (folder, true));
        for (folder, is_users) in own.chain([(&system, false)]) {
            if let Some(found) = load_if_exists(&folder.join(FILE), output) {
                (tables, is_own) = (found, is_users);
                break;
            }
        }
    }
    let system = Some(&system).filter(|_| !is_own);
    for folder in system.into_iter().chain(&own) {
        for path in files(&folder.join(FOLDER), output) {
            tables.extend(load_if_exists(&path, output).unwrap_or_default());
        }
    }
    Ok(joined(tables))
}

/// Joins the tables of several files. A later table replaces an earlier one for the same prefix, whether it has mirrors or not.
fn joined(tables: Vec<MirrorRule>) -> Vec<MirrorRule> {
    let mut last: Vec<MirrorRule> = Vec::new();
    for table in tables {
        last.retain(|other| other.prefix != table.prefix);
        last.push(table);
    }
    last.retain(|rule| !rule.mirrors.is_empty());
    last
}

/// Lists the configuration files of a folder, in the order of their names.
fn files(folder: &Path, output: &Output) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).and_then(|entries| {
        let paths = entries.map(|entry| Ok(entry?.path()));
        paths.collect::<io::Result<Vec<_>>>()
    });
    let mut paths = match entries {
        Ok(paths) => paths,
        Err(error) => {
            if error.kind() != io::ErrorKind::NotFound {
                output.warning(&format!("{} is ignored: {error}", folder.display()));
            }
            return Vec::new();
        }
    };
    paths.retain(|path| path.extension().is_some_and(|end| end == "conf") && path.is_file());
    paths.sort();
    paths
}

/// Reads a file at a default location. A malformed one is warned of and counts as empty.
fn load_if_exists(path: &Path, output: &Output) -> Option<Vec<MirrorRule>> {
    match load(path) {
        Ok(tables) => Some(tables),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            output.warning(&format!("{} is ignored: {error}", path.display()));
            Some(Vec::new())
        }
    }
}

fn load(path: &Path) -> io::Result<Vec<MirrorRule>> {
    parse(&std::fs::read_to_string(path)?).map_err(io::Error::other)
}

/// Reads the tables `[[registry]]` of a file, those without mirrors as well.
fn parse(text: &str) -> Result<Vec<MirrorRule>, String> {
    let file: File = toml::from_str(text).map_err(|error| {
        let line = error.span().map(|span| {
            let before = &text[..span.start.min(text.len())];
            format!("line {}: ", before.lines().count().max(1))
        });
        format!("{}{}", line.unwrap_or_default(), error.message())
    })?;
    let mut tables = Vec::new();
    for registry in file.registry {
        let prefix = registry.prefix.filter(|prefix| !prefix.is_empty());
        let Some(prefix) = prefix.or(registry.location) else {
            continue;
        };
        let mut mirrors = Vec::new();
        for table in registry.mirror {
            let serves = match table.pull_from_mirror {
                _ if registry.mirror_by_digest_only => PullFromMirror::Digests,
                Some(Pull::DigestOnly) => PullFromMirror::Digests,
                Some(Pull::TagOnly) => PullFromMirror::Tags,
                Some(Pull::All) | None => PullFromMirror::All,
            };
            let mirror = Mirror::new(&table.location, serves).map_err(|error| error.to_string())?;
            mirrors.push(mirror.insecure(table.insecure));
        }
        tables.push(MirrorRule { prefix, mirrors });
    }
    Ok(tables)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mirror(location: &str, serves: PullFromMirror) -> Mirror {
        Mirror::new(location, serves).unwrap()
    }

    #[test]
    fn only_mirrors_are_read() {
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
        let found = joined(parse(text).unwrap());
        let rule = |prefix: &str, mirrors: Vec<Mirror>| MirrorRule {
            prefix: prefix.to_owned(),
            mirrors,
        };
        let hub = vec![
            mirror("a.lan:5000/hub", PullFromMirror::All).insecure(true),
            mirror("b.lan", PullFromMirror::Digests),
            mirror("c.lan", PullFromMirror::Tags),
        ];
        let quay = vec![mirror("d.lan", PullFromMirror::Digests)];
        let expected = [rule("docker.io/library", hub), rule("quay.io", quay)];
        assert_eq!(found, expected);
        // The first version of the format has no mirrors.
        let first = "[registries.search]\nregistries = ['docker.io']\n";
        assert_eq!(joined(parse(first).unwrap()), []);
    }

    #[test]
    fn later_tables_replace_earlier_ones() {
        let table = |prefix: &str, mirrors: &[&str]| {
            let mirrors = mirrors
                .iter()
                .map(|host| format!("[[registry.mirror]]\nlocation = '{host}'\n"));
            let mirrors: String = mirrors.collect();
            parse(&format!("[[registry]]\nprefix = '{prefix}'\n{mirrors}")).unwrap()
        };
        let files = [
            table("a.io", &["one.lan"]),
            table("b.io", &["two.lan"]),
            table("c.io", &["three.lan"]),
            table("a.io", &["four.lan", "five.lan"]),
            table("b.io", &[]),
        ];
        let found = joined(files.into_iter().flatten().collect());
        let rules: Vec<(&str, Vec<&str>)> = found
            .iter()
            .map(|rule| {
                let hosts = rule.mirrors.iter().map(Mirror::host);
                (rule.prefix.as_str(), hosts.collect())
            })
            .collect();
        assert_eq!(
            rules,
            [
                ("c.io", vec!["three.lan"]),
                ("a.io", vec!["four.lan", "five.lan"])
            ]
        );
    }

    #[test]
    fn errors_name_their_line() {
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
