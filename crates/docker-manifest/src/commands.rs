//! The commands, a file each: the arguments with their help first, then a function that runs them.

pub mod annotate;
pub mod create;
pub mod inspect;
pub mod install;
mod links;
pub mod push;
pub mod remove;
pub mod rm;
mod select;
pub mod tag;
pub mod uninstall;
