//! Addresses of manifests that a browser can open.

use manifest_core::Digest;
use manifest_core::reference::Repository;

/// Returns the address of a tag's manifest or list.
pub(super) fn tag(repository: &Repository, tag: &str, digest: &Digest, plain: bool) -> String {
    match repository.domain() {
        "docker.io" => {
            let path = repository.path();
            format!("https://hub.docker.com/r/{path}/tags?name={tag}")
        }
        _ => manifest(repository, tag, digest, plain),
    }
}

/// Returns the address of an image of a tag: a page about it if the registry is known to have one, else the manifest itself.
/// `plain` is true for registries that may lack TLS.
pub(super) fn manifest(repository: &Repository, tag: &str, digest: &Digest, plain: bool) -> String {
    let path = repository.path();
    match repository.domain() {
        "docker.io" => {
            let image = digest.as_str().replace(':', "-");
            format!("https://hub.docker.com/layers/{path}/{tag}/images/{image}")
        }
        "quay.io" => format!("https://quay.io/repository/{path}/manifest/{digest}"),
        domain => {
            let scheme = if plain { "http" } else { "https" };
            format!("{scheme}://{domain}/v2/{path}/manifests/{digest}")
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
                "localhost:5000/a",
                format!("http://localhost:5000/v2/a/manifests/sha256:{hex}"),
            ),
        ] {
            let reference = Reference::parse(name).unwrap();
            let is_plain = name.starts_with("localhost");
            assert_eq!(
                manifest(reference.repository(), "1", &digest, is_plain),
                expected
            );
        }
    }
}
