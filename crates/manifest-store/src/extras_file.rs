//! Reads the files of extras.

use std::fs::{self, File};
use std::io::{self, Read as _};

use crate::error::StoreError;
use crate::format::{Extras, ExtrasError, VERSION};
use crate::layout::{Layout, Names};

/// The largest file of extras that is read, in bytes: two states of 10 000 entries fit into 16 MiB.
const EXTRAS_BYTES: u64 = 16 * 1024 * 1024;

/// What stands beside a draft.
#[derive(Default)]
pub(crate) struct Noted {
    /// The extras. Nothing where Docker's CLI made the draft, or someone removed them, or they are damaged.
    pub(crate) extras: Option<Extras>,
    /// Whether there is something that cannot be read. The draft is whole without.
    pub(crate) is_damaged: bool,
}

/// Reads the extras of one draft.
///
/// # Errors
/// Where they are of another version, or the machine fails.
pub(crate) fn read(layout: &Layout, folder: &str) -> Result<Noted, StoreError> {
    use io::ErrorKind::{IsADirectory, NotADirectory, NotFound, PermissionDenied};
    let path = layout.extras(folder);
    let damaged = Noted {
        extras: None,
        is_damaged: true,
    };
    let mut bytes = Vec::new();
    let read = File::open(&path).and_then(|file| file.take(EXTRAS_BYTES).read_to_end(&mut bytes));
    match read {
        Ok(_) => {}
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => {
            return Ok(Noted::default());
        }
        Err(error) if matches!(error.kind(), IsADirectory | PermissionDenied) => {
            return Ok(damaged);
        }
        Err(error) => return Err(StoreError::io("read", &path)(error)),
    }
    match Extras::decode(&bytes) {
        Ok(extras) => Ok(Noted {
            extras: Some(extras),
            is_damaged: false,
        }),
        Err(ExtrasError::Damaged) => Ok(damaged),
        Err(ExtrasError::Version(version)) => Err(StoreError::UnknownVersion {
            path,
            version,
            known: VERSION,
        }),
    }
}

/// Reads all extras that can be read, each with the name of its draft's folder.
pub(crate) fn read_all(layout: &Layout) -> Vec<(String, Extras)> {
    let files = fs::read_dir(layout.all_extras())
        .into_iter()
        .flatten()
        .flatten();
    let named = |file: fs::DirEntry| {
        let extras = Extras::decode(&fs::read(file.path()).ok()?).ok()?;
        let state = extras.next.as_ref().or(extras.current.as_ref())?;
        // The file's name may be shortened, so the folder's comes from the list's.
        let Names { plain, marked } = Names::of(&state.list);
        let name = [plain, marked]
            .into_iter()
            .find(|name| layout.extras(name) == file.path())?;
        Some((name, extras))
    };
    files.filter_map(named).collect()
}
