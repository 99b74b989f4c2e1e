//! The commands: the number of arguments of each, and the dispatch.

use clap::Subcommand;

use super::usage::ArgumentCount;
use crate::commands::{
    annotate, apply, check, completion, create, diff, exists, export, history, import, inspect,
    install, ls, matrix, prune, push, remove, rm, rollback, tag, uninstall, verify,
};
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;

/// The commands, in alphabetical order, as Docker lists them.
#[derive(Debug, Subcommand)]
#[expect(
    missing_docs,
    reason = "a comment here would become the command's help, which is on its arguments"
)]
pub enum Command {
    Annotate(annotate::Args),
    Apply(Box<apply::Args>),
    Check(check::Args),
    Completion(completion::Args),
    Create(Box<create::Args>),
    Diff(diff::Args),
    Exists(exists::Args),
    Export(export::Args),
    History(history::Args),
    Import(import::Args),
    Inspect(inspect::Args),
    Install(install::Args),
    Ls(ls::Args),
    Matrix(matrix::Args),
    Prune(prune::Args),
    Push(push::Args),
    Remove(remove::Args),
    Rm(rm::Args),
    Rollback(Box<rollback::Args>),
    Tag(tag::Args),
    Uninstall(uninstall::Args),
    Verify(verify::Args),
}

impl Command {
    /// Runs the command.
    ///
    /// # Errors
    /// Fails if the command fails.
    pub fn run(self, context: &Context<'_>) -> Result<(), Failure> {
        match self {
            Self::Annotate(args) => context.block_on(annotate::run(context, &args)),
            Self::Apply(args) => context.block_on(apply::run(context, &args)),
            Self::Check(args) => context.block_on(check::run(context, &args)),
            Self::Completion(args) => completion::run(context, &args),
            Self::Create(args) => context.block_on(create::run(context, &args)),
            Self::Diff(args) => context.block_on(diff::run(context, &args)),
            Self::Exists(args) => context.block_on(exists::run(context, &args)),
            Self::Export(args) => context.block_on(export::run(context, &args)),
            Self::History(args) => history::run(context, &args),
            Self::Import(args) => context.block_on(import::run(context, &args)),
            Self::Inspect(args) => context.block_on(inspect::run(context, &args)),
            Self::Install(args) => install::run(context, &args),
            Self::Ls(args) => context.block_on(ls::run(context, &args)),
            Self::Matrix(args) => context.block_on(matrix::run(context, &args)),
            Self::Prune(args) => context.block_on(prune::run(context, &args)),
            Self::Push(args) => context.block_on(push::run(context, &args)),
            Self::Remove(args) => context.block_on(remove::run(context, &args)),
            Self::Rm(args) => context.block_on(rm::run(context, &args)),
            Self::Rollback(args) => context.block_on(rollback::run(context, &args)),
            Self::Tag(args) => context.block_on(tag::run(context, &args)),
            Self::Uninstall(args) => uninstall::run(context, &args),
            Self::Verify(args) => context.block_on(verify::run(context, &args)),
        }
    }

    /// Returns the flag `--help` of the command.
    pub(super) fn help(&self) -> &HelpFlag {
        match self {
            Self::Annotate(args) => &args.help,
            Self::Apply(args) => &args.help,
            Self::Check(args) => &args.help,
            Self::Completion(args) => &args.help,
            Self::Create(args) => &args.help,
            Self::Diff(args) => &args.help,
            Self::Exists(args) => &args.help,
            Self::Export(args) => &args.help,
            Self::History(args) => &args.help,
            Self::Import(args) => &args.help,
            Self::Inspect(args) => &args.help,
            Self::Install(args) => &args.help,
            Self::Ls(args) => &args.help,
            Self::Matrix(args) => &args.help,
            Self::Prune(args) => &args.help,
            Self::Push(args) => &args.help,
            Self::Remove(args) => &args.help,
            Self::Rm(args) => &args.help,
            Self::Rollback(args) => &args.help,
            Self::Tag(args) => &args.help,
            Self::Uninstall(args) => &args.help,
            Self::Verify(args) => &args.help,
        }
    }

    /// Returns the number of arguments, with its bounds.
    pub(super) fn argument_count(&self) -> ArgumentCount {
        match self {
            Self::Annotate(args) => {
                ArgumentCount::range(args.min_arguments(), 2, args.images.len())
            }
            Self::Apply(args) => {
                ArgumentCount::at_least(args.min_arguments(), args.more_files.len())
            }
            Self::Check(args) => ArgumentCount::exactly(1, args.targets.len()),
            Self::Completion(args) => ArgumentCount::exactly(1, args.shells.len()),
            Self::Create(args) => ArgumentCount::at_least(args.min_arguments(), args.images.len()),
            Self::Diff(args) => ArgumentCount::range(1, 2, args.lists.len()),
            Self::Exists(args) => ArgumentCount::exactly(1, args.names.len()),
            Self::Export(args) => ArgumentCount::exactly(1, args.lists.len()),
            Self::History(args) => ArgumentCount::range(0, 1, args.tags.len()),
            Self::Import(args) => ArgumentCount::exactly(1, args.files.len()),
            Self::Inspect(args) => ArgumentCount::range(1, 2, args.images.len()),
            Self::Install(args) => ArgumentCount::exactly(0, args.rest.len()),
            Self::Ls(args) => ArgumentCount::exactly(0, args.rest.len()),
            Self::Matrix(args) => ArgumentCount::exactly(1, args.repositories.len()),
            Self::Prune(args) => ArgumentCount::exactly(0, args.rest.len()),
            Self::Push(args) => ArgumentCount::exactly(1, args.lists.len()),
            Self::Remove(args) => ArgumentCount::at_least(2, args.images.len()),
            Self::Rm(args) => ArgumentCount::at_least(1, args.lists.len()),
            Self::Rollback(args) => match args.max_tags() {
                Some(max) => ArgumentCount::range(args.min_tags(), max, args.tags.len()),
                None => ArgumentCount::at_least(args.min_tags(), args.tags.len()),
            },
            Self::Tag(args) => ArgumentCount::at_least(2, args.names.len()),
            Self::Uninstall(args) => ArgumentCount::exactly(0, args.rest.len()),
            Self::Verify(args) => ArgumentCount::exactly(1, args.images.len()),
        }
    }
}
