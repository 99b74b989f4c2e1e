//! The main workflow, end to end: `create`, `annotate`, `inspect`, `push` and `rm` on the real and on the embedded registry.
//!
//! | module | holds |
//! | --- | --- |
//! | [`watched`] | a registry of either kind with a log of all requests |
//! | [`shell`] | a home folder, and command lines in it |
//! | [`journey`] | four images become one list, which is read in every way |
//! | [`matrix`] | tags and platforms of a repository |
//! | [`copies`] | images of other repositories and registries: mounts, uploads, unchanged bytes |
//! | [`colours`] | colours on standard error |
//! | [`exit_codes`] | each row of the page of exit codes |
//! | [`failures`] | a failure leaves everything as it was |
//! | [`scripts`] | shell scripts in the styles that people use |
//! | [`reference`] | the examples of the reference and of the guide |
//! | [`listing`] | `ls`, `rm -f` and `prune` |
//! | [`existing`] | `exists` |
//! | [`exchange`] | `export` and `import` |
//! | [`drafts`] | drafts of no image, one, two, forty; `rm`, `--purge`, and warnings |

mod colours;
mod copies;
mod drafts;
mod exchange;
mod existing;
mod exit_codes;
mod failures;
mod journey;
mod listing;
mod matrix;
mod reference;
mod scripts;
pub(crate) mod shell;
pub(crate) mod watched;

pub(crate) use shell::Shell;
pub(crate) use watched::Watched;
