//! The commands, one file each: first the arguments with their help, then a function that runs the command.

pub mod annotate;
pub mod apply;
pub mod check;
pub mod completion;
pub mod create;
pub mod diff;
pub mod exists;
pub mod export;
pub mod history;
pub mod import;
pub mod inspect;
pub mod install;
mod links;
pub mod ls;
pub mod matrix;
pub mod prune;
pub mod push;
pub mod remove;
pub mod rm;
pub mod rollback;
mod runs;
mod select;
pub(crate) mod spec_files;
pub mod tag;
pub mod uninstall;
pub mod verify;
