//! The content of a list: its sources, its type, its platforms.

use super::{dockers, embedded, ours, stage};
use crate::harness::world;

#[test]
fn a_source_that_is_a_list_is_refused() {
    let stage = stage();
    let lines = [
        "create --insecure @/app:1 @/app:list @/app:buildkit",
        "push --insecure @/app:1",
    ];
    if let Some(seen) = dockers(&stage, &lines[..1]) {
        seen.ran.fails(1).says("is a manifest list");
    }
    let player = ours(&stage);
    for line in lines {
        player.play(line).ran.succeeds();
    }
    let (_, list) = embedded(&stage).manifest("app", "1").unwrap();
    let list: serde_json::Value = serde_json::from_slice(&list).unwrap();
    // Two images from one source, image and attestation from the other.
    assert_eq!(list["manifests"].as_array().unwrap().len(), 4);
}

#[test]
fn repo_tag_at_digest_is_fetched_by_tag() {
    let stage = stage();
    let create = "create --insecure @/app:1 @/app:amd64@{app:arm64}";
    let inspect = "inspect --insecure @/app:amd64@{app:arm64}";
    if let Some(seen) = dockers(&stage, &[create]) {
        seen.ran.fails(1).says("manifest verification failed");
    }
    if let Some(seen) = dockers(&stage, &[inspect]) {
        seen.ran.fails(1);
    }
    let ours = ours(&stage);
    ours.play(create).ran.succeeds();
    ours.play(inspect).ran.succeeds();
    // The tag need not exist.
    ours.play("create --insecure -a @/app:1 @/app:gone@{app:armv7}")
        .ran
        .succeeds();
    let shown = ours.play("inspect @/app:1").ran;
    shown.succeeds();
    for image in ["app:arm64", "app:armv7"] {
        assert!(shown.stdout.contains(world::digest(image)), "{shown}");
    }
}

#[test]
fn list_type_follows_the_first_file_name() {
    let stage = stage();
    let docker_first = [
        "create --insecure @/app:1 @/app:oci-amd64 @/app:amd64",
        "push --insecure @/app:1",
    ];
    let list = "application/vnd.docker.distribution.manifest.list.v2+json";
    let index = "application/vnd.oci.image.index.v1+json";
    if let Some(seen) = dockers(&stage, &docker_first) {
        assert_eq!(seen.published.unwrap().media_type, list);
    }
    let ours = ours(&stage);
    let oci_first = [
        "create --insecure @/app:2 @/app:oci-amd64 @/other:s390x",
        "push --insecure @/app:2",
    ];
    for lines in [docker_first, oci_first] {
        ours.play(lines[0]).ran.succeeds();
        let published = ours.play(lines[1]).published.unwrap();
        assert_eq!(published.media_type, index);
        assert!(
            published
                .bytes
                .contains(&format!("\"mediaType\": \"{index}\""))
        );
    }
    ours.play("create --insecure @/app:3 @/app:arm64 @/app:amd64")
        .ran
        .succeeds();
    assert_eq!(
        ours.play("push --insecure @/app:3")
            .published
            .unwrap()
            .media_type,
        list
    );
}

#[test]
fn pairs_are_refused_by_a_short_fixed_table() {
    let stage = stage();
    let create = "create --insecure @/app:1 @/app:amd64 @/app:loong64";
    let ours = ours(&stage);
    ours.play(create).ran.succeeds();
    for (flags, image) in [
        ("--os windows --arch arm64", "@/app:amd64"),
        ("--variant v1", "@/app:loong64"),
        ("--os wasip1 --arch wasm", "@/app:amd64"),
        ("--os freebsd --arch riscv64", "@/app:amd64"),
    ] {
        let annotate = format!("annotate @/app:1 {image} {flags}");
        if let Some(seen) = dockers(&stage, &[create, &annotate]) {
            seen.ran.fails(1).says("unsupported os/arch combination");
        }
        ours.play(&annotate).ran.succeeds().is_quiet();
    }
}

#[test]
fn pairs_are_refused_by_the_flags_text() {
    let stage = stage();
    let lines = [
        "create --insecure @/app:1 @/app:amd64",
        "annotate @/app:1 @/app:amd64 --arch bogus",
    ];
    let text = "manifest entry for image has unsupported os/arch combination: ";
    if let Some(seen) = dockers(&stage, &lines) {
        assert_eq!(seen.ran.fails(1).error(), format!("{text}/bogus"));
    }
    let ours = ours(&stage);
    let created = ours.play(lines[0]);
    created.ran.succeeds();
    let seen = ours.play(lines[1]);
    assert_eq!(seen.ran.fails(1).error(), format!("{text}linux/bogus"));
    assert_eq!(seen.drafts, created.drafts);
}

#[test]
fn two_entries_of_one_platform_go_live_in_silence() {
    let stage = stage();
    let lines = [
        "create --insecure @/app:1 @/app:built-1 @/app:built-2",
        "push --insecure @/app:1",
    ];
    let dockers = dockers(&stage, &lines);
    let ours = ours(&stage);
    ours.play(lines[0]).ran.succeeds().is_quiet();
    let seen = ours.play(lines[1]);
    seen.ran.succeeds().says("warning: ").says("linux/amd64");
    seen.ran
        .says("REGISTRY/app:built-1")
        .says("REGISTRY/app:built-2");
    if let Some(dockers) = dockers {
        dockers.ran.succeeds().is_quiet();
        assert_eq!(
            (dockers.ran.stdout, dockers.published),
            (seen.ran.stdout, seen.published)
        );
    }
}

#[test]
fn patterns_in_the_tag_of_an_image_are_an_invalid_reference_format() {
    let stage = stage();
    let lines = [
        "create --insecure @/app:1 '@/app:arm*'",
        "create @/app:2 '@/app:[ab]*'",
    ];
    for line in lines {
        if let Some(seen) = dockers(&stage, &[line]) {
            assert_eq!(seen.ran.fails(1).error(), "invalid reference format");
        }
    }
    let ours = ours(&stage);
    let seen = ours.play(lines[0]);
    seen.ran
        .succeeds()
        .prints("Created manifest list REGISTRY/app:1\n")
        .says("REGISTRY/app:arm* matches 2 of ");
    assert_eq!(seen.drafts.len(), 2);
    let seen = ours.play(lines[1]);
    seen.ran
        .fails(125)
        .says("only * and ? have a meaning in it");
}

#[test]
fn create_fails_if_an_image_does_not_exist_yet() {
    let stage = stage();
    let line = "create --insecure @/app:1 @/app:amd64 @/app:late";
    if let Some(seen) = dockers(&stage, &[line]) {
        seen.ran
            .fails(1)
            .says("no such manifest: REGISTRY/app:late");
    }
    let ours = ours(&stage);
    let seen = ours.play(line);
    seen.ran
        .fails(1)
        .says("no such manifest: REGISTRY/app:late");
    let ran = ours
        .play(&line.replace("--insecure", "--insecure --wait 1s"))
        .ran;
    ran.fails(1)
        .says("waiting for 1 of 2 sources, 1s left: REGISTRY/app:late\n")
        .says("no such manifest: REGISTRY/app:late");
}
