//! Registries that refuse, are down, or send wrong content.

use manifest_testkit::fault::{Fault, Response};

use crate::commands::{Shell, watched};
use crate::harness::{Home, world};

/// Refusals, the exit code for each, and a part of the message.
fn refusals() -> Vec<(Response, i32, &'static str)> {
    let error = Response::error;
    vec![
        (
            error(401, "UNAUTHORIZED", "authentication required"),
            4,
            "401 Unauthorized: unauthorized: authentication required",
        ),
        (
            error(403, "DENIED", "not yours"),
            4,
            "403 Forbidden: denied: not yours",
        ),
        (
            error(404, "DENIED", "hidden"),
            4,
            "404 Not Found: denied: hidden",
        ),
        (
            error(429, "TOOMANYREQUESTS", "slow down"),
            5,
            "429 Too Many Requests: toomanyrequests: slow down",
        ),
        (
            error(500, "UNKNOWN", "oops"),
            6,
            "500 Internal Server Error: unknown: oops",
        ),
        (
            Response::Html(502),
            6,
            "502 Bad Gateway (a web page, not a registry's response)",
        ),
        (
            error(503, "UNAVAILABLE", "busy"),
            6,
            "503 Service Unavailable: unavailable: busy",
        ),
        (
            error(400, "NAME_INVALID", "odd"),
            1,
            "400 Bad Request: name invalid: odd",
        ),
        (Response::ResetBeforeHeaders, 6, "the connection was closed"),
    ]
}

#[test]
fn each_refusal_has_its_exit_code() {
    let rows = refusals();
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/app:pushed @/app:amd64").succeeds();
        let before = shell.store();
        for (response, code, text) in &rows {
            // Not HEAD, whose responses have no message.
            for method in ["GET", "PUT"] {
                registry.fault(Fault::on(method, "/manifests/").respond(response.clone()));
            }
            registry.lines();
            for (line, operation) in [
                (
                    "create --retry 0 @/app:new @/app:amd64 @/app:arm64",
                    "failed to get manifest REGISTRY/app:amd64: GET http",
                ),
                (
                    "inspect --retry 0 @/app:amd64",
                    "failed to get manifest REGISTRY/app:amd64: GET http",
                ),
                (
                    "inspect --retry 0 -v @/app:list",
                    "failed to get manifest REGISTRY/app:list: GET http",
                ),
                (
                    "push --retry 0 --purge @/app:pushed",
                    "failed to put manifest REGISTRY/app:pushed: PUT http",
                ),
            ] {
                let failed = shell.run(line);
                failed
                    .fails(*code)
                    .prints("")
                    .says(operation)
                    .says(text)
                    .does_not_say("o such manifest");
                assert!(shell.store() == before, "{failed}");
            }
            registry.clear_faults();
            assert!(!registry.tags("app").contains(&"pushed".to_owned()));
        }
        for line in [
            "create @/app:new @/app:nope @/app:amd64",
            "inspect @/app:nope",
            "inspect -v @/app:nope",
        ] {
            let failed = shell.run(line);
            failed
                .fails(1)
                .prints("")
                .says("no such manifest: REGISTRY/app:nope\n");
            assert!(shell.store() == before, "{failed}");
        }
        let missing = format!("@/app@sha256:{}", "0".repeat(64));
        let failed = shell.run(&format!("inspect {missing}"));
        failed
            .fails(1)
            .prints("")
            .says(&missing.replace("@/", "no such manifest: REGISTRY/"));
    }
}

#[test]
fn a_registry_that_is_down_is_reported() {
    // The port of tcpmux (RFC 1078), which is no longer in use.
    let host = "127.0.0.1:1".to_owned();
    let home = Home::new();
    for line in [
        vec![
            "create".to_owned(),
            format!("{host}/app:1"),
            format!("{host}/app:amd64"),
        ],
        vec!["inspect".to_owned(), format!("{host}/app:amd64")],
        vec![
            "inspect".to_owned(),
            "-v".to_owned(),
            "--insecure".to_owned(),
            format!("{host}/app:amd64"),
        ],
    ] {
        home.ours(&line)
            .fails(6)
            .prints("")
            .says(&format!(
                "failed to get manifest {host}/app:amd64: GET http"
            ))
            .says("connection refused")
            .says(&format!(
                "hint: nothing answers on {host}: is it running?\n"
            ));
        assert!(home.drafts().is_empty());
    }
}

/// Wrong content, the image that it is sent for, the exit code, and a part of the message.
type WrongContent<'a> = (Fault, &'a str, i32, &'static str);

fn wrong_manifests<'a>(tagged: &'a str, pinned: &'a str) -> Vec<WrongContent<'a>> {
    let manifest = |response| Fault::on("GET", "/manifests/").respond(response);
    vec![
        (
            manifest(Response::CorruptBody),
            tagged,
            1,
            "the registry says digest",
        ),
        (
            manifest(Response::WrongDigestHeader),
            tagged,
            1,
            "the registry says digest",
        ),
        (
            manifest(Response::CorruptBody),
            pinned,
            1,
            "manifest verification failed for digest sha256:",
        ),
        (
            manifest(Response::ShortBody),
            tagged,
            6,
            "the connection was closed",
        ),
        (
            manifest(Response::EmptyBody),
            pinned,
            1,
            "manifest verification failed for digest sha256:",
        ),
        (
            manifest(Response::Html(200)),
            tagged,
            1,
            "failed to get manifest REGISTRY/app:amd64: GET http",
        ),
        (
            manifest(Response::Html(200)),
            pinned,
            1,
            "manifest verification failed for digest sha256:",
        ),
        (
            manifest(Response::EndlessBody),
            tagged,
            1,
            "the content is over the limit of",
        ),
        (
            manifest(Response::Raw(b"SSH-2.0-OpenSSH\r\n".to_vec())),
            tagged,
            6,
            "failed to get manifest REGISTRY/app:amd64",
        ),
    ]
}

fn wrong_configs(tagged: &str) -> Vec<WrongContent<'_>> {
    let blob = |response| Fault::on("GET", "/blobs/").respond(response);
    vec![
        (
            blob(Response::CorruptBody),
            tagged,
            1,
            "image config verification failed for digest sha256:",
        ),
        (
            blob(Response::ShortBody),
            tagged,
            6,
            "the connection was closed",
        ),
        (
            blob(Response::EmptyBody),
            tagged,
            1,
            "the content has 0 bytes, but its descriptor says",
        ),
        (
            blob(Response::Html(200)),
            tagged,
            1,
            "bytes, but its descriptor says",
        ),
        (
            blob(Response::EndlessBody),
            tagged,
            1,
            "failed to get blob REGISTRY/app@sha256:",
        ),
    ]
}

#[test]
fn wrong_content_is_never_accepted() {
    let digest = format!("@/app@{}", world::digest("app:amd64"));
    let rows = [
        wrong_manifests("@/app:amd64", &digest),
        wrong_configs("@/app:amd64"),
    ]
    .concat();
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for (fault, image, code, text) in &rows {
            let fault = registry.fault(fault.clone());
            for line in [
                format!("create --retry 0 @/app:1 @/app:loong64 {image}"),
                format!("inspect --retry 0 -v {image}"),
            ] {
                let failed = shell.run(&line);
                assert!(fault.hits() > 0, "{failed}");
                failed
                    .fails(*code)
                    .prints("")
                    .does_not_say("o such manifest");
                if line.starts_with("inspect") {
                    failed.says(text);
                }
                assert_eq!(shell.store(), [].into(), "{failed}");
            }
            registry.clear_faults();
        }
        assert!(registry.writes().is_empty());
    }
}
