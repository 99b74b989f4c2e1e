//! Known registries: the token servers of public registries, without a first request to them.
//!
//! The token servers of the big public registries are the same for everybody, so a machine without a cache, as in CI,
//! can know them. A row of the table is used like a challenge from the cache: the token is requested in parallel with
//! the first request to the registry, and dropped if the registry names another token server. An outdated row therefore
//! costs one request, and nothing else.
//!
//! Each row has a published source for its challenge, in the comment above it. Left out on purpose:
//!
//! - `mcr.microsoft.com`: it responds without a challenge (richlander/container-registry-api, README.md), and only
//!   Microsoft pushes to it (microsoft/containerregistry, README.md).
//! - `registry.k8s.io`: it redirects to another registry, and has no challenge of its own
//!   (kubernetes/registry.k8s.io, cmd/archeio/docs/request-handling.md).
//! - `*.dkr.ecr.*.amazonaws.com`: the challenge is Basic, so there is no token to fetch
//!   (renovatebot/renovate, lib/modules/datasource/docker/common.ts).
//! - `*.ocir.io`: the token server's path contains a customer number (jupyterhub/binderhub#1586).
//! - `registry.redhat.io`, `cgr.dev`, `nvcr.io`, `docker.elastic.co`, `dhi.io`: their users read from them and do not push.
//! - `registry.digitalocean.com`, `icr.io`, `*.scw.cloud`: no citable source shows the whole challenge.

use manifest_core::Reference;

use crate::auth::challenge::Challenge;
use crate::host::{api_host, is_docker_hub};

/// The placeholder for the host in a token server's URL and in a service.
const HOST: &str = "{host}";

/// A registry with a known challenge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRegistry {
    /// The host in lower case, or `*.` and a domain.
    host: String,
    realm: String,
    service: Option<String>,
    /// Whether public repositories can be read without a token.
    has_anonymous_reads: bool,
}

/// The reason why a known registry is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KnownRegistryError {
    /// The host is not valid, or has a wildcard elsewhere than in place of its first label.
    #[error("the host must be HOST, HOST:PORT or *.DOMAIN")]
    Host,
    /// The realm is not allowed in a cached challenge.
    #[error("the token server must be an https:// URL without user name, query and fragment")]
    Realm,
}

impl KnownRegistry {
    /// Creates a known registry.
    ///
    /// `host` is the registry as references name it, with its port, or `*.` and a domain, for each host with one more
    /// label. `{host}` in `realm` and `service` stands for that host. `service` is `None` if the registry's challenge
    /// has none.
    ///
    /// # Errors
    /// Returns an error if `host` is not valid, or if `realm` is not an https URL that cannot contain a secret.
    pub fn new(host: &str, realm: &str, service: Option<&str>) -> Result<Self, KnownRegistryError> {
        let name = host.strip_prefix("*.").unwrap_or(host);
        let is_host = is_docker_hub(name)
            || Reference::parse(&format!("{name}/x")).is_ok_and(|probe| probe.domain() == name);
        if !is_host {
            return Err(KnownRegistryError::Host);
        }
        let row = Self {
            host: api_host(host).to_ascii_lowercase(),
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            has_anonymous_reads: false,
        };
        let example = host.replacen('*', "host", 1);
        let is_without_braces = !realm.replace(HOST, "").contains(['{', '}']);
        match row.challenge(&example) {
            Some(_) if is_without_braces => Ok(row),
            _ => Err(KnownRegistryError::Realm),
        }
    }

    /// Declares that anonymous clients can read without a token, so that none is requested for them.
    #[must_use]
    pub fn with_anonymous_reads(self) -> Self {
        Self {
            has_anonymous_reads: true,
            ..self
        }
    }

    fn matches(&self, host: &str) -> bool {
        match self.host.strip_prefix('*') {
            Some(domain) => host
                .strip_suffix(domain)
                .is_some_and(|label| !label.is_empty() && !label.contains('.')),
            None => self.host == host,
        }
    }

    /// Returns the challenge of a matching host, if it may be used like a cached one.
    fn challenge(&self, host: &str) -> Option<Challenge> {
        let challenge = Challenge::Bearer {
            realm: self.realm.replace(HOST, host),
            service: self.service.as_ref().map(|text| text.replace(HOST, host)),
        };
        challenge.to_cacheable().is_some().then_some(challenge)
    }
}

/// The registries whose challenge is known in advance. The default is the table of the big public registries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownRegistries {
    /// The first matching row counts.
    rows: Vec<KnownRegistry>,
}

impl Default for KnownRegistries {
    fn default() -> Self {
        Self { rows: built_in() }
    }
}

impl KnownRegistries {
    /// Returns an empty table.
    #[must_use]
    pub fn none() -> Self {
        Self { rows: Vec::new() }
    }

    /// Adds registries. They take precedence over the existing rows, and earlier ones over later ones.
    #[must_use]
    pub fn with(self, registries: impl IntoIterator<Item = KnownRegistry>) -> Self {
        let rows = registries.into_iter().chain(self.rows).collect();
        Self { rows }
    }

    /// Returns the challenge that a registry is known to send.
    ///
    /// `has_login` tells whether there are credentials for the registry.
    pub(crate) fn challenge(
        &self,
        domain: &str,
        has_login: impl FnOnce() -> bool,
    ) -> Option<Challenge> {
        let host = api_host(domain).to_ascii_lowercase();
        let row = self.rows.iter().find(|row| row.matches(&host))?;
        if row.has_anonymous_reads && !has_login() {
            return None;
        }
        row.challenge(&host)
    }
}

fn built_in() -> Vec<KnownRegistry> {
    let row = |host: &str, realm: &str, service: &str| KnownRegistry {
        host: host.to_owned(),
        realm: realm.to_owned(),
        service: Some(service.to_owned()),
        has_anonymous_reads: false,
    };
    vec![
        // Docker Hub, by the host that serves it.
        // distribution/distribution#1203; renovatebot/renovate, lib/modules/datasource/docker/common.ts
        row(
            "registry-1.docker.io",
            "https://auth.docker.io/token",
            "registry.docker.io",
        ),
        // renovatebot/renovate, lib/modules/datasource/docker/common.ts. Public images require a token, too:
        // richlander/container-registry-api, ghcr.md
        row("ghcr.io", "https://ghcr.io/token", "ghcr.io"),
        // gitlab-org/container-registry (on gitlab.com), docs/auth-request-flow.md
        row(
            "registry.gitlab.com",
            "https://gitlab.com/jwt/auth",
            "container_registry",
        ),
        // crashappsec/chalk, src/utils/www_authenticate.nim. Every image requires a token: aws/containers-roadmap#1806
        row(
            "public.ecr.aws",
            "https://public.ecr.aws/token/",
            "public.ecr.aws",
        ),
        // Azure/acr, docs/AAD-OAuth.md
        row("*.azurecr.io", "https://{host}/oauth2/token", "{host}"),
        // renovatebot/renovate, lib/modules/datasource/docker/common.ts
        row(
            "codeberg.org",
            "https://codeberg.org/v2/token",
            "container_registry",
        ),
        // quay/quay, auth/registry_jwt_auth.py (the challenge) and endpoints/v2/__init__.py (public repositories are
        // read without a token); quay/claircore#879 shows both on quay.io
        row("quay.io", "https://quay.io/v2/auth", "quay.io").with_anonymous_reads(),
        // containers/image#211 and, for a repository, containerd/containerd#4379; cloudflare/serverless-registry#122
        // (the service may be unquoted); quay/claircore#879 (public repositories are read without a token)
        row("gcr.io", "https://gcr.io/v2/token", "gcr.io").with_anonymous_reads(),
        // kubernetes-sigs/promo-tools#632 shows eu.gcr.io
        row("*.gcr.io", "https://{host}/v2/token", "{host}").with_anonymous_reads(),
        // apple/container#2274: the challenge of a repository has the service, unlike that of /v2/.
        // docker/setup-buildx-action#79 shows another region. Public repositories are read without a token:
        // registry.k8s.io redirects to them
        row("*.pkg.dev", "https://{host}/v2/token", "{host}").with_anonymous_reads(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bearer(realm: &str, service: &str) -> Challenge {
        Challenge::Bearer {
            realm: realm.to_owned(),
            service: Some(service.to_owned()),
        }
    }

    #[test]
    fn each_row_may_be_used_like_a_cached_challenge() {
        for row in built_in() {
            let service = row.service.as_deref();
            let mut checked = KnownRegistry::new(&row.host, &row.realm, service).unwrap();
            checked.has_anonymous_reads = row.has_anonymous_reads;
            assert_eq!(checked, row);
            let host = row.host.replacen('*', "some-host", 1);
            let challenge = KnownRegistries::default()
                .challenge(&host, || true)
                .unwrap();
            assert_eq!(Some(&challenge), row.challenge(&host).as_ref(), "{host}");
            let text = challenge.to_cacheable().unwrap();
            assert_eq!(Challenge::from_cached(&text), Some(challenge), "{text}");
            assert!(!text.contains(['{', '}']), "{text}");
        }
    }

    #[test]
    fn known_hosts() {
        let known = KnownRegistries::default();
        let hub = || bearer("https://auth.docker.io/token", "registry.docker.io");
        let azure = |host: &str| bearer(&format!("https://{host}/oauth2/token"), host);
        let google = |host: &str| bearer(&format!("https://{host}/v2/token"), host);
        for (host, expected) in [
            ("docker.io", Some(hub())),
            ("index.docker.io", Some(hub())),
            ("registry-1.docker.io", Some(hub())),
            ("GHCR.io", Some(bearer("https://ghcr.io/token", "ghcr.io"))),
            ("foo.azurecr.io", Some(azure("foo.azurecr.io"))),
            ("Foo.AzureCR.io", Some(azure("foo.azurecr.io"))),
            ("gcr.io", Some(google("gcr.io"))),
            ("eu.gcr.io", Some(google("eu.gcr.io"))),
            ("us-docker.pkg.dev", Some(google("us-docker.pkg.dev"))),
            ("", None),
            ("hub.docker.com", None),
            ("azurecr.io", None),
            (".azurecr.io", None),
            ("evilazurecr.io", None),
            ("azurecr.io.evil.com", None),
            ("foo.azurecr.io.evil.com", None),
            ("evil.com/foo.azurecr.io", None),
            ("foo.eastus.data.azurecr.io", None),
            ("foo.azurecr.io:443", None),
            ("foo.azurecr.cn", None),
            ("ghcr.io.evil.com", None),
            ("www.ghcr.io", None),
            ("ghcr.io:8443", None),
            ("notgcr.io", None),
            ("pkg.dev", None),
            ("mcr.microsoft.com", None),
            ("registry.k8s.io", None),
            ("127.0.0.1:5000", None),
            ("[::1]:5000", None),
        ] {
            assert_eq!(known.challenge(host, || true), expected, "{host}");
            assert_eq!(KnownRegistries::none().challenge(host, || true), None);
        }
    }

    #[test]
    fn anonymous_reads_need_no_token() {
        let known = KnownRegistries::default();
        for (host, is_open) in [
            ("docker.io", false),
            ("ghcr.io", false),
            ("registry.gitlab.com", false),
            ("public.ecr.aws", false),
            ("foo.azurecr.io", false),
            ("codeberg.org", false),
            ("quay.io", true),
            ("gcr.io", true),
            ("us.gcr.io", true),
            ("europe-docker.pkg.dev", true),
        ] {
            assert_eq!(known.challenge(host, || false).is_none(), is_open, "{host}");
        }
    }

    #[test]
    fn user_defined_registries() {
        let row = |host, realm, service| KnownRegistry::new(host, realm, service);
        for (host, realm) in [
            ("harbor.lan", "https://harbor.lan/service/token"),
            ("harbor.lan:8443", "https://harbor.lan:8443/service/token"),
            ("*.lan:8443", "https://{host}/service/token"),
            ("[fd00::1]:5000", "https://{host}/token"),
            ("docker.io", "https://auth.lan/token"),
        ] {
            let host_named = host.replacen('*', "a", 1);
            let known = KnownRegistries::default().with([row(host, realm, Some("s")).unwrap()]);
            let expected = bearer(&realm.replace(HOST, &host_named), "s");
            let found = known.challenge(&host_named, || false);
            assert_eq!(found, Some(expected), "{host}");
        }
        for host in [
            "",
            "a",
            "*",
            "*.",
            "a b",
            "a.*",
            "*.*.lan",
            "*lan",
            "https://a",
            "a/b",
            "me@a",
            "a:x",
            "a?b",
        ] {
            let made = row(host, "https://a/token", None);
            assert_eq!(made, Err(KnownRegistryError::Host), "{host}");
        }
        for realm in [
            "",
            "/token",
            "http://a/token",
            "https://me@a/token",
            "https://:pw@a/token",
            "https://a/token?x=y",
            "https://a/token#x",
            "https://{other}/token",
        ] {
            let made = row("a.lan", realm, None);
            assert_eq!(made, Err(KnownRegistryError::Realm), "{realm}");
        }
        // The first matching row counts.
        let rows = ["https://one/t", "https://two/t"].map(|realm| row("ghcr.io", realm, None));
        let known = KnownRegistries::default().with(rows.map(Result::unwrap));
        let expected = Challenge::Bearer {
            realm: "https://one/t".to_owned(),
            service: None,
        };
        assert_eq!(known.challenge("ghcr.io", || false), Some(expected));
    }
}
