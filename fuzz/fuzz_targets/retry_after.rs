//! `Retry-After` in headers and messages, and the error responses that have it.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_registry::fuzzing::retry_after(data);
});
