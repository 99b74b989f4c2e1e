//! `WWW-Authenticate` headers, one on each line.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_registry::fuzzing::challenges(data);
});
