//! The checks of a new manifest, after CNCF distribution 2.8.

use serde_json::Value;

use super::behaviour::Behaviour;
use super::store::{Manifest, Repository};
use crate::error_response::ErrorResponse;
use crate::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST, is_index, is_oci};

/// Checks the manifest by itself.
pub(super) fn form(manifest: &Manifest, behaviour: &Behaviour) -> Result<(), ErrorResponse> {
    let invalid = |text: &str| Err(ErrorResponse::manifest_invalid(text));
    let sent = manifest.media_type.as_str();
    if !matches!(
        sent,
        DOCKER_MANIFEST | DOCKER_LIST | OCI_MANIFEST | OCI_INDEX
    ) {
        return invalid("unsupported manifest media type");
    }
    let Ok(json) = serde_json::from_slice::<Value>(&manifest.bytes) else {
        return invalid("manifest is no JSON");
    };
    if json["schemaVersion"] != 2 {
        return invalid("unrecognized manifest schema version");
    }
    match &json["mediaType"] {
        Value::Null if is_oci(sent) => {}
        given if given == sent => {}
        _ => return invalid("mediaType in manifest differs from the Content-Type"),
    }
    if is_index(sent) != json["manifests"].is_array() {
        return invalid("an index has manifests, a manifest has none");
    }
    if behaviour.refuse_oci && is_oci(sent) {
        return invalid("this registry takes no OCI manifests");
    }
    let mixed = entries(&json, "manifests").any(|child| {
        child["mediaType"]
            .as_str()
            .is_some_and(|t| is_oci(t) != is_oci(sent))
    });
    if behaviour.refuse_mixed && mixed {
        return invalid("this registry takes no index of mixed media types");
    }
    Ok(())
}

/// Checks that the repository has everything that the manifest refers to.
pub(super) fn references(
    manifest: &Manifest,
    repository: &Repository,
) -> Result<(), ErrorResponse> {
    let json = manifest.json();
    let digest_of = |entry: &Value| entry["digest"].as_str().unwrap_or_default().to_owned();
    let missing: Vec<String> = if is_index(&manifest.media_type) {
        let children = entries(&json, "manifests").map(digest_of);
        children
            .filter(|digest| !repository.manifests.contains_key(digest))
            .collect()
    } else {
        let layers = entries(&json, "layers").filter(|layer| !is_foreign(layer));
        let blobs = std::iter::once(&json["config"])
            .chain(layers)
            .map(digest_of);
        blobs
            .filter(|digest| !repository.blobs.contains(digest))
            .collect()
    };
    let problem = missing
        .iter()
        .map(|d| ErrorResponse::manifest_blob_unknown(d))
        .reduce(ErrorResponse::and);
    problem.map_or(Ok(()), Err)
}

/// Returns the digest of the child for linux/amd64.
pub(super) fn default_child(list: &Value) -> Option<String> {
    let child = entries(list, "manifests").find(|child| {
        child["platform"]["os"] == "linux" && child["platform"]["architecture"] == "amd64"
    })?;
    child["digest"].as_str().map(str::to_owned)
}

fn entries<'a>(json: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    json[field].as_array().into_iter().flatten()
}

/// Tells whether a layer is foreign, so that the registry need not have it.
fn is_foreign(layer: &Value) -> bool {
    let media_type = layer["mediaType"].as_str().unwrap_or_default();
    let elsewhere = media_type.contains(".foreign.") || media_type.contains(".nondistributable.");
    elsewhere
        && layer["urls"]
            .as_array()
            .is_some_and(|urls| !urls.is_empty())
}
