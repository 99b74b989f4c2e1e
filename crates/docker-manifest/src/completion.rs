//! Shell completion: the candidates for the word at the cursor.
//!
//! Shells and Docker's CLI ask by `__complete WORD... CURRENT`, the protocol of Go's command line library cobra: a line for each
//! candidate, with a tab and a description, then a line with `:` and a number, the directive to the shell. Everything follows from the
//! command definitions and the drafts on disk: a new command needs nothing here. No registry is asked, and nothing is ever an error.
//!
//! | module | holds |
//! | --- | --- |
//! | `request` | the request: the command line up to the cursor |
//! | `engine` | the candidates for a command, a flag, the value of a flag, or an argument |
//! | `scan` | the words before the cursor: commands, flags and arguments |
//! | `arguments` | the arguments of a command, as its usage names them |
//! | `flag_values` | candidates for the value of a flag |
//! | `platforms` | names of platforms |
//! | `drafts` | names of drafts, of their images and platforms, from the store |
//! | `journal` | tags and runs in the journal of written tags |
//! | `files` | files and folders behind a prefix |
//! | `candidates` | candidates and directives, and their form |

mod arguments;
mod candidates;
mod drafts;
mod engine;
mod files;
mod flag_values;
mod journal;
mod platforms;
mod request;
mod scan;

pub use candidates::Candidates;
pub use engine::complete;
pub use request::Request;
