//! Drafts as Docker's CLI handles them: clashing names, half drafts, damage, and outdated entries.

use std::fs;

use manifest_testkit::image::Image;

use super::{dockers, embedded, ours, stage};
use crate::harness::{Player, Program, Stage, docker, world};

#[test]
fn two_references_can_share_a_file_name() {
    let stage = stage();
    let first = "create --insecure @/app:alpine-3.18 @/app:amd64";
    let second = "create --insecure @/app-alpine:3.18 @/app:arm64";
    if let Some(seen) = dockers(&stage, &[first, second]) {
        seen.ran.fails(1).says("refusing to amend");
    }
    let ours = ours(&stage);
    for line in [first, second] {
        ours.play(line).ran.succeeds();
    }
    for (list, image) in [
        ("@/app:alpine-3.18", "app:amd64"),
        ("@/app-alpine:3.18", "app:arm64"),
    ] {
        let shown = ours.play(&format!("inspect {list}")).ran;
        shown.succeeds();
        assert!(shown.stdout.contains(world::digest(image)), "{shown}");
        assert_eq!(shown.stdout.matches("\"digest\"").count(), 1, "{shown}");
    }
    ours.play("rm @/app:alpine-3.18").ran.succeeds();
    ours.play("inspect @/app-alpine:3.18").ran.succeeds();
}

#[test]
fn two_references_can_share_a_file_name_in_a_draft() {
    let stage = stage();
    let registry = embedded(&stage);
    registry.seed("a/b", "c-d", world::image("app:amd64"));
    registry.seed("a_b", "c-d", world::image("app:arm64"));
    let create = "create --insecure @/new:1 @/a/b:c-d @/a_b:c-d";
    if let Some(seen) = dockers(&stage, &[create]) {
        seen.ran.succeeds();
        assert_eq!(seen.drafts.len(), 1);
    }
    let ours = ours(&stage);
    assert_eq!(ours.play(create).drafts.len(), 2);
    let shown = ours.play("inspect @/new:1").ran;
    shown.succeeds();
    for image in ["app:amd64", "app:arm64"] {
        assert!(shown.stdout.contains(world::digest(image)), "{shown}");
    }
    ours.play("push --insecure @/new:1").ran.succeeds();
}

#[test]
fn a_failed_create_leaves_half_a_draft() {
    let stage = stage();
    let failing = "create --insecure @/app:1 @/app:amd64 @/app:missing @/app:arm64";
    let retry = "create --insecure @/app:1 @/app:amd64 @/app:arm64";
    if let Some(seen) = dockers(&stage, &[failing, retry]) {
        seen.ran.fails(1).says("refusing to amend");
        assert_eq!(seen.drafts.len(), 1);
    }
    let ours = ours(&stage);
    let seen = ours.play(failing);
    seen.ran
        .fails(1)
        .prints("")
        .says("no such manifest: REGISTRY/app:missing");
    assert!(seen.drafts.is_empty());
    let created = ours.play(retry);
    created.ran.succeeds();
    let amended = ours.play("create --insecure --amend @/app:1 @/app:armv7 @/app:missing");
    amended.ran.fails(1);
    assert_eq!(amended.drafts, created.drafts);
}

/// Amends a draft that an earlier `create` of Docker's CLI left half made.
#[test]
fn half_a_draft_of_dockers_can_be_amended() {
    let stage = stage();
    if !docker::is_here("deviations::drafts::half_a_draft_of_dockers_can_be_amended") {
        return;
    }
    let mut player = stage.player(Program::Docker);
    player
        .play("create --insecure @/app:1 @/app:amd64 @/app:missing")
        .ran
        .fails(1);
    player.program = Program::Ours;
    player
        .play("create --insecure @/app:1 @/app:amd64 @/app:arm64")
        .ran
        .fails(1);
    player
        .play("create --insecure -a @/app:1 @/app:amd64 @/app:arm64")
        .ran
        .succeeds();
    let published = player.play("push --insecure @/app:1").published.unwrap();
    assert_eq!(published.children.len(), 2);
    assert!(fs::read_dir(player.home.manifests()).is_ok());
}

#[test]
fn amend_uses_the_drafts_old_entry() {
    let stage = stage();
    let registry = embedded(&stage);
    let create = "create --insecure @/app:1 @/app:moving @/app:arm64";
    let annotate = "annotate @/app:1 @/app:moving --os-version 7 --arch arm --variant v7";
    let amend = "create --insecure --amend @/app:1 @/app:moving";
    let play = |player: &Player<'_>| {
        registry.seed("app", "moving", world::image("app:built-1"));
        player.play(create).ran.succeeds();
        player.play(annotate).ran.succeeds();
        registry.seed("app", "moving", world::image("app:built-2"));
        player.play(amend).ran.succeeds();
        player.play("inspect @/app:1").ran.succeeds().stdout.clone()
    };
    let (old, new) = (world::digest("app:built-1"), world::digest("app:built-2"));
    if docker::find().is_some() {
        let shown = play(&stage.player(Program::Docker));
        assert!(shown.contains(old) && !shown.contains(new), "{shown}");
    }
    let shown = play(&ours(&stage));
    assert!(shown.contains(new) && !shown.contains(old), "{shown}");
    for annotated in [
        "\"os.version\": \"7\"",
        "\"architecture\": \"arm\"",
        "\"variant\": \"v7\"",
    ] {
        assert!(shown.contains(annotated), "{shown}");
    }
}

/// Amends files of Docker's old versions. They have no raw bytes, so Docker's `--amend` asks the registry, and loses annotations.
#[test]
fn amend_loses_annotations_of_old_files() {
    let stage = stage();
    let lines = [
        "create --insecure @/app:1 @/app:amd64",
        "annotate @/app:1 @/app:amd64 --variant v3",
        "!without-raw @/app:1 @/app:amd64",
        "create --insecure --amend @/app:1 @/app:amd64",
        "inspect @/app:1",
    ];
    let variant = "\"variant\": \"v3\"";
    if let Some(seen) = dockers(&stage, &lines) {
        seen.ran.succeeds();
        assert!(!seen.ran.stdout.contains(variant), "{}", seen.ran);
    }
    let ours = ours(&stage);
    let shown = lines
        .map(|line| ours.play(line).ran)
        .into_iter()
        .next_back()
        .unwrap();
    shown.succeeds();
    assert!(shown.stdout.contains(variant), "{shown}");
}

#[test]
fn a_draft_with_one_damaged_entry_cannot_be_removed() {
    let stage = stage();
    let create = "create --insecure @/app:1 @/app:amd64 @/app:arm64";
    let damage = "!write @/app:1 damaged 'no json'";
    let rm = "rm @/app:1";
    if let Some(seen) = dockers(&stage, &[create, damage, rm]) {
        seen.ran.fails(1).says("invalid character");
        assert_eq!(seen.drafts.len(), 3);
    }
    let ours = ours(&stage);
    ours.play(create).ran.succeeds();
    let damaged = ours.play(damage).drafts;
    for line in [
        "inspect @/app:1",
        "inspect -v @/app:1",
        "push --insecure @/app:1",
        "create --insecure --amend @/app:1 @/app:armv7",
    ] {
        let seen = ours.play(line);
        seen.ran.fails(1).prints("").says("REGISTRY_app-1/damaged");
        assert_eq!(seen.drafts, damaged, "{line}");
    }
    // Other drafts, and the other entries, are still usable.
    ours.play("create --insecure @/app:2 @/app:amd64")
        .ran
        .succeeds();
    ours.play("inspect @/app:1 @/app:amd64").ran.succeeds();
    ours.play("annotate @/app:1 @/app:arm64 --variant v9")
        .ran
        .succeeds();
    ours.play(rm).ran.succeeds();
    assert_eq!(ours.play("inspect @/app:2").drafts.len(), 1);
}

#[test]
fn inspect_of_a_corrupt_draft_shows_the_remote() {
    let stage = stage();
    let damage = "!write @/app:list damaged 'no json'";
    let inspect = "inspect --insecure @/app:list";
    if let Some(seen) = dockers(&stage, &[damage, inspect]) {
        let ran = seen.ran;
        ran.succeeds();
        assert!(ran.stdout.contains(world::digest("app:amd64")), "{ran}");
    }
    let ours = ours(&stage);
    ours.play(damage);
    ours.play(inspect)
        .ran
        .fails(1)
        .prints("")
        .says("REGISTRY_app-list/damaged");
}

#[test]
fn a_draft_that_is_older_than_what_its_tag_points_to_replaces_that_in_silence() {
    let create = "create --insecure @/app:1 @/app:amd64";
    let push = "push --insecure @/app:1";
    let newer = Image::docker().seed("newer").build();
    let said = |player: &Player<'_>, stage: &Stage| {
        player.play(create).ran.succeeds();
        embedded(stage).seed("app", "1", &newer);
        let pushed = player.play(push).ran;
        pushed.succeeds();
        pushed.stderr
    };
    if docker::find().is_some() {
        let stage = stage();
        assert_eq!(said(&stage.player(Program::Docker), &stage), "");
    }
    let stage = stage();
    let changed = "has changed since the draft was created";
    assert!(said(&ours(&stage), &stage).contains(changed));
}
