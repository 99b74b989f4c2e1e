//! The values of flags.

use std::str::FromStr;

use manifest_core::platform_match::Engine;

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
pub(super) struct FormatFlag(pub(super) Form);

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
                let expected =
                    "must be table, json, raw, docker, or a Go template such as {{.Digest}}";
                return Err(expected.to_owned());
            }
        };
        Ok(Self(form))
    }
}

/// The value of `--platform`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct EngineFlag(pub(super) Engine);

impl FromStr for EngineFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let engine = Engine::parse(text).map_err(|error| error.to_string())?;
        Ok(Self(engine))
    }
}
