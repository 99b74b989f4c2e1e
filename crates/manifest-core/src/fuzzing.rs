//! Properties that hold for any input: one function for each, which panics if the property is violated. The tests beside this
//! file run them with bounds, the targets in `fuzz/` without end.

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::draft::{Draft, Entry};
use crate::draft_document::DraftDocument;
use crate::limits::{DRAFT_DOCUMENT_BYTES, JSON_DEPTH, LIST_ENTRIES, REPOSITORY_NAME_CHARS};
use crate::list::{self, PublishedList};
use crate::manifest::{Content, Manifest};
use crate::platform::Platform;
use crate::reference::Reference;
use crate::{entry_json, go_json};

/// References and digests: a parsed text is printed in a form that parses to the same value and is safe in a URL.
pub fn references(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    if let Ok(digest) = text.parse::<Digest>() {
        assert_eq!(digest.to_string(), text);
        assert_eq!(digest.hex().len(), digest.algorithm().hex_chars());
    }
    let Ok(reference) = Reference::parse(text) else {
        return;
    };
    let shown = reference.to_string();
    assert_eq!(Reference::parse(&shown).as_ref(), Ok(&reference));
    assert_eq!(Reference::parse_canonical(&shown).as_ref(), Ok(&reference));
    assert!(reference.tag().is_some() || reference.digest().is_some());
    assert!(reference.path().len() <= REPOSITORY_NAME_CHARS);
    let is_plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-/".contains(&b);
    assert!(reference.path().bytes().all(is_plain), "{shown}");
    assert!(
        !reference
            .path()
            .split('/')
            .any(|part| part.starts_with('.'))
    );
    let is_host = |b: u8| b.is_ascii_alphanumeric() || b".-:[]".contains(&b);
    assert!(reference.domain().bytes().all(is_host), "{shown}");
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    let tag = reference.tag().unwrap_or("none");
    assert!(tag.len() <= 128 && !tag.starts_with('.') && tag.bytes().all(is_word));
}

/// Manifests and indexes: a media type on the first line, then the body. Parsed content is bounded and of one kind only, and its
/// bytes pass through a draft unchanged.
pub fn manifests(data: &[u8]) {
    let mut lines = data.splitn(2, |&b| b == b'\n');
    let media_type = String::from_utf8_lossy(lines.next().unwrap_or_default());
    let body = lines.next().unwrap_or_default();
    if let Ok(platform) = Platform::from_config(body) {
        let json = go_json::encode(&platform);
        assert_eq!(Platform::from_config(&json).ok(), Some(platform));
    }
    let Ok(manifest) = Manifest::parse(&media_type, body) else {
        return;
    };
    assert_eq!(manifest.bytes(), body);
    assert!(manifest.digest().matches(body));
    assert!(depth(body) <= JSON_DEPTH);
    match manifest.content() {
        Content::Image(image) => {
            assert!(!manifest.media_type().is_list());
            assert!(image.layers.len() <= LIST_ENTRIES);
        }
        Content::List(list) => {
            assert!(manifest.media_type().is_list() && list.manifests.len() <= LIST_ENTRIES);
            let shown = list::render_for_inspect(manifest.media_type(), list);
            let again = Manifest::parse(manifest.media_type().as_str(), shown);
            let Ok(Content::List(again)) = again.as_ref().map(Manifest::content) else {
                panic!("what is shown of a list is one: {again:?}");
            };
            let same = |(one, other): (&Descriptor, &Descriptor)| {
                (&one.digest, one.size, &one.media_type)
                    == (&other.digest, other.size, &other.media_type)
            };
            assert_eq!(list.manifests.len(), again.manifests.len());
            assert!(list.manifests.iter().zip(&again.manifests).all(same));
        }
    }
    // `inspect` prints at most one line for each token.
    assert!(go_json::indent(body, "\t").len() <= (body.len() + 1) * (JSON_DEPTH + 3));
    let reference = Reference::parse("h.io/a:1").unwrap_or_else(|error| panic!("{error}"));
    let entry = Entry::resolved(reference, &manifest, Platform::default(), 0);
    let stored = entry_json::decode(&entry_json::encode(&entry));
    let stored = stored.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    assert_eq!(stored.descriptor, entry.descriptor);
    assert_eq!(stored.payload().ok().as_deref(), Some(body));
}

/// Draft files and Go's JSON: decoded content is encoded in a form that decodes to the same, and stays the same from then on.
pub fn drafts(data: &[u8]) {
    if let Ok(compact) = go_json::compact(data) {
        assert_eq!(go_json::compact(&compact).ok().as_ref(), Some(&compact));
        if depth(data) <= JSON_DEPTH {
            let indented = go_json::indent(data, " ");
            assert_eq!(go_json::compact(&indented).ok(), Some(compact));
        }
    }
    let Ok(entry) = entry_json::decode(data) else {
        return;
    };
    assert!(depth(data) <= JSON_DEPTH);
    let written = entry_json::encode(&entry);
    let again = entry_json::decode(&written);
    let again = again.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    assert_eq!(again.reference, entry.reference);
    assert_eq!(again.descriptor, entry.descriptor);
    assert_eq!(again.raw, entry.raw);
    assert_eq!(entry_json::encode(&again), written);
    if let Ok(payload) = entry.payload() {
        assert!(entry.descriptor.digest.matches(&payload));
    }
    let draft = Draft::new(entry.reference.clone(), vec![entry]);
    let list = PublishedList::from_draft(&draft);
    let list = list.unwrap_or_else(|error| panic!("{error}"));
    assert!(list.digest.matches(&list.bytes));
    let read = Manifest::parse(list.media_type.as_str(), list.bytes);
    assert!(read.is_ok_and(|list| matches!(list.content(), Content::List(_))));
}

/// Draft documents: what is read is checked, and written in one form, which reads as the same.
pub fn draft_documents(data: &[u8]) {
    let Ok(document) = DraftDocument::decode(data) else {
        return;
    };
    assert!(data.len() <= DRAFT_DOCUMENT_BYTES && document.entries.len() <= LIST_ENTRIES);
    for entry in &document.entries {
        assert!(!entry.origin.as_ref().is_some_and(|origin| origin.insecure));
        let Some(raw) = &entry.raw else {
            assert!(entry.media_type().is_none());
            continue;
        };
        assert!(entry.descriptor.digest.matches(raw));
        assert_eq!(entry.descriptor.size, raw.len() as u64);
        assert!(Manifest::parse(&entry.descriptor.media_type, raw.as_slice()).is_ok());
    }
    let encode = |document: &DraftDocument| {
        let bytes = document.encode();
        bytes.unwrap_or_else(|error| panic!("{error}"))
    };
    let written = encode(&document);
    assert!(written.is_ascii() && !written.contains(&0x7f));
    let again = DraftDocument::decode(&written);
    let again = again.unwrap_or_else(|error| panic!("{error}: {error:?}"));
    assert_eq!(
        (&again.list, &again.settings),
        (&document.list, &document.settings)
    );
    assert_eq!(again.entries.len(), document.entries.len());
    assert_eq!(encode(&again), written);
}

/// Returns the nesting depth of a JSON text.
fn depth(json: &[u8]) -> usize {
    let (mut depth, mut deepest) = (0usize, 0);
    let (mut in_string, mut escaped) = (false, false);
    for &byte in json {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

#[cfg(test)]
mod tests;
