//! `inspect`.

use super::args::Args;
use super::flags::Form;
use super::{docker, form, show};
use crate::context::Context;
use crate::failure::Failure;

/// Shows an entry of a draft if two references are given; else the draft of that name, or the manifest in the registry.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    match form::choose(context, args)? {
        Form::Docker => docker::run(context, args).await,
        form => show::run(context, args, &form).await,
    }
}
