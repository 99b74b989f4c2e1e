//! One manifest: the bytes that the registry sent, and a parsed view beside them.

use std::sync::Arc;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::go_json::Object;
use crate::limits::{LIST_ENTRIES, MANIFEST_BYTES};
use crate::media_type::MediaType;

/// The reason why bytes are not a usable manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// The media type is not one that images are published with.
    #[error("unsupported manifest media type: {0:?}")]
    UnsupportedType(String),
    /// The bytes are not a JSON object of the right form.
    #[error("the manifest cannot be read")]
    Json(#[from] serde_json::Error),
    /// The body states another media type than the registry.
    #[error("mediaType in manifest should be '{expected}' not '{found}'")]
    TypeMismatch {
        /// The registry's media type.
        expected: MediaType,
        /// The body's media type, empty if there is none.
        found: String,
    },
    /// The body is an image manifest and an index at once, so that two clients could see two images (the class of
    /// CVE-2021-41190).
    #[error("the manifest is ambiguous: {media_type} must not have {field:?}")]
    Ambiguous {
        /// The registry's media type.
        media_type: MediaType,
        /// The field that belongs to the other kind of manifest.
        field: &'static str,
    },
    /// A required field is missing.
    #[error("the manifest has no {0:?}")]
    Missing(&'static str),
    /// There are more than [`MANIFEST_BYTES`] bytes.
    #[error("the manifest has {0} bytes, the limit is {MANIFEST_BYTES}")]
    TooLarge(usize),
    /// The list has more children, or the image more layers, than [`LIST_ENTRIES`].
    #[error("the manifest has {0} entries, the limit is {LIST_ENTRIES}")]
    TooManyEntries(usize),
}

/// The media types of image configurations.
const IMAGE_CONFIGS: &[&str] = &[
    "application/vnd.docker.container.image.v1+json",
    "application/vnd.oci.image.config.v1+json",
];

/// A manifest as it was received: its bytes, their digest, and their content.
///
/// The bytes are never serialised again: digest, size and push use them unchanged.
#[derive(Clone, Debug)]
pub struct Manifest {
    media_type: MediaType,
    digest: Digest,
    bytes: Arc<[u8]>,
    content: Content,
}

/// The parsed content of a manifest.
#[derive(Clone, Debug)]
pub enum Content {
    /// One image, or another artifact in the form of an image.
    Image(ImageManifest),
    /// A manifest list or an image index.
    List(ImageList),
}

/// The parts of an image manifest that this program uses.
#[derive(Clone, Debug)]
pub struct ImageManifest {
    /// The image's configuration.
    pub config: Descriptor,
    /// The image's layers, base first.
    pub layers: Vec<Descriptor>,
    /// The artifact type, if stated.
    pub artifact_type: Option<String>,
    /// The manifest that this one refers to.
    pub subject: Option<Box<Descriptor>>,
    /// Annotations on the image.
    pub annotations: std::collections::BTreeMap<String, String>,
}

/// The parts of a manifest list or image index that this program uses.
#[derive(Clone, Debug)]
pub struct ImageList {
    /// The children.
    pub manifests: Vec<Descriptor>,
    /// The list's own artifact type.
    pub artifact_type: Option<String>,
    /// The manifest that the list refers to.
    pub subject: Option<Descriptor>,
    /// Annotations on the list.
    pub annotations: std::collections::BTreeMap<String, String>,
}

impl Manifest {
    /// Parses `bytes` as the media type in the registry's `Content-Type`.
    ///
    /// # Errors
    /// Returns an error if the type is unknown, the bytes are not of that type, or they are too large.
    pub fn parse(content_type: &str, bytes: impl Into<Arc<[u8]>>) -> Result<Self, ManifestError> {
        let media_type = MediaType::recognise(content_type)
            .ok_or_else(|| ManifestError::UnsupportedType(content_type.to_owned()))?;
        let bytes = bytes.into();
        if bytes.len() > MANIFEST_BYTES {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        let object = Object::parse(&bytes)?;
        check_media_type(&object, media_type)?;
        let content = if media_type.is_list() {
            refuse_fields(&object, media_type, &["config", "layers", "fsLayers"])?;
            Content::List(ImageList::from_object(&object)?)
        } else {
            refuse_fields(&object, media_type, &["manifests", "fsLayers"])?;
            Content::Image(ImageManifest::from_object(&object)?)
        };
        Ok(Self {
            media_type,
            digest: Digest::sha256(&bytes),
            bytes,
            content,
        })
    }

    /// Parses `bytes` without a registry's `Content-Type`: as the media type that they state, else as the kind of OCI's manifests
    /// whose fields they have. Docker's types always state theirs.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn parse_stored(bytes: impl Into<Arc<[u8]>>) -> Result<Self, ManifestError> {
        let bytes = bytes.into();
        if bytes.len() > MANIFEST_BYTES {
            return Err(ManifestError::TooLarge(bytes.len()));
        }
        let object = Object::parse(&bytes)?;
        let stated = object.text("mediaType")?;
        let media_type = match stated.as_str() {
            "" if object.has("manifests") => MediaType::OciIndex.as_str().to_owned(),
            "" => MediaType::OciManifest.as_str().to_owned(),
            _ => stated,
        };
        drop(object);
        Self::parse(&media_type, bytes)
    }

    /// Returns the media type.
    #[must_use]
    pub fn media_type(&self) -> MediaType {
        self.media_type
    }

    /// Returns the SHA-256 digest of the bytes.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Returns the bytes as they were received.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns the parsed content.
    #[must_use]
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// Returns the descriptor of the manifest that this one refers to.
    #[must_use]
    pub fn subject(&self) -> Option<&Descriptor> {
        match &self.content {
            Content::Image(image) => image.subject.as_deref(),
            Content::List(list) => list.subject.as_ref(),
        }
    }

    /// Returns the descriptor of this manifest, without a platform.
    #[must_use]
    pub fn descriptor(&self) -> Descriptor {
        Descriptor::new(
            self.media_type.as_str(),
            self.digest.clone(),
            self.bytes.len() as u64,
        )
    }

    /// Returns this manifest under another digest of the same bytes, for references with a SHA-512 digest, or `None` if the bytes
    /// have another digest.
    #[must_use]
    pub fn with_digest(self, digest: &Digest) -> Option<Self> {
        let is_right = *digest == self.digest || digest.matches(&self.bytes);
        is_right.then(|| Self {
            digest: digest.clone(),
            ..self
        })
    }
}

impl ImageManifest {
    /// Tells whether the configuration is an image's, not that of another artifact.
    #[must_use]
    pub fn is_image(&self) -> bool {
        IMAGE_CONFIGS.contains(&self.config.media_type.as_str())
    }

    /// Returns the blobs of the image: its configuration, then its layers.
    pub fn blobs(&self) -> impl Iterator<Item = &Descriptor> {
        std::iter::once(&self.config).chain(&self.layers)
    }

    fn from_object(object: &Object<'_>) -> Result<Self, ManifestError> {
        let config = object
            .object("config")?
            .ok_or(ManifestError::Missing("config"))?;
        // A damaged subject is ignored: running the image does not need it.
        let subject = object.object("subject").ok().flatten();
        Ok(Self {
            config: Descriptor::from_object(&config)?,
            layers: descriptors(object, "layers")?,
            artifact_type: object.get("artifactType").unwrap_or_default(),
            subject: subject
                .and_then(|subject| Descriptor::from_object(&subject).ok())
                .map(Box::new),
            annotations: object.get("annotations")?.unwrap_or_default(),
        })
    }
}

impl ImageList {
    fn from_object(object: &Object<'_>) -> Result<Self, ManifestError> {
        let subject = object.object("subject")?;
        Ok(Self {
            manifests: descriptors(object, "manifests")?,
            artifact_type: object.get("artifactType")?,
            subject: subject.as_ref().map(Descriptor::from_object).transpose()?,
            annotations: object.get("annotations")?.unwrap_or_default(),
        })
    }
}

/// Compares the media type in the body. Docker's types require it, the OCI specification only recommends it.
fn check_media_type(object: &Object<'_>, expected: MediaType) -> Result<(), ManifestError> {
    let found = object.text("mediaType")?;
    if found == expected.as_str() || (found.is_empty() && expected.is_oci()) {
        Ok(())
    } else {
        Err(ManifestError::TypeMismatch { expected, found })
    }
}

fn refuse_fields(
    object: &Object<'_>,
    media_type: MediaType,
    fields: &[&'static str],
) -> Result<(), ManifestError> {
    match fields.iter().find(|field| object.has(field)) {
        Some(field) => Err(ManifestError::Ambiguous { media_type, field }),
        None => Ok(()),
    }
}

fn descriptors(object: &Object<'_>, field: &str) -> Result<Vec<Descriptor>, ManifestError> {
    let elements = object.array(field)?.unwrap_or_default();
    if elements.len() > LIST_ENTRIES {
        return Err(ManifestError::TooManyEntries(elements.len()));
    }
    // The exact capacity: hundreds of lists are kept at once, and a growing vector would allocate more.
    let mut descriptors = Vec::with_capacity(elements.len());
    for element in elements {
        descriptors.push(Descriptor::parse(element.get().as_bytes())?);
    }
    Ok(descriptors)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type::{DOCKER_MANIFEST, DOCKER_MANIFEST_LIST, OCI_INDEX, OCI_MANIFEST};

    fn descriptor(letter: &str) -> String {
        format!(
            r#"{{"mediaType":"x","size":1,"digest":"sha256:{}"}}"#,
            letter.repeat(64)
        )
    }

    fn image(media_type: &str, more: &str) -> String {
        format!(
            r#"{{"schemaVersion":2,"mediaType":"{media_type}","config":{},"layers":[{}]{more}}}"#,
            descriptor("a"),
            descriptor("b"),
        )
    }

    #[test]
    fn keeps_the_bytes_and_reads_them() {
        let body = image(DOCKER_MANIFEST, ",  \"vendor\" : 1.0");
        let manifest = Manifest::parse(DOCKER_MANIFEST, body.as_bytes()).unwrap();
        assert_eq!(manifest.bytes(), body.as_bytes());
        assert!(manifest.digest().matches(body.as_bytes()));
        assert_eq!(manifest.descriptor().size, body.len() as u64);
        let Content::Image(image) = manifest.content() else {
            panic!("an image")
        };
        assert_eq!(image.blobs().count(), 2);
        let sha512 = Digest::compute(crate::digest::Algorithm::Sha512, body.as_bytes());
        assert_eq!(
            manifest.clone().with_digest(&sha512).unwrap().digest(),
            &sha512
        );
        assert!(manifest.with_digest(&Digest::sha256(b"other")).is_none());
    }

    #[test]
    fn an_oci_body_may_leave_out_its_type() {
        let body = format!(
            r#"{{"manifests":[{}],"annotations":{{"a":"b"}}}}"#,
            descriptor("a")
        );
        let manifest = Manifest::parse(OCI_INDEX, body.as_bytes()).unwrap();
        let Content::List(list) = manifest.content() else {
            panic!("a list")
        };
        assert_eq!(
            (list.manifests.len(), list.annotations["a"].as_str()),
            (1, "b")
        );
    }

    #[test]
    fn stored_bytes_have_the_type_that_they_state() {
        for media_type in [DOCKER_MANIFEST, OCI_MANIFEST] {
            let manifest = Manifest::parse_stored(image(media_type, "").into_bytes()).unwrap();
            assert_eq!(manifest.media_type().as_str(), media_type);
        }
        let unstated = image("", "");
        let manifest = Manifest::parse_stored(unstated.as_bytes()).unwrap();
        assert_eq!(manifest.media_type(), MediaType::OciManifest);
        let index = Manifest::parse_stored(&b"{\"manifests\":[]}"[..]).unwrap();
        assert_eq!(index.media_type(), MediaType::OciIndex);
        for bad in ["{}", "no json", r#"{"mediaType":"text/html","config":{}}"#] {
            assert!(Manifest::parse_stored(bad.as_bytes()).is_err(), "{bad}");
        }
        let both = image("", r#","manifests":[]"#);
        assert!(matches!(
            Manifest::parse_stored(both.into_bytes()),
            Err(ManifestError::Ambiguous { .. })
        ));
    }

    #[test]
    fn refusals() {
        let list = format!(r#","manifests":[{}]"#, descriptor("c"));
        for (content_type, body, part) in [
            (
                "text/html",
                image(OCI_MANIFEST, ""),
                "unsupported manifest media type",
            ),
            (OCI_MANIFEST, image(DOCKER_MANIFEST, ""), "should be"),
            (DOCKER_MANIFEST, image("", ""), "should be"),
            (DOCKER_MANIFEST_LIST, image("", ""), "should be"),
            (OCI_MANIFEST, image(OCI_MANIFEST, &list), "ambiguous"),
            (OCI_INDEX, image(OCI_INDEX, &list), "ambiguous"),
            (
                OCI_MANIFEST,
                image(OCI_MANIFEST, &list.replace("manifests", "Manife\u{17f}ts")),
                "ambiguous",
            ),
            (
                OCI_INDEX,
                format!("{{\"manifests\":[{}0]}}", "0,".repeat(1_000_000)),
                "1000001 entries",
            ),
            (
                OCI_MANIFEST,
                format!(
                    "{{\"config\":{},\"layers\":[{}0]}}",
                    descriptor("a"),
                    "0,".repeat(10_000)
                ),
                "10001 entries",
            ),
            (
                OCI_INDEX,
                format!("{{\"manifests\":[],\"a\":{}", "[".repeat(100_000)),
                "cannot be read",
            ),
            (OCI_MANIFEST, "{}".into(), "no \"config\""),
            (OCI_MANIFEST, "no json".into(), "cannot be read"),
            (
                OCI_MANIFEST,
                image(OCI_MANIFEST, "").replace(&"a".repeat(64), "12"),
                "cannot be read",
            ),
        ] {
            let error = Manifest::parse(content_type, body.as_bytes()).unwrap_err();
            assert!(error.to_string().contains(part), "{error} for {body}");
        }
        let huge = vec![b' '; MANIFEST_BYTES + 1];
        assert!(matches!(
            Manifest::parse(OCI_INDEX, huge),
            Err(ManifestError::TooLarge(_))
        ));
    }
}
