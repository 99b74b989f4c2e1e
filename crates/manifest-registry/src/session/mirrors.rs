//! Mirrors: other registries that are read from first. Nothing is ever written to a mirror, and no read that decides on a write is
//! sent to one.
//!
//! Content from a mirror is verified as that from a registry, by its digest. For a tag the mirror's word has to do.
//!
//! A mirror with unverified TLS is so as a mirror only. Its reads go by a session of their own, with their own connections, logins
//! and tokens, so that none of these serve a request that names the same host.

use manifest_core::Reference;

/// A mirror: a registry that may have the content of another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mirror {
    location: String,
    serves: PullFromMirror,
    is_insecure: bool,
}

/// The reads that a mirror is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PullFromMirror {
    /// Everything.
    #[default]
    All,
    /// Reads by digest.
    Digests,
    /// Reads by tag.
    Tags,
}

/// The mirrors of a registry, or of a part of one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MirrorRule {
    /// The mirrored part: a host as references name it, with or without the first parts of a repository's path; or `*.` and a
    /// domain, for all hosts below it.
    pub prefix: String,
    /// The mirrors, in the order in which they are asked.
    pub mirrors: Vec<Mirror>,
}

/// The mirrors of all registries.
#[derive(Clone, Debug, Default)]
pub struct Mirrors {
    /// The rules by where they are from, what goes first before what goes next. Of one place, the rule with the longest prefix
    /// counts.
    pub places: Vec<Vec<MirrorRule>>,
}

/// A text that is no location of a mirror.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a registry, or a registry with a path")]
pub struct LocationError(String);

impl Mirror {
    /// Names a mirror: a host, which has a dot or a port in it, with or without a path that goes before the repositories'.
    ///
    /// # Errors
    /// Where no reference can be made of it.
    pub fn new(location: &str, serves: PullFromMirror) -> Result<Self, LocationError> {
        let location = location.strip_suffix('/').unwrap_or(location);
        let host = location.split('/').next().unwrap_or_default();
        match Reference::parse(&format!("{location}/x")) {
            Ok(probe) if probe.domain() == host => Ok(Self {
                location: location.to_owned(),
                serves,
                is_insecure: false,
            }),
            _ => Err(LocationError(location.to_owned())),
        }
    }

    /// Returns the same mirror, read with unverified TLS or not. That is so for this mirror only: it makes no other request to its
    /// host insecure.
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

    /// Returns the name that something has here, `rest` being its repository's name without the mirrored part.
    fn name(&self, rest: &str, reference: &Reference) -> Option<Mirrored> {
        let serves = match self.serves {
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
        reference.ok().filter(|_| serves).map(|reference| Mirrored {
            reference,
            is_insecure,
        })
    }
}

/// The name of something on a mirror.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mirrored {
    pub(super) reference: Reference,
    /// Whether it may be read there with unverified TLS.
    pub(super) is_insecure: bool,
}

/// How a mirror is reached: its host, and whether TLS need not be checked.
pub(super) type Route = (String, bool);

impl Mirrored {
    pub(super) fn route(&self) -> Route {
        (self.reference.domain().to_owned(), self.is_insecure)
    }
}

impl MirrorRule {
    /// Returns what is left of a repository's name without the prefix (`/library/alpine`); nothing where the rule is for others.
    fn rest<'a>(&self, domain: &str, name: &'a str) -> Option<&'a str> {
        if let Some(parent) = self.prefix.strip_prefix('*') {
            let is_below = parent.starts_with('.') && domain.ends_with(parent);
            return is_below.then(|| &name[domain.len()..]);
        }
        let rest = name.strip_prefix(self.prefix.as_str())?;
        (rest.is_empty() || rest.starts_with('/')).then_some(rest)
    }
}

impl Mirrors {
    /// Returns the hosts of the mirrors that may be read without checked TLS.
    pub(crate) fn insecure_hosts(&self) -> Vec<String> {
        let rules = self.places.iter().flatten();
        let mirrors = rules.flat_map(|rule| &rule.mirrors);
        mirrors
            .filter(|mirror| mirror.is_insecure)
            .map(|mirror| mirror.host().to_owned())
            .collect()
    }

    /// Returns the mirrors that may have a manifest or blob, in the order in which they are tried.
    pub(super) fn of(&self, reference: &Reference) -> Vec<Mirrored> {
        let domain = reference.domain();
        let name = format!("{domain}/{}", reference.path());
        let longest = |rules: &'_ Vec<MirrorRule>| {
            let fitting = rules
                .iter()
                .filter_map(|rule| Some((rule.clone(), rule.rest(domain, &name)?.to_owned())));
            fitting.max_by_key(|(rule, _)| rule.prefix.len())
        };
        let rules = self.places.iter().filter_map(longest);
        rules
            .flat_map(|(rule, rest)| {
                let name = move |mirror: Mirror| mirror.name(&rest, reference);
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
            |(location, serves): &(&str, PullFromMirror)| Mirror::new(location, *serves).unwrap();
        MirrorRule {
            prefix: prefix.to_owned(),
            mirrors: mirrors.iter().map(mirror).collect(),
        }
    }

    #[test]
    fn where_something_is_looked_for() {
        use PullFromMirror::{All, Digests, Tags};
        let digest = format!("sha256:{}", "a".repeat(64));
        let mirrors = Mirrors {
            places: vec![
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
    fn a_mirror_is_insecure_by_its_rule() {
        let mirror = Mirror::new("m.lan:5000", PullFromMirror::All).unwrap();
        let with = |prefix: &str, mirror: Mirror| MirrorRule {
            prefix: prefix.to_owned(),
            mirrors: vec![mirror],
        };
        let mirrors = Mirrors {
            places: vec![vec![
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
    fn mirrors_are_registries() {
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
