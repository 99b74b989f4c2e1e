//! The draft of a described list, by the rules of `manifest-tool`.

use std::collections::HashMap;

use manifest_core::draft::Origin;
use manifest_core::{
    Digest, Draft, Entry, ListFormat, ListSettings, Order, Platform, Reference, Source,
};
use manifest_spec::{ImageSpec, PlatformSpec};

use crate::assembly::Resolution;
use crate::failure::{Failure, ManifestToolError};

/// Makes a draft of the images of a list, in their order, attestations last. Images that were left out are not in the resolution.
///
/// # Errors
/// Fails if a platform is unknown, or two images are for exactly one platform.
pub(super) fn compose(
    list: &Reference,
    images: &[(&ImageSpec, &Reference)],
    resolution: &Resolution,
) -> Result<Draft, Failure> {
    let mut entries: Vec<Entry> = Vec::new();
    for (image, reference) in images {
        let source = Source::Registry((*reference).clone());
        let mut resolved = resolution.resolved.iter();
        let Some(resolved) = resolved.find(|resolved| resolved.source == source) else {
            continue;
        };
        for entry in &resolved.entries {
            entries.push(with_platform(entry.clone(), &image.platform)?);
        }
    }
    check_duplicates(&entries)?;
    // A stable sort keeps the order otherwise.
    entries.sort_by_key(|entry| entry.descriptor.is_attestation());
    for (position, entry) in (0..).zip(&mut entries) {
        entry.position = Some(position);
    }
    Ok(Draft {
        list: list.clone(),
        entries,
        settings: ListSettings {
            format: ListFormat::ManifestTool,
            order: Order::Given,
            ..ListSettings::default()
        },
    })
}

/// Gives an image the stated platform, completed by its configuration. The child of a list keeps the platform that it has there, or
/// gets that of its configuration if it has none.
fn with_platform(mut entry: Entry, stated: &PlatformSpec) -> Result<Entry, Failure> {
    let Some(own) = entry.origin.as_ref().map(Origin::config_platform) else {
        return Ok(entry);
    };
    if entry.is_child() {
        if entry.is_image() && !entry.has_platform() && own.is_stated() {
            entry.descriptor.platform = Some(own.clone());
        }
        return Ok(entry);
    }
    let platform = complete(stated, own);
    if !is_supported(&platform) {
        let Platform {
            os,
            architecture,
            variant,
            ..
        } = platform;
        return Err(Failure::ManifestTool(ManifestToolError::Platform {
            image: entry.reference.into(),
            digest: entry.descriptor.digest,
            platform: format!("{os}/{architecture}/{variant}"),
        }));
    }
    entry.descriptor.platform = Some(platform);
    Ok(entry)
}

/// Returns the stated platform. Parts that are not stated are those of the configuration.
fn complete(stated: &PlatformSpec, own: &Platform) -> Platform {
    let text = |stated: Option<&str>, own: &str| match stated {
        Some(stated) if !stated.is_empty() => stated.to_owned(),
        _ => own.to_owned(),
    };
    let PlatformSpec {
        os,
        architecture,
        variant,
        os_version,
        os_features,
        features,
    } = stated;
    Platform {
        os: text(os.as_deref(), &own.os),
        architecture: text(architecture.as_deref(), &own.architecture),
        variant: text(variant.as_deref(), &own.variant),
        os_version: text(os_version.as_deref(), &own.os_version),
        os_features: match os_features.is_empty() {
            true => own.os_features.clone(),
            false => os_features.clone(),
        },
        features: features.clone(),
        ..Platform::default()
    }
}

/// The variants that `manifest-tool` knows, each with its operating system and architecture.
const VARIANTS: &[(&str, &str, &[&str])] = &[
    ("linux", "arm", &["v5", "v6", "v7"]),
    ("linux", "arm64", &["v8"]),
];

/// Tells whether `manifest-tool` accepts a platform, or this program knows it. The tool checks operating system and architecture
/// each alone.
fn is_supported(platform: &Platform) -> bool {
    let Platform {
        os,
        architecture,
        variant,
        ..
    } = platform;
    let is_os = Platform::known_pairs().any(|(known, _)| known == os);
    let is_architecture = Platform::known_pairs().any(|(_, known)| known == architecture);
    let has_variant = |(known_os, known, variants): &(&str, &str, &[&str])| {
        known_os == os && known == architecture && variants.contains(&variant.as_str())
    };
    let is_variant = variant.is_empty() || VARIANTS.iter().any(has_variant);
    (is_os && is_architecture && is_variant) || platform.check(&platform.to_string()).is_ok()
}

/// Refuses two images for exactly one platform.
fn check_duplicates(entries: &[Entry]) -> Result<(), ManifestToolError> {
    let mut seen: HashMap<String, &Digest> = HashMap::new();
    for entry in entries.iter().filter(|entry| entry.is_image()) {
        let platform = entry.descriptor.platform.as_ref();
        let key = platform.map(key_of).unwrap_or_default();
        let digest = &entry.descriptor.digest;
        if let Some(first) = seen.insert(key.clone(), digest) {
            return Err(ManifestToolError::SamePlatform {
                first: first.clone(),
                second: digest.clone(),
                platform: key,
            });
        }
    }
    Ok(())
}

/// Returns all parts of a platform that tell it from others, in the form of `manifest-tool`'s error.
fn key_of(platform: &Platform) -> String {
    let Platform {
        os,
        architecture,
        variant,
        os_version,
        os_features,
        ..
    } = platform;
    let features = os_features.join(".");
    format!("{architecture}-{os}-{variant}-{os_version}-{features}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(os: &str, architecture: &str, variant: &str) -> Platform {
        Platform {
            os: os.into(),
            architecture: architecture.into(),
            variant: variant.into(),
            ..Platform::default()
        }
    }

    #[test]
    fn the_configuration_completes_a_platform() {
        let windows = Platform {
            os_version: "10.0.1".into(),
            os_features: vec!["win32k".into()],
            ..platform("windows", "amd64", "")
        };
        let spec = |os: &str, architecture: &str, variant: &str| PlatformSpec {
            os: Some(os.into()),
            architecture: Some(architecture.into()),
            variant: Some(variant.into()),
            ..PlatformSpec::default()
        };
        let arm = platform("linux", "arm", "v7");
        for (stated, own, expected) in [
            (PlatformSpec::default(), &arm, arm.clone()),
            (spec("linux", "arm", ""), &arm, arm.clone()),
            (
                spec("linux", "arm", "v6"),
                &arm,
                platform("linux", "arm", "v6"),
            ),
            (
                spec("", "arm64", "v8"),
                &arm,
                platform("linux", "arm64", "v8"),
            ),
            (PlatformSpec::default(), &windows, windows.clone()),
            (
                PlatformSpec {
                    os_version: Some("10.0.2".into()),
                    os_features: vec!["other".into()],
                    features: vec!["sse4".into()],
                    ..PlatformSpec::default()
                },
                &windows,
                Platform {
                    os_version: "10.0.2".into(),
                    os_features: vec!["other".into()],
                    features: vec!["sse4".into()],
                    ..windows.clone()
                },
            ),
        ] {
            assert_eq!(complete(&stated, own), expected);
        }
    }

    #[test]
    fn supported_platforms() {
        for (os, architecture, variant, expected) in [
            ("linux", "amd64", "", true),
            ("linux", "arm", "v7", true),
            ("linux", "arm64", "v8", true),
            // Each alone, as in the tool.
            ("windows", "s390x", "", true),
            // The tool does not know these variants.
            ("linux", "amd64", "v3", true),
            ("linux", "arm64", "v9", true),
            ("linux", "arm", "v9", false),
            ("windows", "arm", "v9", false),
            ("linux", "x86_64", "", false),
            ("plan10", "amd64", "", false),
            ("", "amd64", "", false),
            ("", "", "", false),
        ] {
            let platform = platform(os, architecture, variant);
            assert_eq!(is_supported(&platform), expected, "{platform}");
        }
    }
}
