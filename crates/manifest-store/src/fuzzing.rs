//! What must hold for any bytes in a file of ours; see [`manifest_core::fuzzing`].

use crate::format::Extras;

/// Extras: what is read is written in a form that reads the same.
pub fn extras(data: &[u8]) {
    let Ok(extras) = Extras::decode(data) else {
        return;
    };
    let written = extras.encode();
    let again = Extras::decode(&written);
    assert!(again.is_ok_and(|again| again == extras && again.encode() == written));
}

#[cfg(test)]
mod tests;
