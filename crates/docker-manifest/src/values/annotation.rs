//! `--annotation`: one annotation, and its target.

use std::str::FromStr;

use manifest_core::{NamedPlatform, Platform};

/// An annotation, and its target: `index:k=v` on the list, `entry:k=v` on each image in it,
/// `entry[linux/arm64]:k=v` on those for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationFlag {
    /// The target.
    pub on: AnnotationTarget,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// The target of an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationTarget {
    /// None is stated: the image that the command names, else the list.
    Unsaid,
    /// The list.
    Index,
    /// Each image, or those for one platform.
    Entry(Option<Platform>),
}

impl FromStr for AnnotationFlag {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let form = || {
            "must be KEY=VALUE, index:KEY=VALUE, entry:KEY=VALUE or entry[PLATFORM]:KEY=VALUE"
                .to_owned()
        };
        let platform = |text: &str| {
            let named = NamedPlatform::parse(text).map_err(|error| error.to_string())?;
            Ok::<_, String>(AnnotationTarget::Entry(Some(named.platform)))
        };
        let (on, rest) = if let Some(rest) = text.strip_prefix("index:") {
            (AnnotationTarget::Index, rest)
        } else if let Some(rest) = text.strip_prefix("entry:") {
            (AnnotationTarget::Entry(None), rest)
        } else if let Some(rest) = text.strip_prefix("entry[") {
            let (name, rest) = rest.split_once("]:").ok_or_else(form)?;
            (platform(name)?, rest)
        } else {
            (AnnotationTarget::Unsaid, text)
        };
        let (key, value) = rest.split_once('=').ok_or_else(form)?;
        if key.is_empty() {
            return Err(form());
        }
        Ok(Self {
            on,
            key: key.to_owned(),
            value: value.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn annotations() {
        for (text, expected) in [
            ("k=v", "Unsaid k v"),
            ("index:k=v=w", "Index k v=w"),
            ("entry:a.b/c=", "Entry(None) a.b/c "),
            ("k:x=v", "Unsaid k:x v"),
        ] {
            let AnnotationFlag { on, key, value } = text.parse().unwrap();
            assert_eq!(format!("{on:?} {key} {value}"), expected);
        }
        let flag: AnnotationFlag = "entry[linux/aarch64]:k=v".parse().unwrap();
        let AnnotationTarget::Entry(Some(platform)) = flag.on else {
            panic!("an entry")
        };
        assert_eq!(platform.to_string(), "linux/arm64");
        for text in [
            "",
            "k",
            "=v",
            "entry[linux/arm64]k=v",
            "entry[x]:k=v",
            "index:=v",
        ] {
            assert!(text.parse::<AnnotationFlag>().is_err(), "{text}");
        }
    }
}
