//! Publishing beyond Docker's `docker manifest`: indexes with attestations, many tags, checks before and after a push.
//!
//! | module | holds |
//! | --- | --- |
//! | [`sources`] | the sources of `create`, and their entries |
//! | [`ci_artifacts`] | sources named by files: digests and metadata of CI jobs |
//! | [`patterns`] | sources that a pattern for tags names |
//! | [`waiting`] | waiting for sources that do not exist yet |
//! | [`choosing`] | the choice of images from the sources |
//! | [`moving`] | sources and tags that move, and annotations on them |
//! | [`naming`] | the names of an entry for `annotate` and `remove` |
//! | [`editing`] | `annotate` and `remove` beyond Docker's |
//! | [`list_options`] | annotations, artifact type, subject, order and format of a list |
//! | [`preflight`] | the checks before a push |
//! | [`layouts`] | images on disk as sources |
//! | [`layout_targets`] | lists written to disk |
//! | [`targets`] | several tags, repositories and registries; conditions on tags |
//! | [`child_tags`] | tags for the images of a list |
//! | [`progress`] | progress messages of long copies |
//! | [`referrers`] | referrers of images, and lists with a subject |
//! | [`reports`] | dry runs, and output for scripts |
//! | [`registries`] | differences between registries: mounts, OCI, mixed lists, lag, immutable tags, small tokens |
//! | [`properties`] | properties of random indexes |
//! | [`peers`] | other tools read the published lists |

mod child_tags;
mod choosing;
mod ci_artifacts;
mod editing;
mod layout_targets;
mod layouts;
mod list_options;
mod moving;
mod naming;
mod patterns;
mod peers;
mod preflight;
mod progress;
mod properties;
mod referrers;
mod registries;
mod reports;
mod sources;
mod targets;
mod waiting;

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

/// Returns the entries of a published list.
#[track_caller]
pub(crate) fn entries(registry: &Watched<'_>, repository: &str, name: &str) -> Vec<Value> {
    let list: Value = serde_json::from_slice(&registry.bytes(repository, name)).unwrap();
    list["manifests"].as_array().unwrap().clone()
}

/// Returns the entries of a built list.
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
