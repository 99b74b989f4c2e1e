//! Manifests, indexes and image configurations: a media type on the first line, then the body.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_core::fuzzing::manifests(data);
});
