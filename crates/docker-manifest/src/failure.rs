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
//! | `install` | [`InstallError`], for `install` and `uninstall` |
//! | `rollback` | [`RollbackError`], for a tag that cannot be put back |
//! | `manifest_tool` | [`ManifestToolError`], for the command lines of `manifest-tool` |
//! | `exchange` | [`ExchangeError`], for a draft that is exported or imported |
//! | `stage` | [`StageError`], for a draft in a registry |
//! | `place` | [`DraftPlace`], the place of drafts |
//! | `hints` | the remedy for each failure |
//! | `sources` | [`SourceError`], for sources that are awaited or that a pattern names |
//! | `texts` | texts that take more than a format string |
//! | `report` | text and hints to standard error |

mod causes;
mod checks;
mod error;
mod exchange;
mod exit_code;
mod hints;
mod inspect;
mod install;
mod lists;
mod manifest_tool;
mod place;
mod report;
mod rollback;
mod sources;
mod stage;
mod texts;
mod usage;

pub use checks::CheckFailure;
pub use error::{DraftLookup, Failure};
pub use exchange::ExchangeError;
pub use inspect::InspectError;
pub use install::InstallError;
pub use lists::ListFailure;
pub use manifest_tool::ManifestToolError;
pub use place::DraftPlace;
pub use rollback::{GoneManifest, MovedTag, RollbackError};
pub use sources::{NoMatch, SourceError};
pub use stage::StageError;
pub use usage::UsageError;
