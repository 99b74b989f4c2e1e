//! Descriptors and annotations as JSON.

use super::json::Node;

/// Returns the fields of a descriptor. Docker writes the size before the digest, OCI after it.
pub(super) fn descriptor(
    oci: bool,
    media_type: &str,
    digest: &str,
    size: usize,
) -> Vec<(&'static str, Node)> {
    let mut fields = vec![
        ("mediaType", Node::from(media_type)),
        ("size", size.into()),
        ("digest", digest.into()),
    ];
    if oci {
        fields.swap(1, 2);
    }
    fields
}

/// Returns annotations sorted by key, as Go writes maps.
pub(super) fn annotations(pairs: &[(String, String)]) -> Node {
    let mut pairs = pairs.to_vec();
    pairs.sort();
    Node::Object(
        pairs
            .into_iter()
            .map(|(key, value)| (key, Node::from(value)))
            .collect(),
    )
}

pub(super) fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs
        .iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}
