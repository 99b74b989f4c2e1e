//! Host names: Docker Hub, loopback, the host that serves a registry's API; and the origin of URLs.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use url::Url;

/// Returns the host as references name it: with the port, unless it is the scheme's default port.
pub(crate) fn authority(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// Tells whether two URLs have the same origin: scheme, host and port. Only then may credentials for one go to the
/// other.
pub(crate) fn is_same_origin(one: &Url, other: &Url) -> bool {
    let has_origin = matches!(one.scheme(), "http" | "https");
    has_origin
        && one.scheme() == other.scheme()
        && one.host() == other.host()
        && one.port_or_known_default() == other.port_or_known_default()
}

/// Returns the API host of the registry that references name `domain`.
pub(crate) fn api_host(domain: &str) -> &str {
    if is_docker_hub(domain) {
        "registry-1.docker.io"
    } else {
        domain
    }
}

pub(crate) fn is_docker_hub(host: &str) -> bool {
    matches!(
        host,
        "docker.io" | "index.docker.io" | "registry-1.docker.io"
    )
}

/// Tells whether `host`, with or without a port, is a loopback address or `localhost`.
pub(crate) fn is_loopback(host: &str) -> bool {
    let name = without_port(host);
    name.eq_ignore_ascii_case("localhost")
        || address(name).is_some_and(|address| address.is_loopback())
}

pub(super) fn without_port(host: &str) -> &str {
    if let Some(rest) = host.strip_prefix('[') {
        return rest.split(']').next().unwrap_or_default();
    }
    host.split(':').next().unwrap_or_default()
}

pub(super) fn address(name: &str) -> Option<IpAddr> {
    name.parse().ok()
}

/// Tells whether an address is in the CIDR range `network/bits`.
pub(crate) fn is_within(host: IpAddr, network: &str, bits: &str) -> bool {
    let (Some(network), Ok(bits)) = (address(network), bits.parse::<u32>()) else {
        return false;
    };
    match (network, host) {
        (IpAddr::V4(network), IpAddr::V4(host)) => {
            let mask =
                |ip: Ipv4Addr| u32::MAX.checked_shl(32 - bits.min(32)).unwrap_or(0) & ip.to_bits();
            bits <= 32 && mask(network) == mask(host)
        }
        (IpAddr::V6(network), IpAddr::V6(host)) => {
            let mask = |ip: Ipv6Addr| {
                u128::MAX.checked_shl(128 - bits.min(128)).unwrap_or(0) & ip.to_bits()
            };
            bits <= 128 && mask(network) == mask(host)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins() {
        let url = |text: &str| Url::parse(text).unwrap();
        let one = url("https://r.io/v2/");
        for (other, is_same) in [
            ("https://R.io:443/other?x", true),
            ("http://r.io/v2/", false),
            ("http://r.io:443/v2/", false),
            ("https://r.io:5000/v2/", false),
            ("https://s.io/v2/", false),
            ("ftp://r.io:443/v2/", false),
        ] {
            assert_eq!(is_same_origin(&one, &url(other)), is_same, "{other}");
        }
        let data = url("data:x");
        assert!(!is_same_origin(&data, &data));
    }
}
