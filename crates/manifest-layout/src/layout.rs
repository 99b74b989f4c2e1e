//! Reading images on disk: what a name leads to, manifests by digest, blobs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use manifest_core::go_json::Object;
use manifest_core::media_type::{OCI_INDEX, OCI_MANIFEST};
use manifest_core::{Descriptor, Digest, Manifest, MediaType, Reference};
use serde_json::value::RawValue;

use crate::docker_save::{self, Saved};
use crate::error::LayoutError;
use crate::limits::{INDEX_BYTES, VERSION_BYTES};
use crate::location::{ImageSelector, Location, LocationKind};
use crate::place::{Place, blob_name};

/// The annotation with an image's name in a layout (OCI image specification, "Pre-Defined Annotation Keys").
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The annotation with an image's whole reference, which containerd and `docker save` write.
const FULL_NAME: &str = "io.containerd.image.name";

/// An image layout or archive, opened.
#[derive(Debug)]
pub struct Layout {
    place: Place,
    name: ImageSelector,
    /// What is in it, by name.
    images: Vec<Descriptor>,
    /// What an archive has under other names, or not at all.
    saved: BTreeMap<Digest, Saved>,
}

impl Layout {
    /// Opens what a location names, and reads what is in it. Blobs are not read, but for those of an archive that has no
    /// digests of its own.
    ///
    /// # Errors
    /// Where it cannot be read, or is something else.
    pub fn open(location: &Location) -> Result<Self, LayoutError> {
        let place = Place::open(location)?;
        let (images, saved) = match place.read("index.json", INDEX_BYTES)? {
            Some(index) => {
                check_version(&place, location.kind)?;
                let images = images_of(&index).map_err(|error| LayoutError::Damaged {
                    path: location.path.clone(),
                    file: "index.json".to_owned(),
                    reason: error.to_string(),
                })?;
                (images, BTreeMap::new())
            }
            None if location.kind == LocationKind::DockerArchive => docker_save::read(&place)?,
            None => return Err(not_one(&place, location.kind, "it has no index.json")),
        };
        Ok(Self {
            place,
            name: location.name.clone(),
            images,
            saved,
        })
    }

    /// Returns where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.place.path()
    }

    /// Returns what it has, as its `index.json` lists it.
    pub(crate) fn images(&self) -> &[Descriptor] {
        &self.images
    }

    /// Returns the manifest that the location named. Where none was, what refers to others does not count.
    ///
    /// # Errors
    /// Where there is none, or several, or it is damaged.
    pub fn root(&self) -> Result<Manifest, LayoutError> {
        let mut found: Vec<&Descriptor> = match &self.name {
            ImageSelector::Only => self.images.iter().collect(),
            ImageSelector::Tag(tag) => {
                let is_it =
                    |image: &&Descriptor| names(image).iter().any(|name| is_same(name, tag));
                self.images.iter().filter(is_it).collect()
            }
            ImageSelector::Digest(digest) => {
                let known = self.images.iter().find(|image| image.digest == *digest);
                return match known {
                    Some(image) => self.manifest(image),
                    None => self.unlisted(digest),
                };
            }
        };
        let is_one =
            |found: &[&Descriptor]| found.iter().all(|other| other.digest == found[0].digest);
        if self.name == ImageSelector::Only && !is_one(&found) {
            let meant = self.without_referrers(found.clone());
            if !meant.is_empty() {
                found = meant;
            }
        }
        let path = || self.path().to_owned();
        let Some(first) = found.first() else {
            return Err(match &self.name {
                ImageSelector::Tag(name) => LayoutError::NoSuchName {
                    path: path(),
                    name: name.clone(),
                    found: self
                        .images
                        .iter()
                        .flat_map(names)
                        .map(str::to_owned)
                        .collect(),
                },
                _ => LayoutError::Empty { path: path() },
            });
        };
        if !is_one(&found) {
            let title = |image: &&Descriptor| match names(image).first() {
                Some(name) => (*name).to_owned(),
                None => image.digest.to_string(),
            };
            return Err(LayoutError::Several {
                path: path(),
                found: found.iter().map(title).collect(),
            });
        }
        self.manifest(first)
    }

    /// Returns a manifest, which must be what its descriptor says.
    ///
    /// # Errors
    /// Where it is not there, or something else.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, LayoutError> {
        let bytes = self.bytes(descriptor, manifest_core::limits::MANIFEST_BYTES)?;
        self.parsed(&descriptor.media_type, bytes, &descriptor.digest)
    }

    /// Returns a blob of at most `limit` bytes, which must be what its descriptor says.
    ///
    /// # Errors
    /// As [`Layout::manifest`].
    pub fn bytes(&self, blob: &Descriptor, limit: usize) -> Result<Vec<u8>, LayoutError> {
        if blob.size > limit as u64 {
            return Err(LayoutError::TooLarge {
                path: self.path().to_owned(),
                file: blob.digest.to_string(),
                limit,
            });
        }
        let bytes = self.all_of(self.blob(blob)?)?;
        self.check(&bytes, &blob.digest)?;
        Ok(bytes)
    }

    /// Opens a blob of the size that its descriptor states. Whether its content is right is for the reader to check.
    ///
    /// # Errors
    /// Where it is not there, or of another size.
    pub fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, LayoutError> {
        let (reader, size) = self.file(&blob.digest)?;
        if size != blob.size {
            return Err(LayoutError::Blob {
                path: self.path().to_owned(),
                digest: blob.digest.clone(),
                reason: format!("it has {size} bytes, its descriptor states {}", blob.size),
            });
        }
        Ok(reader)
    }

    pub(crate) fn file(&self, digest: &Digest) -> Result<(Box<dyn Read + Send>, u64), LayoutError> {
        let file = match self.saved.get(digest) {
            Some(Saved::Bytes(bytes)) => {
                let size = bytes.len() as u64;
                return Ok((Box::new(std::io::Cursor::new(Arc::clone(bytes))), size));
            }
            Some(Saved::File(name)) => self.place.file(name)?,
            None => self.place.file(&blob_name(digest))?,
        };
        file.ok_or_else(|| LayoutError::NoBlob {
            path: self.path().to_owned(),
            digest: digest.clone(),
        })
    }

    /// Reads a manifest of which only the digest is known.
    fn unlisted(&self, digest: &Digest) -> Result<Manifest, LayoutError> {
        let (reader, size) = self.file(digest)?;
        let limit = manifest_core::limits::MANIFEST_BYTES;
        if size > limit as u64 {
            return Err(LayoutError::TooLarge {
                path: self.path().to_owned(),
                file: digest.to_string(),
                limit,
            });
        }
        let bytes = self.all_of(reader)?;
        self.check(&bytes, digest)?;
        self.parsed("", bytes, digest)
    }

    fn all_of(&self, mut reader: Box<dyn Read + Send>) -> Result<Vec<u8>, LayoutError> {
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(LayoutError::io("read", self.path()))?;
        Ok(bytes)
    }

    fn check(&self, bytes: &[u8], digest: &Digest) -> Result<(), LayoutError> {
        if digest.matches(bytes) {
            return Ok(());
        }
        Err(LayoutError::Blob {
            path: self.path().to_owned(),
            digest: digest.clone(),
            reason: format!(
                "its content has {}",
                Digest::compute(digest.algorithm(), bytes)
            ),
        })
    }

    /// Parses a manifest as `media_type`, or as what it calls itself where that is not said.
    fn parsed(
        &self,
        media_type: &str,
        bytes: Vec<u8>,
        digest: &Digest,
    ) -> Result<Manifest, LayoutError> {
        let own = if media_type.is_empty() {
            own_type(&bytes)
        } else {
            media_type.to_owned()
        };
        let manifest = Manifest::parse(&own, bytes).map_err(|error| LayoutError::Manifest {
            path: self.path().to_owned(),
            digest: digest.clone(),
            source: Arc::new(error),
        })?;
        manifest
            .with_digest(digest)
            .ok_or_else(|| LayoutError::NoBlob {
                path: self.path().to_owned(),
                digest: digest.clone(),
            })
    }
}

/// Returns the media type that a manifest states, or that its fields tell of.
fn own_type(bytes: &[u8]) -> String {
    let Ok(object) = Object::parse(bytes) else {
        return OCI_MANIFEST.to_owned();
    };
    let stated = object.text("mediaType").unwrap_or_default();
    if MediaType::recognise(&stated).is_some() || !stated.is_empty() {
        stated
    } else if object.has("manifests") {
        OCI_INDEX.to_owned()
    } else {
        OCI_MANIFEST.to_owned()
    }
}

/// Reads what an `index.json` leads to.
fn images_of(index: &[u8]) -> Result<Vec<Descriptor>, serde_json::Error> {
    let index = Object::parse(index)?;
    let elements = index.array("manifests")?.unwrap_or_default();
    let read = |element: &RawValue| Descriptor::parse(element.get().as_bytes());
    elements.into_iter().map(read).collect()
}

/// Returns the names of an image in an `index.json`, the whole one first.
pub(crate) fn names(image: &Descriptor) -> Vec<&str> {
    let name = |key: &str| image.annotations.get(key).map(String::as_str);
    [name(FULL_NAME), name(REF_NAME)]
        .into_iter()
        .flatten()
        .collect()
}

/// Tells whether an image's name is what was asked for: the same text, or the same reference.
fn is_same(name: &str, wanted: &str) -> bool {
    let parse = |text| Reference::parse(text).ok();
    // A tag alone would be read as a repository.
    let is_reference = name.contains(['/', ':']);
    name == wanted || is_reference && parse(name).is_some_and(|name| parse(wanted) == Some(name))
}

fn check_version(place: &Place, kind: LocationKind) -> Result<(), LayoutError> {
    let Some(bytes) = place.read("oci-layout", VERSION_BYTES)? else {
        return Err(not_one(place, kind, "it has no file oci-layout"));
    };
    let version = Object::parse(&bytes).and_then(|object| object.text("imageLayoutVersion"));
    match version {
        Ok(version) if version.starts_with("1.") => Ok(()),
        Ok(version) => Err(not_one(
            place,
            kind,
            &format!("version {version:?} of layouts is not known here"),
        )),
        Err(error) => Err(not_one(place, kind, &format!("oci-layout: {error}"))),
    }
}

fn not_one(place: &Place, kind: LocationKind, reason: &str) -> LayoutError {
    LayoutError::NotOne {
        path: place.path().to_owned(),
        kind: kind.name(),
        reason: reason.to_owned(),
    }
}
