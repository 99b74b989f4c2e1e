//! Where Docker's CLI is wrong and ours is not: a test for each row of the table of deviations, named after it.
//!
//! Docker's side is shown, too, where there is a Docker: should it ever get something right, its row can go.

use std::fs;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Answer, Fault};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::suite::TestRegistry;

use crate::harness::{Home, Player, Program, Seen, Stage, docker, world};

/// Starts an embedded registry with the world in it.
fn stage() -> Stage {
    Stage::on(TestRegistry::Embedded(EmbeddedRegistry::start()))
}

/// Returns the embedded registry of a stage.
fn embedded(stage: &Stage) -> &EmbeddedRegistry {
    match stage.registry() {
        TestRegistry::Embedded(registry) => registry,
        TestRegistry::Real(_) => panic!("this stage has a real registry"),
    }
}

/// Plays lines with Docker's CLI and returns what the last of them did; nothing where there is no Docker.
fn dockers(stage: &Stage, lines: &[&str]) -> Option<Seen> {
    docker::find()?;
    let player = stage.player(Program::Docker);
    let seen: Vec<Seen> = lines.iter().map(|line| player.play(line)).collect();
    seen.into_iter().next_back()
}

fn ours(stage: &Stage) -> Player<'_> {
    stage.player(Program::Ours)
}

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
    // Two images of the one, image and attestation of the other.
    assert_eq!(list["manifests"].as_array().unwrap().len(), 4);
}

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

/// Files of Docker's old versions have no raw bytes, so its `--amend` does ask the registry, and forgets annotations.
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
fn errors_of_the_registry_become_no_such_manifest() {
    let cases = [
        (
            Answer::error(401, "UNAUTHORIZED", "authentication required"),
            4,
            "401",
        ),
        (
            Answer::error(403, "DENIED", "requested access to the resource is denied"),
            4,
            "403",
        ),
        (Answer::error(429, "TOOMANYREQUESTS", "slow down"), 5, "429"),
        (Answer::status(500), 6, "500"),
        (Answer::status(503), 6, "503"),
        (Answer::Html(502), 6, "502"),
    ];
    for (answer, code, status) in cases {
        for line in [
            "create --retry 0 --insecure @/app:1 @/app:amd64",
            "inspect --retry 0 --insecure @/app:amd64",
            "inspect --retry 0 --insecure -v @/app:amd64",
        ] {
            let stage = stage();
            embedded(&stage).fault(Fault::on_any("/manifests/").answer(answer.clone()));
            let seen = ours(&stage).play(line);
            seen.ran
                .fails(code)
                .prints("")
                .says(status)
                .does_not_say("no such manifest");
            seen.ran.says("/v2/app/manifests/amd64").says("GET");
            assert!(seen.drafts.is_empty());
        }
    }
    // Docker's CLI takes a 401 with a detail for an image that is not there.
    let stage = stage();
    let detail =
        r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[]}]}"#;
    let body = detail.as_bytes().to_vec();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let answer = Answer::Status {
        code: 401,
        headers,
        body,
    };
    embedded(&stage).fault(Fault::on_any("/manifests/").answer(answer));
    let line = "inspect --insecure @/app:amd64";
    if let Some(seen) = dockers(&stage, &[line]) {
        seen.ran.fails(1).says("no such manifest");
    }
    ours(&stage)
        .play(line)
        .ran
        .fails(4)
        .does_not_say("no such manifest");
}

#[test]
fn errors_of_the_registry_while_pushing() {
    let cases = [
        (
            Answer::error(401, "UNAUTHORIZED", "authentication required"),
            4,
            "401",
        ),
        (
            Answer::error(403, "DENIED", "requested access to the resource is denied"),
            4,
            "403",
        ),
        (Answer::error(429, "TOOMANYREQUESTS", "slow down"), 5, "429"),
        (Answer::status(503), 6, "503"),
        (
            Answer::error(400, "MANIFEST_INVALID", "this registry takes no such list"),
            1,
            "400",
        ),
    ];
    for (answer, code, status) in cases {
        let stage = stage();
        let ours = ours(&stage);
        ours.play("create --insecure @/app:1 @/app:amd64")
            .ran
            .succeeds();
        embedded(&stage).fault(Fault::on("PUT", "/manifests/").answer(answer));
        let seen = ours.play("push --retry 0 --insecure --purge @/app:1");
        seen.ran
            .fails(code)
            .prints("")
            .says(status)
            .says("PUT")
            .says("/v2/app/manifests/1");
        assert_eq!(seen.drafts.len(), 1, "a push that failed purges nothing");
    }
}

#[test]
fn what_may_pass_is_tried_again() {
    let stage = stage();
    let registry = embedded(&stage);
    let ours = ours(&stage);
    registry.fault(
        Fault::on("GET", "/manifests/")
            .times(1)
            .answer(Answer::status(503)),
    );
    let created = ours.play("create --insecure @/app:1 @/app:amd64").ran;
    let line = "/v2/app/manifests/amd64: 503 Service Unavailable; retry 1 of 5 in ";
    let _ = created.succeeds().says(line).does_not_say("retry 2");
    registry.fault(
        Fault::on("PUT", "/manifests/")
            .times(1)
            .answer(Answer::ResetBeforeHeaders),
    );
    let pushed = ours.play("push --insecure @/app:1").ran;
    let _ = pushed
        .succeeds()
        .says("the connection was cut; retry 1 of 5 in ");
    registry.fault(Fault::on("GET", "/manifests/").answer(Answer::status(503)));
    let gone = ours.play("inspect --insecure --retry 1 @/app:amd64").ran;
    let _ = gone
        .fails(6)
        .prints("")
        .says("retry 1 of 1 in ")
        .says("503 Service Unavailable (2 attempts)");
    let late = ours
        .play("inspect --insecure --retry 99 --timeout 5s @/app:amd64")
        .ran;
    let _ = late
        .fails(6)
        .prints("")
        .says("503 Service Unavailable")
        .says("no time is left for another");
    registry.clear_faults();
    registry.fault(Fault::on("GET", "/manifests/").answer(Answer::Hang));
    let hanging = ours
        .play("inspect --insecure --timeout 500ms @/app:amd64")
        .ran;
    let _ = hanging
        .fails(6)
        .prints("")
        .says("the time limit of 500ms for everything is over")
        .says("--timeout");
}

#[test]
fn a_registry_that_is_down() {
    let stage = stage();
    // Nobody listens on port 1.
    let ours = ours(&stage);
    for line in [
        "create @/app:1 127.0.0.1:1/app:1",
        "inspect 127.0.0.1:1/app:1",
    ] {
        ours.play(line)
            .ran
            .fails(6)
            .prints("")
            .says("127.0.0.1:1")
            .does_not_say("no such");
    }
    ours.play("inspect registry.invalid/app:1")
        .ran
        .fails(6)
        .says("registry.invalid");
}

#[test]
fn needs_insecure_for_plain_http_on_loopback() {
    let stage = stage();
    let create = "create @/app:1 @/app:amd64 @/other:s390x";
    if let Some(seen) = dockers(&stage, &[create]) {
        seen.ran.fails(1).says("no such manifest");
    }
    let ours = ours(&stage);
    let lines = [
        "inspect @/app:amd64",
        "inspect -v @/app:list",
        create,
        "push --purge @/app:1",
        "inspect @/app:1",
    ];
    for line in lines {
        ours.play(line).ran.succeeds().is_quiet();
    }
}

#[test]
fn a_mount_answered_with_202_is_fatal() {
    let stage = || {
        let registry = EmbeddedRegistry::builder().never_mount().start();
        Stage::on(TestRegistry::Embedded(registry))
    };
    let create = "create --insecure @/new:1 @/app:amd64 @/other:s390x @/other:windows";
    let push = "push --insecure @/new:1";
    if let Some(seen) = dockers(&stage(), &[create, push]) {
        seen.ran.fails(1).says("error mounting");
    }
    let stage = stage();
    let ours = ours(&stage);
    ours.play(create).ran.succeeds();
    let seen = ours.play(push);
    seen.ran.succeeds();
    let registry = embedded(&stage);
    for image in ["app:amd64", "other:s390x", "other:windows"] {
        let image = world::image(image);
        assert!(registry.manifest("new", &image.digest).is_some());
        for blob in image.blob_digests() {
            assert!(registry.blob("new", &blob).is_some(), "{blob}");
        }
        // Foreign layers are left alone.
        for layer in image.layers.iter().filter(|layer| !layer.urls.is_empty()) {
            assert!(registry.blob("new", &layer.digest).is_none());
        }
    }
    assert_eq!(registry.open_uploads("new"), 0, "no upload is left open");
}

#[test]
fn sources_in_another_registry_are_refused() {
    let (stage, source) = (stage(), EmbeddedRegistry::start());
    let (image, oci) = (
        world::image("other:mips64le"),
        world::image("other:oci-386"),
    );
    source.seed("far/away", "1", image);
    source.seed("far/away", "oci", oci);
    let far = source.host();
    let create =
        format!("create --insecure @/new:1 @/app:amd64 {far}/far/away:1 {far}/far/away:oci");
    let push = "push --insecure @/new:1";
    let inspect = "inspect @/new:1";
    for line in [push, inspect] {
        if let Some(seen) = dockers(&stage, &[&create, line]) {
            seen.ran
                .fails(1)
                .says("cannot use source images from a different registry");
        }
    }
    let ours = ours(&stage);
    ours.play(&create).ran.succeeds();
    ours.play(inspect).ran.succeeds();
    let seen = ours.play(push);
    let ran = seen.ran;
    ran.succeeds();
    let registry = embedded(&stage);
    for image in [image, oci] {
        let line = format!(
            "Pushed ref REGISTRY/new@{0} with digest: {0}\n",
            image.digest
        );
        assert!(ran.stdout.contains(&line), "{ran}");
        assert_eq!(
            registry.manifest("new", &image.digest).unwrap().1,
            image.manifest
        );
        for blob in image.blob_digests() {
            assert_eq!(
                registry.blob("new", &blob),
                source.blob("far/away", &blob),
                "{blob}"
            );
        }
    }
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
    // Not even the tag has to be there.
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
fn inspect_drops_annotations() {
    let stage = stage();
    let image = world::image("app:oci-amd64");
    let index = Index::oci()
        .image_with(
            image,
            Some(image.platform.clone()),
            &[("org.example.child", "of one <child>")],
        )
        .annotation("org.example.index", "of the index")
        .artifact_type("application/vnd.example")
        .subject(world::image("app:oci-arm64"))
        .build();
    embedded(&stage).seed("app", "annotated", &index);
    let inspect = "inspect --insecure @/app:annotated";
    if let Some(seen) = dockers(&stage, &[inspect]) {
        let ran = seen.ran;
        ran.succeeds();
        assert!(!ran.stdout.contains("org.example"), "{ran}");
    }
    let ran = ours(&stage).play(inspect).ran;
    ran.succeeds();
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let sent: serde_json::Value = serde_json::from_slice(&index.manifest).unwrap();
    for field in ["annotations", "artifactType", "subject"] {
        assert_eq!(json[field], sent[field], "{ran}");
    }
    assert_eq!(
        json["manifests"][0]["annotations"], sent["manifests"][0]["annotations"],
        "{ran}"
    );
    // Verbose: the descriptors of children, whole.
    let ran = ours(&stage)
        .play("inspect --insecure -v @/app:annotated")
        .ran;
    ran.succeeds();
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let annotations = &json[0]["Descriptor"]["annotations"];
    assert_eq!(*annotations, sent["manifests"][0]["annotations"], "{ran}");
}

#[test]
fn inspect_needs_the_configuration() {
    let stage = stage();
    let image = Image::docker()
        .config("application/vnd.example", b"no json")
        .build();
    embedded(&stage).seed("app", "model", &image);
    let inspect = "inspect --insecure @/app:model";
    if let Some(seen) = dockers(&stage, &[inspect]) {
        seen.ran.fails(1).says("unsupported manifest format: &{{{");
    }
    let seen = ours(&stage).play(inspect);
    assert!(
        seen.ran.succeeds().stdout.contains(&image.config_digest),
        "{}",
        seen.ran
    );
    // Who wants to know the platform has to be able to read it.
    for line in [
        "inspect --insecure -v @/app:model",
        "create --insecure @/app:1 @/app:model",
    ] {
        ours(&stage)
            .play(line)
            .ran
            .fails(1)
            .prints("")
            .says(&image.config_digest);
    }
}

#[test]
fn inspect_fails_on_an_index_in_an_index() {
    let stage = stage();
    let inner = Index::docker().image(world::image("app:amd64")).build();
    let outer = Index::oci()
        .image(world::image("app:oci-amd64"))
        .index(&inner)
        .build();
    embedded(&stage).seed("app", "nested", &outer);
    for flag in ["", "-v"] {
        let inspect = format!("inspect --insecure {flag} @/app:nested");
        if let Some(seen) = dockers(&stage, &[&inspect]) {
            seen.ran.fails(1).says("unsupported manifest type");
        }
        let seen = ours(&stage).play(&inspect);
        assert!(
            seen.ran.succeeds().stdout.contains(&inner.digest),
            "{}",
            seen.ran
        );
    }
}

#[test]
fn inspect_does_not_find_an_empty_index() {
    let stage = stage();
    embedded(&stage).seed("app", "empty", &Index::oci().build());
    for (flag, shown) in [("", "\"manifests\": []"), ("-v", "[]\n")] {
        let inspect = format!("inspect --insecure {flag} @/app:empty");
        if let Some(seen) = dockers(&stage, &[&inspect]) {
            seen.ran.fails(1).says("no such manifest");
        }
        let seen = ours(&stage).play(&inspect);
        assert!(seen.ran.succeeds().stdout.contains(shown), "{}", seen.ran);
    }
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
    // Other drafts, and the entries beside, can still be used.
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
#[cfg(unix)]
fn a_missing_credential_helper_is_ignored() {
    let registry = EmbeddedRegistry::builder()
        .basic_auth("user", "secret")
        .start();
    let stage = Stage::on(TestRegistry::Embedded(registry));
    let config = |player: &Player<'_>| {
        let host = stage.host();
        player
            .home
            .write_config(&format!(r#"{{"credHelpers":{{"{host}":"is-not-there"}}}}"#));
    };
    let inspect = "inspect --insecure @/app:amd64";
    if docker::find().is_some() {
        let docker = stage.player(Program::Docker);
        config(&docker);
        let seen = docker.play(inspect);
        seen.ran.fails(1).does_not_say("is-not-there");
    }
    let mut ours = ours(&stage);
    config(&ours);
    let seen = ours.play(inspect);
    seen.ran
        .fails(1)
        .prints("")
        .says("docker-credential-is-not-there");
    ours.home.write_program(
        "docker-credential-is-not-there",
        r#"cat > /dev/null; echo '{"ServerURL":"","Username":"user","Secret":"secret"}'"#,
    );
    ours.play(inspect).ran.succeeds();
}

/// A draft that an earlier `create` of Docker's CLI left half made is still one that can be amended.
#[test]
fn half_a_draft_of_dockers_can_be_amended() {
    let stage = stage();
    if !docker::is_here("deviations::half_a_draft_of_dockers_can_be_amended") {
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
fn several_challenges_in_one_header_are_not_understood() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let image = Image::docker().build();
    registry.seed("app", "1", &image);
    let challenge = "Negotiate, Basic realm=registry";
    let answer = Answer::status(401).header("www-authenticate", challenge);
    let home = Home::new();
    let login = r#"{ "auths": { "HOST": { "auth": "bWU6cHc=" } } }"#;
    home.write_config(&login.replace("HOST", &registry.host()));
    let name = format!("{}/app:1", registry.host());
    registry.fault(Fault::on_any("/v2/").times(1).answer(answer.clone()));
    home.ours(&["manifest", "inspect", &name])
        .succeeds()
        .is_quiet();
    if docker::find().is_some() {
        registry.fault(Fault::on_any("/v2/").times(1).answer(answer));
        let failed = home.dockers(&["inspect", "--insecure", &name]);
        failed.fails(1);
    }
}
