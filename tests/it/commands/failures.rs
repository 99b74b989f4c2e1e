//! A failure leaves everything as it was: drafts byte for byte, the tag, and the manifest that it points to.

use std::time::Duration;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::sha256;

use super::Shell;
use super::watched;

/// The faults of a registry, the exit code for each, and a part of the message.
fn spoilt() -> Vec<(Fault, i32, &'static str)> {
    let busy = Response::error(503, "UNAVAILABLE", "come back later");
    vec![
        (
            Fault::on("GET", "/manifests/armv7").respond(Response::status(404)),
            1,
            "no such manifest: REGISTRY/app:armv7\n",
        ),
        (
            Fault::on("GET", "/manifests/armv7").respond(busy.clone()),
            6,
            "503 Service Unavailable",
        ),
        (
            Fault::on("GET", "/blobs/").nth(2).respond(busy),
            6,
            "failed to get blob REGISTRY/app@sha256:",
        ),
        (
            Fault::on("GET", "/blobs/")
                .nth(1)
                .respond(Response::status(404)),
            1,
            "404 Not Found",
        ),
        (
            Fault::on("GET", "/blobs/")
                .nth(1)
                .respond(Response::CorruptBody),
            1,
            "image config verification failed for digest sha256:",
        ),
    ]
}

#[test]
fn a_create_that_fails_makes_no_draft_and_the_next_one_works() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let create = "create --retry 0 @/app:1 @/app:amd64 @/app:arm64 @/app:armv7";
        for (fault, code, text) in spoilt() {
            let fault = registry.fault(fault);
            let failed = shell.run(create);
            failed.fails(code).prints("").says(text);
            assert_eq!(fault.hits(), 1, "{failed}");
            registry.clear_faults();
            assert_eq!(shell.store(), [].into(), "{failed}");
        }
        // Without a fault: one image does not exist, one argument is not a reference.
        shell
            .run("create @/app:1 @/app:amd64 @/app:nope @/app:arm64")
            .fails(1)
            .prints("")
            .says("no such manifest: REGISTRY/app:nope\n");
        shell
            .run("create @/app:1 @/app:amd64 @/app:Not:One")
            .fails(1)
            .prints("")
            .says("invalid reference format");
        shell
            .run("create @/app:1 @/app:amd64 @/app:list --platform linux/s390x")
            .fails(1)
            .prints("")
            .says("no source has an image for linux/s390x");
        assert_eq!(shell.store(), [].into());
        assert!(registry.writes().is_empty());

        shell
            .run(create)
            .succeeds()
            .prints("Created manifest list REGISTRY/app:1\n")
            .is_quiet();
        assert_eq!(shell.drafts(), [("REGISTRY_app-1".to_owned(), 3)].into());
        let before = shell.store();
        shell
            .run(create)
            .fails(1)
            .prints("")
            .says("refusing to amend an existing manifest list with no --amend flag");
        assert_eq!(shell.store(), before);
    }
}

#[test]
fn an_amend_that_fails_leaves_the_draft_byte_for_byte() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/app:amd64 @/app:arm64")
            .succeeds();
        shell
            .run("annotate @/app:1 @/app:arm64 --variant v9")
            .succeeds();
        let before = shell.store();
        for (fault, code, text) in spoilt() {
            registry.fault(fault);
            // The first image is in the draft already, and would be resolved again.
            let failed =
                shell.run("create --retry 0 --amend @/app:1 @/app:amd64 @/app:armv7 @/app:loong64");
            failed.fails(code).prints("").says(text);
            registry.clear_faults();
            assert!(shell.store() == before, "the draft has changed\n{failed}");
        }
        for wrong in [
            "create -a @/app:1 @/app:nope",
            "annotate @/app:1 @/app:armv7 --arch arm",
            "annotate @/app:1 @/app:arm64 --os linux --arch nonsense",
            "annotate @/app:1 @/app:arm64 --bogus",
        ] {
            let failed = shell.run(wrong);
            assert_ne!(failed.code, 0, "{failed}");
            failed.prints("");
            assert!(shell.store() == before, "the draft has changed\n{failed}");
        }
        shell.run("create --amend @/app:1 @/app:armv7").succeeds();
        assert_eq!(shell.drafts(), [("REGISTRY_app-1".to_owned(), 3)].into());
        let shown = shell.run("inspect @/app:1");
        assert!(
            shown.stdout.contains("\"v9\""),
            "what was annotated stays: {shown}"
        );
    }
}

/// The faults of a push, the exit code for each, and a part of the message.
fn push_faults() -> Vec<(Fault, i32, &'static str)> {
    let error = Response::error;
    vec![
        // The blobs, which are missing in the target.
        (
            Fault::on("POST", "/blobs/uploads").respond(error(401, "UNAUTHORIZED", "who?")),
            4,
            "401 Unauthorized",
        ),
        // The children.
        (
            Fault::on("POST", "/blobs/uploads").respond(error(401, "UNAUTHORIZED", "who?")),
            4,
            "401 Unauthorized",
        ),
        (
            Fault::on("PUT", "/manifests/sha256").respond(error(500, "UNKNOWN", "oops")),
            6,
            "500 Internal Server Error",
        ),
        (
            Fault::on("PUT", "/manifests/sha256").respond(error(429, "TOOMANYREQUESTS", "slowly")),
            5,
            "429 Too Many Requests",
        ),
        // The tag itself.
        (
            Fault::on("PUT", "/manifests/1").respond(error(403, "DENIED", "read only")),
            4,
            "403 Forbidden: denied: read only",
        ),
        (
            Fault::on("PUT", "/manifests/1").respond(error(400, "TAG_INVALID", "no")),
            7,
            "failed to put manifest REGISTRY/rel:1",
        ),
        (
            Fault::on("PUT", "/manifests/1").respond(error(500, "UNKNOWN", "oops")),
            6,
            "500 Internal Server Error",
        ),
        (
            Fault::on("PUT", "/manifests/1").respond(Response::ResetBeforeHeaders),
            6,
            "the connection was closed",
        ),
    ]
}

#[test]
fn a_push_that_fails_leaves_tag_and_draft() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/rel:1 @/other:s390x").succeeds();
        shell.run("push -p @/rel:1").succeeds();
        let old = registry.bytes("rel", "1");
        shell
            .run("create @/rel:1 @/app:amd64 @/other:s390x @/app:arm64")
            .succeeds();
        let before = shell.store();
        for (fault, code, text) in push_faults() {
            let fault = registry.fault(fault);
            for line in ["push --retry 0 @/rel:1", "push --retry 0 --purge @/rel:1"] {
                registry.lines();
                let failed = shell.run(line);
                failed.fails(code).says(text);
                assert!(!failed.stdout.contains(&sha256(&old)), "{failed}");
                let written = registry.writes();
                assert!(
                    !written.contains(&"PUT /v2/rel/manifests/1 201".to_owned()),
                    "{written:?}"
                );
            }
            assert!(fault.hits() >= 2);
            registry.clear_faults();
            assert_eq!(registry.bytes("rel", "1"), old, "the tag has moved");
            assert!(shell.store() == before, "the draft has changed");
        }
        // Refused before anything is sent.
        shell.run("create --amend @/rel:1 @/app:blank").succeeds();
        let before = shell.store();
        registry.lines();
        shell
            .run("push --purge @/rel:1")
            .fails(1)
            .prints("")
            .says("manifest REGISTRY/app:blank must have an OS and Architecture to be pushed to a registry")
            .says("docker-manifest annotate --os OS --arch ARCH LIST REGISTRY/app:blank");
        assert!(registry.lines().is_empty() && shell.store() == before);
        shell
            .run("annotate @/rel:1 @/app:blank --os linux --arch riscv64")
            .succeeds();
        let pushed = shell.run("push --purge @/rel:1");
        pushed.succeeds().is_quiet();
        assert!(
            pushed
                .stdout
                .ends_with(&format!("\n{}\n", sha256(&registry.bytes("rel", "1"))))
        );
        assert_ne!(registry.bytes("rel", "1"), old);
        assert_eq!(shell.drafts(), [].into());
    }
}

#[test]
fn a_draft_that_is_changed_while_it_is_pushed_stays() {
    let changes = [
        "annotate @/app:1 @/app:arm64 --variant v9",
        "create --amend @/app:1 @/app:armv7",
    ];
    for registry in watched::each() {
        for change in changes {
            let shell = Shell::new(&registry);
            shell
                .run("create @/app:1 @/app:amd64 @/app:arm64")
                .succeeds();
            let pushed_text = shell.run("inspect @/app:1").stdout;
            // On a busy machine the change may come too late. Then the push is delayed for longer.
            let held = [1, 4, 16].into_iter().find_map(|seconds| {
                let delay = Response::Delay(Duration::from_secs(seconds));
                let fault =
                    registry.fault(Fault::on("PUT", "/manifests/1").times(1).respond(delay));
                let result = std::thread::scope(|scope| {
                    let push = scope.spawn(|| shell.run("push --purge @/app:1"));
                    while fault.hits() == 0 && !push.is_finished() {
                        std::thread::yield_now();
                    }
                    shell.run(change).succeeds();
                    let in_time = !push.is_finished();
                    (in_time, push.join().unwrap())
                });
                registry.clear_faults();
                result.0.then_some(result.1)
            });
            let pushed = held.expect("a push can be held");
            let published = registry.bytes("app", "1");
            pushed.succeeds().prints(&format!("{}\n", sha256(&published))).says(
                "warning: the draft of REGISTRY/app:1 was changed while it was pushed, so it was not removed",
            );
            let published = String::from_utf8(published).unwrap();
            assert_eq!(
                published + "\n",
                pushed_text.replace("REGISTRY", &registry.host())
            );
            let draft = shell.run("inspect @/app:1");
            draft.succeeds();
            assert_ne!(draft.stdout, pushed_text);
            shell.run("push --purge @/app:1").succeeds().is_quiet();
            assert_eq!(shell.drafts(), [].into());
            let published = String::from_utf8(registry.bytes("app", "1")).unwrap();
            assert_eq!(
                published + "\n",
                draft.stdout,
                "the change is published by the next push"
            );
        }
    }
}
