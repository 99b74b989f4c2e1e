//! Reading images on disk: manifests by descriptor, and blobs.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use manifest_core::digest::Hasher;
use manifest_core::go_json::Object;
use manifest_core::media_type::{OCI_INDEX, OCI_MANIFEST};
use manifest_core::{Descriptor, Digest, Manifest, MediaType};
use serde_json::value::RawValue;

use crate::docker_save::{self, BlobSource};
use crate::error::LayoutError;
use crate::files::{LayoutFiles, blob_name};
use crate::limits::{INDEX_BYTES, VERSION_BYTES};
use crate::location::{ImageSelector, Location, LocationKind};

/// An open image layout or archive.
#[derive(Debug)]
pub struct Layout {
    files: LayoutFiles,
    name: ImageSelector,
    /// The images in `index.json`.
    images: Vec<Descriptor>,
    /// The blobs of an archive that are not stored under their digest.
    blobs: BTreeMap<Digest, BlobSource>,
}

impl Layout {
    /// Opens the layout or archive at a location, and reads its index. Blobs are not read, except in archives that do not name
    /// them by digest.
    ///
    /// # Errors
    /// Returns an error if it cannot be read, or is something else.
    pub fn open(location: &Location) -> Result<Self, LayoutError> {
        let files = LayoutFiles::open(location)?;
        let (images, blobs) = match files.read("index.json", INDEX_BYTES)? {
            Some(index) => {
                check_version(&files, location.kind)?;
                let images = images_of(&index).map_err(|error| LayoutError::Damaged {
                    path: location.path.clone(),
                    file: "index.json".to_owned(),
                    reason: error.to_string(),
                })?;
                (images, BTreeMap::new())
            }
            None if location.kind == LocationKind::DockerArchive => docker_save::read(&files)?,
            None => return Err(not_a_layout(&files, location.kind, "it has no index.json")),
        };
        Ok(Self {
            files,
            name: location.name.clone(),
            images,
            blobs,
        })
    }

    /// Returns the path of the layout.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.files.path()
    }

    /// Returns the part of the location that names an image.
    pub(crate) fn name(&self) -> &ImageSelector {
        &self.name
    }

    /// Returns the images in `index.json`.
    pub(crate) fn images(&self) -> &[Descriptor] {
        &self.images
    }

    /// Reads a manifest, and checks it against its descriptor.
    ///
    /// # Errors
    /// Returns an error if it is missing, damaged or unusable.
    pub fn manifest(&self, descriptor: &Descriptor) -> Result<Manifest, LayoutError> {
        let bytes = self.bytes(descriptor, manifest_core::limits::MANIFEST_BYTES)?;
        self.parsed(&descriptor.media_type, bytes, &descriptor.digest)
    }

    /// Reads a blob of at most `limit` bytes, and checks it against its descriptor.
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

    /// Opens a blob, and checks its size against its descriptor. The caller checks the content.
    ///
    /// # Errors
    /// Returns an error if it is missing, or has another size.
    pub fn blob(&self, blob: &Descriptor) -> Result<Box<dyn Read + Send>, LayoutError> {
        let (reader, size) = self.file(&blob.digest)?;
        if size != blob.size {
            return Err(LayoutError::Blob {
                path: self.path().to_owned(),
                digest: blob.digest.clone(),
                reason: format!("it has {size} bytes, but its descriptor says {}", blob.size),
            });
        }
        Ok(reader)
    }

    /// Reads a blob to its end, whatever its size, and checks it against its descriptor.
    ///
    /// # Errors
    /// Returns an error if it is missing, cannot be read, or has another size or digest.
    pub fn check_blob(&self, blob: &Descriptor) -> Result<(), LayoutError> {
        let mut reader = self.blob(blob)?;
        let mut hasher = Hasher::new(blob.digest.algorithm());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = reader.read(&mut buffer);
            match read.map_err(LayoutError::io("read", self.path()))? {
                0 => break,
                count => hasher.update(&buffer[..count]),
            }
        }
        self.compare(&hasher.finish(), &blob.digest)
    }

    pub(crate) fn file(&self, digest: &Digest) -> Result<(Box<dyn Read + Send>, u64), LayoutError> {
        let file = match self.blobs.get(digest) {
            Some(BlobSource::Bytes(bytes)) => {
                let size = bytes.len() as u64;
                return Ok((Box::new(std::io::Cursor::new(Arc::clone(bytes))), size));
            }
            Some(BlobSource::File(name)) => self.files.file(name)?,
            None => self.files.file(&blob_name(digest))?,
        };
        file.ok_or_else(|| LayoutError::NoBlob {
            path: self.path().to_owned(),
            digest: digest.clone(),
        })
    }

    /// Reads a manifest by its digest alone.
    pub(crate) fn unlisted(&self, digest: &Digest) -> Result<Manifest, LayoutError> {
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
        self.compare(&Digest::compute(digest.algorithm(), bytes), digest)
    }

    fn compare(&self, found: &Digest, digest: &Digest) -> Result<(), LayoutError> {
        if found == digest {
            return Ok(());
        }
        Err(LayoutError::Blob {
            path: self.path().to_owned(),
            digest: digest.clone(),
            reason: format!("its content has the digest {found}"),
        })
    }

    /// Parses a manifest as `media_type`, or as the type that its content states if that is empty.
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

/// Returns the media type that a manifest states, or that follows from its fields.
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

/// Parses the images of an `index.json`.
fn images_of(index: &[u8]) -> Result<Vec<Descriptor>, serde_json::Error> {
    let index = Object::parse(index)?;
    let elements = index.array("manifests")?.unwrap_or_default();
    let read = |element: &RawValue| Descriptor::parse(element.get().as_bytes());
    elements.into_iter().map(read).collect()
}

fn check_version(files: &LayoutFiles, kind: LocationKind) -> Result<(), LayoutError> {
    let Some(bytes) = files.read("oci-layout", VERSION_BYTES)? else {
        return Err(not_a_layout(files, kind, "it has no oci-layout file"));
    };
    let version = Object::parse(&bytes).and_then(|object| object.text("imageLayoutVersion"));
    match version {
        Ok(version) if version.starts_with("1.") => Ok(()),
        Ok(version) => Err(not_a_layout(
            files,
            kind,
            &format!("its version {version:?} is unknown"),
        )),
        Err(error) => Err(not_a_layout(files, kind, &format!("oci-layout: {error}"))),
    }
}

fn not_a_layout(files: &LayoutFiles, kind: LocationKind, reason: &str) -> LayoutError {
    LayoutError::NotOne {
        path: files.path().to_owned(),
        kind: kind.name(),
        reason: reason.to_owned(),
    }
}
