//! Sources that a pattern for tags names.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::suite::{self, Kind};

use super::{entries, platforms};
use crate::commands::{Shell, Watched};

fn image(platform: &str) -> BuiltImage {
    Image::oci().platform(platform).seed(platform).build()
}

/// A tag of a signature.
fn signature() -> String {
    format!("sha256-{}.sig", "a".repeat(64))
}

/// Pushes the tags of two versions, a signature, and another repository.
fn fill(registry: &Watched<'_>) {
    for (repository, tag, platform) in [
        ("app", "1.0-amd64", "linux/amd64"),
        ("app", "1.0-arm64", "linux/arm64"),
        ("app", "1.0-riscv64", "linux/riscv64"),
        ("app", "1.1-amd64", "linux/amd64"),
        ("app", &signature(), "linux/386"),
        ("other", "1.0-s390x", "linux/s390x"),
    ] {
        registry.push(repository, tag, &image(platform));
    }
    registry.lines();
}

fn filled(kind: Kind) -> Watched<'static> {
    let registry = Watched::empty(kind);
    fill(&registry);
    registry
}

#[test]
fn tags_that_match_are_the_sources() {
    for kind in suite::kinds() {
        let registry = filled(kind);
        let shell = Shell::new(&registry);
        let named =
            shell.run("create --push @/app:1.0 @/app:1.0-amd64 @/app:1.0-arm64 @/app:1.0-riscv64");
        named.succeeds();
        let cost = registry.lines().len();
        let ran = shell.run("create --push @/app:1.0 '@/app:1.0-*'");
        ran.succeeds()
            .prints(&named.stdout)
            .says("REGISTRY/app:1.0-* matches 3 of 6 tags: 1.0-amd64, 1.0-arm64, 1.0-riscv64\n");
        let lines = registry.lines();
        let is_list = |line: &&String| line.contains("/tags/list");
        assert_eq!(lines.iter().filter(is_list).count(), 1, "{lines:#?}");
        let writes = |line: &&String| !line.starts_with("GET ") && !line.starts_with("HEAD ");
        assert_eq!(lines.iter().filter(writes).count(), 0, "{lines:#?}");
        // The first push had to write; what was read is the same, and one page of tags.
        let reads = 3 + 3;
        let gets = lines.iter().filter(|line| line.starts_with("GET ")).count();
        assert!(
            gets <= reads + 1 + 1 && lines.len() <= cost + 1,
            "{lines:#?}"
        );
    }
}

#[test]
fn a_draft_costs_one_page_of_tags_more() {
    let registry = filled(Kind::Embedded);
    let shell = Shell::new(&registry);
    shell
        .run("create --replace @/app:1.0 @/app:1.0-amd64 @/app:1.0-arm64 @/app:1.0-riscv64")
        .succeeds();
    let cost = registry.lines().len();
    for arguments in [
        "'@/app:1.0-*'",
        "--match 1.0-*",
        "'@/app:1.0-*' --match @/app:1.0-a*",
    ] {
        shell
            .run(&format!("create --replace @/app:1.0 {arguments}"))
            .succeeds();
        assert_eq!(registry.lines().len(), cost + 1, "{arguments}");
        let ran = shell.run("inspect @/app:1.0");
        assert_eq!(ran.stdout.matches("\"platform\"").count(), 3, "{ran}");
        registry.lines();
    }
}

#[test]
fn patterns_stand_among_other_sources() {
    for kind in suite::kinds() {
        let registry = filled(kind);
        let shell = Shell::new(&registry);
        let words = "@/app:1.0-riscv64 '@/other:*' '@/app:1.0-a*'";
        shell
            .run(&format!("create --push --order given @/new:all {words}"))
            .succeeds()
            .says("REGISTRY/other:* matches 1 of 1 tags: 1.0-s390x\n")
            .says("REGISTRY/app:1.0-a* matches 2 of 5 tags: 1.0-amd64, 1.0-arm64\n");
        let given = ["linux/riscv64", "linux/s390x", "linux/amd64", "linux/arm64"];
        assert_eq!(platforms(&entries(&registry, "new", "all")), given);
        // From a file, with a filter, and nothing else on standard error.
        fs::write(
            shell.home.path().join("names"),
            words
                .replace(['\'', '@'], "")
                .replace("/", &format!("{}/", registry.host())),
        )
        .unwrap();
        let ran =
            shell.run("create --push -q --platform linux/arm64,linux/s390x @/new:some @names");
        ran.succeeds().does_not_say("matches");
        let some = platforms(&entries(&registry, "new", "some"));
        assert_eq!(some, ["linux/arm64", "linux/s390x"]);
        // Tags of signatures only match patterns that begin as they do.
        shell
            .run("create --push @/new:signatures '@/app:sha256-*'")
            .succeeds()
            .says("matches 1 of 5 tags: sha256-a");
    }
}

#[test]
fn a_list_does_not_contain_itself() {
    for kind in suite::kinds() {
        let registry = filled(kind);
        let shell = Shell::new(&registry);
        let line = "create --push -t @/app:1.0-new @/app:1.0-all '@/app:1.0-*'";
        let first = shell.run(line);
        first.succeeds().does_not_say("left out");
        let again = shell.run(line);
        again.succeeds().prints(&first.stdout).says(
            "matches 3 of 7 tags: 1.0-amd64, 1.0-arm64, 1.0-riscv64; \
             1.0-all is left out (a tag of the list itself); 1.0-new is left out (a tag of the list itself)\n",
        );
        shell
            .run("create @/app:1.0-all '@/app:1.0-al*'")
            .fails(1)
            .says("no tag of REGISTRY/app matches \"1.0-al*\": it has 7 tags\n")
            .says("hint: left out: 1.0-all (a tag of the list itself)\n");
    }
}

#[test]
fn patterns_without_a_match_are_refused() {
    for kind in suite::kinds() {
        let registry = filled(kind);
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1.0 @/app:1.0-amd64 '@/app:1.0.*'")
            .fails(1)
            .prints("")
            .says("no tag of REGISTRY/app matches \"1.0.*\": it has 5 tags\n")
            .says("hint: the most similar tags: 1.0-amd64, 1.0-arm64, 1.0-riscv64, 1.1-amd64\n");
        shell
            .run("create @/app:1.0 '@/none:*'")
            .fails(1)
            .says("failed to list the tags of REGISTRY/none");
        shell
            .run("create @/app:1.0 '@/app:*.sig'")
            .fails(1)
            .says("no tag of REGISTRY/app matches \"*.sig\": it has 5 tags\nhint: left out: sha256-a")
            .says(".sig (a signature or another referrer, for which the pattern has to begin with sha256-)\n");
        // Only the tags were listed.
        assert_eq!(registry.lines().len(), 3);
        assert!(shell.drafts().is_empty());
    }
}

#[test]
fn patterns_with_too_many_matches_are_refused() {
    let registry = filled(Kind::Embedded);
    let shell = Shell::new(&registry);
    shell
        .run("create --max 2 @/app:1.0 '@/app:1.0-*'")
        .fails(1)
        .says("REGISTRY/app:1.0-* matches 3 tags, more than the limit of 2\n")
        .says("hint: use a narrower pattern, or allow more tags with --max\n");
    shell
        .run("create --max 3 @/app:1.0 '@/app:1.0-*' '@/other:*'")
        .fails(1)
        .says("REGISTRY/app:1.0-*, REGISTRY/other:* together match 4 tags, more than the limit of 3\n");
    shell
        .run("create --max 3 @/app:1.0 '@/app:1.0-*' '@/app:1.0-a*'")
        .succeeds();
    // More than a page of tags, and more than the default.
    let one = image("linux/amd64");
    for number in 0..1100 {
        registry.push("many", &format!("v{number}"), &one);
    }
    registry.lines();
    shell
        .run("create @/many:all '@/many:v*'")
        .fails(1)
        .says("REGISTRY/many:v* matches 1100 tags, more than the limit of 50\n");
    assert_eq!(registry.lines().len(), 2);
    shell
        .run("create --max 0 @/many:all '@/many:v10??'")
        .succeeds()
        .says("REGISTRY/many:v10?? matches 100 of 1100 tags: v1000, v1001, ");
}

#[test]
fn malformed_patterns_are_refused_before_any_request() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    for (words, reason) in [
        (
            "'@/ap*:1'",
            "only the tag can be a pattern, not the name of the repository",
        ),
        ("'@/app:[12]'", "only * and ? have a meaning in it"),
        ("--match @/app", "the pattern is missing"),
    ] {
        shell
            .run(&format!("create @/app:all {words}"))
            .fails(125)
            .says(&format!(" is not a pattern for tags: {reason}\n"))
            .says("hint: write REPOSITORY:PATTERN, such as example.com/app:1.0-*;");
    }
    shell
        .run("create --max many @/app:all '@/app:*'")
        .fails(125)
        .says("invalid argument \"many\" for \"--max\" flag: must be a whole number, 0 or more");
    shell
        .run("create --no-copy @/app:all 'example.com/app:*'")
        .fails(1)
        .says("(--no-copy)");
    shell
        .run("create --wait 5m @/app:all '@/app:*'")
        .fails(125)
        .says("--wait needs the name of an image, and there are only patterns\n");
    assert!(registry.lines().is_empty());
}

#[test]
fn tags_that_vanish_are_refused_or_left_out() {
    for kind in suite::kinds() {
        let registry = filled(kind);
        let gone = Response::error(404, "MANIFEST_UNKNOWN", "manifest unknown");
        registry.fault(Fault::on("GET", "/manifests/1.0-arm64").respond(gone));
        let shell = Shell::new(&registry);
        let line = "create --push @/app:1.0 '@/app:1.0-*'";
        shell
            .run(line)
            .fails(1)
            .says("no such manifest: REGISTRY/app:1.0-arm64\n")
            .says("hint: the registry lists a tag that it does not have: run the command again,");
        assert!(registry.writes().is_empty());
        shell
            .run(&line.replace("--push", "--push --ignore-missing"))
            .succeeds()
            .says("warning: REGISTRY/app:1.0-arm64 does not exist, so it is left out\n");
        let found = platforms(&entries(&registry, "app", "1.0"));
        assert_eq!(found, ["linux/amd64", "linux/riscv64"]);
    }
}

#[test]
fn a_login_that_may_not_list_tags() {
    let registry = filled(Kind::Embedded);
    let shell = Shell::new(&registry);
    let list = || Fault::on("GET", "/tags/list");
    for (response, code) in [
        (
            Response::error(403, "DENIED", "requested access is denied"),
            4,
        ),
        (Response::status(405), 1),
    ] {
        registry.fault(list().respond(response));
        shell
            .run("create @/app:1.0 '@/app:1.0-*'")
            .fails(code)
            .says("failed to list the tags of REGISTRY/app")
            .says("hint: a login that may pull images may still not list tags: name the images themselves\n");
        registry.clear_faults();
    }
}
