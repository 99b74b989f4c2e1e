//! Every way in which a command fails: its text, its hints and its exit code.
//!
//! | module | holds |
//! | --- | --- |
//! | `error` | [`Failure`], with the text of each variant |
//! | `usage` | [`UsageError`], for a command line that cannot be run |
//! | `checks` | [`CheckFailure`], the findings of `check`, `verify` and `diff` |
//! | `lists` | [`ListFailure`], for lists that spec files describe |
//! | `causes` | errors with their causes, as text |
//! | `exit_code` | the exit code of each failure |
//! | `inspect` | [`InspectError`], for a manifest that cannot be shown |
//! | `manifest_tool` | [`ManifestToolError`], for the command lines of `manifest-tool` |
//! | `hints` | the remedy for each failure |
//! | `texts` | texts that take more than a format string |
//! | `report` | text and hints to standard error |

mod causes;
mod checks;
mod error;
mod exit_code;
mod hints;
mod inspect;
mod lists;
mod manifest_tool;
mod report;
mod texts;
mod usage;

pub use checks::CheckFailure;
pub use error::{DraftLookup, Failure};
pub use inspect::InspectError;
pub use lists::ListFailure;
pub use manifest_tool::ManifestToolError;
pub use usage::UsageError;
