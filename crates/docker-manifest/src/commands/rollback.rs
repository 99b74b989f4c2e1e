//! `rollback`: puts tags back to the digests that they pointed to before.
//!
//! | file | holds |
//! | --- | --- |
//! | `args` | the arguments |
//! | `run` | running the command |
//! | `from_journal` | the tags to put back, by the journal |
//! | `from_report` | the tags to put back, by the report of a publication |
//! | `report_file` | reading such a report |
//! | `past_write` | one write of a tag that is undone |
//! | `limits` | bounds |

mod args;
mod from_journal;
mod from_report;
mod limits;
mod past_write;
mod report_file;
mod run;

pub use args::Args;
pub(crate) use run::run;
