//! The argument: a registry, or a repository in one.

use manifest_core::Reference;

use crate::failure::Failure;

/// The registry to check, and the repository in it, if one is named.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CheckTarget {
    /// The registry, as references name it.
    pub(super) domain: String,
    /// A name in the repository. The tag is `latest` if none is given.
    pub(super) reference: Option<Reference>,
}

impl CheckTarget {
    /// Parses `REGISTRY` or `REGISTRY/REPOSITORY`. A name without a registry is one on Docker Hub, as everywhere.
    pub(super) fn parse(text: &str) -> Result<Self, Failure> {
        let name = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .unwrap_or(text);
        let name = name.strip_suffix('/').unwrap_or(name);
        if is_registry(name) {
            // Any repository name shows whether the registry's is valid.
            let probe = Reference::parse(&format!("{name}/x"));
            if let Ok(probe) = probe {
                return Ok(Self {
                    domain: probe.domain().to_owned(),
                    reference: None,
                });
            }
        }
        let reference = Reference::parse(name).map_err(|source| Failure::Reference {
            prefix: Some(format!("error parsing name {text}")),
            source,
        })?;
        Ok(Self {
            domain: reference.domain().to_owned(),
            reference: Some(reference),
        })
    }

    /// Returns the target as text: the registry, or the repository.
    pub(super) fn name(&self) -> String {
        match &self.reference {
            Some(reference) => reference.repository().to_string(),
            None => self.domain.clone(),
        }
    }

    /// Returns the command that logs in to the registry.
    pub(super) fn login_command(&self) -> String {
        match self.domain.as_str() {
            "docker.io" => "docker login".to_owned(),
            domain => format!("docker login {domain}"),
        }
    }
}

/// Tells whether a text without a slash is a host: with a dot, a numeric port, or `localhost`. `ubuntu:24.04` is none.
fn is_registry(name: &str) -> bool {
    if name.contains('/') || name.contains('@') {
        return false;
    }
    let (host, port) = match name.rsplit_once(':') {
        Some((host, port)) if !name.ends_with(']') => (host, Some(port)),
        _ => (name, None),
    };
    let has_port = port.is_some_and(|port| port.parse::<u16>().is_ok());
    let is_host = host == "localhost" || host.contains('.') || host.starts_with('[');
    match port {
        Some(_) => has_port,
        None => is_host,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_and_repositories() {
        for (text, domain, repository) in [
            ("ghcr.io", "ghcr.io", None),
            ("https://ghcr.io/", "ghcr.io", None),
            ("docker.io", "docker.io", None),
            ("index.docker.io", "docker.io", None),
            ("localhost", "localhost", None),
            ("localhost:5000", "localhost:5000", None),
            ("registry:5000", "registry:5000", None),
            ("127.0.0.1:5000", "127.0.0.1:5000", None),
            ("[::1]", "[::1]", None),
            ("[::1]:5000", "[::1]:5000", None),
            ("ghcr.io/corp/app", "ghcr.io", Some("corp/app:latest")),
            (
                "https://ghcr.io/corp/app:1.0",
                "ghcr.io",
                Some("corp/app:1.0"),
            ),
            ("localhost:5000/app", "localhost:5000", Some("app:latest")),
            ("ubuntu", "docker.io", Some("library/ubuntu:latest")),
            ("ubuntu:24.04", "docker.io", Some("library/ubuntu:24.04")),
            ("corp/app", "docker.io", Some("corp/app:latest")),
        ] {
            let target = CheckTarget::parse(text).unwrap();
            assert_eq!(target.domain, domain, "{text}");
            let reference = target.reference.map(|reference| reference.to_string());
            let expected = repository.map(|name| format!("{domain}/{name}"));
            assert_eq!(reference, expected, "{text}");
        }
        for text in ["", "/", "ghcr.io/App", "a b", "ftp://ghcr.io"] {
            assert!(CheckTarget::parse(text).is_err(), "{text}");
        }
    }
}
