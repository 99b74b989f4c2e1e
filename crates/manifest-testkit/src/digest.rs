//! SHA-256 digests in their textual form.

use sha2::{Digest, Sha256};

/// Returns `sha256:HEX` of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    use std::fmt::Write;
    let mut text = String::from("sha256:");
    for byte in Sha256::digest(bytes) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}

/// Returns whether `text` is a sha256 digest: the algorithm's name, a colon, 64 lower-case digits.
#[must_use]
pub(crate) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(|hex| {
        hex.len() == 64 && hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    })
}
