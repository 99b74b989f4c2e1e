//! The commands, a file each: the arguments with their help first, then what is done with them.

use manifest_registry::{concurrent, limits};

use crate::cli::Command;
use crate::context::Context;
use crate::failure::Failure;

pub mod annotate;
pub mod create;
mod find;
pub mod inspect;
pub mod install;
pub mod push;
pub mod remove;
pub mod rm;
pub mod tag;
pub mod uninstall;

/// How many images a command works on at once. The registry client bounds what that means for one registry.
pub(crate) const IMAGES_AT_ONCE: usize = limits::PARALLEL_WORK;

/// Does something for all images at once, and returns the results in their order, or the first failure in it.
pub(crate) async fn for_all<T>(
    work: impl IntoIterator<Item = impl Future<Output = Result<T, Failure>>>,
) -> Result<Vec<T>, Failure> {
    concurrent(IMAGES_AT_ONCE, work).await.into_iter().collect()
}

/// Runs a command.
///
/// # Errors
/// What the command fails with.
pub fn run(command: Command, context: &Context<'_>) -> Result<(), Failure> {
    match command {
        Command::Annotate(args) => annotate::run(context, &args),
        Command::Create(args) => context.wait_for(create::run(context, &args)),
        Command::Inspect(args) => context.wait_for(inspect::run(context, &args)),
        Command::Install(args) => install::run(context, &args),
        Command::Push(args) => context.wait_for(push::run(context, &args)),
        Command::Remove(args) => remove::run(context, &args),
        Command::Rm(args) => rm::run(context, &args),
        Command::Tag(args) => context.wait_for(tag::run(context, &args)),
        Command::Uninstall(args) => uninstall::run(context, &args),
    }
}
