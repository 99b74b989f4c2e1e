//! Tests of drafts on disk: the state after each change, however it ended and whatever else ran at the same time.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod collisions;
mod damage;
mod docker;
mod drafts;
mod journal;
mod kill;
mod listing;
mod model;
mod refusals;
mod support;
mod together;

#[test]
fn no_test_file_is_forgotten() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it");
    for file in std::fs::read_dir(folder).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        let module = format!("\nmod {};", name.trim_end_matches(".rs"));
        assert!(
            name == "main.rs" || include_str!("main.rs").contains(&module),
            "{name}"
        );
    }
}
