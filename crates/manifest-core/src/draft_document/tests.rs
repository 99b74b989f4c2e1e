use super::*;
use crate::Platform;
use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::entry::Source;
use crate::media_type::{DOCKER_MANIFEST, OCI_MANIFEST};
use crate::settings::{Order, TagState};

fn manifest(media_type: &str, note: &str) -> Manifest {
    let digest = format!("sha256:{}", "a".repeat(64));
    let body = format!(
        "{{\n \"schemaVersion\":2, \"mediaType\":\"{media_type}\",\"config\":{{\"digest\":\"{digest}\",\"size\":1}},\"note\":\"{note}\"}}"
    );
    Manifest::parse(media_type, body.into_bytes()).unwrap()
}

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn document() -> DraftDocument {
    let platform = Platform {
        os: "linux".into(),
        architecture: "arm64".into(),
        ..Platform::default()
    };
    let odd = "a<b \u{9b}\u{202e}\u{1f433}\u{7f}";
    let mut one = Entry::resolved(
        reference("q.io/app:arm64"),
        &manifest(DOCKER_MANIFEST, odd),
        platform.clone(),
        7,
    );
    one.position = Some(30);
    one.mark_insecure();
    let child = manifest(OCI_MANIFEST, "c");
    let mut descriptor = child.descriptor();
    descriptor.annotations.insert("k".into(), "v".into());
    let list = Source::Registry(reference("q.io/app:list"));
    let mut two = Entry::child(
        reference(&format!("q.io/app@{}", child.digest())),
        descriptor,
        &child,
        (list.clone(), Digest::sha256(b"list")),
        7,
    );
    two.position = Some(4);
    let unknown = Descriptor::new("text/plain", Digest::sha256(b"x"), 1);
    let three = Entry::unread_child(
        reference(&format!("q.io/app@{}", unknown.digest)),
        unknown,
        (list, Digest::sha256(b"list")),
        7,
    );
    DraftDocument {
        list: reference("q.io/app:1"),
        settings: ListSettings {
            order: Order::Given,
            annotations: [("a".to_owned(), "b".to_owned())].into(),
            observed_tag: Some(TagState::Absent),
            ..ListSettings::default()
        },
        entries: vec![one, two, three],
        changed_at: None,
    }
}

fn text(document: &DraftDocument) -> String {
    String::from_utf8(document.encode().unwrap()).unwrap()
}

#[test]
fn a_document_is_read_as_it_was_written() {
    let document = document();
    let text = text(&document);
    assert!(text.is_ascii());
    assert!(
        text.bytes()
            .all(|b| b == b'\n' || (b' '..=b'~').contains(&b))
    );
    let read = DraftDocument::decode(text.as_bytes()).unwrap();
    assert_eq!(
        (&read.list, &read.settings),
        (&document.list, &document.settings)
    );
    let positions: Vec<_> = read.entries.iter().map(|entry| entry.position).collect();
    assert_eq!(
        positions,
        [Some(1), Some(0), Some(2)],
        "only the order counts"
    );
    for (read, entry) in read.entries.iter().zip(&document.entries) {
        assert_eq!(read.descriptor, entry.descriptor);
        assert_eq!(read.raw, entry.raw);
        assert_eq!(entry_json::encode(read), entry_json::encode(entry));
        let origin = read.origin.clone().unwrap();
        assert!(
            !origin.insecure,
            "a document never turns TLS verification off"
        );
        assert_eq!(
            origin,
            Origin {
                insecure: false,
                ..entry.origin.clone().unwrap()
            }
        );
    }
    assert_eq!(read.encode().unwrap(), text.as_bytes());
}

#[test]
fn files_of_old_docker_versions_get_their_bytes() {
    let mut old = document();
    old.entries.truncate(1);
    let laid_out = crate::go_json::indent(old.entries[0].raw.as_ref().unwrap(), "   ");
    old.entries[0].descriptor.digest = Digest::sha256(&laid_out);
    old.entries[0].descriptor.size = laid_out.len() as u64;
    old.entries[0].raw = None;
    let read = DraftDocument::decode(&old.encode().unwrap()).unwrap();
    assert_eq!(read.entries[0].raw.as_deref(), Some(laid_out.as_slice()));
    let mut wrong = old;
    wrong.entries[0].descriptor.digest = Digest::sha256(b"other");
    assert!(wrong.encode().is_err());
}

#[test]
fn other_versions_and_documents_are_refused() {
    let text = text(&document());
    let with = |from: &str, to: &str| DraftDocument::decode(text.replacen(from, to, 1).as_bytes());
    let version = with("\"version\": 1", "\"version\": 2").unwrap_err();
    assert!(matches!(version, DocumentError::Version(2)), "{version}");
    // A version from the future may have any other fields.
    let future = br#"{"format":"docker-manifest.draft","version":9,"entries":{}}"#;
    let version = DraftDocument::decode(future).unwrap_err();
    assert!(matches!(version, DocumentError::Version(9)), "{version}");
    for bytes in [&b"{}"[..], br#"{"format":"x","version":1}"#] {
        let error = DraftDocument::decode(bytes).unwrap_err();
        assert!(matches!(error, DocumentError::Format), "{error}");
    }
}

#[test]
fn damage_is_refused() {
    let text = text(&document());
    for length in 0..text.len() - 1 {
        assert!(
            DraftDocument::decode(&text.as_bytes()[..length]).is_err(),
            "cut at {length}"
        );
    }
    let raw = text.split("\"Raw\":\"").nth(1).unwrap();
    let raw = &raw[..raw.find('"').unwrap()];
    let size = format!("\"size\":{}", document().entries[0].descriptor.size);
    for (from, to, part) in [
        (raw, "e30=", "wrong manifest"),
        ("\"Raw\"", "\"Rew\"", "cannot be used|wrong manifest"),
        (size.as_str(), "\"size\":1", "and 1 are stated"),
        ("q.io/app:arm64", "../../etc/passwd", "entry 1 is damaged"),
        (
            "\"list\": \"q.io/app:1\"",
            "\"list\": \"app\"",
            "full reference",
        ),
        (
            "\"version\": 1",
            "\"version\": 1,\n  \"version\": 1",
            "not a draft in JSON",
        ),
        (
            "application/vnd.docker.distribution.manifest.v2+json",
            "text/x",
            "cannot be used",
        ),
        (
            "\"entries\": [",
            "\"entries\": 1, \"x\": [",
            "not a draft in JSON",
        ),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = DraftDocument::decode(changed.as_bytes())
            .unwrap_err()
            .to_string();
        assert!(
            part.split('|').any(|part| error.contains(part)),
            "{from}: {error}"
        );
    }
}

#[test]
fn hostile_documents_are_refused() {
    let mut twice = document();
    twice.entries.push(twice.entries[0].clone());
    let error = DraftDocument::decode(&twice.encode().unwrap()).unwrap_err();
    assert!(matches!(error, DocumentError::Duplicate(_)), "{error}");
    let head = r#"{"format":"docker-manifest.draft","version":1,"list":"q.io/app:1","entries":["#;
    let entry = r#"{"entry":{},"position":0}"#;
    let many = format!(
        "{head}{}{entry}]}}",
        format!("{entry},").repeat(LIST_ENTRIES)
    );
    let error = DraftDocument::decode(many.as_bytes()).unwrap_err();
    assert!(matches!(error, DocumentError::TooManyEntries(_)), "{error}");
    for open in ["[", "{\"a\":"] {
        let deep = format!("{head}{{\"entry\":{}", open.repeat(1_000_000));
        assert!(DraftDocument::decode(deep.as_bytes()).is_err());
        let deep = format!("{{\"x\":{}", open.repeat(1_000_000));
        assert!(DraftDocument::decode(deep.as_bytes()).is_err());
    }
    let closed = format!(
        "{head}{{\"entry\":{}1{},\"position\":0}}]}}",
        "{\"a\":".repeat(100_000),
        "}".repeat(100_000)
    );
    let error = DraftDocument::decode(closed.as_bytes()).unwrap_err();
    assert!(
        matches!(error, DocumentError::Entry { .. } | DocumentError::Json(_)),
        "{error}"
    );
    let huge = vec![b' '; DRAFT_DOCUMENT_BYTES + 1];
    assert!(matches!(
        DraftDocument::decode(&huge),
        Err(DocumentError::TooLarge)
    ));
}
