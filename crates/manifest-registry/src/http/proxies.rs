//! The proxy of a request, from `HTTPS_PROXY` and similar variables by the rules of Go programs. The plugin reads the
//! variables.

use std::net::IpAddr;

use url::{Host, Url};

use crate::host::{authority, is_loopback, is_within};
use crate::redact::Secret;

/// A proxy setting of the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxySetting {
    /// The name of the setting, for errors: `HTTPS_PROXY`.
    pub name: String,
    /// The proxy's URL, possibly with user name and password. The default scheme is `http`.
    pub url: Secret,
}

/// The proxy settings of the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The proxy for https URLs.
    pub https: Option<ProxySetting>,
    /// The proxy for http URLs.
    pub http: Option<ProxySetting>,
    /// The proxy for URLs without a specific one.
    pub all: Option<ProxySetting>,
    /// The hosts that are reached without a proxy, separated by commas: names (`lan.io` includes its subdomains,
    /// `.lan.io` is only for those), addresses, and address ranges (`10.0.0.0/8`). Names and addresses may have a port.
    /// `*` matches every host.
    pub no_proxy: String,
}

/// The proxy for a URL.
#[derive(Clone, Debug)]
pub(crate) struct ChosenProxy {
    /// The proxy's URL, or the reason why it cannot be used.
    pub(crate) url: Result<Url, &'static str>,
    /// The part of the URL that may be shown.
    pub(crate) shown: String,
    /// The name of the setting.
    pub(crate) setting: String,
}

impl Proxies {
    /// Returns the proxy for a URL. As in Go programs, loopback addresses are never reached through a proxy.
    pub(crate) fn of(&self, url: &Url) -> Option<ChosenProxy> {
        let own = match url.scheme() {
            "https" => &self.https,
            _ => &self.http,
        };
        let setting = own.as_ref().or(self.all.as_ref())?;
        if is_loopback(&authority(url)) || self.bypasses_proxy(url) {
            return None;
        }
        Some(ChosenProxy::of(setting))
    }

    fn bypasses_proxy(&self, url: &Url) -> bool {
        let mut entries = self.no_proxy.split(',').map(str::trim);
        entries.any(|entry| !entry.is_empty() && entry_matches(entry, url))
    }
}

impl ChosenProxy {
    fn of(setting: &ProxySetting) -> Self {
        let text = setting.url.expose().trim();
        let text = if text.contains("://") {
            text.to_owned()
        } else {
            format!("http://{text}")
        };
        let url = match Url::parse(&text) {
            Ok(url) if url.host_str().is_none_or(str::is_empty) => Err("it names no host"),
            Ok(url) => match url.scheme() {
                "http" | "https" | "socks5" | "socks5h" => Ok(url),
                _ => Err("its scheme is none of http, https, socks5 and socks5h"),
            },
            Err(_) => Err("it is not a URL"),
        };
        let shown = match &url {
            Ok(url) => format!("{}://{}", url.scheme(), authority(url)),
            // All of the text may be a password.
            Err(_) => "the proxy".to_owned(),
        };
        Self {
            url,
            shown,
            setting: setting.name.clone(),
        }
    }
}

/// Tells whether an entry of `no_proxy` matches a URL's host.
fn entry_matches(entry: &str, url: &Url) -> bool {
    if entry == "*" {
        return true;
    }
    let address: Option<IpAddr> = match url.host() {
        Some(Host::Ipv4(address)) => Some(address.into()),
        Some(Host::Ipv6(address)) => Some(address.into()),
        _ => None,
    };
    if let Some((network, bits)) = entry.split_once('/') {
        return address.is_some_and(|address| is_within(address, network, bits));
    }
    let (name, port) = split_port(entry);
    if port.is_some_and(|port| url.port_or_known_default() != Some(port)) {
        return false;
    }
    if let Some(address) = address {
        return name.parse() == Ok(address);
    }
    let host = url.host_str().unwrap_or_default();
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let name = name.strip_prefix('*').unwrap_or(name).to_ascii_lowercase();
    let (suffix, exact) = match name.strip_prefix('.') {
        Some(_) => (name.clone(), None),
        None => (format!(".{name}"), Some(name)),
    };
    exact.is_some_and(|exact| exact == host) || host.ends_with(&suffix)
}

/// Splits `host:port` or `[address]:port`, both with an optional port. An IPv6 address without a port may omit the
/// brackets.
fn split_port(entry: &str) -> (&str, Option<u16>) {
    if let Some(rest) = entry.strip_prefix('[') {
        let (name, rest) = rest.split_once(']').unwrap_or((rest, ""));
        return (
            name,
            rest.strip_prefix(':').and_then(|port| port.parse().ok()),
        );
    }
    match entry.split_once(':') {
        Some((name, port)) if !port.contains(':') => match port.parse() {
            Ok(port) => (name, Some(port)),
            Err(_) => (entry, None),
        },
        _ => (entry, None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn setting(name: &str, url: &str) -> Option<ProxySetting> {
        Some(ProxySetting {
            name: name.into(),
            url: Secret::new(url),
        })
    }

    #[test]
    fn proxy_by_scheme() {
        let all = Proxies {
            https: setting("HTTPS_PROXY", "http://s:1"),
            http: setting("http_proxy", "p:2"),
            all: setting("ALL_PROXY", "https://a:3"),
            no_proxy: String::new(),
        };
        let only_all = Proxies {
            all: setting("all_proxy", "socks5h://a"),
            ..Proxies::default()
        };
        for (proxies, url, expected) in [
            (&all, "https://reg.io/x", Some("http://s:1 HTTPS_PROXY")),
            (&all, "http://reg.io/x", Some("http://p:2 http_proxy")),
            (&only_all, "https://reg.io/", Some("socks5h://a all_proxy")),
            (&only_all, "http://10.0.0.1/", Some("socks5h://a all_proxy")),
            (&all, "https://localhost:5000/", None),
            (&all, "http://127.1.2.3/", None),
            (&all, "https://[::1]:5000/", None),
            (&Proxies::default(), "https://reg.io/", None),
        ] {
            let found = proxies.of(&Url::parse(url).unwrap());
            let found = found.map(|chosen| format!("{} {}", chosen.shown, chosen.setting));
            assert_eq!(found.as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn no_proxy_entries() {
        for (no_proxy, url, is_bypassed) in [
            ("", "https://reg.io/", false),
            ("*", "https://reg.io/", true),
            ("*", "https://10.0.0.1/", true),
            ("reg.io", "https://reg.io/", true),
            ("REG.io", "https://reg.io:5000/", true),
            (" a.io , reg.io ", "https://reg.io/", true),
            ("reg.io", "https://my.reg.io/", true),
            ("reg.io", "https://myreg.io/", false),
            (".reg.io", "https://reg.io/", false),
            (".reg.io", "https://my.reg.io/", true),
            ("*.reg.io", "https://my.reg.io/", true),
            ("*.reg.io", "https://reg.io/", false),
            ("reg.io:5000", "https://reg.io:5000/", true),
            ("reg.io:5000", "https://reg.io/", false),
            ("reg.io:443", "https://reg.io/", true),
            ("reg.io", "https://reg.io./", true),
            ("10.0.0.0/8", "https://10.1.2.3:5000/", true),
            ("10.0.0.0/8", "https://11.1.2.3/", false),
            ("10.0.0.0/8", "https://reg.io/", false),
            ("10.1.2.3", "https://10.1.2.3/", true),
            ("10.1.2.3:80", "https://10.1.2.3/", false),
            ("10.1.2.3:80", "http://10.1.2.3/", true),
            ("fd00::/8", "https://[fd12::1]:5000/", true),
            ("fd12::1", "https://[fd12::1]:5000/", true),
            ("[fd12::1]:5000", "https://[fd12::1]:5000/", true),
            ("[fd12::1]:5001", "https://[fd12::1]:5000/", false),
            ("10.0.0.0/33", "https://10.1.2.3/", false),
        ] {
            let proxies = Proxies {
                no_proxy: no_proxy.into(),
                ..Proxies::default()
            };
            let url = Url::parse(url).unwrap();
            assert_eq!(
                proxies.bypasses_proxy(&url),
                is_bypassed,
                "{no_proxy:?} {url}"
            );
        }
    }

    #[test]
    fn unusable_urls_are_not_shown() {
        for (url, problem) in [
            ("socks4://a:1", "its scheme is none of http"),
            ("ftp://me:pa55@a", "its scheme is none of http"),
            ("http://me:pa55@", "it is not a URL"),
            ("http://me:pa55@a:99999", "it is not a URL"),
        ] {
            let chosen = ChosenProxy::of(&setting("HTTPS_PROXY", url).unwrap());
            assert!(chosen.url.unwrap_err().starts_with(problem), "{url}");
            assert_eq!(chosen.shown, "the proxy", "{url}");
        }
        let chosen = ChosenProxy::of(&setting("HTTPS_PROXY", "http://me:pa55@a:8080/x").unwrap());
        assert_eq!(chosen.shown, "http://a:8080");
    }
}
