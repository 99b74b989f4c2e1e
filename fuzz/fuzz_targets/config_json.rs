//! Docker's `config.json`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    manifest_registry::fuzzing::config_json(data);
});
