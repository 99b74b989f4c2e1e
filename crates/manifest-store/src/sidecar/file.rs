//! Finding and reading sidecars.

use std::fs::{self, File};
use std::io;
use std::time::SystemTime;

use crate::error::StoreError;
use crate::file_bytes::read_to_end;
use crate::paths::{FileNames, StorePaths};

use super::error::SidecarError;
use super::json::VERSION;
use super::state::Sidecar;

/// The largest sidecar that is read, in bytes: two states of 10 000 entries fit into 16 MiB.
const SIDECAR_BYTES: u64 = 16 * 1024 * 1024;

/// The result of reading a sidecar.
#[derive(Default)]
pub(crate) struct SidecarRead {
    /// The content. `None` if Docker's CLI created the draft, or the sidecar was removed, or it is damaged.
    pub(crate) sidecar: Option<Sidecar>,
    /// Whether there is a file that cannot be read. The draft is complete without it.
    pub(crate) is_damaged: bool,
    /// The time of the file's last change, if there is a file that can be read.
    pub(crate) changed_at: Option<SystemTime>,
}

/// Reads the sidecar of one draft.
///
/// # Errors
/// Returns an error if the sidecar has another version, or the operating system fails.
pub(crate) fn read(paths: &StorePaths, folder: &str) -> Result<SidecarRead, StoreError> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let path = paths.sidecar(folder);
    let damaged = SidecarRead {
        is_damaged: true,
        ..SidecarRead::default()
    };
    let read = File::open(&path).and_then(|file| {
        let metadata = file.metadata()?;
        let bytes = read_to_end(file, metadata.len(), SIDECAR_BYTES)?;
        Ok((bytes, metadata.modified().ok()))
    });
    let (bytes, changed_at) = match read {
        Ok(read) => read,
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {
            return Ok(SidecarRead::default());
        }
        Err(error) if matches!(error.kind(), IsADirectory | PermissionDenied) => {
            return Ok(damaged);
        }
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    };
    match Sidecar::decode(&bytes) {
        Ok(sidecar) => Ok(SidecarRead {
            sidecar: Some(sidecar),
            is_damaged: false,
            changed_at,
        }),
        Err(SidecarError::Damaged) => Ok(damaged),
        Err(SidecarError::Version(version)) => Err(StoreError::UnknownVersion {
            path,
            version,
            known: VERSION,
        }),
    }
}

/// Reads all readable sidecars, each with the name of its draft's folder.
pub(crate) fn read_all(paths: &StorePaths) -> Vec<(String, Sidecar)> {
    let files = fs::read_dir(paths.sidecars())
        .into_iter()
        .flatten()
        .flatten();
    let named = |file: fs::DirEntry| {
        let sidecar = Sidecar::decode(&fs::read(file.path()).ok()?).ok()?;
        let state = sidecar.next.as_ref().or(sidecar.current.as_ref())?;
        // The sidecar's name may be shortened, so the folder's name comes from the list's reference.
        let FileNames { docker, unique } = FileNames::of(&state.list);
        let name = [docker, unique]
            .into_iter()
            .find(|name| paths.sidecar(name) == file.path())?;
        Some((name, sidecar))
    };
    files.filter_map(named).collect()
}
