//! The main job, end to end: `create`, `annotate`, `inspect`, `push` and `rm` on the real and on the embedded registry.
//!
//! | module | holds |
//! | --- | --- |
//! | [`watched`] | a registry of either kind whose every request is seen |
//! | [`shell`] | a home folder, and command lines in it |
//! | [`journey`] | four images become one list, which is read in every way |
//! | [`copies`] | images of other repositories and registries: what is mounted, uploaded, and its bytes |
//! | [`exit_codes`] | each row of the page of exit codes |
//! | [`failures`] | what fails leaves everything as it was |
//! | [`scripts`] | the ways in which people's scripts are written, as shell scripts |
//! | [`reference`] | the examples of the reference and of the guide |
//! | [`drafts`] | drafts of no image, one, two, forty; `rm`, `--purge`, and what is only warned of |

mod copies;
mod drafts;
mod exit_codes;
mod failures;
mod journey;
mod reference;
mod scripts;
pub(crate) mod shell;
pub(crate) mod watched;

pub(crate) use shell::Shell;
pub(crate) use watched::Watched;
