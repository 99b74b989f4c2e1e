//! The choice of the form.

use std::str::FromStr as _;

use super::args::Args;
use super::flags::{Form, FormatFlag};
use crate::context::Context;
use crate::failure::Failure;

/// Chooses the form by the flags, or else by the user's settings.
///
/// # Errors
/// Fails if two flags contradict each other, or a setting is not a form.
pub(super) fn choose(context: &Context<'_>, args: &Args) -> Result<Form, Failure> {
    refuse_contradictions(args)?;
    if args.raw.is_on() {
        return Ok(Form::Raw);
    }
    if args.digest.is_on() {
        return Ok(Form::Digest);
    }
    if let Some(FormatFlag(form)) = &args.format {
        return Ok(form.clone());
    }
    if args.verbose.is_on() {
        return Ok(Form::Docker);
    }
    let has_section = [args.layers, args.history, args.attestations, args.deep]
        .iter()
        .any(|flag| flag.is_on());
    if args.config.is_on() && !has_section {
        return Ok(Form::Config);
    }
    let setting = context.inspect_format()?;
    let set = match setting {
        Some(setting) => {
            let form = FormatFlag::from_str(&setting.text);
            let form = form.map_err(|reason| Failure::SettingValue {
                setting: setting.name,
                item: setting.text,
                reason,
            })?;
            Some(form.0)
        }
        None => None,
    };
    let is_new = has_section || args.platform.is_some();
    Ok(match set {
        Some(Form::Docker) | None if is_new => Form::Table,
        Some(form) => form,
        None => Form::Docker,
    })
}

fn refuse_contradictions(args: &Args) -> Result<(), Failure> {
    let format = args.format.is_some();
    let pairs = [
        (
            args.local.is_on(),
            "--local",
            args.remote.is_on(),
            "--remote",
            "they choose different places",
        ),
        (
            args.raw.is_on(),
            "--raw",
            args.digest.is_on(),
            "--digest",
            "each is an output of its own",
        ),
        (
            args.raw.is_on(),
            "--raw",
            format,
            "--format",
            "each is an output of its own",
        ),
        (
            args.digest.is_on(),
            "--digest",
            format,
            "--format",
            "each is an output of its own",
        ),
    ];
    let verbose = args.verbose.is_on();
    let others = [
        (args.raw.is_on(), "--raw"),
        (args.digest.is_on(), "--digest"),
        (format, "--format"),
        (args.platform.is_some(), "--platform"),
        (args.deep.is_on(), "--deep"),
        (args.config.is_on(), "--config"),
        (args.layers.is_on(), "--layers"),
        (args.history.is_on(), "--history"),
        (args.attestations.is_on(), "--attestations"),
    ];
    let reason = "--verbose is for the output of Docker's command";
    let verbose_pairs = others.map(|(is_on, flag)| (verbose, "--verbose", is_on, flag, reason));
    let remote_entry = (
        args.remote.is_on(),
        "--remote",
        args.images.len() == 2,
        "the name of a draft",
        "the first of two names is that of a draft",
    );
    let mut all = pairs.into_iter().chain(verbose_pairs).chain([remote_entry]);
    match all.find(|(first, _, second, ..)| *first && *second) {
        Some((_, first, _, second, reason)) => Err(Failure::ConflictingFlags {
            first,
            second,
            reason,
        }),
        None => Ok(()),
    }
}
