//! What Docker's flag parser (pflag) does and clap does not do by itself.

use std::str::FromStr;

use clap::builder::{TypedValueParser, ValueParserFactory};
use clap::{Arg, Command};

/// A flag that is on or off: `--purge`, `--purge=false`, `--purge=1`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Switch(bool);

impl Switch {
    /// Tells whether the flag is on.
    #[must_use]
    pub fn is_on(self) -> bool {
        self.0
    }
}

impl ValueParserFactory for Switch {
    type Parser = SwitchParser;

    fn value_parser() -> Self::Parser {
        SwitchParser
    }
}

/// The switches that Docker's command has, whose errors are Go's.
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

/// Parses a truth value as Go's `strconv.ParseBool` does; where Docker has the flag, with its error.
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
        // clap lends its own parser for functions, which words the error with flag and value.
        clap::builder::TypedValueParser::parse_ref(&parse, command, arg, value)
    }
}

/// Makes the flags of a command and of its subcommands behave as pflag's: a switch may have a value behind `=`,
/// a text takes the next word whatever it looks like, and the last of repeated flags wins.
#[must_use]
pub fn adapt(command: Command) -> Command {
    let command = command
        .disable_help_flag(true)
        .args_override_self(true)
        .mut_args(adapt_flag);
    command.mut_subcommands(adapt)
}

fn adapt_flag(arg: Arg) -> Arg {
    if arg.is_positional() || !arg.get_action().takes_values() {
        arg
    } else if is_switch(&arg) {
        arg.required(false)
            .num_args(0..=1)
            .require_equals(true)
            .default_missing_value("true")
            .default_value("false")
    } else {
        arg.allow_hyphen_values(true)
    }
}

/// Tells whether a flag is a [`Switch`].
#[must_use]
pub fn is_switch(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == std::any::TypeId::of::<Switch>()
}

/// One value of a flag that takes comma lists and may be repeated: a record of CSV, as pflag's `StringSlice` reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommaList(pub Vec<String>);

impl FromStr for CommaList {
    type Err = String;

    /// Reads one record as Go's `encoding/csv` does, with its errors: a field in quotes may hold commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut fields = Vec::new();
        let mut rest = Some(text).filter(|text| !text.is_empty());
        while let Some(field) = rest {
            let wrong = |at: usize, what: &str| {
                let column = text.len() - field.len() + at + 1;
                format!("parse error on line 1, column {column}: {what}")
            };
            let (value, length) = match field.strip_prefix('"') {
                Some(quoted) => {
                    const STRAY: &str = "extraneous or missing \" in quoted-field";
                    let (value, end) = unquote(quoted).ok_or_else(|| wrong(field.len(), STRAY))?;
                    if !matches!(quoted.as_bytes().get(end), None | Some(b',' | b'\n')) {
                        return Err(wrong(end, STRAY));
                    }
                    (value, 1 + end)
                }
                None => {
                    let end = field.find([',', '\n']).unwrap_or(field.len());
                    if let Some(at) = field[..end].find('"') {
                        return Err(wrong(at, "bare \" in non-quoted-field"));
                    }
                    (field[..end].to_owned(), end)
                }
            };
            fields.push(value);
            rest = field[length..].strip_prefix(',');
        }
        Ok(Self(fields))
    }
}

/// Reads up to the quote that ends a field, two quotes standing for one. Returns the length read, that quote included;
/// nothing, where there is no such quote.
fn unquote(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = 0;
    loop {
        let next = text[at..].find('"')?;
        value.push_str(&text[at..at + next]);
        at += next + 1;
        if !text[at..].starts_with('"') {
            return Some((value, at));
        }
        value.push('"');
        at += 1;
    }
}
