//! `--set`: a variable of spec files and its value.

use std::str::FromStr;

/// A variable of spec files and its value: `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableFlag {
    /// The name.
    pub name: String,
    /// The value, which may be empty.
    pub value: String,
}

impl FromStr for VariableFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => Ok(Self {
                name: name.to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("must be NAME=VALUE".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_values() {
        for (text, expected) in [
            ("A=1", Some(("A", "1"))),
            ("A=", Some(("A", ""))),
            ("A=b=c", Some(("A", "b=c"))),
            ("A", None),
            ("=1", None),
        ] {
            let flag = text.parse::<VariableFlag>().ok();
            let parts = flag.as_ref().map(|flag| (&*flag.name, &*flag.value));
            assert_eq!(parts, expected, "{text}");
        }
    }
}
