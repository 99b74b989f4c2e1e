//! Draft files: Docker's entries, and the sidecar files.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_core::fuzzing::draft_documents(data);
    manifest_store::fuzzing::sidecars(data);
});
