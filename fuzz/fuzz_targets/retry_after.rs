//! `Retry-After` in headers and messages, and the refusals that it comes with.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_registry::fuzzing::retry_after(data);
});
