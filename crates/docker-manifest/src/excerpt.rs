//! Text that is cut short for people: a table is no place for a thousand characters or 64 digits.

use manifest_core::Digest;

/// The number of digits of a short digest, as in Docker's lists of images.
pub(crate) const SHORT_DIGITS: u16 = 12;

/// Returns the first characters of a text, with three dots if there are more.
#[must_use]
pub(crate) fn excerpt(text: &str, max_chars: usize) -> String {
    match text.char_indices().nth(max_chars) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

/// Returns a text that names a digest with its first [`SHORT_DIGITS`] digits only: `sha256:e3b0c44298fc`.
#[must_use]
pub(crate) fn short_digest_text(digest: &str) -> String {
    let (algorithm, hex) = digest.split_once(':').unwrap_or(("", digest));
    let hex: String = hex.chars().take(SHORT_DIGITS.into()).collect();
    format!("{algorithm}:{hex}")
}

/// Returns the first [`SHORT_DIGITS`] digits of a digest, without its algorithm.
#[must_use]
pub(crate) fn short_digest(digest: &Digest) -> String {
    digest.hex().chars().take(SHORT_DIGITS.into()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        for (text, expected) in [
            ("", ""),
            ("abc", "abc"),
            ("abcd", "abc..."),
            ("日本語文", "日本語..."),
        ] {
            assert_eq!(excerpt(text, 3), expected);
        }
        let digest = Digest::sha256(b"");
        assert_eq!(short_digest(&digest), "e3b0c44298fc");
        assert_eq!(short_digest_text(digest.as_str()), "sha256:e3b0c44298fc");
    }
}
