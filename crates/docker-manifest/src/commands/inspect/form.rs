//! The form of the output.

use std::str::FromStr;

use super::Args;
use crate::context::Context;
use crate::failure::Failure;
use crate::go_template::GoTemplate;

/// The form of the output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// The output of Docker's command.
    Docker,
    /// The exact bytes.
    Raw,
    /// The digest alone.
    Digest,
    /// The image's configuration as it is.
    Config,
    /// A table.
    Table,
    /// One JSON object.
    Json,
    /// A Go template.
    Template(GoTemplate),
}

/// The value of `--format`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FormatFlag(Form);

impl FromStr for FormatFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = match text {
            "table" => Form::Table,
            "json" => Form::Json,
            "raw" => Form::Raw,
            "docker" => Form::Docker,
            _ if text.contains("{{") => {
                let template = GoTemplate::parse(text);
                Form::Template(template.map_err(|error| error.to_string())?)
            }
            _ => {
                let expected = "must be table, json, raw, docker, or a Go template such as {{.Digest}}";
                return Err(expected.to_owned());
            }
        };
        Ok(Self(form))
    }
}

impl Form {
    /// Chooses the form by the flags, or else by the user's settings.
    ///
    /// # Errors
    /// Fails if two flags contradict each other, or a setting is not a form.
    pub(super) fn choose(context: &Context<'_>, args: &Args) -> Result<Self, Failure> {
        refuse_contradictions(args)?;
        if args.raw.is_on() {
            return Ok(Self::Raw);
        }
        if args.digest.is_on() {
            return Ok(Self::Digest);
        }
        if let Some(FormatFlag(form)) = &args.format {
            return Ok(form.clone());
        }
        if args.verbose.is_on() {
            return Ok(Self::Docker);
        }
        let has_section = [args.layers, args.history, args.attestations].iter().any(|flag| flag.is_on());
        if args.config.is_on() && !has_section {
            return Ok(Self::Config);
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
            Some(Self::Docker) | None if is_new => Self::Table,
            Some(form) => form,
            None => Self::Docker,
        })
    }
}

fn refuse_contradictions(args: &Args) -> Result<(), Failure> {
    let format = args.format.is_some();
    let pairs = [
        (args.local.is_on(), "--local", args.remote.is_on(), "--remote", "they choose different places"),
        (args.raw.is_on(), "--raw", args.digest.is_on(), "--digest", "each is an output of its own"),
        (args.raw.is_on(), "--raw", format, "--format", "each is an output of its own"),
        (args.digest.is_on(), "--digest", format, "--format", "each is an output of its own"),
    ];
    let verbose = args.verbose.is_on();
    let others = [
        (args.raw.is_on(), "--raw"),
        (args.digest.is_on(), "--digest"),
        (format, "--format"),
        (args.platform.is_some(), "--platform"),
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
        "an image of a draft is on this machine",
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
