use manifest_core::TagState;

use super::*;

const HASH: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

/// A file as version 1 of this program wrote it. It must be readable for ever: add fixtures, never change them.
fn version_1() -> String {
    format!(
        r#"{{
  "version": 1,
  "current": {{
    "list": "q.io/app:1",
    "folder": {{
      "inode": 7,
      "born": 1700000000000000001
    }},
    "entries": [
      {{
        "file": "q.io_app-arm",
        "reference": "q.io/app:arm",
        "content": "sha256:{HASH}",
        "digest": "sha256:{HASH}",
        "position": 3,
        "origin": {{
          "digest": "sha256:{HASH}",
          "resolved_at": 1700000000,
          "platform": {{
            "os": "linux",
            "architecture": "arm",
            "variant": "v7"
          }}
        }}
      }}
    ]
  }},
  "next": {{
    "list": "q.io/app:1",
    "entries": []
  }},
  "swap": "12-ab"
}}
"#
    )
}

#[test]
fn version_1_is_read_and_written() {
    let sidecar = Sidecar::decode(version_1().as_bytes()).unwrap();
    let current = sidecar.current.as_ref().unwrap();
    assert_eq!(current.list.to_string(), "q.io/app:1");
    assert_eq!(
        current.folder,
        Some(FolderId {
            inode: 7,
            born: Some(1_700_000_000_000_000_001)
        })
    );
    let record = &current.files["q.io_app-arm"];
    assert_eq!(
        (record.position, record.reference.to_string().as_str()),
        (3, "q.io/app:arm")
    );
    let origin = record.origin.as_ref().unwrap();
    assert_eq!(origin.resolved_at, 1_700_000_000);
    assert_eq!(origin.platform.to_string(), "linux/arm/v7");
    assert!(sidecar.next.as_ref().unwrap().files.is_empty());
    assert_eq!(sidecar.swap.as_deref(), Some("12-ab"));
    assert_eq!(String::from_utf8(sidecar.encode()).unwrap(), version_1());
}

#[test]
fn later_fields_of_version_1_are_read_and_written() {
    let more = format!(
        r#""platform": {{
            "os": "linux",
            "architecture": "arm",
            "variant": "v7",
            "features": [
              "neon"
            ]
          }},
          "annotations": {{
            "k": "v"
          }},
          "config": {{
            "os": "linux",
            "architecture": "arm64"
          }},
          "source": {{
            "registry": "q.io/app:all"
          }}
        }}
      }}
    ],
    "settings": {{
      "type": "oci",
      "order": "given",
      "annotations": {{
        "a": "b"
      }},
      "artifact_type": "t/t",
      "subject": {{"mediaType":"m","digest":"sha256:{HASH}","size":1}}
    }}
  }}"#
    );
    let fixture = version_1();
    let from = fixture.find("\"platform\"").unwrap();
    let to = fixture.find("  \"next\"").unwrap();
    let text = format!("{}{more},\n{}", &fixture[..from], &fixture[to..]);
    let sidecar = Sidecar::decode(text.as_bytes()).unwrap();
    let current = sidecar.current.as_ref().unwrap();
    assert_eq!(current.settings.annotations["a"], "b");
    let origin = current.files["q.io_app-arm"].origin.as_ref().unwrap();
    assert_eq!(origin.config_platform().to_string(), "linux/arm64");
    let source = origin.source.as_ref().unwrap().to_string();
    assert_eq!(source, "q.io/app:all");
    assert_eq!(String::from_utf8(sidecar.encode()).unwrap(), text);
}

#[test]
fn the_latest_fields_are_read_and_written() {
    let later = version_1().replace(
        "\"variant\": \"v7\"\n          }",
        "\"variant\": \"v7\"\n          },\n          \"insecure\": true",
    );
    let sidecar = Sidecar::decode(later.as_bytes()).unwrap();
    let record = &sidecar.current.as_ref().unwrap().files["q.io_app-arm"];
    assert!(record.origin.as_ref().unwrap().insecure);
    assert_eq!(String::from_utf8(sidecar.encode()).unwrap(), later);
    for (then, state) in [
        ("{}".to_owned(), TagState::Absent),
        (
            format!("{{\n        \"digest\": \"sha256:{HASH}\"\n      }}"),
            TagState::At(format!("sha256:{HASH}").parse().unwrap()),
        ),
    ] {
        let settings = format!("    ],\n    \"settings\": {{\n      \"tag_then\": {then}\n    }}");
        let later = version_1().replacen("    ]", &settings, 1);
        let sidecar = Sidecar::decode(later.as_bytes()).unwrap();
        let found = &sidecar.current.as_ref().unwrap().settings.observed_tag;
        assert_eq!(found, &Some(state));
        assert_eq!(String::from_utf8(sidecar.encode()).unwrap(), later);
    }
    // An unknown field is not damage.
    let unknown = later.replace("\"insecure\"", "\"unheard-of\"");
    let sidecar = Sidecar::decode(unknown.as_bytes()).unwrap();
    let record = &sidecar.current.as_ref().unwrap().files["q.io_app-arm"];
    assert!(!record.origin.as_ref().unwrap().insecure);
}

#[test]
fn other_versions_are_refused_whatever_else_they_hold() {
    for (json, version) in [
        (r#"{"version":2}"#, 2),
        (r#"{"current":[],"version":0}"#, 0),
    ] {
        let error = Sidecar::decode(json.as_bytes()).unwrap_err();
        assert!(
            matches!(error, SidecarError::Version(found) if found == version),
            "{json}"
        );
    }
}

#[test]
fn damage_is_detected() {
    let no_digest = version_1().replace(HASH, "12");
    let no_reference = version_1().replace("q.io/app:1", "App");
    for json in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"version":"1"}"#,
        r#"{"version":1,"current":1}"#,
        &no_digest,
        &no_reference,
    ] {
        assert!(
            matches!(Sidecar::decode(json.as_bytes()), Err(SidecarError::Damaged)),
            "{json}"
        );
    }
}
