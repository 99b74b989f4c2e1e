//! The variables for proxies, in upper or lower case, as in Go's programs and curl.

use manifest_registry::redact::Secret;
use manifest_registry::{Proxies, ProxySetting};

use super::config_json::ConfigProxies;
use crate::environment::Environment;

/// Reads the proxies from the environment, or else from `config.json`.
#[must_use]
pub fn read(environment: &Environment, config: &ConfigProxies) -> Proxies {
    let setting = |names: [&str; 2]| {
        names.into_iter().find_map(|name| {
            let url = environment.var(name)?.to_string_lossy().into_owned();
            Some(ProxySetting {
                name: name.to_owned(),
                url: Secret::new(url),
            })
        })
    };
    let https = setting(["HTTPS_PROXY", "https_proxy"]);
    // In a CGI program, HTTP_PROXY comes from a header of the client's request (CVE-2016-5385).
    let http = match environment.var("REQUEST_METHOD") {
        Some(_) => setting(["http_proxy", "http_proxy"]),
        None => setting(["HTTP_PROXY", "http_proxy"]),
    };
    let all = setting(["ALL_PROXY", "all_proxy"]);
    let no_proxy = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| environment.var(name));
    let no_proxy = no_proxy.map(|list| list.to_string_lossy().into_owned());
    // A proxy in the environment is meant for all requests; those of config.json are for containers.
    let is_named = https.is_some() || http.is_some() || all.is_some();
    let config = if is_named {
        ConfigProxies::default()
    } else {
        config.clone()
    };
    Proxies {
        https: https.or(config.https),
        http: http.or(config.http),
        all: all.or(config.all),
        no_proxy: no_proxy.unwrap_or(config.no_proxy),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> ConfigProxies {
        let setting = |name: &str| {
            Some(ProxySetting {
                name: name.into(),
                url: Secret::new(format!("http://{name}")),
            })
        };
        ConfigProxies {
            https: setting("httpsProxy"),
            http: setting("httpProxy"),
            all: None,
            no_proxy: "config.io".into(),
        }
    }

    #[test]
    fn the_environment_takes_precedence_over_the_file() {
        for (variables, https, http, all, no_proxy) in [
            (&[][..], "httpsProxy", "httpProxy", "", "config.io"),
            (&[("NO_PROXY", "a")], "httpsProxy", "httpProxy", "", "a"),
            (&[("HTTPS_PROXY", "a")], "HTTPS_PROXY", "", "", ""),
            (
                &[("HTTPS_PROXY", "")],
                "httpsProxy",
                "httpProxy",
                "",
                "config.io",
            ),
            (
                &[
                    ("https_proxy", "a"),
                    ("HTTPS_PROXY", "b"),
                    ("no_proxy", "c"),
                ],
                "HTTPS_PROXY",
                "",
                "",
                "c",
            ),
            (&[("all_proxy", "a")], "", "", "all_proxy", ""),
            (
                &[("HTTP_PROXY", "a"), ("http_proxy", "b")],
                "",
                "HTTP_PROXY",
                "",
                "",
            ),
            (
                &[
                    ("REQUEST_METHOD", "GET"),
                    ("HTTP_PROXY", "a"),
                    ("http_proxy", "b"),
                ],
                "",
                "http_proxy",
                "",
                "",
            ),
        ] {
            let environment = Environment::of(variables);
            let found = read(&environment, &config());
            let name = |setting: Option<ProxySetting>| setting.map(|s| s.name).unwrap_or_default();
            let names = [name(found.https), name(found.http), name(found.all)];
            assert_eq!(names, [https, http, all], "{variables:?}");
            assert_eq!(found.no_proxy, no_proxy, "{variables:?}");
        }
    }
}
