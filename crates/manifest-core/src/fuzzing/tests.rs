#[path = "../../../../fuzz/near_valid.rs"]
mod near_valid;

use near_valid::{check, check_time};

use crate::media_type::{DOCKER_MANIFEST, OCI_INDEX};

#[test]
fn references() {
    check("references", super::references);
    let units = [
        "a", "/", ":", "@", ".", "-", "_", "[", "]", "a/", "a.", "a-", "A", "é", "sha256:", "__a",
    ];
    check_time(super::references, "", &units);
    check_time(super::references, "r.io/a", &units);
    check_time(super::references, "r.io/a@sha256:", &units);
}

/// Units to repeat, some of them inside JSON.
const UNITS: &[&str] = &[
    "\"",
    "[",
    "{",
    "]",
    "\\",
    "\"a\":",
    "{\"a\":",
    "[{",
    ",",
    "[],",
    "{},",
    " ",
    "1",
    "0,",
    "\"\",",
    "\\u0000",
    "<",
    "\u{2028}",
    "\"\":1,",
    "\"mediaType\":\"\",",
];

#[test]
fn manifests() {
    check("manifests", super::manifests);
    for media_type in [DOCKER_MANIFEST, OCI_INDEX] {
        for open in ["", "{", "{\"a\":", "{\"manifests\":[", "{\"annotations\":{"] {
            check_time(super::manifests, &format!("{media_type}\n{open}"), UNITS);
        }
    }
}

/// Units that repeat to a complete JSON text.
#[test]
fn time_is_proportional_to_size() {
    let whole = |data: &[u8]| {
        let text = std::str::from_utf8(data).expect("the units are text");
        for (open, close) in [("[", "0]"), ("{\"Raw\":[", "0]}"), ("\"", "\"")] {
            super::drafts(format!("{open}{text}{close}").as_bytes());
        }
        let half = "[".repeat(data.len() / 2) + &"]".repeat(data.len() / 2);
        super::drafts(half.as_bytes());
        super::manifests(format!("{OCI_INDEX}\n{{\"a\":{half}}}").as_bytes());
        let index = format!("{OCI_INDEX}\n{{\"a\":[{text}0],\"manifests\":[]}}");
        super::manifests(index.as_bytes());
    };
    check_time(
        whole,
        "",
        &["0,", "[],", "{},", "[0],", "\"\",", "<", "\u{2028}", " "],
    );
}

#[test]
fn draft_documents() {
    check("draft_documents", super::draft_documents);
    let head = "{\"format\":\"docker-manifest.draft\",\"version\":1,\"list\":\"h.io/a:1\"";
    for open in [
        "",
        "{\"format\":\"",
        ",\"x\":",
        ",\"settings\":",
        ",\"entries\":[{\"entry\":",
    ] {
        let open = match open.starts_with(',') {
            true => format!("{head}{open}"),
            false => open.to_owned(),
        };
        check_time(super::draft_documents, &open, UNITS);
    }
}

#[test]
fn drafts() {
    check("drafts", super::drafts);
    for open in [
        "",
        "{",
        "{\"Ref\":\"",
        "{\"Raw\":\"",
        "{\"SchemaV2Manifest\":",
    ] {
        check_time(super::drafts, open, UNITS);
    }
}
