//! Writing a layout: each blob to a temporary file that is renamed when it is complete, `index.json` last.

use std::fmt;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use fs2::FileExt;
use manifest_core::digest::Hasher;
use manifest_core::media_type::OCI_INDEX;
use manifest_core::{Descriptor, Digest};
use serde_json::{Map, Value, json};
use tempfile::NamedTempFile;

use crate::error::LayoutError;
use crate::files::{LayoutFiles, blob_name};
use crate::image_names::REF_NAME;
use crate::limits::INDEX_BYTES;
use crate::location::{ImageSelector, Location, LocationKind};

/// The mode of new files, before the umask.
#[cfg(unix)]
const FILE_MODE: u32 = 0o666;

/// A layout open for writing.
#[derive(Debug)]
pub struct LayoutWriter {
    path: PathBuf,
}

impl LayoutWriter {
    /// Opens a layout, or creates one in a missing or empty folder.
    ///
    /// # Errors
    /// Returns an error if it cannot be created, or something else is there.
    pub fn open(path: &Path) -> Result<Self, LayoutError> {
        let writer = Self {
            path: path.to_owned(),
        };
        fs::create_dir_all(path).map_err(LayoutError::io("write", path))?;
        let version = path.join("oci-layout");
        if !version.exists() {
            let mut items = fs::read_dir(path).map_err(LayoutError::io("read", path))?;
            if items.next().is_some() {
                return Err(LayoutError::NotOne {
                    path: path.to_owned(),
                    kind: LocationKind::OciLayout.name(),
                    reason: "it has files, but no oci-layout".to_owned(),
                });
            }
            writer.replace("oci-layout", br#"{"imageLayoutVersion":"1.0.0"}"#)?;
        }
        Ok(writer)
    }

    /// Refers to a layout without creating it: for checking what it has, not for writing.
    #[must_use]
    pub fn existing(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// Tells whether the layout has a complete blob.
    ///
    /// # Errors
    /// Returns an error if the blob exists and cannot be read.
    pub fn has(&self, blob: &Descriptor) -> Result<bool, LayoutError> {
        let path = self.path.join(blob_name(&blob.digest));
        let mut file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(false),
            Err(error) => return Err(LayoutError::io("read", path)(error)),
        };
        let read = || LayoutError::io("read", &path);
        if file.metadata().map_err(read())?.len() != blob.size {
            return Ok(false);
        }
        let mut hasher = Hasher::new(blob.digest.algorithm());
        let mut buffer = vec![0; 64 * 1024];
        loop {
            match file.read(&mut buffer).map_err(read())? {
                0 => return Ok(hasher.finish() == blob.digest),
                count => hasher.update(&buffer[..count]),
            }
        }
    }

    /// Starts writing a blob, which the layout has once it is finished.
    ///
    /// # Errors
    /// Returns an error if its temporary file cannot be created.
    pub fn begin(&self, blob: &Descriptor) -> Result<BlobWriter, LayoutError> {
        let target = self.path.join(blob_name(&blob.digest));
        Ok(BlobWriter {
            file: self.temporary(&target)?,
            target,
            layout: self.path.clone(),
            hasher: Hasher::new(blob.digest.algorithm()),
            count: 0,
            size: blob.size,
            digest: blob.digest.clone(),
        })
    }

    /// Writes a whole blob, unless the layout has it.
    ///
    /// # Errors
    /// Returns an error if it cannot be written.
    pub fn put(&self, blob: &Descriptor, bytes: &[u8]) -> Result<(), LayoutError> {
        if self.has(blob)? {
            return Ok(());
        }
        let mut writer = self.begin(blob)?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// Lists a manifest in `index.json`, in place of another one with that name. Everything else in the layout stays. Other
    /// writers are waited for.
    ///
    /// # Errors
    /// Returns an error if `index.json` cannot be read or written.
    pub fn name(&self, image: &Descriptor, name: Option<&str>) -> Result<(), LayoutError> {
        self.list(&[(image.clone(), name.map(str::to_owned))])
    }

    /// Lists several manifests as [`LayoutWriter::name`] does.
    ///
    /// # Errors
    /// As [`LayoutWriter::name`].
    pub fn list(&self, images: &[(Descriptor, Option<String>)]) -> Result<(), LayoutError> {
        let lock = self.path.join("oci-layout");
        let lock = File::open(&lock).map_err(LayoutError::io("read", lock))?;
        FileExt::lock_exclusive(&lock).map_err(LayoutError::io("lock", &self.path))?;
        let damaged = |reason: String| LayoutError::Damaged {
            path: self.path.clone(),
            file: "index.json".to_owned(),
            reason,
        };
        let files = LayoutFiles::open(&Location {
            kind: LocationKind::OciLayout,
            path: self.path.clone(),
            name: ImageSelector::Only,
        })?;
        let mut index: Map<String, Value> = match files.read("index.json", INDEX_BYTES)? {
            Some(bytes) => {
                serde_json::from_slice(&bytes).map_err(|error| damaged(error.to_string()))?
            }
            None => Map::from_iter([
                ("schemaVersion".to_owned(), json!(2)),
                ("mediaType".to_owned(), json!(OCI_INDEX)),
            ]),
        };
        let manifests = index.entry("manifests").or_insert_with(|| json!([]));
        let Some(manifests) = manifests.as_array_mut() else {
            return Err(damaged("its manifests are not an array".to_owned()));
        };
        let named = |entry: &Value| {
            let name = entry.get("annotations").and_then(|all| all.get(REF_NAME));
            name.and_then(Value::as_str).map(str::to_owned)
        };
        for (image, name) in images {
            let is_same = |entry: &Value| {
                let digest = entry.get("digest").and_then(Value::as_str);
                named(entry) == *name && (name.is_some() || digest == Some(image.digest.as_str()))
            };
            manifests.retain(|entry| !is_same(entry));
            let mut entry = image.clone();
            if let Some(name) = name {
                let key = REF_NAME.to_owned();
                entry.annotations.insert(key, name.clone());
            }
            let entry = serde_json::to_value(&entry);
            manifests.push(entry.map_err(|error| damaged(error.to_string()))?);
        }
        let bytes = serde_json::to_vec(&index).map_err(|error| damaged(error.to_string()))?;
        self.replace("index.json", &bytes)
        // Dropping the file releases the lock.
    }

    fn replace(&self, name: &str, bytes: &[u8]) -> Result<(), LayoutError> {
        let target = self.path.join(name);
        let mut file = self.temporary(&target)?;
        file.write_all(bytes)
            .map_err(LayoutError::io("write", &target))?;
        persist(file, &target)
    }

    fn temporary(&self, target: &Path) -> Result<NamedTempFile, LayoutError> {
        let folder = target.parent().unwrap_or(&self.path);
        let write = || LayoutError::io("write", folder);
        fs::create_dir_all(folder).map_err(write())?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".partial-");
        #[cfg(unix)]
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(FILE_MODE);
        #[cfg(unix)]
        builder.permissions(everybody);
        builder.tempfile_in(folder).map_err(write())
    }
}

/// A blob that is being written. Dropping it before it is finished leaves nothing behind.
#[must_use]
pub struct BlobWriter {
    file: NamedTempFile,
    target: PathBuf,
    layout: PathBuf,
    hasher: Hasher,
    count: u64,
    size: u64,
    digest: Digest,
}

impl fmt::Debug for BlobWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlobWriter({})", self.target.display())
    }
}

impl BlobWriter {
    /// Writes the next bytes.
    ///
    /// # Errors
    /// Returns an error if the disk does.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), LayoutError> {
        self.hasher.update(bytes);
        self.count += bytes.len() as u64;
        self.file
            .write_all(bytes)
            .map_err(LayoutError::io("write", &self.target))
    }

    /// Renames the blob into place, if size and digest are right.
    ///
    /// # Errors
    /// Returns an error if size or digest are wrong.
    pub fn finish(self) -> Result<(), LayoutError> {
        let found = self.hasher.finish();
        if self.count != self.size || found != self.digest {
            return Err(LayoutError::Blob {
                path: self.layout,
                reason: format!("{} bytes with the digest {found} were written", self.count),
                digest: self.digest,
            });
        }
        persist(self.file, &self.target)
    }
}

/// Syncs a temporary file and renames it into place.
fn persist(file: NamedTempFile, target: &Path) -> Result<(), LayoutError> {
    let write = || LayoutError::io("write", target);
    file.as_file().sync_all().map_err(write())?;
    file.persist(target).map_err(|error| write()(error.error))?;
    Ok(())
}
