//! The tags to put back, by the report of a publication, which may have been made on another machine.

use std::path::Path;

use manifest_core::TagState;

use super::args::Args;
use super::limits::REPORT_BYTES;
use super::past_write::PastWrites;
use super::report_file;
use crate::failure::{Failure, RollbackError};
use crate::input_files;

/// Returns the writes in a report, or those of the named tags.
///
/// # Errors
/// Fails if the file cannot be read, is not a report, or does not have the tags.
pub(super) fn writes(path: &Path, args: &Args) -> Result<PastWrites, Failure> {
    let name = input_files::name(path);
    let bytes = input_files::read(path, REPORT_BYTES)?;
    let writes = report_file::parse(&bytes).map_err(|reason| RollbackError::NotAReport {
        path: name.clone(),
        reason,
    })?;
    let mut writes = PastWrites {
        writes,
        place: name,
    }
    .choose(&args.tags)?;
    if args.skip_new.is_on() {
        // A report has no digest of a tag that did not exist before.
        for write in &mut writes.writes {
            write.before.get_or_insert(TagState::Absent);
        }
    }
    Ok(writes)
}
