//! Digests of content that streams through.
//!
//! `manifest-core` hashes what fits into memory with `sha2`, which is plain Rust where a processor has no instructions for SHA.
//! Layers have gigabytes: `ring`, which TLS brings along, has vector code for them, and is some two times as fast.

use manifest_core::Digest;
use manifest_core::digest::Algorithm;
use ring::digest::{Context, SHA256, SHA384, SHA512};

/// Verifies the digest of content that arrives in pieces.
pub(crate) struct DigestVerifier {
    context: Context,
    expected: Digest,
}

impl DigestVerifier {
    pub(crate) fn new(expected: Digest) -> Self {
        let algorithm = match expected.algorithm() {
            Algorithm::Sha256 => &SHA256,
            Algorithm::Sha384 => &SHA384,
            Algorithm::Sha512 => &SHA512,
        };
        Self {
            context: Context::new(algorithm),
            expected,
        }
    }

    /// Adds the next piece.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Returns the digest that was expected, as an error where the pieces have another.
    pub(crate) fn finish(self) -> Result<Digest, Digest> {
        let found = self.context.finish();
        let hex: String = found.as_ref().iter().map(|b| format!("{b:02x}")).collect();
        if hex == self.expected.hex() {
            Ok(self.expected)
        } else {
            Err(self.expected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_what_hashes_in_memory() {
        let content: Vec<u8> = (0..100_000u32).map(|i| (i % 251) as u8).collect();
        for algorithm in [Algorithm::Sha256, Algorithm::Sha384, Algorithm::Sha512] {
            let digest = Digest::compute(algorithm, &content);
            for piece in [1, 63, 64, 16 * 1024, content.len()] {
                let mut check = DigestVerifier::new(digest.clone());
                content.chunks(piece).for_each(|chunk| check.update(chunk));
                assert_eq!(check.finish(), Ok(digest.clone()), "{piece}");
            }
            let mut check = DigestVerifier::new(digest.clone());
            check.update(&content[1..]);
            assert_eq!(check.finish(), Err(digest));
        }
    }
}
