//! The variable that disables the table of known registries, or adds registries to it.
//!
//! ```text
//! DOCKER_MANIFEST_KNOWN_REGISTRIES=off
//! DOCKER_MANIFEST_KNOWN_REGISTRIES=HOST=REALM;SERVICE,HOST=REALM
//! ```
//!
//! A host has no `=` in it. A comma or semicolon in a URL is written as `%2C` or `%3B`.

use manifest_registry::{KnownRegistries, KnownRegistry};

use crate::environment::Environment;
use crate::failure::Failure;

const VARIABLE: &str = "DOCKER_MANIFEST_KNOWN_REGISTRIES";

/// Reads the environment. Without the variable, the built-in table applies.
///
/// # Errors
/// Fails if a part of the variable is malformed.
pub fn read(environment: &Environment) -> Result<KnownRegistries, Failure> {
    let Some(value) = environment.var(VARIABLE) else {
        return Ok(KnownRegistries::default());
    };
    let value = value.to_string_lossy();
    match value.trim().to_ascii_lowercase().as_str() {
        "off" | "0" | "false" | "none" => return Ok(KnownRegistries::none()),
        "on" | "1" | "true" => return Ok(KnownRegistries::default()),
        _ => {}
    }
    let items = value.split(',').map(str::trim);
    let rows = items.filter(|item| !item.is_empty()).map(parse);
    let rows = rows.collect::<Result<Vec<_>, _>>()?;
    Ok(KnownRegistries::default().with(rows))
}

fn parse(item: &str) -> Result<KnownRegistry, Failure> {
    let wrong = |item: &str, reason: &str| Failure::SettingValue {
        setting: VARIABLE,
        item: mask_userinfo(item),
        reason: reason.to_owned(),
    };
    let Some((host, rest)) = item.split_once('=') else {
        return Err(wrong(item, "HOST=REALM or HOST=REALM;SERVICE is expected"));
    };
    let (host, rest) = (host.trim(), rest.trim());
    let (realm, service) = match rest.split_once(';') {
        Some((realm, service)) => (realm.trim(), Some(service.trim())),
        None => (rest, None),
    };
    let service = service.filter(|service| !service.is_empty());
    // The URL may contain a password, by mistake.
    KnownRegistry::new(host, realm, service).map_err(|error| wrong(host, &error.to_string()))
}

/// Masks the user name and password before an `@`.
fn mask_userinfo(text: &str) -> String {
    match text.rsplit_once('@') {
        Some((_, rest)) => format!("***@{rest}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_value(value: &str) -> Result<KnownRegistries, String> {
        read(&Environment::of(&[(VARIABLE, value)])).map_err(|failure| failure.to_string())
    }

    #[test]
    fn on_and_off() {
        let table = KnownRegistries::default();
        assert_eq!(read(&Environment::of(&[])).unwrap(), table);
        for value in ["", "on", "1", "true", " On ", ",", " , "] {
            assert_eq!(read_value(value), Ok(table.clone()), "{value:?}");
        }
        for value in ["off", "0", "false", "none", "OFF", " off\n"] {
            assert_eq!(read_value(value), Ok(KnownRegistries::none()), "{value:?}");
        }
    }

    #[test]
    fn added_registries() {
        let row = |host, realm, service| KnownRegistry::new(host, realm, service).unwrap();
        let harbor = || {
            row(
                "harbor.lan",
                "https://harbor.lan/service/token",
                Some("harbor-registry"),
            )
        };
        let other = || row("*.lan:8443", "https://{host}/t=1", None);
        let spaced = || row("a.lan", "https://a.lan/t", Some("Oracle Registry"));
        for (value, rows) in [
            (
                "harbor.lan=https://harbor.lan/service/token;harbor-registry",
                vec![harbor()],
            ),
            (
                " harbor.lan = https://harbor.lan/service/token ; harbor-registry ,\n *.lan:8443=https://{host}/t=1;,",
                vec![harbor(), other()],
            ),
            ("a.lan=https://a.lan/t;Oracle Registry", vec![spaced()]),
        ] {
            let expected = KnownRegistries::default().with(rows);
            assert_eq!(read_value(value), Ok(expected), "{value:?}");
        }
    }

    #[test]
    fn malformed_parts_are_named() {
        let form = "HOST=REALM or HOST=REALM;SERVICE is expected";
        let host = "the host must be HOST, HOST:PORT or *.DOMAIN";
        let realm =
            "the token server must be an https:// URL without user name, query and fragment";
        let good = "a.lan=https://a.lan/t";
        for (value, item, reason) in [
            ("yes", "yes", form),
            ("off,a.lan=https://a.lan/t", "off", form),
            ("https://me:pw@a.lan/t", "***@a.lan/t", form),
            ("=https://a.lan/t", "", host),
            ("https://a.lan=https://a.lan/t", "https://a.lan", host),
            ("a.lan/app=https://a.lan/t", "a.lan/app", host),
            ("a.lan=", "a.lan", realm),
            ("a.lan=http://a.lan/t;s", "a.lan", realm),
            ("a.lan=https://me:pw@a.lan/t", "a.lan", realm),
            ("a.lan=https://a.lan/t?key=secret", "a.lan", realm),
            ("a.lan=token;s", "a.lan", realm),
        ] {
            let expected = format!("{VARIABLE}: {item:?}: {reason}");
            for value in [value.to_owned(), format!("{good},{value}")] {
                assert_eq!(read_value(&value), Err(expected.clone()), "{value:?}");
            }
        }
    }
}
