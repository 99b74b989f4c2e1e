//! Properties that hold for any bytes in this crate's own files; see [`manifest_core::fuzzing`].

use crate::sidecar::Sidecar;

/// Sidecars: decoded content is encoded in a form that decodes to the same.
pub fn sidecars(data: &[u8]) {
    let Ok(sidecar) = Sidecar::decode(data) else {
        return;
    };
    let written = sidecar.encode();
    let again = Sidecar::decode(&written);
    assert!(again.is_ok_and(|again| again == sidecar && again.encode() == written));
}

#[cfg(test)]
mod tests;
