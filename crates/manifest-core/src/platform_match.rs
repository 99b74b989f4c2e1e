//! The image that an engine chooses from a list, by the rules of containerd (package `platforms`, `Only`).
//!
//! An engine has a preferred platform and others that it can run as well: an ARMv7 machine also runs images for ARMv6. The
//! first of these platforms that the list has wins. If the list has it more than once, its first entry wins.

use std::fmt;

use crate::platform::Platform;
use crate::platform_name::{NamedPlatform, PlatformNameError};

mod windows;

/// The highest version of a CPU variant from which versions are counted down. Real ones are below 10.
const MAX_VERSION: u32 = 32;

/// The platform of an engine, in the spelling that engines compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Engine {
    platform: Platform,
}

/// The reason why an engine does not run an image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mismatch {
    /// The operating systems differ.
    Os,
    /// The engine does not run the architecture.
    Architecture,
    /// The engine does not run the variant of the architecture.
    Variant,
    /// The Windows of the engine cannot run the Windows of the image.
    OsVersion,
    /// The engine lacks features of the operating system.
    OsFeatures(Vec<String>),
}

/// The entry that an engine chooses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The index of the entry.
    pub index: usize,
    /// The platform of the engine that the entry matches: its own, or one that it can run as well.
    pub matched: Platform,
    /// Whether this is the engine's own platform.
    pub is_own: bool,
    /// Further entries for the same platform, which are not chosen.
    pub others: Vec<usize>,
}

impl Engine {
    /// Parses the platform of an engine: `os[(version[+feature]...)]/arch[/variant]`, as containerd does.
    ///
    /// # Errors
    /// Returns an error if the text has another form, or names a platform that does not exist.
    pub fn parse(text: &str) -> Result<Self, PlatformNameError> {
        let (name, features) = split_features(text);
        let mut platform = NamedPlatform::parse(&name)?.platform;
        platform.os_features = features;
        Ok(Self::new(&platform))
    }

    /// Returns the engine of a platform.
    #[must_use]
    pub fn new(platform: &Platform) -> Self {
        Self {
            platform: normalized(platform),
        }
    }

    /// Returns the platforms that the engine runs, the preferred one first.
    #[must_use]
    pub fn platforms(&self) -> Vec<Platform> {
        let own = &self.platform;
        let names = match own.architecture.as_str() {
            "amd64" => amd64(&own.variant),
            "arm" => arm(&own.variant),
            "arm64" => arm64(&own.variant),
            architecture => vec![(architecture.to_owned(), own.variant.clone())],
        };
        let platform = |(architecture, variant)| {
            normalized(&Platform {
                architecture,
                variant,
                ..own.clone()
            })
        };
        names.into_iter().map(platform).collect()
    }

    /// Chooses among the entries of a list by their platforms. Entries without a platform are not chosen.
    #[must_use]
    pub fn choose(&self, entries: &[Option<&Platform>]) -> Option<Choice> {
        let platforms = self.platforms().into_iter().enumerate();
        platforms.into_iter().find_map(|(place, matched)| {
            let is_match = |&(_, entry): &(usize, &Option<&Platform>)| {
                entry.is_some_and(|entry| compare(&matched, &normalized(entry)).is_none())
            };
            let found = entries.iter().enumerate().filter(is_match);
            let mut found = found.map(|(index, _)| index);
            let index = found.next()?;
            let others = found.collect();
            Some(Choice {
                index,
                matched,
                is_own: place == 0,
                others,
            })
        })
    }

    /// Returns the reason why the engine does not run an image, or `None` if it does.
    #[must_use]
    pub fn mismatch(&self, image: &Platform) -> Option<Mismatch> {
        let image = normalized(image);
        let mut closest: Option<Mismatch> = None;
        for platform in self.platforms() {
            let mismatch = compare(&platform, &image)?;
            if closest
                .as_ref()
                .is_none_or(|best| best.rank() < mismatch.rank())
            {
                closest = Some(mismatch);
            }
        }
        closest
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.platform.fmt(f)
    }
}

impl Mismatch {
    /// The number of properties that do match.
    fn rank(&self) -> u8 {
        match self {
            Self::Os => 0,
            Self::Architecture => 1,
            Self::Variant => 2,
            Self::OsVersion => 3,
            Self::OsFeatures(_) => 4,
        }
    }
}

/// Splits off the features in `windows(10.0.17763+win32k)/amd64`.
fn split_features(text: &str) -> (String, Vec<String>) {
    let parts = text
        .split_once('(')
        .and_then(|(os, rest)| Some((os, rest.split_once(')')?)));
    let Some((os, (options, rest))) = parts else {
        return (text.to_owned(), Vec::new());
    };
    let mut options = options.split('+');
    let version = options.next().unwrap_or_default();
    let features: Vec<String> = options.map(str::to_owned).collect();
    if features.is_empty() {
        return (text.to_owned(), features);
    }
    let version = if version.is_empty() {
        String::new()
    } else {
        format!("({version})")
    };
    (format!("{os}{version}{rest}"), features)
}

/// Compares an image with one platform of an engine. Both are normalized.
fn compare(engine: &Platform, image: &Platform) -> Option<Mismatch> {
    if engine.os != image.os {
        return Some(Mismatch::Os);
    }
    if engine.architecture != image.architecture {
        return Some(Mismatch::Architecture);
    }
    if engine.variant != image.variant {
        return Some(Mismatch::Variant);
    }
    if engine.os == "windows" && !windows::runs(&engine.os_version, &image.os_version) {
        return Some(Mismatch::OsVersion);
    }
    let is_missing = |feature: &&String| !engine.os_features.contains(feature);
    let missing: Vec<String> = image
        .os_features
        .iter()
        .filter(is_missing)
        .cloned()
        .collect();
    (!missing.is_empty()).then_some(Mismatch::OsFeatures(missing))
}

/// Returns a platform in containerd's spelling (`Normalize`).
fn normalized(platform: &Platform) -> Platform {
    let os = platform.os.to_ascii_lowercase();
    let os = if os == "macos" {
        "darwin".to_owned()
    } else {
        os
    };
    let architecture = platform.architecture.to_ascii_lowercase();
    let variant = platform.variant.to_ascii_lowercase();
    let (architecture, variant) = match (architecture.as_str(), variant.as_str()) {
        ("i386", _) => ("386", ""),
        ("x86_64" | "x86-64" | "amd64", "v1") => ("amd64", ""),
        ("x86_64" | "x86-64", variant) => ("amd64", variant),
        ("aarch64" | "arm64", "8" | "v8") => ("arm64", ""),
        ("aarch64", variant) => ("arm64", variant),
        ("armhf", _) | ("arm", "" | "7") => ("arm", "v7"),
        ("armel", _) | ("arm", "6") => ("arm", "v6"),
        ("arm", "5") => ("arm", "v5"),
        ("arm", "8") => ("arm", "v8"),
        (architecture, variant) => (architecture, variant),
    };
    Platform {
        architecture: architecture.to_owned(),
        os,
        variant: variant.to_owned(),
        ..platform.clone()
    }
}

/// Returns the number in `v7`.
fn version(variant: &str) -> Option<u32> {
    let digits = variant.strip_prefix('v').unwrap_or(variant);
    digits
        .parse()
        .ok()
        .filter(|version| *version <= MAX_VERSION)
}

/// Returns the versions below that of a variant, down to `lowest`, highest first.
fn below(architecture: &str, variant: &str, lowest: u32) -> Vec<(String, String)> {
    let Some(version) = version(variant) else {
        return Vec::new();
    };
    let versions = (lowest..version).rev();
    versions
        .map(|version| (architecture.to_owned(), format!("v{version}")))
        .collect()
}

fn amd64(variant: &str) -> Vec<(String, String)> {
    let mut names = vec![("amd64".to_owned(), variant.to_owned())];
    names.extend(below("amd64", variant, 1));
    names.push(("386".to_owned(), String::new()));
    names
}

fn arm(variant: &str) -> Vec<(String, String)> {
    let mut names = vec![("arm".to_owned(), variant.to_owned())];
    names.extend(below("arm", variant, 5));
    names
}

/// ARMv9.0 has everything of ARMv8.5, so v9.x runs images for v8.(x+5). Each 64-bit engine runs 32-bit images as well.
fn arm64(variant: &str) -> Vec<(String, String)> {
    let mut names = vec![("arm64".to_owned(), variant.to_owned())];
    let variant = if variant.is_empty() { "v8" } else { variant };
    let (major, minor) = variant.split_once('.').unwrap_or((variant, ""));
    if let Some(major) = version(major).filter(|major| *major >= 8) {
        // containerd reads minor versions of one digit.
        let minor = if variant.len() == 4 { minor } else { "" };
        let mut minor: u32 = minor.parse().unwrap_or_default();
        let mut add = |major: u32, minor: u32| {
            let minor = if minor == 0 {
                String::new()
            } else {
                format!(".{minor}")
            };
            names.push(("arm64".to_owned(), format!("v{major}{minor}")));
        };
        if major == 9 {
            (0..minor).rev().for_each(|minor| add(9, minor));
            minor += 5;
            add(8, minor);
        }
        let major = if major == 9 { 8 } else { major };
        (0..minor).rev().for_each(|minor| add(major, minor));
    }
    let has_minor = variant.starts_with("v8.") || variant.starts_with("v9.");
    names.extend(arm(if has_minor { "v8" } else { variant }));
    names
}

#[cfg(test)]
mod tests;
