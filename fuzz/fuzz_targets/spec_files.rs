//! Spec files, and the JSON of `docker buildx bake --print`.

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| manifest_spec::fuzzing::spec_files(data));
