//! Draft files of earlier versions of Docker, made of new ones. The text is cut, not decoded, so that the rest stays as it is.

use manifest_testkit::sha256;

/// Returns the file of a Docker version that stored no raw bytes.
pub(crate) fn without_raw(file: &str) -> String {
    let (before, rest) = file.split_once(r#""Raw":""#).expect("the file has Raw");
    let (_, after) = rest.split_once(r#"","#).expect("Raw is not the last field");
    format!("{before}{after}")
}

/// Returns the file of a Docker version without descriptors: digest and platform are at the top.
pub(crate) fn before_descriptors(file: &str) -> String {
    let (reference, _) = file
        .split_once(r#","Descriptor":"#)
        .expect("the file has a Descriptor");
    let (_, rest) = file
        .split_once(r#""platform":"#)
        .expect("the descriptor has a platform");
    let (platform, _) = rest
        .split_once(r#"},"Raw":"#)
        .expect("Raw follows the descriptor");
    let at = file
        .find(r#""SchemaV2Manifest":"#)
        .or_else(|| file.find(r#""OCIManifest":"#));
    let field = &file[at.expect("the file has a manifest")..];
    let (_, manifest) = field.split_once(':').expect("a field has a value");
    let digest = sha256(
        manifest
            .trim_end_matches('\n')
            .strip_suffix('}')
            .unwrap()
            .as_bytes(),
    );
    format!(r#"{reference},"Digest":"{digest}","Platform":{platform},{field}"#)
}

#[test]
fn old_formats_only_lose_their_fields() {
    let file = r#"{"Ref":"a","Descriptor":{"size":1,"platform":{"os":"b"}},"Raw":"eA==","SchemaV2Manifest":{"c":{}}}"#;
    assert_eq!(
        without_raw(file),
        r#"{"Ref":"a","Descriptor":{"size":1,"platform":{"os":"b"}},"SchemaV2Manifest":{"c":{}}}"#
    );
    let digest = sha256(br#"{"c":{}}"#);
    assert_eq!(
        before_descriptors(file),
        format!(
            r#"{{"Ref":"a","Digest":"{digest}","Platform":{{"os":"b"}},"SchemaV2Manifest":{{"c":{{}}}}}}"#
        )
    );
}
