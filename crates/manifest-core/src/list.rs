//! The manifest list or image index of a draft, in Docker's serialisation.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::draft::{Draft, Entry};
use crate::extra_fields::ExtraFields;
use crate::go_json;
use crate::manifest::ImageList;
use crate::media_type::MediaType;
use crate::platform::Platform;
use crate::settings::NeedsOciIndex;

/// The indentation of a list: Docker's three spaces, on which the digest depends.
const INDENT: &str = "   ";

/// A list that is ready to be pushed: its bytes, their digest and media type.
#[derive(Clone, Debug)]
pub struct PublishedList {
    /// The media type to push it as.
    pub media_type: MediaType,
    /// The digest of the bytes.
    pub digest: Digest,
    /// The bytes, without a newline at the end.
    pub bytes: Vec<u8>,
}

impl PublishedList {
    /// Builds the list that a draft is published as. Where Docker's command could publish the draft, the bytes are the same as
    /// Docker's.
    ///
    /// # Errors
    /// Returns an error if the list's type is set to one that cannot hold the draft's content.
    pub fn from_draft(draft: &Draft) -> Result<Self, NeedsOciIndex> {
        let settings = &draft.settings;
        let media_type = settings.type_for(&draft.entries)?.media_type();
        let entries = settings.order.sorted(&draft.entries);
        let bytes = List {
            schema_version: 2,
            media_type,
            artifact_type: settings.artifact_type.as_deref(),
            manifests: entries.iter().map(|entry| Child::of_entry(entry)).collect(),
            subject: settings.subject.as_ref(),
            annotations: some_map(&settings.annotations),
        }
        .to_bytes();
        Ok(Self {
            media_type,
            digest: Digest::sha256(&bytes),
            bytes,
        })
    }
}

/// Renders a list as Docker's `inspect` does, with the fields that Docker omits: annotations, urls, data, artifact types and
/// subject. An entry without a platform has none here, where Docker shows an empty one.
#[must_use]
pub fn render_for_inspect(media_type: MediaType, list: &ImageList) -> Vec<u8> {
    List {
        schema_version: 2,
        media_type,
        artifact_type: list.artifact_type.as_deref(),
        manifests: list.manifests.iter().map(Child::of).collect(),
        subject: list.subject.as_ref(),
        annotations: some_map(&list.annotations),
    }
    .to_bytes()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct List<'a> {
    schema_version: u8,
    #[serde(serialize_with = "as_text")]
    media_type: MediaType,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    manifests: Vec<Child<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a Descriptor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a BTreeMap<String, String>>,
}

/// A descriptor in a list. Docker writes the size before the digest here.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Child<'a> {
    #[serde(skip_serializing_if = "str::is_empty")]
    media_type: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    size: u64,
    digest: &'a Digest,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    urls: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<&'a BTreeMap<String, String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Platform>,
    #[serde(skip_serializing_if = "Option::is_none")]
    artifact_type: Option<&'a str>,
    #[serde(flatten)]
    extra: &'a ExtraFields,
}

impl<'a> Child<'a> {
    /// Converts an entry. Docker writes a platform even if the entry has none. The child of a list stays as it was there.
    fn of_entry(entry: &'a Entry) -> Self {
        let mut child = Self::of(&entry.descriptor);
        if !entry.is_child() {
            child.platform.get_or_insert_default();
        }
        child
    }

    fn of(descriptor: &'a Descriptor) -> Self {
        Self {
            media_type: &descriptor.media_type,
            size: descriptor.size,
            digest: &descriptor.digest,
            urls: &descriptor.urls,
            annotations: some_map(&descriptor.annotations),
            data: descriptor.data.as_deref(),
            platform: descriptor.platform.clone(),
            artifact_type: descriptor.artifact_type.as_deref(),
            extra: &descriptor.extra,
        }
    }
}

impl List<'_> {
    fn to_bytes(&self) -> Vec<u8> {
        go_json::indent(&go_json::encode(self), INDENT)
    }
}

fn as_text<S: serde::Serializer>(media_type: &MediaType, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(media_type.as_str())
}

fn some_map(map: &BTreeMap<String, String>) -> Option<&BTreeMap<String, String>> {
    Some(map).filter(|map| !map.is_empty())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(size: &u64) -> bool {
    *size == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manifest::{Content, Manifest};
    use crate::media_type::{DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
    use crate::reference::Reference;

    fn entry(media_type: &str, hex: char, platform: Option<Platform>) -> Entry {
        let digest = format!("sha256:{}", hex.to_string().repeat(64))
            .parse()
            .unwrap();
        let mut descriptor = Descriptor::new(media_type, digest, 7);
        descriptor.platform = platform;
        let reference = Reference::parse("localhost:5000/app:1").unwrap();
        Entry {
            reference,
            descriptor,
            raw: None,
            shown: None,
            origin: None,
            position: None,
        }
    }

    fn list(entries: Vec<Entry>) -> PublishedList {
        let list = Reference::parse("localhost:5000/list:1").unwrap();
        PublishedList::from_draft(&Draft::new(list, entries)).unwrap()
    }

    #[test]
    fn is_laid_out_as_dockers() {
        let platform = Platform {
            architecture: "arm".into(),
            os: "linux".into(),
            os_version: "1<2".into(),
            os_features: vec!["f".into()],
            variant: "v7".into(),
            ..Platform::default()
        };
        let entries = vec![
            entry(DOCKER_MANIFEST, 'a', Some(platform)),
            entry(DOCKER_MANIFEST, 'b', None),
        ];
        let list = list(entries);
        let expected = format!(
            r#"{{
   "schemaVersion": 2,
   "mediaType": "application/vnd.docker.distribution.manifest.list.v2+json",
   "manifests": [
      {{
         "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
         "size": 7,
         "digest": "sha256:{}",
         "platform": {{
            "architecture": "arm",
            "os": "linux",
            "os.version": "1\u003c2",
            "os.features": [
               "f"
            ],
            "variant": "v7"
         }}
      }},
      {{
         "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
         "size": 7,
         "digest": "sha256:{}",
         "platform": {{
            "architecture": "",
            "os": ""
         }}
      }}
   ]
}}"#,
            "a".repeat(64),
            "b".repeat(64)
        );
        assert_eq!(String::from_utf8(list.bytes).unwrap(), expected);
        assert_eq!(list.digest, Digest::sha256(expected.as_bytes()));
        let empty = self::list(vec![]);
        assert!(
            String::from_utf8(empty.bytes)
                .unwrap()
                .ends_with("\"manifests\": []\n}")
        );
    }

    #[test]
    fn inspect_has_the_fields_that_docker_omits() {
        let hash = "c".repeat(64);
        let body = format!(
            r#"{{"schemaVersion":2,"artifactType":"a/b","manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"sha256:{hash}","size":1,"annotations":{{"k":"v"}},"urls":["u"],"data":"e30=","artifactType":"t"}}],"subject":{{"mediaType":"m","digest":"sha256:{hash}","size":2}},"annotations":{{"x":"y"}}}}"#
        );
        let manifest = Manifest::parse(OCI_INDEX, body.as_bytes()).unwrap();
        let Content::List(list) = manifest.content() else {
            panic!("a list")
        };
        let shown = String::from_utf8(render_for_inspect(manifest.media_type(), list)).unwrap();
        for part in [
            "\"a/b\"",
            "\"k\": \"v\"",
            "\"u\"",
            "e30=",
            "\"t\"",
            "\"subject\"",
            "\"x\": \"y\"",
        ] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
        assert!(!shown.contains("platform"), "{shown}");
    }
}
