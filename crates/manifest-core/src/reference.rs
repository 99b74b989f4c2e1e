//! Image references, in the grammar and the normal form of the distribution project's `reference` package.
//!
//! Docker's command prints and stores the full form (`docker.io/library/alpine:3`), so it is the only form here. This is our own
//! because the library in our dependencies has no IPv6 hosts and accepts names of 64 hexadecimal characters. The grammar has a
//! module of its own.

mod grammar;

use std::fmt;
use std::str::FromStr;

use crate::digest::{Digest, DigestError};
use crate::limits::REPOSITORY_NAME_CHARS;
use grammar::{Parts, is_tag, lowercase, split_domain};

pub use grammar::DEFAULT_DOMAIN;

const DEFAULT_TAG: &str = "latest";

/// The reason why a text is not a reference. The messages are Docker's own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReferenceError {
    /// The text does not follow the grammar.
    #[error("invalid reference format")]
    Format,
    /// The repository name has upper-case letters.
    #[error("invalid reference format: repository name ({0}) must be lowercase")]
    Uppercase(String),
    /// The text follows the grammar once it is in lower case.
    #[error("repository name must be lowercase")]
    NotLowercase,
    /// The text is a bare hash, which Docker's command line would take for an image ID.
    #[error("invalid repository name ({0}), cannot specify 64-byte hexadecimal strings")]
    BareHash(String),
    /// The repository name is longer than 255 characters.
    #[error("repository name must not be more than {REPOSITORY_NAME_CHARS} characters")]
    TooLong,
    /// The part after `@` is not a digest.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// The text is not in full form, where that is required.
    #[error("repository name must be canonical")]
    NotCanonical,
}

/// The reason why a text is not the name of a repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RepositoryError {
    /// The text is not a reference either.
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    /// The text has a tag or digest, and so names one manifest of this repository.
    #[error("{0} is expected, without tag or digest")]
    OneManifest(Repository),
}

/// A registry and a repository in it: `docker.io/library/alpine`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    domain: String,
    path: String,
}

impl Repository {
    /// Parses the name of a repository from the command line: adds `docker.io` and `library/`.
    ///
    /// # Errors
    /// Returns [`RepositoryError::OneManifest`] if the name has a tag or digest. A registry on a port, such as `localhost:5000`, reads
    /// as a name with a tag.
    pub fn parse(text: &str) -> Result<Self, RepositoryError> {
        let reference = Reference::parse_normalized(text)?;
        match (&reference.tag, &reference.digest) {
            (None, None) => Ok(reference.repository),
            _ => Err(RepositoryError::OneManifest(reference.repository)),
        }
    }

    /// Returns the registry's host with its port, as references spell it: `docker.io`, `localhost:5000`, `[::1]:5000`.
    ///
    /// The domain is empty if the first part of a name has a dot and is not a host. To Docker, `my_registry.com/app` is a name
    /// without a registry, which can be neither read nor written.
    #[must_use]
    pub fn domain(&self) -> &str {
        &self.domain
    }

    /// Returns the repository's path in its registry: `library/alpine`. Without a registry it is the whole name.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the reference of a manifest in this repository, by digest.
    #[must_use]
    pub fn at(&self, digest: Digest) -> Reference {
        Reference {
            repository: self.clone(),
            tag: None,
            digest: Some(digest),
        }
    }

    /// Returns the reference of a tag in this repository, or `None` if `tag` breaks the grammar.
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
        if !self.domain.is_empty() {
            write!(f, "{}/", self.domain)?;
        }
        f.write_str(&self.path)
    }
}

/// A full reference: registry, repository, and a tag, a digest, or both.
///
/// `Display` gives Docker's full form. Two references are equal if their full forms are.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Reference {
    repository: Repository,
    tag: Option<String>,
    digest: Option<Digest>,
}

impl Reference {
    /// Parses a reference from the command line: adds `docker.io`, `library/`, and `:latest` if there is neither tag nor digest.
    ///
    /// # Errors
    /// Returns the error that Docker's command reports for the same text.
    pub fn parse(text: &str) -> Result<Self, ReferenceError> {
        Self::parse_normalized(text).map(Self::with_default_tag)
    }

    /// Parses a reference in full form, as in Docker's draft files.
    ///
    /// # Errors
    /// Returns [`ReferenceError::NotCanonical`] if the text parses but is not in full form.
    pub fn parse_canonical(text: &str) -> Result<Self, ReferenceError> {
        let reference = Self::parse_normalized(text)?;
        if reference.to_string() == text {
            Ok(reference.with_default_tag())
        } else {
            Err(ReferenceError::NotCanonical)
        }
    }

    /// Parses a text and adds the default registry if it names none. The tag is still as written.
    fn parse_normalized(text: &str) -> Result<Self, ReferenceError> {
        if text.len() == 64 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(ReferenceError::BareHash(text.to_owned()));
        }
        let (domain, remainder) = split_domain(text);
        let remote = remainder.split(':').next().unwrap_or_default();
        if lowercase(remote) != remote {
            return Err(ReferenceError::Uppercase(remote.to_owned()));
        }
        // Parsed as a whole: a `domain` that is not a host may still be the first part of a path.
        let name = format!("{domain}/{remainder}");
        let Some(parts) = Parts::of(&name) else {
            return Err(if Parts::of(&lowercase(&name)).is_some() {
                ReferenceError::NotLowercase
            } else {
                ReferenceError::Format
            });
        };
        if parts.path.len() > REPOSITORY_NAME_CHARS {
            return Err(ReferenceError::TooLong);
        }
        Ok(Self {
            repository: Repository {
                domain: parts.domain.to_owned(),
                path: parts.path.to_owned(),
            },
            tag: parts.tag.map(str::to_owned),
            digest: parts.digest.map(str::parse).transpose()?,
        })
    }

    fn with_default_tag(mut self) -> Self {
        if self.tag.is_none() && self.digest.is_none() {
            self.tag = Some(DEFAULT_TAG.to_owned());
        }
        self
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

    /// Returns this reference with `digest` pinned to it. The tag stays.
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

#[cfg(test)]
mod tests;
