//! Descriptors (OCI image specification, "Descriptors").

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::de::Error as _;

use crate::digest::Digest;
use crate::extra_fields::ExtraFields;
use crate::go_json::Object;
use crate::media_type::MediaType;
use crate::platform::Platform;

/// A typed, sized, digested pointer to content.
///
/// Keys are serialised in the order of the OCI specification's Go types, as in Docker's draft files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Descriptor {
    /// The media type of the content.
    pub media_type: String,
    /// The digest of the content.
    pub digest: Digest,
    /// The size of the content, in bytes.
    pub size: u64,
    /// URLs from which the content can be downloaded as well.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub urls: Vec<String>,
    /// Annotations on the content.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
    /// The content itself, in base64.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<String>,
    /// The platform that the content runs on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform: Option<Platform>,
    /// The artifact type of the content.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub artifact_type: Option<String>,
    /// Fields of the JSON object that this program does not know.
    #[serde(flatten)]
    pub extra: ExtraFields,
}

/// The fields of a descriptor.
const FIELDS: &[&str] = &[
    "mediaType",
    "digest",
    "size",
    "urls",
    "annotations",
    "data",
    "platform",
    "artifactType",
];

/// The annotation with which BuildKit states the kind of a manifest in an index.
const REFERENCE_TYPE: &str = "vnd.docker.reference.type";

/// The annotation with the digest of the image that an attestation belongs to.
const REFERENCE_DIGEST: &str = "vnd.docker.reference.digest";

impl Descriptor {
    /// Creates a descriptor with the three required properties.
    #[must_use]
    pub fn new(media_type: &str, digest: Digest, size: u64) -> Self {
        Self {
            media_type: media_type.to_owned(),
            digest,
            size,
            urls: Vec::new(),
            annotations: BTreeMap::new(),
            data: None,
            platform: None,
            artifact_type: None,
            extra: ExtraFields::default(),
        }
    }

    /// Tells whether this is an attestation as BuildKit stores it beside its image (BuildKit, "Attestation Storage").
    #[must_use]
    pub fn is_attestation(&self) -> bool {
        let kind = self.annotations.get(REFERENCE_TYPE);
        kind.is_some_and(|kind| kind == "attestation-manifest")
    }

    /// Tells whether this describes an image that a machine may run: no attestation, no other artifact, no list.
    #[must_use]
    pub fn is_image(&self) -> bool {
        let is_unknown = |platform: &Platform| platform.os == "unknown";
        !self.is_attestation()
            && self.artifact_type.is_none()
            && !self.platform.as_ref().is_some_and(is_unknown)
            && MediaType::recognise(&self.media_type).is_some_and(|found| !found.is_list())
    }

    /// Returns the digest, as text, of the image in the same list that this attestation belongs to.
    #[must_use]
    pub fn attested_digest(&self) -> Option<&str> {
        self.annotations.get(REFERENCE_DIGEST).map(String::as_str)
    }

    /// Returns the descriptor of these bytes, with the bytes themselves in it (OCI image specification, "Embedded Content").
    #[must_use]
    pub fn embedding(media_type: &str, bytes: &[u8]) -> Self {
        Self {
            data: Some(STANDARD.encode(bytes)),
            ..Self::new(media_type, Digest::sha256(bytes), bytes.len() as u64)
        }
    }

    /// Returns the embedded content, or `None` if there is none, or it has not the descriptor's size and digest.
    #[must_use]
    pub fn embedded(&self) -> Option<Vec<u8>> {
        let bytes = STANDARD.decode(self.data.as_deref()?).ok()?;
        let is_it = bytes.len() as u64 == self.size && self.digest.matches(&bytes);
        is_it.then_some(bytes)
    }

    /// Parses a descriptor from JSON by Go's rules. Unknown fields are kept.
    ///
    /// # Errors
    /// Returns an error if the digest is missing, or a field has the wrong type.
    pub fn parse(json: &[u8]) -> Result<Self, serde_json::Error> {
        Self::from_object(&Object::parse(json)?)
    }

    pub(crate) fn from_object(object: &Object<'_>) -> Result<Self, serde_json::Error> {
        let platform = object.object("platform")?;
        Ok(Self {
            media_type: object.text("mediaType")?,
            digest: object
                .get("digest")?
                .ok_or_else(|| serde_json::Error::custom("a descriptor has no digest"))?,
            size: object.get("size")?.unwrap_or_default(),
            urls: object.get("urls")?.unwrap_or_default(),
            annotations: object.get("annotations")?.unwrap_or_default(),
            data: object.get("data")?,
            platform: platform
                .as_ref()
                .map(Platform::from_descriptor)
                .transpose()?,
            artifact_type: object.get("artifactType")?,
            extra: ExtraFields::of(object, FIELDS)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::go_json;

    #[test]
    fn embedded_content_is_checked() {
        let descriptor = Descriptor::embedding("m", b"{}");
        assert_eq!(descriptor.embedded().as_deref(), Some(&b"{}"[..]));
        for data in [None, Some("e31="), Some("*"), Some("e30K")] {
            let changed = Descriptor {
                data: data.map(str::to_owned),
                ..descriptor.clone()
            };
            assert_eq!(changed.embedded(), None, "{data:?}");
        }
    }

    #[test]
    fn keys_are_in_the_order_of_gos_types() {
        let hash = "a".repeat(64);
        let json = format!(
            r#"{{"artifactType":"t","platform":{{"variant":"v7","new":null,"features":["sse4"],"os":"linux","architecture":"arm"}},"data":"e30=","annotations":{{"b":"2","a":"1"}},"urls":["u"],"size":7,"digest":"sha256:{hash}","mediaType":"m","unknown": [1.0, "<"]}}"#
        );
        let descriptor = Descriptor::parse(json.as_bytes()).unwrap();
        assert_eq!(
            String::from_utf8(go_json::encode(&descriptor)).unwrap(),
            format!(
                r#"{{"mediaType":"m","digest":"sha256:{hash}","size":7,"urls":["u"],"annotations":{{"a":"1","b":"2"}},"data":"e30=","platform":{{"architecture":"arm","os":"linux","variant":"v7","features":["sse4"],"new":null}},"artifactType":"t","unknown":[1.0,"\u003c"]}}"#
            )
        );
        for json in [r#"{"size":1}"#, r#"{"digest":"sha256:12"}"#, "[]"] {
            assert!(Descriptor::parse(json.as_bytes()).is_err(), "{json}");
        }
    }
}
