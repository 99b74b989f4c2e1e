use super::*;
use crate::descriptor::Descriptor;
use crate::entry::Entry;
use crate::manifest::{Content, Manifest};
use crate::media_type::{DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use crate::platform::Platform;
use crate::reference::Reference;
use crate::settings::{ListSettings, ListType, Order};

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

/// Returns a draft with an image, an attestation of it, and an image with features and urls, in the format of `manifest-tool`.
fn draft_for_manifest_tool(list_type: ListType) -> Draft {
    let platform = |os: &str, architecture: &str| Platform {
        os: os.into(),
        architecture: architecture.into(),
        ..Platform::default()
    };
    let windows = Platform {
        os_version: "10.0.1".into(),
        os_features: vec!["win32k".into()],
        variant: "v<2".into(),
        ..platform("windows", "amd64")
    };
    let mut entries = vec![
        entry(DOCKER_MANIFEST, 'a', Some(windows)),
        entry(OCI_MANIFEST, 'b', Some(platform("unknown", "unknown"))),
    ];
    let note = |key: &str, value: &str| (key.to_owned(), value.to_owned());
    entries[1].descriptor.annotations.extend([
        note("vnd.docker.reference.type", "attestation-manifest"),
        note("vnd.docker.reference.digest", "d"),
    ]);
    let mut draft = Draft::new(Reference::parse("localhost:5000/list:1").unwrap(), entries);
    draft.settings = ListSettings {
        list_type: Some(list_type),
        format: ListFormat::ManifestTool,
        order: Order::Given,
        ..ListSettings::default()
    };
    draft
}

/// Bytes that were written by hand, by the fields and their order in the Go types that `manifest-tool` encodes.
#[test]
fn a_manifest_list_is_laid_out_as_manifest_tools() {
    let list = PublishedList::from_draft(&draft_for_manifest_tool(ListType::Docker)).unwrap();
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
        "architecture": "amd64",
        "os": "windows",
        "os.version": "10.0.1",
        "os.features": [
          "win32k"
        ],
        "variant": "v\u003c2"
      }}
    }},
    {{
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "size": 7,
      "digest": "sha256:{}",
      "annotations": {{
        "vnd.docker.reference.digest": "d",
        "vnd.docker.reference.type": "attestation-manifest"
      }},
      "platform": {{
        "architecture": "unknown",
        "os": "unknown"
      }}
    }}
  ]
}}"#,
        "a".repeat(64),
        "b".repeat(64)
    );
    assert_eq!(list.media_type, MediaType::DockerManifestList);
    assert_eq!(String::from_utf8(list.bytes).unwrap(), expected);
    assert_eq!(list.digest, Digest::sha256(expected.as_bytes()));
}

#[test]
fn an_image_index_is_laid_out_as_manifest_tools() {
    let mut draft = draft_for_manifest_tool(ListType::Oci);
    draft.entries.remove(0);
    draft.settings.annotations = [("k".to_owned(), "a & b".to_owned())].into();
    draft.entries.push(entry(DOCKER_MANIFEST, 'c', None));
    draft.entries[1].descriptor.urls = vec!["https://u".into()];
    let list = PublishedList::from_draft(&draft).unwrap();
    let expected = format!(
        r#"{{
  "schemaVersion": 2,
  "mediaType": "application/vnd.oci.image.index.v1+json",
  "manifests": [
    {{
      "mediaType": "application/vnd.oci.image.manifest.v1+json",
      "digest": "sha256:{}",
      "size": 7,
      "annotations": {{
        "vnd.docker.reference.digest": "d",
        "vnd.docker.reference.type": "attestation-manifest"
      }},
      "platform": {{
        "architecture": "unknown",
        "os": "unknown"
      }}
    }},
    {{
      "mediaType": "application/vnd.docker.distribution.manifest.v2+json",
      "digest": "sha256:{}",
      "size": 7,
      "urls": [
        "https://u"
      ]
    }}
  ],
  "annotations": {{
    "k": "a \u0026 b"
  }}
}}"#,
        "b".repeat(64),
        "c".repeat(64)
    );
    assert_eq!(String::from_utf8(list.bytes).unwrap(), expected);
}

#[test]
fn a_manifest_list_of_manifest_tool_has_no_field_that_it_does_not_define() {
    let mut draft = draft_for_manifest_tool(ListType::Docker);
    let json = format!(
        r#"{{"mediaType":"{OCI_MANIFEST}","size":1,"digest":"sha256:{}","urls":["u"],"data":"e30=","artifactType":"t","new":1,"platform":{{"os":"linux","architecture":"amd64","features":["sse4"],"new":1}}}}"#,
        "c".repeat(64)
    );
    draft.entries.truncate(1);
    draft.entries[0].descriptor = Descriptor::parse(json.as_bytes()).unwrap();
    let list = PublishedList::from_draft(&draft).unwrap();
    let text = String::from_utf8(list.bytes).unwrap();
    for absent in ["data", "artifactType", "new"] {
        assert!(!text.contains(absent), "{absent} in {text}");
    }
    for present in ["urls", "sse4"] {
        assert!(text.contains(present), "{present} in {text}");
    }
    // Without a platform, the list has an empty one, as Docker's type requires it.
    draft.entries[0].descriptor.platform = None;
    let list = PublishedList::from_draft(&draft).unwrap();
    assert!(
        String::from_utf8(list.bytes)
            .unwrap()
            .contains(r#""os": """#)
    );
}

#[test]
fn a_manifest_list_of_manifest_tool_has_no_annotations_of_its_own() {
    let mut draft = draft_for_manifest_tool(ListType::Docker);
    draft.settings.annotations = [("k".to_owned(), "v".to_owned())].into();
    let error = PublishedList::from_draft(&draft).unwrap_err();
    assert_eq!(error.what, "annotations");
    // Docker's format refuses what only an image index holds.
    draft.settings.annotations.clear();
    draft.settings.format = ListFormat::Docker;
    let error = PublishedList::from_draft(&draft).unwrap_err();
    assert!(error.what.starts_with("the OCI manifest"), "{error}");
}
