//! Values of flags that are more than text.

use std::str::FromStr;

use manifest_core::{ListType, NamedPlatform, Order, Platform, PlatformNameError};

/// What is done about two entries for one platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnDuplicate {
    /// Nothing is published.
    Error,
    /// Both are published, and it is said.
    Warn,
    /// The later one takes the place of the earlier one.
    Replace,
    /// Both are published.
    Keep,
}

/// What becomes of attestations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Attestations {
    /// They come along with their images.
    #[default]
    Keep,
    /// They are left out.
    Drop,
}

/// The form of a list; `auto` is by what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TypeChoice(pub Option<ListType>);

/// The order of a list's entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OrderChoice(pub Order);

/// What is done about a tag that a draft was made of, and that shows something else now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Moved {
    /// It is said.
    #[default]
    Warn,
    /// Nothing is published.
    Error,
    /// What it shows now is published.
    Refresh,
}

/// Reads one of several words, or says which there are.
fn choose<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(word, _)| *word == text);
    found.map(|(_, value)| *value).ok_or_else(|| {
        let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("must be one of {}", words.join(", "))
    })
}

impl FromStr for OnDuplicate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("error", Self::Error),
            ("warn", Self::Warn),
            ("replace", Self::Replace),
            ("keep", Self::Keep),
        ];
        choose(text, &words)
    }
}

impl FromStr for Attestations {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        choose(text, &[("keep", Self::Keep), ("drop", Self::Drop)])
    }
}

impl FromStr for TypeChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("auto", None),
            ("docker", Some(ListType::Docker)),
            ("oci", Some(ListType::Oci)),
        ];
        choose(text, &words).map(Self)
    }
}

impl FromStr for OrderChoice {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("name", Order::Name),
            ("given", Order::Given),
            ("platform", Order::Platform),
        ];
        choose(text, &words).map(Self)
    }
}

impl FromStr for Moved {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = [
            ("warn", Self::Warn),
            ("error", Self::Error),
            ("refresh", Self::Refresh),
        ];
        choose(text, &words)
    }
}

/// Platforms by commas: `linux/amd64,linux/arm64`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlatformList(pub Vec<NamedPlatform>);

impl FromStr for PlatformList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |name: &str| NamedPlatform::parse(name).map_err(|error| error.to_string());
        names(text).map(parse).collect::<Result<_, _>>().map(Self)
    }
}

fn names(text: &str) -> impl Iterator<Item = &str> {
    let names = text.split(',').map(str::trim);
    names.filter(|name| !name.is_empty())
}

impl PlatformList {
    /// Returns the platforms of a flag that may be repeated.
    #[must_use]
    pub fn all(lists: &[Self]) -> Vec<Platform> {
        let names = lists.iter().flat_map(|list| &list.0);
        names.map(|named| named.platform.clone()).collect()
    }
}

/// Platforms by commas that may not exist: [`AnyPlatformList::checked`] tells.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnyPlatformList(PlatformList);

impl FromStr for AnyPlatformList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parse = |name: &str| NamedPlatform::parse_any(name).map_err(|error| error.to_string());
        let names = names(text).map(parse).collect::<Result<_, _>>()?;
        Ok(Self(PlatformList(names)))
    }
}

impl AnyPlatformList {
    /// Returns the platforms of a flag that may be repeated.
    ///
    /// # Errors
    /// Where one does not exist, unless that is what is wanted.
    pub fn checked(
        lists: &[Self],
        is_forced: bool,
    ) -> Result<Vec<NamedPlatform>, PlatformNameError> {
        let all: Vec<NamedPlatform> = lists.iter().flat_map(|list| list.0.0.clone()).collect();
        for named in all.iter().filter(|_| !is_forced) {
            let text = named.alias.clone();
            let text = text.unwrap_or_else(|| named.platform.to_string());
            named.platform.check(&text)?;
        }
        Ok(all)
    }
}

/// An annotation, and what it is put on: `index:k=v` on the list, `entry:k=v` on each image in it,
/// `entry[linux/arm64]:k=v` on those for one platform.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnnotationFlag {
    /// What it is put on.
    pub on: AnnotationTarget,
    /// The key.
    pub key: String,
    /// The value.
    pub value: String,
}

/// What an annotation is put on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnnotationTarget {
    /// What the command is about: the image that it names, else the list.
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

    #[test]
    fn words() {
        assert_eq!("drop".parse(), Ok(Attestations::Drop));
        assert_eq!(
            "no".parse::<OnDuplicate>().unwrap_err(),
            "must be one of error, warn, replace, keep"
        );
        let list: PlatformList = "linux/amd64, linux/armhf,".parse().unwrap();
        assert_eq!(PlatformList::all(&[list]).len(), 2);
        assert!("linux/amd46".parse::<PlatformList>().is_err());
        let odd: [AnyPlatformList; 1] = ["linux/x86_64/v8,linux/armhf".parse().unwrap()];
        let error = AnyPlatformList::checked(&odd, false)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("unknown platform \"linux/x86_64/v8\""),
            "{error}"
        );
        let forced = AnyPlatformList::checked(&odd, true).unwrap();
        let forced: Vec<String> = forced
            .iter()
            .map(|named| named.platform.to_string())
            .collect();
        assert_eq!(forced, ["linux/amd64/v8", "linux/arm/v7"]);
        assert!("amd64".parse::<AnyPlatformList>().is_err());
    }
}
