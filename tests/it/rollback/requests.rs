//! The requests of a rollback.

use manifest_testkit::suite::Kind;

use super::{last_run, publish};
use crate::commands::{Shell, Watched, watched};
use crate::harness::world;

/// Returns the number of requests that start like this.
fn count(lines: &[String], start: &str) -> usize {
    lines.iter().filter(|line| line.starts_with(start)).count()
}

#[test]
fn a_tag() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let first = publish(&shell, "@/app:1 @/app:amd64 @/app:arm64");
        publish(&shell, "@/app:1 @/app:amd64");
        registry.lines();
        shell.run("rollback @/app:1").succeeds();
        let lines = registry.lines();
        // The old list, its images, the tag, the write, the tag again.
        assert_eq!(count(&lines, &format!("GET /v2/app/manifests/{first} ")), 1);
        assert_eq!(count(&lines, "HEAD /v2/app/manifests/sha256:"), 2);
        assert_eq!(count(&lines, "HEAD /v2/app/manifests/1 "), 2);
        assert_eq!(count(&lines, "PUT /v2/app/manifests/1 "), 1);
        assert_eq!(lines.len(), 1 + 2 + 2 + 1, "{lines:#?}");
        // Refused: nothing more than the checks.
        registry.push("app", "1", world::image("app:armv7"));
        registry.lines();
        shell.run("rollback @/app:1").fails(7);
        let lines = registry.lines();
        assert_eq!(lines.len(), 1 + 1 + 1 + 1, "{lines:#?}");
    }
}

#[test]
fn many_tags_of_one_repository() {
    let registry = Watched::empty(Kind::Embedded);
    for tag in ["amd64", "arm64"] {
        let image = world::image(&format!("app:{tag}"));
        registry.push("app", tag, image);
    }
    let shell = Shell::new(&registry);
    let tags: String = (2..30).map(|tag| format!(" -t @/app:{tag}")).collect();
    for image in ["amd64", "arm64"] {
        publish(&shell, &format!("@/app:1 @/app:{image}{tags}"));
    }
    registry.lines();
    shell
        .run(&format!("rollback --run {}", last_run(&shell)))
        .succeeds();
    let lines = registry.lines();
    // One list with one image, and the right to write is checked once.
    assert_eq!(count(&lines, "GET "), 1, "{lines:#?}");
    assert_eq!(count(&lines, "HEAD "), 1 + 2 * 29, "{lines:#?}");
    assert_eq!(count(&lines, "PUT "), 29, "{lines:#?}");
    assert_eq!(
        count(&lines, "POST ") + count(&lines, "DELETE "),
        2,
        "{lines:#?}"
    );
    assert_eq!(lines.len(), 1 + 1 + 2 * 29 + 29 + 2, "{lines:#?}");
}

#[test]
fn several_tags_of_a_manifest_that_was_just_read() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        registry.lines();
        shell.run("tag @/app:amd64 @/app:a @/app:b").succeeds();
        let lines = registry.lines();
        // It is there already, so it is not pushed by digest before its tags are written.
        assert_eq!(count(&lines, "PUT "), 2, "{lines:#?}");
    }
}
