//! The statements about images that BuildKit puts into a list (BuildKit, "Attestation Storage").

use manifest_core::manifest::ImageList;
use manifest_core::{Content, Descriptor, Digest, Manifest, Platform};
use serde::Deserialize;

use super::limits::{STATEMENT_BYTES, STATEMENTS};
use super::reader::Reader;
use super::target::Target;
use crate::concurrency::try_join_all;
use crate::failure::{Failure, InspectError};
use crate::output::Output;
use crate::view::{self, Attestation};

/// The media type of a statement.
const STATEMENT: &str = "application/vnd.in-toto+json";

/// The fields of a statement that are shown.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    predicate_type: Option<String>,
    #[serde(default)]
    predicate: serde_json::Value,
}

/// A statement that is yet to be read.
struct Found {
    manifest: Digest,
    about: Option<String>,
    platform: Option<Platform>,
    layer: Descriptor,
}

/// Reads the statements about the images that are shown.
pub(super) async fn read_for(
    target: &Target,
    list: Option<&Manifest>,
    output: &Output,
) -> Result<Vec<Attestation>, Failure> {
    let of = |manifest: &Manifest| -> Option<ImageList> {
        match manifest.content() {
            Content::List(list) => Some(list.clone()),
            Content::Image(_) => None,
        }
    };
    if let Some(list) = of(&target.manifest) {
        return read(&target.reader, &list, None, output).await;
    }
    match list.and_then(of) {
        Some(list) => {
            let about = Some(target.manifest.digest());
            read(&target.reader, &list, about, output).await
        }
        None => Ok(Vec::new()),
    }
}

/// Reads the statements of a list, or those about one image of it.
///
/// # Errors
/// Fails if one is missing or cannot be read.
pub(super) async fn read(
    reader: &Reader,
    list: &ImageList,
    about: Option<&Digest>,
    output: &Output,
) -> Result<Vec<Attestation>, Failure> {
    let is_wanted = |entry: &&Descriptor| {
        let is_about = about.is_none_or(|about| entry.attested_digest() == Some(about.as_str()));
        entry.is_attestation() && is_about
    };
    let entries: Vec<&Descriptor> = list.manifests.iter().filter(is_wanted).collect();
    if entries.len() > STATEMENTS {
        let count = entries.len();
        output.warning(&format!(
            "the list has {count} attestations: the first {STATEMENTS} are read"
        ));
    }
    let entries = entries.into_iter().take(STATEMENTS);
    let manifests = try_join_all(entries.map(|entry| async move {
        let manifest = reader.manifest(entry).await?;
        Ok(manifest.map(|manifest| found(entry, &manifest, list)))
    }));
    let found = manifests.await?.into_iter().flatten().flatten();
    let read = |found: Found| async move {
        let blob = reader.blob(&found.manifest, &found.layer, STATEMENT_BYTES);
        match blob.await? {
            Some(bytes) => Ok(Some(attestation(found, &bytes)?)),
            None => Ok(None),
        }
    };
    let attestations = try_join_all(found.take(STATEMENTS).map(read)).await?;
    Ok(attestations.into_iter().flatten().collect())
}

fn found(entry: &Descriptor, manifest: &Manifest, list: &ImageList) -> Vec<Found> {
    let Content::Image(image) = manifest.content() else {
        return Vec::new();
    };
    let about = entry.attested_digest();
    let mut images = list.manifests.iter();
    let image_entry = images.find(|other| Some(other.digest.as_str()) == about);
    let layers = image
        .layers
        .iter()
        .filter(|layer| layer.media_type == STATEMENT);
    let found = layers.map(|layer| Found {
        manifest: entry.digest.clone(),
        about: about.map(str::to_owned),
        platform: image_entry.and_then(|entry| entry.platform.clone()),
        layer: layer.clone(),
    });
    found.collect()
}

fn attestation(found: Found, bytes: &[u8]) -> Result<Attestation, Failure> {
    let statement: Statement =
        serde_json::from_slice(bytes).map_err(|source| InspectError::Statement {
            digest: found.layer.digest.clone(),
            source,
        })?;
    let stated = view::predicate_type(&found.layer);
    Ok(Attestation {
        about: found.about,
        platform: found.platform,
        predicate_type: statement.predicate_type.or(stated).unwrap_or_default(),
        digest: found.layer.digest,
        size: found.layer.size,
        predicate: statement.predicate,
    })
}
