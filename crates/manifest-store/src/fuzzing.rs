//! Properties that hold for any bytes in this crate's own files; see [`manifest_core::fuzzing`].

use crate::journal::{Line, decode, encode};
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

/// Lines of a journal: a decoded record is encoded as one line, in a form that decodes to the same.
pub fn journals(data: &[u8]) {
    for line in data.split(|byte| *byte == b'\n') {
        let Ok(Line::Record(record)) = decode(line) else {
            continue;
        };
        let written = encode(&record);
        let (end, text) = written.split_last().expect("there is a line break");
        assert!(*end == b'\n' && !text.contains(end));
        // Long texts are cut once.
        let Ok(Line::Record(again)) = decode(text) else {
            panic!("{}", String::from_utf8_lossy(text))
        };
        assert_eq!(encode(&again), written);
        assert_eq!(
            (&again.tag, &again.before, &again.after),
            (&record.tag, &record.before, &record.after)
        );
    }
}

#[cfg(test)]
mod tests;
