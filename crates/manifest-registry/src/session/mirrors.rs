//! Mirrors: registries that reads try first. Mirrors never receive a write, or a read whose result decides about a
//! write.
//!
//! Content from a mirror is verified by its digest, as that from a registry. The digest of a tag is taken from the
//! mirror without verification.
//!
//! Unverified TLS applies to a host only in its role as a mirror. Such reads use their own session, with its own
//! connections, credentials and tokens, so that none of these serve other requests to the same host.

use manifest_core::Reference;

/// A registry that may have the content of another registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    location: String,
    pull: PullFromMirror,
    is_insecure: bool,
}

/// The reads that are sent to a mirror.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullFromMirror {
    /// All reads.
    #[default]
    All,
    /// Reads by digest.
    Digests,
    /// Reads by tag.
    Tags,
}

/// The mirrors of a registry, or of a namespace of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorRule {
    /// The prefix of the mirrored repositories: a host as references name it, optionally with a namespace; or `*.` and
    /// a domain, for all its subdomains.
    pub prefix: String,
    /// The mirrors, in the order in which they are tried.
    pub mirrors: Vec<Mirror>,
}

/// The mirrors of all registries.
#[derive(Clone, Debug, Default)]
pub struct Mirrors {
    /// The rules of each configuration source, in the order of precedence. In each source the rule with the longest
    /// prefix applies.
    pub rule_sets: Vec<Vec<MirrorRule>>,
}

/// The error for an invalid mirror location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a registry, or a registry with a path")]
pub struct LocationError(String);

impl Mirror {
    /// Creates a mirror. `location` is a host with a dot or a port, optionally with a path that is prepended to
    /// repository names.
    ///
    /// # Errors
    /// Returns an error if `location` is not a valid prefix of a reference.
    pub fn new(location: &str, pull: PullFromMirror) -> Result<Self, LocationError> {
        let location = location.strip_suffix('/').unwrap_or(location);
        let host = location.split('/').next().unwrap_or_default();
        match Reference::parse(&format!("{location}/x")) {
            Ok(probe) if probe.domain() == host => Ok(Self {
                location: location.to_owned(),
                pull,
                is_insecure: false,
            }),
            _ => Err(LocationError(location.to_owned())),
        }
    }

    /// Sets whether reads from this mirror may use unverified TLS. Other requests to its host are not affected.
    #[must_use]
    pub fn insecure(self, is_insecure: bool) -> Self {
        Self {
            is_insecure,
            ..self
        }
    }

    /// Returns the mirror's host, with its port.
    #[must_use]
    pub fn host(&self) -> &str {
        self.location.split('/').next().unwrap_or_default()
    }

    /// Returns the reference on this mirror. `rest` is the repository's name after the mirrored prefix.
    fn mirrored_reference(&self, rest: &str, reference: &Reference) -> Option<Mirrored> {
        let is_served = match self.pull {
            PullFromMirror::All => true,
            PullFromMirror::Digests => reference.digest().is_some(),
            PullFromMirror::Tags => reference.digest().is_none(),
        };
        let name = match (reference.digest(), reference.tag()) {
            (Some(digest), _) => format!("@{digest}"),
            (None, tag) => format!(":{}", tag.unwrap_or("latest")),
        };
        let reference = Reference::parse(&format!("{}{rest}{name}", self.location));
        let is_insecure = self.is_insecure;
        reference
            .ok()
            .filter(|_| is_served)
            .map(|reference| Mirrored {
                reference,
                is_insecure,
            })
    }
}

/// A reference on a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirrored {
    pub(super) reference: Reference,
    /// Whether unverified TLS may be used.
    pub(super) is_insecure: bool,
}

/// A mirror's host, and whether unverified TLS may be used.
pub(super) type Route = (String, bool);

impl Mirrored {
    pub(super) fn route(&self) -> Route {
        (self.reference.domain().to_owned(), self.is_insecure)
    }
}

impl MirrorRule {
    /// Returns the part of a repository's name after the prefix (`/library/alpine`). `None` if the rule does not match.
    fn rest<'a>(&self, domain: &str, name: &'a str) -> Option<&'a str> {
        if let Some(parent) = self.prefix.strip_prefix('*') {
            let is_subdomain = parent.starts_with('.') && domain.ends_with(parent);
            return is_subdomain.then(|| &name[domain.len()..]);
        }
        let rest = name.strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl Mirrors {
    /// Returns the hosts of the mirrors that may use unverified TLS.
    pub(crate) fn insecure_hosts(&self) -> Vec<String> {
        let rules = self.rule_sets.iter().flatten();
        let mirrors = rules.flat_map(|rule| &rule.mirrors);
        mirrors
            .filter(|mirror| mirror.is_insecure)
            .map(|mirror| mirror.host().to_owned())
            .collect()
    }

    /// Returns the references on mirrors for a manifest or blob, in the order in which they are tried.
    pub(super) fn of(&self, reference: &Reference) -> Vec<Mirrored> {
        let domain = reference.domain();
        let name = format!("{domain}/{}", reference.path());
        let longest = |rules: &'_ Vec<MirrorRule>| {
            let matching = rules
                .iter()
                .filter_map(|rule| Some((rule.clone(), rule.rest(domain, &name)?.to_owned())));
            matching.max_by_key(|(rule, _)| rule.prefix.len())
        };
        let rules = self.rule_sets.iter().filter_map(longest);
        rules
            .flat_map(|(rule, rest)| {
                let name = move |mirror: Mirror| mirror.mirrored_reference(&rest, reference);
                rule.mirrors.into_iter().filter_map(name)
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(prefix: &str, mirrors: &[(&str, PullFromMirror)]) -> MirrorRule {
        let mirror =
            |(location, pull): &(&str, PullFromMirror)| Mirror::new(location, *pull).unwrap();
        MirrorRule {
            prefix: prefix.to_owned(),
            mirrors: mirrors.iter().map(mirror).collect(),
        }
    }

    #[test]
    fn mirrored_references() {
        use PullFromMirror::{All, Digests, Tags};
        let digest = format!("sha256:{}", "a".repeat(64));
        let mirrors = Mirrors {
            rule_sets: vec![
                vec![rule("docker.io", &[("flag.lan:5000/hub/", All)])],
                vec![
                    rule("docker.io", &[("file.lan", All), ("second.lan/x", All)]),
                    rule("quay.io", &[("quay.lan", All)]),
                    rule("quay.io/org", &[("org.lan/mirror", All)]),
                    rule("*.corp.io", &[("corp.lan", All)]),
                    rule("d.io", &[("digests.lan", Digests), ("tags.lan", Tags)]),
                ],
            ],
        };
        let at = format!("d.io/app@{digest}");
        let both = format!("d.io/app:1@{digest}");
        let expected = format!("digests.lan/app@{digest}");
        for (name, found) in [
            (
                "alpine",
                &[
                    "flag.lan:5000/hub/library/alpine:latest",
                    "file.lan/library/alpine:latest",
                    "second.lan/x/library/alpine:latest",
                ][..],
            ),
            ("quay.io/app:1", &["quay.lan/app:1"]),
            ("quay.io/org/app:1", &["org.lan/mirror/app:1"]),
            ("quay.io/organ/app:1", &["quay.lan/organ/app:1"]),
            ("quay.io:5000/app:1", &[]),
            ("a.corp.io/app:1", &["corp.lan/app:1"]),
            ("corp.io/app:1", &[]),
            ("evilcorp.io/app:1", &[]),
            ("d.io/app:1", &["tags.lan/app:1"]),
            (&at, &[&expected]),
            (&both, &[&expected]),
        ] {
            let names = mirrors.of(&Reference::parse(name).unwrap());
            let names: Vec<String> = names
                .iter()
                .map(|name| name.reference.to_string())
                .collect();
            assert_eq!(names, found, "{name}");
        }
    }

    #[test]
    fn insecure_mirrors_by_rule() {
        let mirror = Mirror::new("m.lan:5000", PullFromMirror::All).unwrap();
        let with = |prefix: &str, mirror: Mirror| MirrorRule {
            prefix: prefix.to_owned(),
            mirrors: vec![mirror],
        };
        let mirrors = Mirrors {
            rule_sets: vec![vec![
                with("a.io", mirror.clone().insecure(true)),
                with("b.io", mirror.insecure(false)),
            ]],
        };
        let routes = ["a.io/x:1", "b.io/x:1"].map(|name| {
            let names = mirrors.of(&Reference::parse(name).unwrap());
            names.iter().map(Mirrored::route).collect::<Vec<_>>()
        });
        let route = |is_insecure| vec![("m.lan:5000".to_owned(), is_insecure)];
        assert_eq!(routes, [route(true), route(false)]);
        assert_eq!(mirrors.insecure_hosts(), ["m.lan:5000"]);
    }

    #[test]
    fn mirror_locations() {
        for (location, host) in [
            ("m.lan", Some("m.lan")),
            ("m.lan:5000/a/b/", Some("m.lan:5000")),
            ("localhost/x", Some("localhost")),
            ("[::1]:5000", Some("[::1]:5000")),
            ("mirror", None),
            ("mirror/x", None),
            ("https://m.lan", None),
            ("m.lan/UPPER", None),
            ("", None),
        ] {
            let mirror = Mirror::new(location, PullFromMirror::All).ok();
            let found = mirror.as_ref().map(Mirror::host);
            assert_eq!(found, host, "{location}");
        }
    }
}
