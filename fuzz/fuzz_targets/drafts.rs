//! Draft files: Docker's entries, the sidecar files, and the journal.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_core::fuzzing::drafts(data);
    manifest_store::fuzzing::sidecars(data);
    manifest_store::fuzzing::journals(data);
});
