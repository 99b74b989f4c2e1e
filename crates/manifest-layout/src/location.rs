//! Locations of images on disk, as the command line names them.

use std::fmt;
use std::path::{Path, PathBuf};

use manifest_core::Digest;

use crate::error::LocationError;

/// The form in which an image is stored on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocationKind {
    /// A folder that is an OCI image layout.
    OciLayout,
    /// A tar archive of an OCI image layout.
    OciArchive,
    /// A tar archive that `docker save` wrote.
    DockerArchive,
}

/// The prefixes of locations, longer ones first. `oci://` is not among them: Helm uses it for registries.
const PREFIXES: &[(&str, LocationKind)] = &[
    ("oci-layout://", LocationKind::OciLayout),
    ("oci-layout:", LocationKind::OciLayout),
    ("oci:", LocationKind::OciLayout),
    ("oci-archive://", LocationKind::OciArchive),
    ("oci-archive:", LocationKind::OciArchive),
    ("docker-archive://", LocationKind::DockerArchive),
    ("docker-archive:", LocationKind::DockerArchive),
];

impl LocationKind {
    /// Returns the prefix with which locations of this kind are displayed.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::OciLayout => "oci-layout://",
            Self::OciArchive => "oci-archive:",
            Self::DockerArchive => "docker-archive:",
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::OciLayout => "OCI image layout",
            Self::OciArchive => "archive of an OCI image layout",
            Self::DockerArchive => "archive of `docker save`",
        }
    }
}

/// Which image of a layout or archive a location names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSelector {
    /// The only image.
    Only,
    /// The image of this name: its `org.opencontainers.image.ref.name`, or the reference that it was saved by.
    Tag(String),
    /// The image with this digest.
    Digest(Digest),
}

/// The location of an image on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    /// The form of storage.
    pub kind: LocationKind,
    /// The folder or archive.
    pub path: PathBuf,
    /// The image in it.
    pub name: ImageSelector,
}

impl Location {
    /// Parses `oci-layout://DIR`, `oci-archive:FILE` or `docker-archive:FILE`, with or without the slashes, and with an optional
    /// `:NAME` or `@DIGEST` at the end. `oci:DIR` is a layout as well. The path ends at the first colon. Returns `None` if the
    /// text has another prefix.
    #[must_use]
    pub fn parse(text: &str) -> Option<Result<Self, LocationError>> {
        if text.starts_with("oci://") {
            return None;
        }
        let find =
            |(prefix, kind): &(&str, LocationKind)| Some((*kind, text.strip_prefix(prefix)?));
        let (kind, rest) = PREFIXES.iter().find_map(find)?;
        let by_digest = rest
            .rsplit_once('@')
            .and_then(|(path, digest)| Some((path, ImageSelector::Digest(digest.parse().ok()?))));
        let (path, name) = by_digest.unwrap_or_else(|| match rest.split_once(':') {
            Some((path, name)) if !name.is_empty() => (path, ImageSelector::Tag(name.to_owned())),
            _ => (rest, ImageSelector::Only),
        });
        Some(if path.is_empty() {
            Err(LocationError::NoPath(text.to_owned()))
        } else if path.contains(':') {
            Err(LocationError::Colon(path.into()))
        } else {
            let path = path.into();
            Ok(Self { kind, path, name })
        })
    }

    /// Returns the location with an absolute path, in a form that [`Location::parse`] reads. `here` is the folder that relative
    /// paths start from.
    ///
    /// # Errors
    /// Returns an error if the absolute path cannot be written in that form.
    pub fn absolute(&self, here: &Path) -> Result<Self, LocationError> {
        let path: PathBuf = here.join(&self.path).components().collect();
        let Some(text) = path.to_str() else {
            return Err(LocationError::NotText(path));
        };
        if text.contains(':') {
            return Err(LocationError::Colon(path));
        }
        Ok(Self {
            path,
            ..self.clone()
        })
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.kind.prefix(), self.path.display())?;
        match &self.name {
            ImageSelector::Only => Ok(()),
            ImageSelector::Tag(name) => write!(f, ":{name}"),
            ImageSelector::Digest(digest) => write!(f, "@{digest}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]
mod tests {
    use super::*;

    #[test]
    fn path_and_name() {
        let digest = format!("sha256:{}", "a".repeat(64));
        let tag = |text: &str| ImageSelector::Tag(text.to_owned());
        for (text, path, name) in [
            ("oci-layout://out", "out", ImageSelector::Only),
            ("oci-layout:///a/b:1.0", "/a/b", tag("1.0")),
            ("oci-layout://a@b", "a@b", ImageSelector::Only),
            (
                &format!("oci-layout://a@{digest}"),
                "a",
                ImageSelector::Digest(digest.parse().unwrap()),
            ),
            ("oci-archive:a.tar", "a.tar", ImageSelector::Only),
            ("oci-archive:a.tar:q.io/app:1", "a.tar", tag("q.io/app:1")),
            ("docker-archive:../a.tar:app:1", "../a.tar", tag("app:1")),
        ] {
            let location = Location::parse(text).unwrap().unwrap();
            assert_eq!(
                (location.path.to_str().unwrap(), &location.name),
                (path, &name)
            );
            assert_eq!(location.to_string(), text);
        }
        for text in [
            "app:1",
            "oci-layout",
            "oci",
            "oci://ghcr.io/app:1",
            "q.io/oci-archive:1",
            "library/oci:1",
            "",
        ] {
            assert!(Location::parse(text).is_none(), "{text}");
        }
        for text in [
            "oci-layout://",
            "oci-layout:",
            "oci:",
            "oci-archive:",
            "oci-archive://",
            "docker-archive::app",
        ] {
            assert!(Location::parse(text).unwrap().is_err(), "{text}");
        }
        let odd = Location::parse(&format!("oci-layout://a:b@{digest}")).unwrap();
        assert_eq!(odd, Err(LocationError::Colon("a:b".into())));
    }

    #[test]
    fn slashes_may_be_there_or_not() {
        for (text, shown) in [
            ("oci-layout:out", "oci-layout://out"),
            ("oci-layout:/a/b:1.0", "oci-layout:///a/b:1.0"),
            ("oci:out:1", "oci-layout://out:1"),
            ("oci:/a/b", "oci-layout:///a/b"),
            ("oci-archive://a.tar", "oci-archive:a.tar"),
            ("oci-archive:///a/b.tar:1", "oci-archive:/a/b.tar:1"),
            ("docker-archive://a.tar:app:1", "docker-archive:a.tar:app:1"),
        ] {
            let location = Location::parse(text).unwrap().unwrap();
            assert_eq!(location.to_string(), shown, "{text}");
            assert_eq!(Location::parse(shown).unwrap(), Ok(location), "{text}");
        }
    }

    #[test]
    fn absolute_paths_are_read_again() {
        let location = Location::parse("oci-archive:./x/a.tar:1").unwrap().unwrap();
        let absolute = location.absolute(Path::new("/home/me")).unwrap();
        assert_eq!(absolute.to_string(), "oci-archive:/home/me/x/a.tar:1");
        assert_eq!(
            Location::parse(&absolute.to_string()).unwrap(),
            Ok(absolute)
        );
        let colon = location.absolute(Path::new("/home/a:b"));
        assert!(matches!(colon, Err(LocationError::Colon(_))));
    }
}
