//! Image references, in the grammar and the normal form of the distribution project's `reference` package.
//!
//! Docker's command prints and stores the full form (`docker.io/library/alpine:3`), so that is the only form
//! here. What the library in our dependencies cannot do (IPv6 hosts, refusing a name of 64 hexadecimal
//! characters) is why this is our own.

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};
use crate::limits::REPOSITORY_NAME_CHARS;

/// The registry that a reference without a host means.
pub const DEFAULT_DOMAIN: &str = "docker.io";
const LEGACY_DEFAULT_DOMAIN: &str = "index.docker.io";
const OFFICIAL_PREFIX: &str = "library/";
const TAG_CHARS: usize = 128;

/// Why a text is no reference. The messages are Docker's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The text does not follow the grammar.
    #[error("invalid reference format")]
    Format,
    /// The repository name has upper-case letters.
    #[error("invalid reference format: repository name ({0}) must be lowercase")]
    Uppercase(String),
    /// The text is a bare hash, which Docker's command line would take for an image ID.
    #[error("invalid repository name ({0}), cannot specify 64-byte hexadecimal strings")]
    BareHash(String),
    /// The repository name is longer than 255 characters.
    #[error("repository name must not be more than {REPOSITORY_NAME_CHARS} characters")]
    TooLong,
    /// The part after `@` is no digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The text was to be a full reference already, and is not.
    #[error("repository name must be canonical")]
    NotCanonical,
}

/// A registry and a repository in it: `docker.io/library/alpine`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    domain: String,
    path: String,
}

impl Repository {
    /// Returns the registry's host as references name it, with its port: `docker.io`, `localhost:5000`, `[::1]:5000`.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the repository's path in its registry: `library/alpine`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the reference of one manifest in this repository.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Reference {
        Reference {
            repository: self.clone(),
            tag: None,
            digest: Some(digest),
        }
    }

    /// Returns the reference of a tag in this repository, or nothing where `tag` breaks the grammar.
    #[must_use]
    pub fn tagged(&self, tag: &str) -> Option<Reference> {
        is_tag(tag).then(|| Reference {
            repository: self.clone(),
            tag: Some(tag.to_owned()),
            digest: None,
        })
    }
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.domain, self.path)
    }
}

/// A full reference: registry, repository, and a tag, a digest, or both.
///
/// `Display` gives Docker's full form. Two references are equal if that form is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses what a user typed: adds `docker.io`, `library/`, and `:latest` where there is neither tag nor digest.
    ///
    /// # Errors
    /// What Docker's command says of the same text.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ReferenceError::BareHash(text.to_owned()));
        }
        let (domain, remainder) = split_domain(text);
        let remote = remainder.split(':').next().unwrap_or_default();
        if remote.to_lowercase() != remote {
            return Err(ReferenceError::Uppercase(remote.to_owned()));
        }
        Self::from_parts(domain, &remainder)
    }

    /// Parses a reference that has to be in full form already, as Docker's draft files hold it.
    ///
    /// # Errors
    /// [`ReferenceError::NotCanonical`] where the text parses but is not the form that it would be printed in.
    pub fn parse_canonical(text: &str) -> Result<Self, ReferenceError> {
        let (domain, remainder) = split_domain(text);
        let reference = Self::from_parts(domain, &remainder)?;
        let full = reference.without_default_tag_unless(text);
        if full == text {
            Ok(reference)
        } else {
            Err(ReferenceError::NotCanonical)
        }
    }

    fn without_default_tag_unless(&self, text: &str) -> String {
        let full = self.to_string();
        match full.strip_suffix(":latest") {
            Some(name) if name == text => name.to_owned(),
            _ => full,
        }
    }

    fn from_parts(domain: &str, remainder: &str) -> Result<Self, ReferenceError> {
        let (name, digest) = match remainder.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (remainder, None),
        };
        let (path, tag) = match name.split_once(':') {
            Some((path, tag)) => (path, Some(tag)),
            None => (name, None),
        };
        let well_formed = is_domain(domain)
            && is_path(path)
            && tag.is_none_or(is_tag)
            && digest.is_none_or(looks_like_digest);
        if !well_formed {
            return Err(ReferenceError::Format);
        }
        if path.len() > REPOSITORY_NAME_CHARS {
            return Err(ReferenceError::TooLong);
        }
        let digest = digest.map(str::parse).transpose()?;
        let tag = match (tag, &digest) {
            (None, None) => Some("latest".to_owned()),
            (tag, _) => tag.map(str::to_owned),
        };
        let repository = Repository {
            domain: domain.to_owned(),
            path: path.to_owned(),
        };
        Ok(Self {
            repository,
            tag,
            digest,
        })
    }

    /// Returns registry and repository.
    #[must_use]
    pub fn repository(&self) -> &Repository {
        &self.repository
    }

    /// Returns the registry's host; see [`Repository::domain`].
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.repository.domain
    }

    /// Returns the repository's path; see [`Repository::path`].
    #[must_use]
    pub fn path(&self) -> &str {
        &self.repository.path
    }

    /// Returns the tag, if the reference has one.
    #[must_use]
    pub fn tag(&self) -> Option<&str> {
        self.tag.as_deref()
    }

    /// Returns the digest, if the reference has one.
    #[must_use]
    pub fn digest(&self) -> Option<&Digest> {
        self.digest.as_ref()
    }

    /// Returns this reference with `digest` pinned to it, its tag kept.
    #[must_use]
    pub fn pinned(&self, digest: Digest) -> Self {
        Self {
            digest: Some(digest),
            ..self.clone()
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.repository.fmt(f)?;
        if let Some(tag) = &self.tag {
            write!(f, ":{tag}")?;
        }
        if let Some(digest) = &self.digest {
            write!(f, "@{digest}")?;
        }
        Ok(())
    }
}

impl FromStr for Reference {
    type Err = ReferenceError;

    fn from_str(text: &str) -> Result<Self, ReferenceError> {
        Self::parse(text)
    }
}

/// Splits as Docker does: the first component is a registry if it looks like a host.
fn split_domain(text: &str) -> (&str, String) {
    let Some((first, rest)) = text.split_once('/') else {
        return (DEFAULT_DOMAIN, format!("{OFFICIAL_PREFIX}{text}"));
    };
    let (domain, remainder) = if first == LEGACY_DEFAULT_DOMAIN {
        (DEFAULT_DOMAIN, rest)
    } else if first == "localhost" || first.contains(['.', ':']) || first.to_lowercase() != first {
        (first, rest)
    } else {
        (DEFAULT_DOMAIN, text)
    };
    if domain == DEFAULT_DOMAIN && !remainder.contains('/') {
        return (domain, format!("{OFFICIAL_PREFIX}{remainder}"));
    }
    (domain, remainder.to_owned())
}

fn is_domain(text: &str) -> bool {
    let (host, port) = if let Some(rest) = text.strip_prefix('[') {
        let Some((address, port)) = rest.split_once(']') else {
            return false;
        };
        if address.is_empty() || !address.bytes().all(|b| b.is_ascii_hexdigit() || b == b':') {
            return false;
        }
        match port.strip_prefix(':') {
            Some(port) => (None, Some(port)),
            None if port.is_empty() => (None, None),
            None => return false,
        }
    } else {
        match text.split_once(':') {
            Some((host, port)) => (Some(host), Some(port)),
            None => (Some(text), None),
        }
    };
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    host.is_none_or(|host| host.split('.').all(label))
        && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_path(text: &str) -> bool {
    text.split('/').all(is_path_component)
}

/// Components are runs of `[a-z0-9]` joined by one `.`, one or two `_`, or any number of `-`.
fn is_path_component(text: &str) -> bool {
    let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return false;
    };
    if !alphanumeric(first) || !alphanumeric(last) {
        return false;
    }
    bytes
        .split(|&b| alphanumeric(b))
        .filter(|separator| !separator.is_empty())
        .all(|separator| {
            matches!(separator, b"." | b"_" | b"__") || separator.iter().all(|&b| b == b'-')
        })
}

fn is_tag(text: &str) -> bool {
    let word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    text.len() <= TAG_CHARS
        && text.bytes().next().is_some_and(word)
        && text.bytes().all(|b| word(b) || b == b'.' || b == b'-')
}

/// The grammar's digest is looser than a digest: what passes here and is no digest gets the digest's own error.
fn looks_like_digest(text: &str) -> bool {
    let Some((algorithm, hex)) = text.split_once(':') else {
        return false;
    };
    let component = |part: &str| {
        part.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
            && part.bytes().all(|b| b.is_ascii_alphanumeric())
    };
    algorithm.split(['-', '_', '+', '.']).all(component)
        && hex.len() >= 32
        && hex.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1";

    #[test]
    fn normal_form() {
        let with_digest = format!("localhost:5000/a/b:t@sha256:{HASH}");
        let only_digest = format!("alpine@sha256:{HASH}");
        for (typed, full) in [
            ("alpine", "docker.io/library/alpine:latest".to_owned()),
            ("alpine:3", "docker.io/library/alpine:3".into()),
            ("me/app", "docker.io/me/app:latest".into()),
            ("docker.io/alpine", "docker.io/library/alpine:latest".into()),
            (
                "index.docker.io/alpine",
                "docker.io/library/alpine:latest".into(),
            ),
            ("index.docker.io/me/app", "docker.io/me/app:latest".into()),
            ("localhost/x", "localhost/x:latest".into()),
            ("LOCALHOST/x", "LOCALHOST/x:latest".into()),
            ("Reg/x", "Reg/x:latest".into()),
            ("localhost:5000/x", "localhost:5000/x:latest".into()),
            ("localhost:5000", "docker.io/library/localhost:5000".into()),
            ("[::1]:5000/x:1", "[::1]:5000/x:1".into()),
            ("[fe80::1]/x", "[fe80::1]/x:latest".into()),
            ("ghcr.io/a/b/c:v1.2-rc_3", "ghcr.io/a/b/c:v1.2-rc_3".into()),
            ("a__b/c---d.e", "docker.io/a__b/c---d.e:latest".into()),
            (&with_digest, with_digest.clone()),
            (
                &only_digest,
                format!("docker.io/library/alpine@sha256:{HASH}"),
            ),
        ] {
            assert_eq!(
                Reference::parse(typed).unwrap().to_string(),
                full,
                "{typed}"
            );
            assert_eq!(Reference::parse_canonical(&full).unwrap().to_string(), full);
        }
    }

    #[test]
    fn refusals() {
        use ReferenceError::*;
        let name = "a".repeat(250);
        for (typed, error) in [
            ("", Format),
            (":1", Format),
            ("a:", Format),
            ("a@", Format),
            ("a//b", Format),
            ("/a", Format),
            ("a/", Format),
            ("-a", Format),
            ("a_", Format),
            ("a..b", Format),
            ("a___b", Format),
            ("a b", Format),
            ("reg.io:x/a", Format),
            ("-reg.io/a", Format),
            ("[::1/a", Format),
            ("a:-1", Format),
            ("a@sha256:12", Format),
            ("App", Uppercase("library/App".into())),
            ("me/App:1", Uppercase("me/App".into())),
            ("quay.io/Me/app", Uppercase("Me/app".into())),
            (HASH, BareHash(HASH.into())),
        ] {
            assert_eq!(Reference::parse(typed), Err(error), "{typed}");
        }
        let digest = |text: String| Reference::parse(&text).unwrap_err();
        assert_eq!(
            digest(format!("a@sha256:{}", "a".repeat(40))),
            DigestError::Length.into()
        );
        assert_eq!(
            digest(format!("a@md5:{}", "a".repeat(32))),
            DigestError::Algorithm.into()
        );
        assert_eq!(digest(format!("a:{}", "t".repeat(129))), Format);
        assert!(Reference::parse(&format!("a:{}", "t".repeat(128))).is_ok());
        assert_eq!(digest(format!("q.io/{name}/aaaaa")), TooLong);
        assert!(Reference::parse(&format!("q.io/{name}/aaaa")).is_ok());
    }

    #[test]
    fn canonical_form_is_demanded() {
        for text in [
            "alpine",
            "docker.io/alpine:1",
            "index.docker.io/library/alpine:1",
            "me/app:1",
        ] {
            assert!(Reference::parse_canonical(text).is_err(), "{text}");
        }
        assert!(Reference::parse_canonical("localhost/x").is_ok());
    }
}
