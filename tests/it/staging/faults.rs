//! Registries that lag, limit, or refuse a part of the protocol.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use serde_json::Value;

use super::{LIST, fill, names, published, source_tag};
use crate::commands::{Shell, Watched};

fn stage(registry: &Watched<'_>, images: usize) {
    for number in 0..images {
        let line = format!("create --amend --stage @/stage {LIST} @/app:{number}");
        Shell::new(registry).run(&line).succeeds();
    }
}

fn part(registry: &Watched<'_>, number: usize) -> (String, Value) {
    let tag = source_tag(&registry.host(), &format!("@/app:{number}"));
    let (media_type, bytes) = registry.manifest("stage", &tag).unwrap();
    (media_type, serde_json::from_slice(&bytes).unwrap())
}

#[test]
fn listed_parts_that_are_not_served_yet_are_waited_for() {
    let lagging = EmbeddedRegistry::builder().lag_after_put(2).start();
    let registry = Watched::embedded(lagging);
    fill(&registry, 3);
    stage(&registry, 3);
    let pushed = Shell::new(&registry).run(&format!("push --stage @/stage --no-verify {LIST}"));
    pushed.succeeds();
    assert_eq!(published(&registry, "list").len(), 3);
}

#[test]
fn a_listed_part_that_does_not_exist_is_left_out_with_a_warning() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    fill(&registry, 2);
    stage(&registry, 2);
    let tag = source_tag(&registry.host(), "@/app:1");
    let unknown = Response::error(404, "MANIFEST_UNKNOWN", "manifest unknown");
    registry.fault(Fault::on("GET", &format!("/stage/manifests/{tag}")).respond(unknown));
    let shell = Shell::new(&registry);
    let pushed = shell.run(&format!("push --stage @/stage --retry 0 {LIST}"));
    pushed.succeeds().says(&format!(
        "warning: REGISTRY/stage:{tag} is listed, and does not exist: it is left out"
    ));
    assert_eq!(published(&registry, "list").len(), 1);
    shell
        .run(&format!(
            "push --stage @/stage --retry 0 --require windows(10.0.1)/amd64 {LIST}"
        ))
        .fails(1)
        .says("has no image for windows(10.0.1)/amd64");
}

#[test]
fn rate_limits_are_waited_for() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    fill(&registry, 2);
    for (method, path) in [
        ("PUT", "/stage/manifests/"),
        ("POST", "/stage/blobs/uploads/"),
        ("GET", "/stage/tags/list"),
        ("DELETE", "/stage/manifests/"),
    ] {
        let limited = Response::error(429, "TOOMANYREQUESTS", "slow down");
        registry.fault(Fault::on(method, path).times(1).respond(limited));
    }
    stage(&registry, 2);
    let shell = Shell::new(&registry);
    shell
        .run(&format!("push --stage @/stage --purge {LIST}"))
        .succeeds();
    assert_eq!(published(&registry, "list").len(), 2);
    assert_eq!(names(&shell), "");
    assert!(registry.tags("stage").is_empty());
}

#[test]
fn a_registry_that_refuses_to_delete_keeps_marks() {
    for (status, code) in [
        (405, "UNSUPPORTED"),
        (403, "DENIED"),
        (401, "UNAUTHORIZED"),
        (400, "UNSUPPORTED"),
    ] {
        let registry = Watched::embedded(EmbeddedRegistry::start());
        fill(&registry, 3);
        let refusal = Response::error(status, code, "no");
        registry.fault(Fault::on("DELETE", "/manifests/").respond(refusal));
        stage(&registry, 3);
        let shell = Shell::new(&registry);
        shell
            .run(&format!("remove --stage @/stage {LIST} @/app:0"))
            .succeeds()
            .prints("Removed REGISTRY/app:0\n");
        shell
            .run(&format!("push --stage @/stage {LIST}"))
            .succeeds();
        assert_eq!(published(&registry, "list").len(), 2);
        let ran = shell.run(&format!("rm --stage @/stage {LIST}"));
        ran.succeeds();
        assert_eq!(ran.stderr.matches("does not delete").count(), 1, "{ran}");
        assert_eq!(names(&shell), "");
        assert_eq!(registry.tags("stage").len(), 3);
        shell
            .run(&format!("rm --stage @/stage {LIST}"))
            .fails(1)
            .says("No such manifest: REGISTRY/app:list");
        // The draft can be made again.
        shell
            .run(&format!("create --stage @/stage {LIST} @/app:2"))
            .succeeds();
        assert_eq!(names(&shell), "REGISTRY/app:list\n");
    }
}

#[test]
fn a_registry_that_lists_no_tags_is_named_with_the_reason() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    fill(&registry, 1);
    let denied = Response::error(403, "DENIED", "requested access to the resource is denied");
    registry.fault(Fault::on("GET", "/stage/tags/list").respond(denied));
    // A job needs no list.
    stage(&registry, 1);
    let shell = Shell::new(&registry);
    for line in [
        "push --stage @/stage @/app:list",
        "ls --stage @/stage",
        "rm --stage @/stage @/app:list",
    ] {
        shell
            .run(line)
            .fails(4)
            .says("cannot find the drafts in REGISTRY/stage: failed to list the tags of REGISTRY/stage")
            .says("hint: drafts in a registry are found by the list of its tags");
    }
    // A registry that is unavailable has refused nothing.
    for (stage, response, code) in [
        ("@/stage", Some(503), 6),
        ("@/stage", Some(429), 5),
        ("127.0.0.1:1/stage", None, 6),
        ("no_registry.com/stage", None, 1),
    ] {
        registry.clear_faults();
        if let Some(status) = response {
            let response = Response::status(status);
            registry.fault(Fault::on("GET", "/stage/tags/list").respond(response));
        }
        shell
            .run(&format!("ls --retry 0 --stage {stage}"))
            .fails(code)
            .says("cannot find the drafts in ")
            .does_not_say("are found by the list of its tags");
    }
}

#[test]
fn registries_without_artifacts_get_images() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    fill(&registry, 2);
    stage(&registry, 1);
    let (_, artifact) = part(&registry, 0);
    assert_eq!(
        artifact["artifactType"],
        "application/vnd.docker-manifest.draft.v1+json"
    );
    assert_eq!(
        artifact["config"]["mediaType"],
        "application/vnd.oci.empty.v1+json"
    );
    let invalid = Response::error(400, "MANIFEST_INVALID", "unknown config media type");
    registry.fault(
        Fault::on("PUT", "/stage/manifests/")
            .times(1)
            .respond(invalid),
    );
    let line = format!("create --amend --stage @/stage {LIST} @/app:1");
    Shell::new(&registry).run(&line).succeeds();
    let (media_type, image) = part(&registry, 1);
    assert_eq!(media_type, "application/vnd.oci.image.manifest.v1+json");
    assert_eq!(
        image["config"]["mediaType"],
        "application/vnd.oci.image.config.v1+json"
    );
    assert!(image.get("artifactType").is_none());
    let shell = Shell::new(&registry);
    shell
        .run(&format!("push --stage @/stage {LIST}"))
        .succeeds();
    assert_eq!(published(&registry, "list").len(), 2);

    let docker_only = Watched::embedded(EmbeddedRegistry::builder().refuse_oci().start());
    fill(&docker_only, 2);
    let refusal = Response::error(405, "UNSUPPORTED", "no");
    docker_only.fault(Fault::on("DELETE", "/manifests/").respond(refusal));
    stage(&docker_only, 2);
    let (media_type, _) = part(&docker_only, 0);
    assert_eq!(
        media_type,
        "application/vnd.docker.distribution.manifest.v2+json"
    );
    let shell = Shell::new(&docker_only);
    shell
        .run(&format!("push --stage @/stage --purge {LIST}"))
        .succeeds();
    assert_eq!(published(&docker_only, "list").len(), 2);
    assert_eq!(names(&shell), "");
}

#[test]
fn blobs_that_a_registry_has_lost_are_uploaded_again() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    fill(&registry, 1);
    let lost = Response::error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
    registry.fault(Fault::on("PUT", "/stage/manifests/").times(1).respond(lost));
    stage(&registry, 1);
    assert_eq!(names(&Shell::new(&registry)), "REGISTRY/app:list\n");
}

#[test]
fn refusals_of_writes_are_errors() {
    let registry = Watched::embedded(EmbeddedRegistry::builder().immutable_tags().start());
    fill(&registry, 1);
    stage(&registry, 1);
    let shell = Shell::new(&registry);
    shell
        .run(&format!(
            "annotate --stage @/stage {LIST} @/app:0 --variant v2"
        ))
        .fails(1)
        .says("already exists in 'stage' and is immutable");
    let denied = Response::error(403, "DENIED", "requested access to the resource is denied");
    registry.fault(Fault::on("POST", "/stage/blobs/uploads/").respond(denied));
    shell
        .run("create --amend --stage @/stage @/app:other @/app:0")
        .fails(4)
        .says("denied");
}
