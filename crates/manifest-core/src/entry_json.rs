//! The JSON form in which Docker stores an entry in a draft file, and in which `inspect --verbose` shows it.
//!
//! Two older forms are read as well: without `Raw`, and with `Digest` and `Platform` at the top in place of `Descriptor`. Only
//! the newest form is written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::entry::{Entry, ReadableManifest};
use crate::go_json::{self, Object};
use crate::manifest::Manifest;
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::reference::{Reference, ReferenceError};

/// The reason why a draft file is not an entry.
#[derive(Debug, thiserror::Error)]
pub enum EntryError {
    /// It is not JSON, or a field has the wrong type.
    #[error("it is not a draft entry in JSON")]
    Json(#[from] serde_json::Error),
    /// `Ref` is absent or not a full reference.
    #[error("its \"Ref\" is not a full reference")]
    Reference(#[source] ReferenceError),
    /// `Raw` is not base64.
    #[error("its \"Raw\" is not base64")]
    Raw(#[from] base64::DecodeError),
    /// A required field is missing.
    #[error("it has no {0:?}")]
    Missing(&'static str),
    /// The manifest in an old file does not have the digest that the file states.
    #[error("image manifest digest mismatch ({stated} != {found})")]
    Mismatch {
        /// The digest that the file states.
        stated: Digest,
        /// The digest of the manifest in it.
        found: Digest,
    },
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct EntryJson<'a> {
    r#ref: String,
    descriptor: &'a Descriptor,
    #[serde(skip_serializing_if = "Option::is_none")]
    raw: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_v2_manifest: Option<&'a RawValue>,
    #[serde(rename = "OCIManifest", skip_serializing_if = "Option::is_none")]
    oci_manifest: Option<&'a RawValue>,
}

/// Encodes an entry on one line, as Docker stores it.
#[must_use]
pub fn encode(entry: &Entry) -> Vec<u8> {
    let (raw, shown) = (entry.raw.as_deref(), entry.shown.as_ref());
    encode_parts(entry.reference.to_string(), &entry.descriptor, raw, shown)
}

/// Encodes a manifest on disk in the form of an entry. `place` is its location.
#[must_use]
pub fn encode_local(place: String, descriptor: &Descriptor, manifest: &Manifest) -> Vec<u8> {
    let shown = ReadableManifest {
        oci: manifest.media_type().is_oci(),
        json: manifest.bytes().to_vec(),
    };
    encode_parts(place, descriptor, Some(manifest.bytes()), Some(&shown))
}

fn encode_parts(
    r#ref: String,
    descriptor: &Descriptor,
    raw: Option<&[u8]>,
    shown: Option<&ReadableManifest>,
) -> Vec<u8> {
    // Parsed JSON always compacts. If it did not, the file would still be complete without the readable copy.
    let compact = shown.and_then(|shown| go_json::compact(&shown.json).ok());
    let value = compact
        .as_deref()
        .and_then(|json| serde_json::from_slice::<&RawValue>(json).ok());
    let oci = shown.is_some_and(|shown| shown.oci);
    go_json::encode(&EntryJson {
        r#ref,
        descriptor,
        raw: raw
            .filter(|raw| !raw.is_empty())
            .map(|raw| STANDARD.encode(raw)),
        schema_v2_manifest: value.filter(|_| !oci),
        oci_manifest: value.filter(|_| oci),
    })
}

/// Decodes an entry that this program or any version of Docker stored.
///
/// # Errors
/// Returns an error if the bytes are damaged or something else.
pub fn decode(bytes: &[u8]) -> Result<Entry, EntryError> {
    let object = Object::parse(bytes)?;
    let text: String = object.get("Ref")?.ok_or(EntryError::Missing("Ref"))?;
    let reference = Reference::parse_canonical(&text).map_err(EntryError::Reference)?;
    let raw: Option<String> = object.get("Raw")?;
    let raw = raw
        .filter(|raw| !raw.is_empty())
        .map(|raw| STANDARD.decode(raw))
        .transpose()?;
    let shown = shown(&object);
    let descriptor = match object
        .get::<String>("Digest")?
        .filter(|digest| !digest.is_empty())
    {
        Some(digest) => old_descriptor(&object, &digest, shown.as_ref())?,
        None => {
            let descriptor = object
                .object("Descriptor")?
                .ok_or(EntryError::Missing("Descriptor"))?;
            Descriptor::from_object(&descriptor)?
        }
    };
    Ok(Entry {
        reference,
        descriptor,
        raw,
        shown,
        origin: None,
        position: None,
    })
}

fn shown(object: &Object<'_>) -> Option<ReadableManifest> {
    let copy = |field, oci| {
        let json = object.raw(field)?.get().as_bytes().to_vec();
        Some(ReadableManifest { oci, json })
    };
    copy("SchemaV2Manifest", false).or_else(|| copy("OCIManifest", true))
}

/// Rebuilds the descriptor for files from before Docker stored descriptors. The digest in such a file is that of the readable
/// manifest in it.
fn old_descriptor(
    object: &Object<'_>,
    digest: &str,
    shown: Option<&ReadableManifest>,
) -> Result<Descriptor, EntryError> {
    let shown = shown.ok_or(EntryError::Missing("SchemaV2Manifest"))?;
    let stated: Digest = digest
        .parse()
        .map_err(<serde_json::Error as serde::de::Error>::custom)?;
    if !stated.matches(&shown.json) {
        let found = Digest::compute(stated.algorithm(), &shown.json);
        return Err(EntryError::Mismatch { stated, found });
    }
    let media_type = if shown.oci {
        MediaType::OciManifest
    } else {
        MediaType::DockerManifest
    };
    let mut descriptor = Descriptor::new(media_type.as_str(), stated, shown.json.len() as u64);
    let platform = object.object("Platform")?;
    descriptor.platform = platform.as_ref().map(Platform::from_object).transpose()?;
    Ok(descriptor)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::Manifest;
    use crate::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};

    fn body(media_type: &str) -> String {
        let digest = format!("sha256:{}", "a".repeat(64));
        format!(
            "{{\n \"layers\":[],\"mediaType\":\"{media_type}\", \"config\":{{\"digest\":\"{digest}\",\"size\":1.0e0,\"note\":\"<&>\"}}}}"
        )
        .replace("1.0e0", "1")
    }

    fn entry(media_type: &str) -> Entry {
        let manifest = Manifest::parse(media_type, body(media_type).into_bytes()).unwrap();
        let platform = Platform {
            os: "linux".into(),
            architecture: "amd64".into(),
            ..Platform::default()
        };
        Entry::resolved(
            Reference::parse("h.io/a:1").unwrap(),
            &manifest,
            platform,
            9,
        )
    }

    #[test]
    fn one_line_in_dockers_order() {
        for (media_type, field) in [
            (DOCKER_MANIFEST, "SchemaV2Manifest"),
            (OCI_MANIFEST, "OCIManifest"),
        ] {
            let entry = entry(media_type);
            let descriptor = &entry.descriptor;
            let hash = "a".repeat(64);
            let expected = format!(
                r#"{{"Ref":"h.io/a:1","Descriptor":{{"mediaType":"{media_type}","digest":"{}","size":{},"platform":{{"architecture":"amd64","os":"linux"}}}},"Raw":"{}","{field}":{{"layers":[],"mediaType":"{media_type}","config":{{"digest":"sha256:{hash}","size":1,"note":"\u003c\u0026\u003e"}}}}}}"#,
                descriptor.digest,
                descriptor.size,
                STANDARD.encode(body(media_type)),
            );
            assert_eq!(String::from_utf8(encode(&entry)).unwrap(), expected);
            let decoded = decode(expected.as_bytes()).unwrap();
            assert_eq!(
                (&decoded.descriptor, &decoded.raw),
                (&entry.descriptor, &entry.raw)
            );
            assert_eq!(
                encode(&decoded),
                expected.as_bytes(),
                "what was read is written the same"
            );
        }
    }

    #[test]
    fn the_form_without_raw_is_read() {
        let mut old = entry(DOCKER_MANIFEST);
        old.raw = None;
        let bytes = encode(&old);
        assert!(!String::from_utf8_lossy(&bytes).contains("Raw"));
        assert_eq!(decode(&bytes).unwrap().raw, None);
    }

    #[test]
    fn the_form_before_descriptors_is_read() {
        let manifest =
            String::from_utf8(go_json::compact(body(DOCKER_MANIFEST).as_bytes()).unwrap()).unwrap();
        let digest = Digest::sha256(manifest.as_bytes());
        let file = |digest: &str| {
            format!(
                r#"{{"Ref":"h.io/a:1","Digest":"{digest}","Platform":{{"architecture":"arm","os":"linux","variant":"v6","features":["f"]}},"SchemaV2Manifest":{manifest}}}"#
            )
        };
        let entry = decode(file(digest.as_str()).as_bytes()).unwrap();
        assert_eq!(entry.descriptor.size, manifest.len() as u64);
        assert_eq!(
            entry.descriptor.platform.unwrap().to_string(),
            "linux/arm/v6"
        );
        let wrong = Digest::sha256(b"").to_string();
        assert!(matches!(
            decode(file(&wrong).as_bytes()),
            Err(EntryError::Mismatch { .. })
        ));
    }

    #[test]
    fn damage_is_an_error() {
        let whole = encode(&entry(DOCKER_MANIFEST));
        for length in 0..whole.len() {
            assert!(decode(&whole[..length]).is_err(), "cut at {length}");
        }
        let text = String::from_utf8(whole).unwrap();
        for (from, to) in [
            ("\"Ref\"", "\"Rex\""),
            ("h.io/a:1", "a:1"),
            ("\"Descriptor\"", "\"D\""),
            ("\"Raw\":\"", "\"Raw\":\"*"),
            ("\"digest\"", "\"d\""),
        ] {
            assert!(
                decode(text.replacen(from, to, 1).as_bytes()).is_err(),
                "{from}"
            );
        }
    }
}
