//! `apply`: publishes the lists that spec files describe, all that are not up to date.
//!
//! | file | holds |
//! | --- | --- |
//! | `args` | the arguments and flags, and the lists that they describe |
//! | `run` | running the command: all lists, then the report |
//! | `inventory` | what is known of all lists before the first request |
//! | `batches` | the lists one by one, with clients whose tokens cover some of them each |
//! | `list` | the steps of one list |
//! | `left_out` | images that do not exist any more, and that the published list still has |
//! | `result` | the result of a list |
//! | `report` | the report of the run, as JSON and as text |
//! | `stop` | the end of a run before all lists are done |
//! | `waits` | the waits for images that do not exist yet |
//! | `limits` | bounds |

mod args;
mod batches;
mod inventory;
mod left_out;
mod limits;
mod list;
mod report;
mod result;
mod run;
mod stop;
mod waits;

pub use args::Args;
pub(crate) use run::run;
