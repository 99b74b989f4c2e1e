//! Flags that are on or off, as pflag parses them.

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::{Arg, Command};

/// A flag that is on or off: `--purge`, `--purge=false`, `--purge=1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch(bool);

impl Switch {
    /// Returns a flag that is on.
    #[must_use]
    pub fn on() -> Self {
        Self(true)
    }

    /// Tells whether the flag is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.0
    }
}

impl From<bool> for Switch {
    fn from(is_on: bool) -> Self {
        Self(is_on)
    }
}

impl ValueParserFactory for Switch {
    type Parser = SwitchParser;

    fn value_parser() -> Self::Parser {
        SwitchParser
    }
}

/// Docker's own switches. Their errors are Go's.
const DOCKERS: &[&str] = &[
    "amend",
    "debug",
    "help",
    "insecure",
    "purge",
    "tls",
    "tlsverify",
    "verbose",
    "version",
];

/// Parses a boolean as Go's `strconv.ParseBool` does; for Docker's own flags with its error.
#[derive(Clone, Copy, Debug)]
pub struct SwitchParser;

impl TypedValueParser for SwitchParser {
    type Value = Switch;

    fn parse_ref(
        &self,
        command: &Command,
        arg: Option<&Arg>,
        value: &std::ffi::OsStr,
    ) -> Result<Switch, clap::Error> {
        let name = arg.and_then(Arg::get_long).unwrap_or_default();
        let is_dockers = DOCKERS.contains(&name);
        let parse = move |text: &str| match text {
            "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(Switch(true)),
            "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(Switch(false)),
            _ if is_dockers => Err(format!(
                "strconv.ParseBool: parsing {text:?}: invalid syntax"
            )),
            _ => Err("must be true or false".to_owned()),
        };
        // clap's parser for functions adds flag and value to the error.
        clap::builder::TypedValueParser::parse_ref(&parse, command, arg, value)
    }
}
