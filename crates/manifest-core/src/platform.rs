//! Platforms (OCI image specification, "Image Index", property `platform`) and the pairs that exist.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::extra_fields::ExtraFields;
use crate::go_json::Object;

/// The platform of an image. Empty text means that nothing is stated. Keys are in Docker's order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Platform {
    /// Go's name of the CPU architecture: `amd64`, `arm64`.
    pub architecture: String,
    /// Go's name of the operating system: `linux`, `windows`.
    pub os: String,
    /// The operating system's version: `10.0.17763.4010`.
    #[serde(rename = "os.version", skip_serializing_if = "String::is_empty")]
    pub os_version: String,
    /// Features that the operating system must have: `win32k`.
    #[serde(rename = "os.features", skip_serializing_if = "Vec::is_empty")]
    pub os_features: Vec<String>,
    /// The variant of the CPU architecture: `v7`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub variant: String,
    /// Features that the CPU must have. Docker's manifest lists may state them, image indexes reserve the field.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub features: Vec<String>,
    /// Fields of the JSON object that this program does not know.
    #[serde(flatten)]
    pub extra: ExtraFields,
}

/// The fields of a platform in a descriptor.
const FIELDS: &[&str] = &[
    "architecture",
    "os",
    "os.version",
    "os.features",
    "variant",
    "features",
];

/// The parts of an image's configuration that this program uses (OCI image specification, "Image Configuration").
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImageConfig {
    /// The platform of the image.
    pub platform: Platform,
    /// The image's labels.
    pub labels: BTreeMap<String, String>,
    /// The time when the image was created, as the configuration has it (RFC 3339, section 5.6).
    pub created: Option<String>,
}

impl ImageConfig {
    /// Parses a configuration.
    ///
    /// # Errors
    /// As [`Platform::from_config`]. Unreadable labels, and an unreadable time, count as none.
    pub fn parse(config: &[u8]) -> Result<Self, serde_json::Error> {
        let platform = Platform::from_config(config)?;
        let object = Object::parse(config).ok();
        let created = object
            .as_ref()
            .and_then(|object| object.get("created").ok().flatten());
        let labels = object.map(|object| {
            let inner = object.object("config")?;
            inner.map(|inner| inner.get("Labels")).transpose()
        });
        Ok(Self {
            platform,
            labels: labels
                .and_then(Result::ok)
                .flatten()
                .flatten()
                .unwrap_or_default(),
            created,
        })
    }
}

impl Platform {
    /// Reads the platform in an image's configuration as Docker does: a missing field is empty.
    ///
    /// # Errors
    /// Returns an error if `config` is not a JSON object, or a field has the wrong type.
    pub fn from_config(config: &[u8]) -> Result<Self, serde_json::Error> {
        // Go decodes `null` into any value, which then stays as it is.
        if config.trim_ascii() == b"null" {
            return Ok(Self::default());
        }
        Self::from_object(&Object::parse(config)?)
    }

    /// Reads all fields of the platform in a descriptor.
    pub(crate) fn from_descriptor(object: &Object<'_>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            features: texts(object, "features")?,
            extra: ExtraFields::of(object, FIELDS)?,
            ..Self::from_object(object)?
        })
    }

    /// Reads the fields that platforms in descriptors and configurations have in common.
    pub(crate) fn from_object(object: &Object<'_>) -> Result<Self, serde_json::Error> {
        Ok(Self {
            architecture: object.text("architecture")?,
            os: object.text("os")?,
            os_version: object.text("os.version")?,
            os_features: texts(object, "os.features")?,
            variant: object.text("variant")?,
            features: Vec::new(),
            extra: ExtraFields::default(),
        })
    }

    /// Returns the operating systems and architectures that Go has or had a port for.
    pub fn known_pairs() -> impl Iterator<Item = (&'static str, &'static str)> {
        let of_system = |(os, architectures): &(&'static str, &'static [&'static str])| {
            let os = *os;
            architectures
                .iter()
                .map(move |architecture| (os, *architecture))
        };
        PORTS.iter().flat_map(of_system)
    }

    /// Tells whether os and architecture are stated. Docker demands both in a list.
    #[must_use]
    pub fn is_stated(&self) -> bool {
        !self.os.is_empty() && !self.architecture.is_empty()
    }

    /// Tells whether os and architecture are a pair that Go, and so container software, has or had a port for.
    #[must_use]
    pub fn is_known_pair(&self) -> bool {
        Self::known_pairs()
            .any(|(os, architecture)| (os, architecture) == (&*self.os, &*self.architecture))
    }
}

fn texts(object: &Object<'_>, field: &str) -> Result<Vec<String>, serde_json::Error> {
    let texts: Vec<Option<String>> = object.get(field)?.unwrap_or_default();
    Ok(texts.into_iter().map(Option::unwrap_or_default).collect())
}

/// Formats `os/architecture/variant`, with the os version in parentheses, as in containerd's platform strings.
impl fmt::Display for Platform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.os)?;
        if !self.os_version.is_empty() {
            write!(f, "({})", self.os_version)?;
        }
        write!(f, "/{}", self.architecture)?;
        if !self.variant.is_empty() {
            write!(f, "/{}", self.variant)?;
        }
        Ok(())
    }
}

/// Go's ports (`go tool dist list`), with those that newer Go versions dropped: images outlive them.
const PORTS: &[(&str, &[&str])] = &[
    ("aix", &["ppc64"]),
    ("android", &["386", "amd64", "arm", "arm64"]),
    ("darwin", &["386", "amd64", "arm", "arm64"]),
    ("dragonfly", &["amd64"]),
    ("freebsd", &["386", "amd64", "arm", "arm64", "riscv64"]),
    ("illumos", &["amd64"]),
    ("ios", &["amd64", "arm64"]),
    ("js", &["wasm"]),
    (
        "linux",
        &[
            "386", "amd64", "arm", "arm64", "loong64", "mips", "mips64", "mips64le", "mipsle",
            "ppc64", "ppc64le", "riscv64", "s390x",
        ],
    ),
    ("netbsd", &["386", "amd64", "arm", "arm64"]),
    (
        "openbsd",
        &["386", "amd64", "arm", "arm64", "mips64", "ppc64", "riscv64"],
    ),
    ("plan9", &["386", "amd64", "arm"]),
    ("solaris", &["amd64"]),
    ("wasip1", &["wasm"]),
    ("windows", &["386", "amd64", "arm", "arm64"]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(os: &str, architecture: &str) -> Platform {
        Platform {
            os: os.into(),
            architecture: architecture.into(),
            ..Platform::default()
        }
    }

    #[test]
    fn known_pairs_hold_dockers_table_and_more() {
        let dockers = "darwin/386 darwin/amd64 darwin/arm darwin/arm64 dragonfly/amd64 freebsd/386 \
            freebsd/amd64 freebsd/arm linux/386 linux/amd64 linux/arm linux/arm64 linux/ppc64le \
            linux/mips64 linux/mips64le linux/riscv64 linux/s390x netbsd/386 netbsd/amd64 netbsd/arm \
            openbsd/386 openbsd/amd64 openbsd/arm plan9/386 plan9/amd64 solaris/amd64 windows/386 \
            windows/amd64";
        let more = "linux/loong64 linux/mips windows/arm64 freebsd/riscv64 wasip1/wasm aix/ppc64";
        for text in dockers.split_whitespace().chain(more.split_whitespace()) {
            let (os, architecture) = text.split_once('/').unwrap();
            assert!(pair(os, architecture).is_known_pair(), "{text}");
        }
        for (os, architecture) in [
            ("linux", "x86_64"),
            ("", ""),
            ("linux", ""),
            ("amd64", "linux"),
        ] {
            assert!(
                !pair(os, architecture).is_known_pair(),
                "{os}/{architecture}"
            );
        }
    }

    #[test]
    fn reads_configurations() {
        let config = br#"{"Architecture":"arm","os":"linux","variant":"v7","rootfs":{}}"#;
        assert_eq!(
            Platform::from_config(config).unwrap().to_string(),
            "linux/arm/v7"
        );
        let config = br#"{"architecture":"amd64","os":"windows","os.version":"10.0.1","os.features":["win32k"]}"#;
        let windows = Platform::from_config(config).unwrap();
        assert_eq!(windows.to_string(), "windows(10.0.1)/amd64");
        assert_eq!(windows.os_features, ["win32k"]);
        for config in [&b"{}"[..], b" null\n"] {
            assert_eq!(Platform::from_config(config).unwrap(), Platform::default());
        }
        let config = br#"{"os":"linux","config":{"Labels":{"a":"b"}}}"#;
        assert_eq!(ImageConfig::parse(config).unwrap().labels["a"], "b");
        let config = br#"{"created":"2024-05-01T10:20:30Z","config":1}"#;
        let created = ImageConfig::parse(config).unwrap().created;
        assert_eq!(created.as_deref(), Some("2024-05-01T10:20:30Z"));
        for config in [
            &br#"{"config":{"Labels":null}}"#[..],
            br#"{"config":[]}"#,
            br#"{"created":1}"#,
            b"null",
        ] {
            assert_eq!(ImageConfig::parse(config).unwrap(), ImageConfig::default());
        }
        assert!(!Platform::default().is_stated());
        for config in [&b"no"[..], b"[]", br#"{"os":1}"#] {
            assert!(Platform::from_config(config).is_err());
        }
    }
}
