//! Digest verification of streamed content.
//!
//! `manifest-core` hashes content in memory with `sha2`, which is plain Rust on processors without SHA instructions.
//! Layers can have gigabytes, so this module uses `ring`, a dependency of TLS anyway: its vector code is about twice as
//! fast.

use manifest_core::Digest;
use manifest_core::digest::Algorithm;
use ring::digest::{Context, SHA256, SHA384, SHA512};

/// Verifies the digest of content that arrives in chunks.
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

    /// Adds the next chunk.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        self.context.update(bytes);
    }

    /// Returns the expected digest: as `Ok` if the content matches it, else as `Err`.
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
    fn agrees_with_hashing_in_memory() {
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
