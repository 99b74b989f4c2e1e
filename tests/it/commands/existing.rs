//! `exists`: exit codes, requests and output.

use manifest_testkit::fault::{Fault, Response};
use serde_json::{Value, json};

use super::{Shell, watched};
use crate::harness::{schema, world};

#[test]
fn the_exit_code_tells_and_nothing_is_printed() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let pinned = format!("@/app@{}", world::digest("app:amd64"));
        for (name, code) in [
            ("@/app:amd64", 0),
            ("@/app:list", 0),
            (&*pinned, 0),
            ("@/app:gone", 1),
            ("@/nothing:1", 1),
        ] {
            let ran = shell.run(&format!("exists {name}"));
            ran.fails(code).prints("");
            assert_eq!(ran.stderr, "", "{ran}");
            let lines = registry.lines();
            assert!(
                lines.len() == 1 && lines[0].starts_with("HEAD /v2/"),
                "{lines:?}"
            );
        }
    }
}

#[test]
fn a_draft_is_no_manifest_in_a_registry() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("create @/app:draft @/app:amd64").succeeds();
    shell.run("exists @/app:draft").fails(1).prints("");
}

#[test]
fn digest_type_and_size_are_printed_on_request() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let (media_type, bytes) = registry.manifest("app", "list").unwrap();
        let digest = world::digest("app:list");
        registry.lines();
        shell
            .run("exists --verbose @/app:list")
            .succeeds()
            .prints(&format!(
                "Name:       REGISTRY/app:list\nDigest:     {digest}\nMedia type: {media_type}\nSize:       {} B\n",
                bytes.len()
            ))
            .is_quiet();
        assert_eq!(registry.lines(), ["HEAD /v2/app/manifests/list 200"]);
        let ran = shell.run("exists --format json @/app:list");
        let object: Value = serde_json::from_str(&ran.succeeds().stdout).unwrap();
        schema::check("exists", &object);
        let expected = json!({
            "reference": "REGISTRY/app:list", "exists": true, "digest": digest, "mediaType": media_type, "size": bytes.len(),
        });
        assert_eq!(object, expected);
        let ran = shell.run("exists --format json @/app:gone");
        let object: Value = serde_json::from_str(&ran.fails(1).stdout).unwrap();
        assert_eq!(
            object,
            json!({"reference": "REGISTRY/app:gone", "exists": false})
        );
        let ran = shell.run("exists -v @/app:gone");
        ran.fails(1).prints("");
        assert_eq!(
            ran.stderr,
            "the registry has no manifest REGISTRY/app:gone\n"
        );
    }
}

#[test]
fn no_clear_response_is_another_exit_code() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    for (response, code) in [
        (Response::status(401), 4),
        (Response::status(403), 4),
        (Response::status(429), 5),
        (Response::status(503), 6),
    ] {
        registry.fault(Fault::on_any("/manifests/").respond(response));
        let ran = shell.run("exists --retry 0 @/app:amd64");
        ran.fails(code).prints("").says("REGISTRY/app:amd64");
        registry.clear_faults();
    }
    shell
        .run("exists --retry 0 127.0.0.1:1/app:1")
        .fails(6)
        .prints("");
    // A registry without HEAD is asked by GET.
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(405)));
    registry.lines();
    shell.run("exists @/app:amd64").succeeds().prints("");
    shell.run("exists @/app:gone").fails(1).prints("");
    let lines = registry.lines();
    assert_eq!(
        lines,
        [
            "HEAD /v2/app/manifests/amd64 405",
            "GET /v2/app/manifests/amd64 200",
            "HEAD /v2/app/manifests/gone 405",
            "GET /v2/app/manifests/gone 404",
        ]
    );
}

#[test]
fn wrong_command_lines_are_refused() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("exists").fails(1).says("requires 1 argument");
    shell
        .run("exists @/app:a @/app:b")
        .fails(1)
        .says("requires 1 argument");
    shell
        .run("exists App")
        .fails(1)
        .says("invalid reference format");
    shell
        .run("exists --format xml @/app:a")
        .fails(125)
        .says("must be json");
    assert!(registry.lines().is_empty());
}
