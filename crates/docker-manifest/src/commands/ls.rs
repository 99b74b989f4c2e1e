//! `ls`: lists the drafts on this machine or in a registry, and with `--check` what has moved since.
//!
//! | module | holds |
//! | --- | --- |
//! | `run` | the arguments, and running the command |
//! | `row` | one draft: name, platforms, state |
//! | `check` | the state of sources and list tags in the registries |
//! | `report` | the table, and the JSON |

mod check;
mod report;
mod row;
mod run;

pub(super) use row::{identity, report_damage};
pub use run::Args;
pub(crate) use run::run;
