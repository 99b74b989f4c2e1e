//! Everything that may be wrong in a file.

use super::*;

#[test]
fn errors_are_collected() {
    let yaml = "imag: a\nmanifests:\n- image: A\n  platform: {os: linux, architecure: arm}\n";
    assert_eq!(
        read(yaml).unwrap_err(),
        "a.yaml:1:1: a document has no key \"imag\"\n\
         a.yaml:3:10: \"A\": invalid reference format: repository name (library/A) must be lowercase\n\
         a.yaml:4:25: a platform has no key \"architecure\""
    );
}
