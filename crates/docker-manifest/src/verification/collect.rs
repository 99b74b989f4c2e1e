//! The requests of a verification: the list, then all children at once, then all configurations and blobs at once.

use std::collections::HashSet;

use manifest_core::limits::{CONFIG_BYTES, LIST_DEPTH};
use manifest_core::media_type::is_foreign_layer;
use manifest_core::{Content, Descriptor, Digest, MediaType, Platform};
use manifest_registry::{BlobState, concurrent};

use super::facts::{Answer, Facts, Received};
use super::limits;
use super::place::Place;
use crate::concurrency::PARALLEL_IMAGES;
use crate::failure::Failure;

/// The amount of content that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Depth {
    /// Manifests, and the configurations of images.
    Configs,
    /// Layers, and the configurations of attestations and other artifacts, as well.
    Blobs,
}

/// Asks for a list and all that it refers to.
///
/// # Errors
/// Fails if the list itself cannot be read. An error about anything else is one of the answers.
pub(crate) async fn collect(place: &Place, depth: Depth) -> Result<Facts, Failure> {
    let mut facts = Facts::new(place.name(), place.root().await?);
    let mut kept_bytes = facts.root.size;
    let mut level = children_of(&facts.root);
    for nesting in 1.. {
        let unread = unread(&facts, level);
        if unread.is_empty() {
            break;
        }
        if let Some(limit) =
            exceeded_limit(nesting, facts.manifests.len() + unread.len(), kept_bytes)
        {
            let answer = |child: Descriptor| (child.digest, Answer::OverLimit(limit));
            facts.manifests.extend(unread.into_iter().map(answer));
            break;
        }
        level = Vec::new();
        let requests = unread.into_iter().map(|child| read_child(place, child));
        for (digest, answer) in concurrent(PARALLEL_IMAGES, requests).await {
            match answer {
                ChildAnswer::Manifest(answer) => {
                    if let Some(received) = answer.present() {
                        kept_bytes += received.size;
                        level.extend(children_of(received));
                    }
                    facts.manifests.insert(digest, *answer);
                }
                ChildAnswer::Other(answer) => {
                    facts.others.insert(digest, answer);
                }
            }
        }
    }
    read_blobs(place, &mut facts, depth).await;
    Ok(facts)
}

/// Returns the limit that reading another level of children would exceed.
fn exceeded_limit(nesting: usize, manifests: usize, kept_bytes: u64) -> Option<&'static str> {
    if nesting > LIST_DEPTH {
        Some("lists are nested too deep")
    } else if manifests > limits::MANIFESTS {
        Some("there are too many manifests")
    } else if kept_bytes > limits::MANIFEST_BYTES {
        Some("the manifests are too large in all")
    } else {
        None
    }
}

fn children_of(received: &Received) -> Vec<Descriptor> {
    match &received.content {
        Content::List(list) => list.manifests.clone(),
        Content::Image(_) => Vec::new(),
    }
}

/// Returns the children that were not asked for yet, each digest once.
fn unread(facts: &Facts, level: Vec<Descriptor>) -> Vec<Descriptor> {
    let mut seen = HashSet::new();
    let is_new = |child: &Descriptor| {
        let digest = &child.digest;
        let is_known = facts.manifests.contains_key(digest) || facts.others.contains_key(digest);
        !is_known && seen.insert(digest.clone())
    };
    level.into_iter().filter(is_new).collect()
}

/// The answer about a child of a list.
enum ChildAnswer {
    /// It is a manifest of a known media type.
    Manifest(Box<Answer<Received>>),
    /// It has another media type.
    Other(Answer<()>),
}

async fn read_child(place: &Place, child: Descriptor) -> (Digest, ChildAnswer) {
    let answer = if MediaType::recognise(&child.media_type).is_some() {
        ChildAnswer::Manifest(Box::new(place.manifest(&child).await))
    } else {
        ChildAnswer::Other(place.other_manifest(&child).await)
    };
    (child.digest, answer)
}

/// Reads the configurations of images, and probes other blobs, all at once and each once.
async fn read_blobs(place: &Place, facts: &mut Facts, depth: Depth) {
    let requests = blob_requests(facts, depth);
    let requests = requests.into_iter().map(|request| ask(place, request));
    for (digest, answer) in concurrent(PARALLEL_IMAGES, requests).await {
        match answer {
            BlobAnswer::Config(answer) => {
                facts.configs.insert(digest, answer);
            }
            BlobAnswer::Probe(answer) => {
                facts.blobs.insert(digest, answer);
            }
        }
    }
}

/// A request for a blob.
enum BlobRequest {
    /// Get the configuration of an image.
    Config(Box<Descriptor>),
    /// Ask whether the blob exists.
    Probe(Box<Descriptor>),
    /// Do not ask, because of this limit.
    Skip(Digest, &'static str),
}

/// The answer about a blob.
enum BlobAnswer {
    Config(Answer<Platform>),
    Probe(Answer<BlobState>),
}

fn blob_requests(facts: &Facts, depth: Depth) -> Vec<BlobRequest> {
    let (mut requests, mut seen) = (Vec::new(), HashSet::new());
    let images = facts.images();
    for image in images.iter().filter(|image| image.is_runnable()) {
        let config = &image.image.config;
        if seen.insert(&config.digest) {
            // A configuration over the limit is not read, but has to exist.
            requests.push(match config.size <= CONFIG_BYTES as u64 {
                true => BlobRequest::Config(config.clone().into()),
                false => BlobRequest::Probe(config.clone().into()),
            });
        }
    }
    if depth == Depth::Blobs {
        let blobs = images.iter().flat_map(|image| image.image.blobs());
        for blob in blobs.filter(|blob| !is_foreign_layer(&blob.media_type)) {
            if seen.insert(&blob.digest) {
                requests.push(match requests.len() < limits::BLOBS {
                    true => BlobRequest::Probe(blob.clone().into()),
                    false => BlobRequest::Skip(blob.digest.clone(), "there are too many blobs"),
                });
            }
        }
    }
    requests
}

async fn ask(place: &Place, request: BlobRequest) -> (Digest, BlobAnswer) {
    match request {
        BlobRequest::Config(config) => {
            let answer = place.config(&config).await;
            (config.digest, BlobAnswer::Config(answer))
        }
        BlobRequest::Probe(blob) => {
            let answer = place.blob(&blob).await;
            (blob.digest, BlobAnswer::Probe(answer))
        }
        BlobRequest::Skip(digest, limit) => (digest, BlobAnswer::Probe(Answer::OverLimit(limit))),
    }
}
