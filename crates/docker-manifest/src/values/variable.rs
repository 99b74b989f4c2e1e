//! `--set`: a variable of spec files and its value.

use std::str::FromStr;

use manifest_spec::VariableName;

/// A variable of spec files and its value: `NAME=VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VariableFlag {
    /// The name.
    pub name: VariableName,
    /// The value, which may be empty.
    pub value: String,
}

impl FromStr for VariableFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) if !name.is_empty() => (name, value),
            _ => return Err("must be NAME=VALUE".to_owned()),
        };
        let name = name
            .parse()
            .map_err(|error| format!("\"{name}\" is {error}"))?;
        Ok(Self {
            name,
            value: value.to_owned(),
        })
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
            ("1X=1", None),
            ("A-B=1", None),
        ] {
            let flag = text.parse::<VariableFlag>().ok();
            let parts = flag.as_ref().map(|flag| (flag.name.as_str(), &*flag.value));
            assert_eq!(parts, expected, "{text}");
        }
    }
}
