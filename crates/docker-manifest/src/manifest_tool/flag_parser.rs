//! Flags as Go's package `flag` parses them: `-name` or `--name`, up to the first word that is not a flag.

use std::collections::BTreeMap;

/// The definition of a flag.
#[derive(Debug)]
pub(super) struct Flag {
    /// Its name, without dashes.
    pub(super) name: &'static str,
    /// Another name of it, of one letter.
    pub(super) short: Option<&'static str>,
    /// The kind of its value.
    pub(super) kind: Kind,
    /// The text for the help.
    pub(super) help: &'static str,
}

/// The kind of a flag's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// On or off; a value stands behind `=` only.
    Switch,
    /// A text. The last one counts.
    Text,
    /// Texts, separated by commas. The flag may be repeated.
    List,
}

/// The flags of a command line.
#[derive(Debug, Default)]
pub(super) struct Flags {
    texts: BTreeMap<&'static str, Vec<String>>,
    switches: BTreeMap<&'static str, bool>,
}

/// A word that cannot be parsed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum FlagError {
    /// There is no such flag.
    #[error("flag provided but not defined: -{0}")]
    Unknown(String),
    /// The value is missing.
    #[error("flag needs an argument: -{0}")]
    NoValue(String),
    /// The value of a switch is not a truth value.
    #[error("invalid boolean value {value:?} for -{name}: parse error")]
    NotABoolean {
        /// The flag.
        name: String,
        /// The value.
        value: String,
    },
    /// The word is neither a flag nor an argument.
    #[error("bad flag syntax: {0}")]
    Syntax(String),
}

impl Flags {
    /// Parses the flags in front of the first argument. Returns them with the words from there on. `--` ends the flags.
    ///
    /// # Errors
    /// Fails at the first word that is not one of the `defined` flags.
    pub(super) fn parse<'a>(
        defined: &[Flag],
        words: &'a [String],
    ) -> Result<(Self, &'a [String]), FlagError> {
        let mut flags = Self::default();
        let mut rest = words;
        while let Some((word, tail)) = rest.split_first() {
            if !is_flag(word) {
                break;
            }
            rest = tail;
            if word == "--" {
                break;
            }
            let (name, value) = split(word)?;
            let Some(flag) = find(defined, name) else {
                return Err(FlagError::Unknown(name.to_owned()));
            };
            if flag.kind == Kind::Switch {
                let is_on = parse_boolean(name, value.unwrap_or("true"))?;
                flags.switches.insert(flag.name, is_on);
                continue;
            }
            let value = match (value, rest.split_first()) {
                (Some(value), _) => value,
                (None, Some((value, tail))) => {
                    rest = tail;
                    value
                }
                (None, None) => return Err(FlagError::NoValue(name.to_owned())),
            };
            flags.add(flag, value);
        }
        Ok((flags, rest))
    }

    fn add(&mut self, flag: &Flag, value: &str) {
        let values = self.texts.entry(flag.name).or_default();
        match flag.kind {
            Kind::List => values.extend(value.split(',').map(|part| part.trim().to_owned())),
            Kind::Text | Kind::Switch => *values = vec![value.to_owned()],
        }
    }

    /// Tells whether a switch is on.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.switches.get(name).copied().unwrap_or_default()
    }

    /// Returns the value of a text flag, if it is given and not empty.
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        let last = self.texts.get(name)?.last()?;
        Some(last.as_str()).filter(|text| !text.is_empty())
    }

    /// Returns the values of a list flag.
    pub(super) fn list(&self, name: &str) -> &[String] {
        self.texts.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Tells whether a flag with a value is given, even an empty one.
    pub(super) fn has(&self, name: &str) -> bool {
        self.texts.contains_key(name)
    }
}

/// Tells whether a word is in the place of a flag. A single dash is an argument.
fn is_flag(word: &str) -> bool {
    word.len() > 1 && word.starts_with('-')
}

/// A word in the place of an argument that is a flag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FlagWord<'a> {
    /// Its name, without dashes and value.
    pub(super) name: &'a str,
    /// Whether the word has its value.
    pub(super) has_value: bool,
}

impl<'a> FlagWord<'a> {
    /// Reads a word. Returns `None` if it is an argument.
    pub(super) fn read(word: &'a str) -> Option<Self> {
        let (name, value) = split(word).ok().filter(|_| is_flag(word))?;
        let has_value = value.is_some();
        Some(Self { name, has_value })
    }

    /// Tells whether the next word is its value.
    pub(super) fn takes_next_word(self, flag: &Flag) -> bool {
        flag.kind != Kind::Switch && !self.has_value
    }
}

/// Finds the flag of this name.
pub(super) fn find<'a>(defined: &'a [Flag], name: &str) -> Option<&'a Flag> {
    defined
        .iter()
        .find(|flag| flag.name == name || flag.short == Some(name))
}

/// Splits a word into the name of a flag, and the value behind `=`.
fn split(word: &str) -> Result<(&str, Option<&str>), FlagError> {
    let name = word.strip_prefix('-').unwrap_or(word);
    let name = name.strip_prefix('-').unwrap_or(name);
    if name.is_empty() || name.starts_with(['-', '=']) {
        // The rest may be a password.
        let shown = word.split('=').next().unwrap_or_default();
        return Err(FlagError::Syntax(shown.to_owned()));
    }
    Ok(match name.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (name, None),
    })
}

/// Parses a truth value as Go's `strconv.ParseBool` does.
fn parse_boolean(name: &str, value: &str) -> Result<bool, FlagError> {
    match value {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err(FlagError::NotABoolean {
            name: name.to_owned(),
            value: value.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFINED: &[Flag] = &[
        Flag {
            name: "raw",
            short: Some("r"),
            kind: Kind::Switch,
            help: "",
        },
        Flag {
            name: "type",
            short: None,
            kind: Kind::Text,
            help: "",
        },
        Flag {
            name: "tags",
            short: None,
            kind: Kind::List,
            help: "",
        },
    ];

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn flags_end_at_the_first_argument() {
        for (line, is_raw, list_type, tags, rest) in [
            ("", false, None, "", ""),
            ("--raw x", true, None, "", "x"),
            ("-raw x", true, None, "", "x"),
            ("-r=false x", false, None, "", "x"),
            ("--raw=T --raw=0", false, None, "", ""),
            ("--type oci x --raw", false, Some("oci"), "", "x --raw"),
            ("-type=oci --type docker x", false, Some("docker"), "", "x"),
            ("--type= x", false, None, "", "x"),
            ("--type --raw x", false, Some("--raw"), "", "x"),
            ("--tags a,b --tags=c x", false, None, "a b c", "x"),
            ("--raw -- --raw", true, None, "", "--raw"),
            ("- --raw", false, None, "", "- --raw"),
        ] {
            let words = words(line);
            let (flags, left) = Flags::parse(DEFINED, &words).unwrap();
            assert_eq!(flags.is_on("raw"), is_raw, "{line}");
            assert_eq!(flags.text("type"), list_type, "{line}");
            assert_eq!(flags.list("tags").join(" "), tags, "{line}");
            assert_eq!(left.join(" "), rest, "{line}");
        }
    }

    #[test]
    fn errors_have_gos_words() {
        for (line, error) in [
            ("--bogus", "flag provided but not defined: -bogus"),
            ("-bogus=1", "flag provided but not defined: -bogus"),
            ("--raw --type", "flag needs an argument: -type"),
            (
                "--raw=maybe",
                "invalid boolean value \"maybe\" for -raw: parse error",
            ),
            ("---raw", "bad flag syntax: ---raw"),
            ("--=x", "bad flag syntax: --"),
            ("---raw=s3cr3t", "bad flag syntax: ---raw"),
        ] {
            let found = Flags::parse(DEFINED, &words(line)).unwrap_err();
            assert_eq!(found.to_string(), error, "{line}");
        }
    }
}
