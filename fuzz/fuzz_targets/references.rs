//! References and digests.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_core::fuzzing::references(data);
});
