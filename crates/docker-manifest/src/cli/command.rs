//! The commands: the number of arguments of each, and the dispatch.

use clap::Subcommand;

use super::usage::ArgumentCount;
use crate::commands::{annotate, create, inspect, install, push, remove, rm, tag, uninstall};
use crate::context::Context;
use crate::failure::Failure;

/// The commands, in alphabetical order, as Docker lists them.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would become the command's help, which is on its arguments"
)]
pub enum Command {
    Annotate(annotate::Args),
    Create(Box<create::Args>),
    Inspect(inspect::Args),
    Install(install::Args),
    Push(push::Args),
    Remove(remove::Args),
    Rm(rm::Args),
    Tag(tag::Args),
    Uninstall(uninstall::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Where the command fails.
    pub fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Annotate(args) => annotate::run(context, &args),
            Self::Create(args) => context.block_on(create::run(context, &args)),
            Self::Inspect(args) => context.block_on(inspect::run(context, &args)),
            Self::Install(args) => install::run(context, &args),
            Self::Push(args) => context.block_on(push::run(context, &args)),
            Self::Remove(args) => remove::run(context, &args),
            Self::Rm(args) => rm::run(context, &args),
            Self::Tag(args) => context.block_on(tag::run(context, &args)),
            Self::Uninstall(args) => uninstall::run(context, &args),
        }
    }

    /// Returns whether help is wanted, and the number of arguments with its bounds.
    pub(super) fn arguments(&self) -> (bool, ArgumentCount) {
        match self {
            Self::Annotate(args) => (
                args.help.is_wanted(),
                ArgumentCount::range(args.min_arguments(), 2, args.images.len()),
            ),
            Self::Create(args) => (
                args.help.is_wanted(),
                ArgumentCount::at_least(args.min_arguments(), args.images.len()),
            ),
            Self::Inspect(args) => (
                args.help.is_wanted(),
                ArgumentCount::range(1, 2, args.images.len()),
            ),
            Self::Install(args) => (
                args.help.is_wanted(),
                ArgumentCount::exactly(0, args.rest.len()),
            ),
            Self::Push(args) => (
                args.help.is_wanted(),
                ArgumentCount::exactly(1, args.lists.len()),
            ),
            Self::Remove(args) => (
                args.help.is_wanted(),
                ArgumentCount::at_least(2, args.images.len()),
            ),
            Self::Tag(args) => (
                args.help.is_wanted(),
                ArgumentCount::at_least(2, args.names.len()),
            ),
            Self::Rm(args) => (
                args.help.is_wanted(),
                ArgumentCount::at_least(1, args.lists.len()),
            ),
            Self::Uninstall(args) => (
                args.help.is_wanted(),
                ArgumentCount::exactly(0, args.rest.len()),
            ),
        }
    }
}
