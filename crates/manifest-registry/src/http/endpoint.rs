//! The endpoint of a registry: the allowed schemes and TLS modes of a host.

use url::Url;

use crate::host::{address, authority, is_docker_hub, is_loopback, is_within, without_port};

/// The mode of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Mode {
    /// TLS with a verified certificate.
    Verified,
    /// TLS with any certificate.
    Unverified,
    /// No TLS.
    Plain,
}

impl Mode {
    pub(crate) fn scheme(self) -> &'static str {
        match self {
            Self::Verified | Self::Unverified => "https",
            Self::Plain => "http",
        }
    }
}

/// The reason why a host may be reached without verified TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InsecureReason {
    /// All hosts may: `--insecure`, `--plain-http`.
    AllHosts,
    /// The host is listed: `insecure-registries`.
    Listed,
    /// The host is this machine, which may use plain HTTP.
    Loopback,
}

/// The hosts that do not require verified TLS.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Insecure {
    /// All hosts: `--insecure`.
    pub all: bool,
    /// The listed hosts: `insecure-registries`. An entry is a host with the port as references name it, or an address
    /// range (`10.0.0.0/8`) for hosts that are IP addresses.
    pub hosts: Vec<String>,
    /// Whether registries are reached by plain HTTP alone, without an attempt to use TLS: `--plain-http`. Docker Hub is not.
    pub plain_http: bool,
}

impl Insecure {
    /// Tells whether `host` (with its port, if references name one) may be reached without verified TLS.
    #[must_use]
    pub fn allows(&self, host: &str) -> bool {
        self.all || self.is_listed(host)
    }

    /// Returns the reason why `host` may be reached without verified TLS. `None` if it may not.
    #[must_use]
    pub fn reason(&self, host: &str) -> Option<InsecureReason> {
        if is_docker_hub(host) {
            None
        } else if self.is_listed(host) {
            Some(InsecureReason::Listed)
        } else if self.all || self.plain_http {
            Some(InsecureReason::AllHosts)
        } else {
            is_loopback(host).then_some(InsecureReason::Loopback)
        }
    }

    /// Returns the modes to try on `host`, in order. There are several only if plain HTTP is allowed.
    pub(crate) fn modes(&self, host: &str) -> &'static [Mode] {
        if is_docker_hub(host) {
            &[Mode::Verified]
        } else if self.plain_http {
            &[Mode::Plain]
        } else if self.allows(host) {
            &[Mode::Unverified, Mode::Plain]
        } else if is_loopback(host) {
            &[Mode::Verified, Mode::Plain]
        } else {
            &[Mode::Verified]
        }
    }

    /// Returns the mode for a URL from a registry: a redirect, an upload location, a token server. `None` if it must
    /// not be followed.
    ///
    /// The mode never changes from TLS to plain HTTP, and plain HTTP must be allowed for the host. `--insecure` for one
    /// host does not weaken a URL that a verified host sent.
    pub(crate) fn mode_of(&self, url: &Url, from: Mode) -> Option<Mode> {
        let host = authority(url);
        match url.scheme() {
            "https" if from == Mode::Verified && !self.is_listed(&host) => Some(Mode::Verified),
            "https" if self.allows(&host) && !is_docker_hub(&host) => Some(Mode::Unverified),
            "https" => Some(Mode::Verified),
            "http" if from == Mode::Plain && self.modes(&host).contains(&Mode::Plain) => {
                Some(Mode::Plain)
            }
            _ => None,
        }
    }

    fn is_listed(&self, host: &str) -> bool {
        self.hosts.iter().any(|entry| matches_entry(entry, host))
    }
}

fn matches_entry(entry: &str, host: &str) -> bool {
    let entry = entry.trim();
    let entry = entry
        .strip_prefix("http://")
        .or_else(|| entry.strip_prefix("https://"))
        .unwrap_or(entry);
    let entry = entry.strip_suffix('/').unwrap_or(entry);
    if entry.eq_ignore_ascii_case(host) {
        return true;
    }
    let Some((network, bits)) = entry.split_once('/') else {
        return false;
    };
    address(without_port(host)).is_some_and(|host| is_within(host, network, bits))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::host::api_host;

    #[test]
    fn modes_by_host() {
        use Mode::*;
        let none = Insecure::default();
        let all = Insecure {
            all: true,
            ..Insecure::default()
        };
        let plain = Insecure {
            plain_http: true,
            hosts: vec!["reg.lan".into()],
            ..Insecure::default()
        };
        let some = Insecure {
            hosts: [
                "reg.lan",
                "reg.lan:5000",
                "10.0.0.0/8",
                "fd00::/8",
                "http://old.lan/",
                "1.2.3.4/33",
            ]
            .map(str::to_owned)
            .into(),
            ..Insecure::default()
        };
        for (config, host, modes) in [
            (&none, "docker.io", &[Verified][..]),
            (&all, "docker.io", &[Verified]),
            (&none, "quay.io", &[Verified]),
            (&none, "localhost", &[Verified, Plain]),
            (&none, "localhost:5000", &[Verified, Plain]),
            (&none, "LOCALHOST:5000", &[Verified, Plain]),
            (&none, "127.8.9.1:80", &[Verified, Plain]),
            (&none, "[::1]:5000", &[Verified, Plain]),
            (&none, "localhost.evil.com", &[Verified]),
            (&none, "127.0.0.1.nip.io", &[Verified]),
            (&none, "128.0.0.1", &[Verified]),
            (&all, "quay.io", &[Unverified, Plain]),
            (&all, "localhost:5000", &[Unverified, Plain]),
            (&some, "reg.lan", &[Unverified, Plain]),
            (&some, "reg.lan:5000", &[Unverified, Plain]),
            (&some, "reg.lan:5001", &[Verified]),
            (&some, "old.lan", &[Unverified, Plain]),
            (&some, "10.1.2.3:5000", &[Unverified, Plain]),
            (&some, "11.1.2.3:5000", &[Verified]),
            (&some, "1.2.3.4", &[Verified]),
            (&some, "[fd12::1]", &[Unverified, Plain]),
            (&some, "[fe80::1]:443", &[Verified]),
            (&plain, "docker.io", &[Verified]),
            (&plain, "localhost:5000", &[Plain]),
            (&plain, "reg.lan", &[Plain]),
            (&plain, "quay.io", &[Plain]),
        ] {
            assert_eq!(config.modes(host), modes, "{host}");
        }
    }

    #[test]
    fn insecure_hosts_have_a_reason() {
        use InsecureReason::*;
        let none = Insecure::default();
        let all = Insecure {
            all: true,
            hosts: vec!["reg.lan".into()],
            ..Insecure::default()
        };
        let plain = Insecure {
            plain_http: true,
            ..Insecure::default()
        };
        for (config, host, reason) in [
            (&none, "reg.lan", None),
            (&none, "localhost:5000", Some(Loopback)),
            (&all, "reg.lan", Some(Listed)),
            (&all, "other.lan", Some(AllHosts)),
            (&all, "localhost:5000", Some(AllHosts)),
            (&all, "docker.io", None),
            (&plain, "reg.lan", Some(AllHosts)),
            (&plain, "docker.io", None),
        ] {
            assert_eq!(config.reason(host), reason, "{host}");
            let modes = config.modes(host);
            assert_eq!(modes == [Mode::Verified], reason.is_none(), "{host}");
        }
    }

    #[test]
    fn urls_from_a_registry() {
        use Mode::*;
        let none = Insecure::default();
        let all = Insecure {
            all: true,
            ..Insecure::default()
        };
        let some = Insecure {
            hosts: vec!["reg.lan".into()],
            ..Insecure::default()
        };
        let plain = Insecure {
            plain_http: true,
            ..Insecure::default()
        };
        for (config, from, url, mode) in [
            (&none, Verified, "https://s3.io/x", Some(Verified)),
            (&none, Verified, "http://s3.io/x", None),
            (&none, Verified, "http://127.0.0.1:9000/x", None),
            (&none, Plain, "http://127.0.0.1:9000/x", Some(Plain)),
            (&none, Plain, "http://s3.io/x", None),
            (&none, Plain, "https://s3.io/x", Some(Verified)),
            (&none, Plain, "ftp://127.0.0.1/x", None),
            (&none, Verified, "file:///etc/passwd", None),
            (
                &all,
                Verified,
                "https://auth.docker.io/token",
                Some(Verified),
            ),
            (&all, Unverified, "https://auth.lan/token", Some(Unverified)),
            (&all, Unverified, "http://auth.lan/token", None),
            (&all, Plain, "http://auth.lan/token", Some(Plain)),
            (&some, Verified, "https://reg.lan/x", Some(Unverified)),
            (&plain, Plain, "http://auth.lan/token", Some(Plain)),
            (&plain, Plain, "https://auth.lan/token", Some(Verified)),
        ] {
            assert_eq!(
                config.mode_of(&Url::parse(url).unwrap(), from),
                mode,
                "{url} from {from:?}"
            );
        }
        assert_eq!(
            authority(&Url::parse("https://[::1]:5000/x").unwrap()),
            "[::1]:5000"
        );
        assert_eq!(api_host("docker.io"), "registry-1.docker.io");
    }
}
