//! Platforms in the syntax of the command line: `os[(version)]/arch[/variant]`.

use crate::platform::Platform;

/// A parsed platform, and its original spelling if engines spell it otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlatform {
    /// The platform in the spelling of engines.
    pub platform: Platform,
    /// The original text, if engines spell it otherwise.
    pub alias: Option<String>,
}

/// The reason why a text is not a platform.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlatformNameError {
    /// The text has another form.
    #[error("invalid platform {0:?}: write os/arch or os/arch/variant, such as linux/arm/v7")]
    Form(String),
    /// The operating system or the architecture is unknown, or they do not go together.
    #[error("unknown platform {text:?}{}", also_known_as(text, pair))]
    Pair {
        /// The text.
        text: String,
        /// Operating system and architecture.
        pair: String,
    },
    /// The architecture does not have this variant.
    #[error(
        "unknown platform {text:?}: {architecture} has no variant {variant:?}{}",
        alternatives(known)
    )]
    Variant {
        /// The text.
        text: String,
        /// The architecture.
        architecture: String,
        /// The variant.
        variant: String,
        /// The variants of the architecture.
        known: Vec<&'static str>,
    },
}

/// Names the pair, if the text spells it otherwise.
fn also_known_as(text: &str, pair: &str) -> String {
    if text.starts_with(pair) {
        String::new()
    } else {
        format!(" ({pair})")
    }
}

fn alternatives(known: &[&str]) -> String {
    if known.is_empty() {
        String::new()
    } else {
        format!(", only {}", known.join(", "))
    }
}

/// Other names of architectures (`uname -m`, Debian, RPM), with the architecture and variant that engines call them.
const ALIASES: &[(&str, &str, &str)] = &[
    ("aarch64", "arm64", ""),
    ("arm64v8", "arm64", "v8"),
    ("armv8", "arm64", ""),
    ("arm32v5", "arm", "v5"),
    ("arm32v6", "arm", "v6"),
    ("arm32v7", "arm", "v7"),
    ("armel", "arm", "v6"),
    ("armhf", "arm", "v7"),
    ("armv5", "arm", "v5"),
    ("armv5l", "arm", "v5"),
    ("armv6", "arm", "v6"),
    ("armv6l", "arm", "v6"),
    ("armv7", "arm", "v7"),
    ("armv7l", "arm", "v7"),
    ("i386", "386", ""),
    ("i686", "386", ""),
    ("x86", "386", ""),
    ("x86_64", "amd64", ""),
    ("x86-64", "amd64", ""),
    ("x64", "amd64", ""),
    ("amd64v1", "amd64", "v1"),
    ("amd64v2", "amd64", "v2"),
    ("amd64v3", "amd64", "v3"),
    ("amd64v4", "amd64", "v4"),
    ("loongarch64", "loong64", ""),
    ("mips64el", "mips64le", ""),
    ("mipsel", "mipsle", ""),
    ("ppc64el", "ppc64le", ""),
    ("powerpc64le", "ppc64le", ""),
];

/// The variants that engines distinguish (OCI image specification, "Platform Variants"; otherwise Go's settings of the same
/// name).
const VARIANTS: &[(&str, &[&str])] = &[
    ("arm", &["v5", "v6", "v7", "v8"]),
    ("arm64", &["v8", "v9"]),
    ("amd64", &["v1", "v2", "v3", "v4"]),
    ("386", &["softfloat", "sse2"]),
    ("mips", &["softfloat", "hardfloat"]),
    ("mipsle", &["softfloat", "hardfloat"]),
    ("mips64", &["softfloat", "hardfloat"]),
    ("mips64le", &["softfloat", "hardfloat"]),
    ("ppc64", &["power8", "power9", "power10"]),
    ("ppc64le", &["power8", "power9", "power10"]),
    ("riscv64", &["rva20u64", "rva22u64", "rva23u64"]),
];

impl NamedPlatform {
    /// Parses a platform that exists.
    ///
    /// # Errors
    /// Returns an error if the text has another form, or names a platform that does not exist.
    pub fn parse(text: &str) -> Result<Self, PlatformNameError> {
        let named = Self::parse_any(text)?;
        named.platform.check(text)?;
        Ok(named)
    }

    /// Parses a platform, whether it exists or not.
    ///
    /// # Errors
    /// Returns an error if the text has another form.
    pub fn parse_any(text: &str) -> Result<Self, PlatformNameError> {
        let form = || PlatformNameError::Form(text.to_owned());
        let parts: Vec<&str> = text.split('/').collect();
        let (os, architecture, variant) = match parts[..] {
            [os, architecture] => (os, architecture, ""),
            [os, architecture, variant] if !variant.is_empty() => (os, architecture, variant),
            _ => return Err(form()),
        };
        let (os, os_version) = match os.split_once('(') {
            Some((os, version)) => (os, version.strip_suffix(')').ok_or_else(form)?),
            None => (os, ""),
        };
        let is_word = |text: &str| {
            let mut chars = text.chars();
            chars.all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
        };
        let words = [os, architecture, variant, os_version];
        if os.is_empty() || architecture.is_empty() || !words.into_iter().all(is_word) {
            return Err(form());
        }
        let os = match os.to_ascii_lowercase().as_str() {
            "macos" => "darwin".to_owned(),
            other => other.to_owned(),
        };
        let (architecture, variant) = canonical(architecture, variant);
        let platform = Platform {
            architecture,
            os,
            os_version: os_version.to_owned(),
            variant,
            ..Platform::default()
        };
        let alias = (platform.to_string() != text).then(|| text.to_owned());
        Ok(Self { platform, alias })
    }
}

/// Returns architecture and variant in the spelling of engines.
fn canonical(architecture: &str, variant: &str) -> (String, String) {
    let architecture = architecture.to_ascii_lowercase();
    let mut variant = variant.to_ascii_lowercase();
    if variant.starts_with(|c: char| c.is_ascii_digit()) && architecture.starts_with("a") {
        variant.insert(0, 'v');
    }
    let alias = ALIASES.iter().find(|(alias, ..)| *alias == architecture);
    let Some((_, name, implied)) = alias else {
        return (architecture, variant);
    };
    let variant = if variant.is_empty() {
        (*implied).to_owned()
    } else {
        variant
    };
    ((*name).to_owned(), variant)
}

impl Platform {
    /// Returns the variants of an architecture that engines distinguish.
    #[must_use]
    pub fn known_variants(architecture: &str) -> &'static [&'static str] {
        VARIANTS
            .iter()
            .find(|(name, _)| *name == architecture)
            .map_or(&[], |(_, known)| known)
    }

    /// Checks that the platform exists. `text` is its original spelling.
    ///
    /// # Errors
    /// Returns an error if the pair or the variant is unknown.
    pub fn check(&self, text: &str) -> Result<(), PlatformNameError> {
        let text = || text.to_owned();
        if !self.is_known_pair() {
            return Err(PlatformNameError::Pair {
                text: text(),
                pair: format!("{}/{}", self.os, self.architecture),
            });
        }
        let known = Self::known_variants(&self.architecture);
        // ARM variants may have a minor version: v8.1, v9.2.
        let (major, _) = self.variant.split_once('.').unwrap_or((&self.variant, ""));
        let is_known = match self.architecture.as_str() {
            "arm" | "arm64" => known.contains(&major),
            _ => known.contains(&self.variant.as_str()),
        };
        if self.variant.is_empty() || is_known {
            return Ok(());
        }
        Err(PlatformNameError::Variant {
            text: text(),
            architecture: self.architecture.clone(),
            variant: self.variant.clone(),
            known: known.to_vec(),
        })
    }

    /// Returns the platform in the form that engines compare: `arm64` is `arm64/v8`, `arm` is `arm/v7`, `amd64` is `amd64/v1`.
    #[must_use]
    pub fn normalized(&self) -> (&str, &str, &str, &str, Vec<&str>) {
        let variant = match (self.architecture.as_str(), self.variant.as_str()) {
            ("arm64", "v8" | "8") | ("amd64", "v1") => "",
            ("arm", "" | "7") => "v7",
            (_, variant) => variant,
        };
        let mut features: Vec<&str> = self.os_features.iter().map(String::as_str).collect();
        features.sort_unstable();
        (
            &self.os,
            &self.architecture,
            variant,
            &self.os_version,
            features,
        )
    }

    /// Tells whether both may mean the same image: os and architecture are equal, and so are variant and os version if both state
    /// them.
    #[must_use]
    pub fn is_compatible_with(&self, other: &Self) -> bool {
        let same = |one: &str, other: &str| one.is_empty() || other.is_empty() || one == other;
        let variant = |platform: &Self| platform.normalized().2.to_owned();
        same(&self.os, &other.os)
            && same(&self.architecture, &other.architecture)
            && (self.variant.is_empty()
                || other.variant.is_empty()
                || variant(self) == variant(other))
            && same(&self.os_version, &other.os_version)
    }

    /// Tells whether an image for this platform satisfies a request: os, architecture and variant are equal, and the os version
    /// begins with the requested one, if any.
    #[must_use]
    pub fn satisfies(&self, wanted: &Self) -> bool {
        let (os, architecture, variant, ..) = self.normalized();
        let (wanted_os, wanted_architecture, wanted_variant, version, _) = wanted.normalized();
        let begins = |rest: &str| rest.is_empty() || rest.starts_with('.');
        (os, architecture, variant) == (wanted_os, wanted_architecture, wanted_variant)
            && (version.is_empty() || self.os_version.strip_prefix(version).is_some_and(begins))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> String {
        let NamedPlatform { platform, alias } = NamedPlatform::parse(text).unwrap();
        let alias = alias.map(|alias| format!(" for {alias}"));
        format!("{platform}{}", alias.unwrap_or_default())
    }

    #[test]
    fn names_and_aliases() {
        for (text, expected) in [
            ("linux/amd64", "linux/amd64"),
            ("linux/arm64/v8", "linux/arm64/v8"),
            ("windows(10.0.17763.1)/amd64", "windows(10.0.17763.1)/amd64"),
            ("linux/aarch64", "linux/arm64 for linux/aarch64"),
            ("linux/x86_64", "linux/amd64 for linux/x86_64"),
            ("linux/armhf", "linux/arm/v7 for linux/armhf"),
            ("linux/armv7l", "linux/arm/v7 for linux/armv7l"),
            ("linux/armhf/v6", "linux/arm/v6 for linux/armhf/v6"),
            ("linux/arm/7", "linux/arm/v7 for linux/arm/7"),
            ("Linux/AMD64", "linux/amd64 for Linux/AMD64"),
            ("macos/arm64", "darwin/arm64 for macos/arm64"),
            ("linux/arm64/v8.2", "linux/arm64/v8.2"),
        ] {
            assert_eq!(named(text), expected);
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for (text, part) in [
            ("amd64", "write os/arch"),
            ("linux/", "write os/arch"),
            ("linux/arm/", "write os/arch"),
            ("a/b/c/d", "write os/arch"),
            ("windows(10/amd64", "write os/arch"),
            ("linux/a\u{1b}[m", "write os/arch"),
            ("linux/amd46", "unknown platform \"linux/amd46\""),
            ("amd64/v8", "unknown platform \"amd64/v8\""),
            ("windows/s390x", "unknown platform \"windows/s390x\""),
            (
                "linux/amd64/v8",
                "amd64 has no variant \"v8\", only v1, v2, v3, v4",
            ),
            ("linux/s390x/z13", "has no variant"),
        ] {
            let error = NamedPlatform::parse(text).unwrap_err().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        assert!(NamedPlatform::parse_any("linux/amd64/v8").is_ok());
    }

    #[test]
    fn satisfies_and_compatible_platforms() {
        let parse = |text: &str| NamedPlatform::parse_any(text).unwrap().platform;
        for (has, wanted, serves) in [
            ("linux/arm64/v8", "linux/arm64", true),
            ("linux/arm64", "linux/arm64/v8", true),
            ("linux/arm", "linux/arm/v7", true),
            ("linux/arm/v6", "linux/arm", false),
            ("linux/amd64/v3", "linux/amd64", false),
            ("windows(10.0.17763.1)/amd64", "windows/amd64", true),
            (
                "windows(10.0.17763.1)/amd64",
                "windows(10.0.17763)/amd64",
                true,
            ),
            (
                "windows(10.0.17763.1)/amd64",
                "windows(10.0.1776)/amd64",
                false,
            ),
        ] {
            assert_eq!(
                parse(has).satisfies(&parse(wanted)),
                serves,
                "{has} {wanted}"
            );
        }
    }
}
