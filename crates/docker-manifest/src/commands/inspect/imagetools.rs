//! The fields that templates for BuildKit's `imagetools inspect` have: `.Manifest`, `.Image`, `.Provenance` and `.SBOM`.

use manifest_core::manifest::ImageManifest;
use manifest_core::platform_match::Engine;
use manifest_core::{Content, Descriptor, Digest, Manifest, Platform};
use serde_json::{Map, Value, json};

use super::attestations;
use super::limits::DETAILED_ENTRIES;
use super::target::Target;
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::go_template::GoTemplate;
use crate::output::Output;
use crate::view::Attestation;

/// Adds the fields that a template reads. `list` is the list that the image was chosen from.
///
/// # Errors
/// Fails if an image or an attestation is missing or cannot be read.
pub(super) async fn add(
    template: &GoTemplate,
    target: &Target,
    list: Option<&Manifest>,
    fields: &mut Map<String, Value>,
    output: &Output,
) -> Result<(), Failure> {
    if template.has_field("Manifest") {
        let manifest = Value::Object(fields.clone());
        fields.insert("manifest".to_owned(), manifest);
    }
    if template.has_field("Image") {
        let images = images(target, output).await?;
        fields.insert("image".to_owned(), by_platform(images));
    }
    let (has_provenance, has_sbom) = (template.has_field("Provenance"), template.has_field("SBOM"));
    if has_provenance || has_sbom {
        let statements = attestations::read_for(target, list, output).await?;
        let of = |name: &str, prefix: &str| {
            let found = statements
                .iter()
                .filter(|found| found.predicate_type.starts_with(prefix));
            let value =
                |found: &Attestation| (found.platform.clone(), json!({ name: found.predicate }));
            by_platform(found.map(value).collect())
        };
        fields.insert(
            "provenance".to_owned(),
            of("SLSA", "https://slsa.dev/provenance/"),
        );
        fields.insert("sbom".to_owned(), of("SPDX", "https://spdx.dev/"));
    }
    Ok(())
}

/// Returns the value of the only platform, or else each under the name of its platform.
fn by_platform(mut found: Vec<(Option<Platform>, Value)>) -> Value {
    if found.len() == 1
        && let Some((_, value)) = found.pop()
    {
        return value;
    }
    let name = |platform: Option<Platform>| match platform {
        Some(platform) => Engine::new(&platform).to_string(),
        None => "unknown".to_owned(),
    };
    let found = found.into_iter();
    Value::Object(
        found
            .map(|(platform, value)| (name(platform), value))
            .collect(),
    )
}

/// Reads the configurations of all images.
async fn images(
    target: &Target,
    output: &Output,
) -> Result<Vec<(Option<Platform>, Value)>, Failure> {
    let list = match target.manifest.content() {
        Content::List(list) => list,
        Content::Image(image) => {
            let found = config(target, target.manifest.digest(), image, None).await?;
            return Ok(found.into_iter().collect());
        }
    };
    let read = |entry: &Descriptor| {
        let entry = entry.clone();
        async move {
            let manifest = target.reader.manifest(&entry).await?;
            match manifest.as_ref().map(Manifest::content) {
                Some(Content::Image(image)) => {
                    config(target, &entry.digest, image, entry.platform.clone()).await
                }
                _ => Ok(None),
            }
        }
    };
    let images = list.manifests.iter().filter(|entry| entry.is_image());
    let images: Vec<&Descriptor> = images.collect();
    if images.len() > DETAILED_ENTRIES {
        let count = images.len();
        output.warning(&format!(
            "the list has {count} images: the configurations of the first {DETAILED_ENTRIES} are read"
        ));
    }
    let images = images.into_iter().take(DETAILED_ENTRIES);
    let found = try_join_all(images.map(read)).await?;
    Ok(found.into_iter().flatten().collect())
}

async fn config(
    target: &Target,
    digest: &Digest,
    image: &ImageManifest,
    platform: Option<Platform>,
) -> Result<Option<(Option<Platform>, Value)>, Failure> {
    let config = target.reader.config(digest, image).await?;
    Ok(config.map(|config| {
        let platform = platform.or_else(|| config.platform().cloned());
        (platform, config.json().clone())
    }))
}
