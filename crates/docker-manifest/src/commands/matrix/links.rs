//! Addresses of manifests that a browser can open.

use manifest_core::Digest;
use manifest_core::reference::Repository;

/// The addresses of a repository's content.
#[derive(Clone, Copy, Debug)]
pub(super) struct Links<'a> {
    pub(super) repository: &'a Repository,
    /// Whether the registry speaks plain HTTP.
    pub(super) is_plain_http: bool,
}

impl Links<'_> {
    /// Returns the address of a tag's manifest or list.
    pub(super) fn tag(self, tag: &str, digest: &Digest) -> String {
        match self.repository.domain() {
            "docker.io" => {
                let path = self.repository.path();
                format!("https://hub.docker.com/r/{path}/tags?name={tag}")
            }
            _ => self.manifest(tag, digest),
        }
    }

    /// Returns the address of an image of a tag: a page about it if the registry is known to have one, else the manifest itself.
    pub(super) fn manifest(self, tag: &str, digest: &Digest) -> String {
        let path = self.repository.path();
        match self.repository.domain() {
            "docker.io" => {
                let image = digest.as_str().replace(':', "-");
                format!("https://hub.docker.com/layers/{path}/{tag}/images/{image}")
            }
            "quay.io" => format!("https://quay.io/repository/{path}/manifest/{digest}"),
            domain => {
                let scheme = match self.is_plain_http {
                    true => "http",
                    false => "https",
                };
                format!("{scheme}://{domain}/v2/{path}/manifests/{digest}")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use manifest_core::Reference;

    #[test]
    fn pages_of_known_registries() {
        let digest = Digest::sha256(b"x");
        let hex = digest.hex();
        for (name, expected) in [
            (
                "alpine",
                format!("https://hub.docker.com/layers/library/alpine/1/images/sha256-{hex}"),
            ),
            (
                "quay.io/a/b",
                format!("https://quay.io/repository/a/b/manifest/sha256:{hex}"),
            ),
            (
                "ghcr.io/a",
                format!("https://ghcr.io/v2/a/manifests/sha256:{hex}"),
            ),
            (
                "localhost:5000/a",
                format!("http://localhost:5000/v2/a/manifests/sha256:{hex}"),
            ),
        ] {
            let reference = Reference::parse(name).unwrap();
            let links = Links {
                repository: reference.repository(),
                is_plain_http: name.starts_with("localhost"),
            };
            assert_eq!(links.manifest("1", &digest), expected);
        }
    }
}
