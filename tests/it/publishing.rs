//! What is published today: indexes with attestations, many tags, and what is looked at before and after.
//!
//! | module | holds |
//! | --- | --- |
//! | [`sources`] | what `create` takes, and what becomes of it |
//! | [`choosing`] | which images of its sources a list has |
//! | [`moving`] | sources that show something else later, and what was annotated on them |
//! | [`naming`] | what `annotate` and `remove` take for the same image |
//! | [`editing`] | `annotate` and `remove` beyond what Docker has |
//! | [`layouts`] | images on this machine, as sources and as targets |
//! | [`targets`] | several tags, repositories and registries; conditions on them |
//! | [`progress`] | what is said while copying takes long |
//! | [`referrers`] | what refers to images, and lists that refer to something |
//! | [`reports`] | dry runs, and what scripts read |
//! | [`registries`] | the same where registries differ: mounts, OCI, mixed lists, lag, immutable tags, small tokens |
//! | [`properties`] | what holds whatever the images look like |
//! | [`peers`] | other tools read what was published |

mod child_tags;
mod choosing;
mod ci_artifacts;
mod editing;
mod layout_targets;
mod layouts;
mod list_options;
mod moving;
mod naming;
mod peers;
mod preflight;
mod progress;
mod properties;
mod referrers;
mod registries;
mod reports;
mod sources;
mod targets;

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, buildkit_index};
use serde_json::Value;

use crate::commands::Watched;

/// Builds one platform as BuildKit does: an index of the image and its attestation.
pub(crate) fn built(platform: &str, seed: &str) -> (BuiltImage, BuiltIndex) {
    let image = Image::oci()
        .platform(platform)
        .seed(seed)
        .layers(2, 300)
        .build();
    let index = buildkit_index(&image);
    (image, index)
}

/// Returns the entries of a list that a registry has.
#[track_caller]
pub(crate) fn entries(registry: &Watched<'_>, repository: &str, name: &str) -> Vec<Value> {
    let list: Value = serde_json::from_slice(&registry.bytes(repository, name)).unwrap();
    list["manifests"].as_array().unwrap().clone()
}

/// Returns the entries of a list as it was built.
pub(crate) fn entries_of(index: &BuiltIndex) -> Vec<Value> {
    let list: Value = serde_json::from_slice(&index.manifest).unwrap();
    list["manifests"].as_array().unwrap().clone()
}

/// Returns the platforms of entries, as text.
pub(crate) fn platforms(entries: &[Value]) -> Vec<String> {
    let platform = |entry: &Value| {
        let platform = &entry["platform"];
        let text = |key: &str| platform[key].as_str().unwrap_or_default().to_owned();
        [text("os"), text("architecture"), text("variant")]
            .join("/")
            .trim_end_matches('/')
            .to_owned()
    };
    entries.iter().map(platform).collect()
}
