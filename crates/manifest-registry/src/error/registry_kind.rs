//! The kind of a registry, by its host name. Hints depend on it.

use crate::host::{is_docker_hub, is_loopback};

/// The kinds of registries with specific hints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RegistryKind {
    DockerHub,
    Ghcr,
    Ecr,
    /// Amazon ECR Public, which has its own login commands.
    EcrPublic,
    Quay,
    GitLab,
    /// A registry on this machine.
    Loopback,
    Other,
}

impl RegistryKind {
    /// Recognises a registry by its host, with or without a port.
    pub(crate) fn of(host: &str) -> Self {
        let host = host.to_ascii_lowercase();
        let name = host.split(':').next().unwrap_or_default();
        let has_label = |wanted: &str| name.split('.').any(|label| label == wanted);
        if is_docker_hub(&host) {
            Self::DockerHub
        } else if is_loopback(&host) {
            Self::Loopback
        } else if name == "ghcr.io" || name.ends_with(".ghe.com") {
            Self::Ghcr
        } else if name == "public.ecr.aws" {
            Self::EcrPublic
        } else if has_label("ecr") && has_label("amazonaws") {
            Self::Ecr
        } else if has_label("quay") {
            Self::Quay
        } else if has_label("gitlab") {
            Self::GitLab
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts() {
        use RegistryKind::*;
        for (host, kind) in [
            ("docker.io", DockerHub),
            ("index.docker.io", DockerHub),
            ("ghcr.io", Ghcr),
            ("GHCR.io", Ghcr),
            ("containers.corp.ghe.com", Ghcr),
            ("123.dkr.ecr.eu-west-1.amazonaws.com", Ecr),
            ("123.dkr.ecr.cn-north-1.amazonaws.com.cn", Ecr),
            ("public.ecr.aws", EcrPublic),
            ("quay.io", Quay),
            ("quay.corp.example:8443", Quay),
            ("registry.gitlab.com", GitLab),
            ("registry.gitlab.corp.example:5050", GitLab),
            ("localhost:5000", Loopback),
            ("127.0.0.1", Loopback),
            ("[::1]:5000", Loopback),
            ("s3.amazonaws.com", Other),
            ("notquay.io", Other),
            ("ghcr.io.evil.example", Other),
            ("[fe80::1]:5000", Other),
            ("", Other),
        ] {
            assert_eq!(RegistryKind::of(host), kind, "{host}");
        }
    }
}
