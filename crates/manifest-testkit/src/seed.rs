//! Pushing and reading images over HTTP, like any client.

use std::io;

use crate::client::{Client, Response};
use crate::digest::sha256;
use crate::image::Pushable;

/// Pushes an image or index with all its content, and returns its digest.
///
/// # Panics
///
/// Panics if the registry refuses any of it: the test cannot continue.
pub fn push(host: &str, repository: &str, tag: &str, content: &impl Pushable) -> String {
    push_with(&Client::new(host), repository, tag, content)
}

/// Pushes as [`push`] does, with this client: with credentials, with TLS.
///
/// # Panics
///
/// Panics if the registry refuses any of it.
pub fn push_with(client: &Client, repository: &str, tag: &str, content: &impl Pushable) -> String {
    for blob in content.blobs() {
        let digest = sha256(&blob);
        let response = push_blob(client, repository, &digest, &blob);
        check(response, 201, &format!("the upload of {digest}"));
    }
    let mut digest = String::new();
    let manifests = content.manifests();
    let last = manifests.len() - 1;
    for (at, (media_type, bytes)) in manifests.into_iter().enumerate() {
        digest = sha256(&bytes);
        let reference = if at == last { tag } else { &digest };
        let path = format!("/v2/{repository}/manifests/{reference}");
        check(
            client.put(&path, &media_type, &bytes),
            201,
            &format!("PUT {path}"),
        );
    }
    digest
}

/// Uploads one blob: a session, then the whole content in one PUT.
pub fn push_blob(
    client: &Client,
    repository: &str,
    digest: &str,
    bytes: &[u8],
) -> io::Result<Response> {
    let opened = client.post(&format!("/v2/{repository}/blobs/uploads/"), "", &[])?;
    let Some(location) = opened.header("location").filter(|_| opened.status == 202) else {
        return Ok(opened);
    };
    let mark = if location.contains('?') { '&' } else { '?' };
    let url = format!("{location}{mark}digest={digest}");
    client.put(&url, "application/octet-stream", bytes)
}

/// Reads a manifest by tag or digest: its media type and its bytes, or `None` on 404.
///
/// # Panics
///
/// Panics on any other response.
#[must_use]
pub fn manifest(client: &Client, repository: &str, reference: &str) -> Option<(String, Vec<u8>)> {
    let path = format!("/v2/{repository}/manifests/{reference}");
    let response = client.get(&path).expect("the registry responds");
    if response.status == 404 {
        return None;
    }
    assert_eq!(response.status, 200, "GET {path}: {}", response.text());
    let media_type = response
        .header("content-type")
        .unwrap_or_default()
        .to_owned();
    Some((media_type, response.body))
}

/// Reads the tags of a repository, sorted. A missing repository has none.
///
/// # Panics
///
/// Panics if the registry does not respond.
#[must_use]
pub fn tags(client: &Client, repository: &str) -> Vec<String> {
    let response = client
        .get(&format!("/v2/{repository}/tags/list"))
        .expect("the registry responds");
    let json = response.json();
    let mut tags: Vec<String> = json["tags"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| tag.as_str().map(str::to_owned))
        .collect();
    tags.sort();
    tags
}

fn check(result: io::Result<Response>, expect: u16, what: &str) {
    match result {
        Ok(response) if response.status == expect => {}
        Ok(response) => panic!("{what} got {}: {}", response.status, response.text()),
        Err(error) => panic!("{what} failed: {error}"),
    }
}
