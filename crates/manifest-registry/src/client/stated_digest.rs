//! Verification of the digest that a registry states in `Docker-Content-Digest`.

use manifest_core::Digest;

use crate::error::ContentProblem;

/// Verifies the digest that a registry states against the bytes. Returns it, or `None` if the registry states no digest or
/// one of an unknown algorithm.
pub(super) fn check_stated(
    stated: Option<&str>,
    bytes: &[u8],
) -> Result<Option<Digest>, ContentProblem> {
    let Some(text) = stated.map(str::trim).filter(|text| !text.is_empty()) else {
        return Ok(None);
    };
    match text.parse::<Digest>() {
        Ok(digest) if digest.matches(bytes) => Ok(Some(digest)),
        Err(manifest_core::DigestError::Algorithm) => Ok(None),
        _ => Err(ContentProblem::StatedDigest {
            stated: text.to_owned(),
            found: Digest::sha256(bytes),
        }),
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::digest::Algorithm;

    use super::*;

    #[test]
    fn stated_digests_are_checked_in_their_own_algorithm() {
        let sha512 = Digest::compute(Algorithm::Sha512, b"x");
        let sha256 = Digest::sha256(b"x");
        assert_eq!(
            check_stated(Some(sha512.as_str()), b"x").unwrap(),
            Some(sha512.clone())
        );
        assert_eq!(
            check_stated(Some(sha256.as_str()), b"x").unwrap(),
            Some(sha256)
        );
        for nothing in [None, Some(""), Some(" "), Some("blake3:0123456789abcdef")] {
            assert_eq!(check_stated(nothing, b"x").unwrap(), None);
        }
        for wrong in [sha512.as_str(), "sha256:12", "nonsense"] {
            assert!(check_stated(Some(wrong), b"y").is_err(), "{wrong}");
        }
    }
}
