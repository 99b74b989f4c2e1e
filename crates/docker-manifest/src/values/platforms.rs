//! Comma-separated lists of platforms.

use std::str::FromStr;

use manifest_core::{NamedPlatform, Platform, PlatformNameError};

/// Platforms, separated by commas: `linux/amd64,linux/arm64`.
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

/// Platforms, separated by commas, that may be unknown. [`AnyPlatformList::checked`] checks them.
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
    /// Fails if one is unknown and unknown ones are not forced.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists() {
        let list: PlatformList = "linux/amd64, linux/armhf,".parse().unwrap();
        assert_eq!(PlatformList::all(&[list]).len(), 2);
        assert!("linux/amd46".parse::<PlatformList>().is_err());
        let unknown: [AnyPlatformList; 1] = ["linux/x86_64/v8,linux/armhf".parse().unwrap()];
        let error = AnyPlatformList::checked(&unknown, false)
            .unwrap_err()
            .to_string();
        assert!(
            error.starts_with("unknown platform \"linux/x86_64/v8\""),
            "{error}"
        );
        let forced = AnyPlatformList::checked(&unknown, true).unwrap();
        let forced: Vec<String> = forced
            .iter()
            .map(|named| named.platform.to_string())
            .collect();
        assert_eq!(forced, ["linux/amd64/v8", "linux/arm/v7"]);
        assert!("amd64".parse::<AnyPlatformList>().is_err());
    }
}
