//! What must hold for any bytes in a file of ours; see [`manifest_core::fuzzing`].

use crate::sidecar::Sidecar;

/// Extras: what is read is written in a form that reads the same.
pub fn sidecar(data: &[u8]) {
    let Ok(sidecar) = Sidecar::decode(data) else {
        return;
    };
    let written = sidecar.encode();
    let again = Sidecar::decode(&written);
    assert!(again.is_ok_and(|again| again == sidecar && again.encode() == written));
}

#[cfg(test)]
mod tests;
