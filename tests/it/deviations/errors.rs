//! The registry's response, and the message for the user.

use manifest_testkit::fault::{Fault, Response};

use super::{dockers, embedded, ours, stage};

#[test]
fn errors_of_the_registry_become_no_such_manifest() {
    let cases = [
        (
            Response::error(401, "UNAUTHORIZED", "authentication required"),
            4,
            "401",
        ),
        (
            Response::error(403, "DENIED", "requested access to the resource is denied"),
            4,
            "403",
        ),
        (
            Response::error(429, "TOOMANYREQUESTS", "slow down"),
            5,
            "429",
        ),
        (Response::status(500), 6, "500"),
        (Response::status(503), 6, "503"),
        (Response::Html(502), 6, "502"),
    ];
    for (response, code, status) in cases {
        for line in [
            "create --retry 0 --insecure @/app:1 @/app:amd64",
            "inspect --retry 0 --insecure @/app:amd64",
            "inspect --retry 0 --insecure -v @/app:amd64",
        ] {
            let stage = stage();
            embedded(&stage).fault(Fault::on_any("/manifests/").respond(response.clone()));
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
    // Docker's CLI takes a 401 with a detail for a missing image.
    let stage = stage();
    let detail =
        r#"{"errors":[{"code":"UNAUTHORIZED","message":"authentication required","detail":[]}]}"#;
    let body = detail.as_bytes().to_vec();
    let headers = vec![("content-type".to_owned(), "application/json".to_owned())];
    let response = Response::Status {
        code: 401,
        headers,
        body,
    };
    embedded(&stage).fault(Fault::on_any("/manifests/").respond(response));
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
            Response::error(401, "UNAUTHORIZED", "authentication required"),
            4,
            "401",
        ),
        (
            Response::error(403, "DENIED", "requested access to the resource is denied"),
            4,
            "403",
        ),
        (
            Response::error(429, "TOOMANYREQUESTS", "slow down"),
            5,
            "429",
        ),
        (Response::status(503), 6, "503"),
        (
            Response::error(400, "MANIFEST_INVALID", "this registry takes no such list"),
            1,
            "400",
        ),
    ];
    for (response, code, status) in cases {
        let stage = stage();
        let ours = ours(&stage);
        ours.play("create --insecure @/app:1 @/app:amd64")
            .ran
            .succeeds();
        embedded(&stage).fault(Fault::on("PUT", "/manifests/").respond(response));
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
            .respond(Response::status(503)),
    );
    let created = ours.play("create --insecure @/app:1 @/app:amd64").ran;
    let _ = created
        .succeeds()
        .says(" s (1 of 5): failed to get manifest ")
        .says("/v2/app/manifests/amd64: 503 Service Unavailable\n")
        .does_not_say("(2 of 5)");
    registry.fault(
        Fault::on("PUT", "/manifests/")
            .times(1)
            .respond(Response::ResetBeforeHeaders),
    );
    let pushed = ours.play("push --insecure @/app:1").ran;
    let _ = pushed
        .succeeds()
        .says(" s (1 of 5): failed to put manifest ")
        .says("the connection was closed\n");
    registry.fault(Fault::on("GET", "/manifests/").respond(Response::status(503)));
    let gone = ours.play("inspect --insecure --retry 1 @/app:amd64").ran;
    let _ = gone
        .fails(6)
        .prints("")
        .says(" s (1 of 1): ")
        .says("503 Service Unavailable (2 attempts)");
    let late = ours
        .play("inspect --insecure --retry 99 --timeout 5s @/app:amd64")
        .ran;
    let _ = late
        .fails(6)
        .prints("")
        .says("503 Service Unavailable")
        .says("no time left for another");
    registry.clear_faults();
    registry.fault(Fault::on("GET", "/manifests/").respond(Response::Hang));
    let hanging = ours
        .play("inspect --insecure --timeout 500ms @/app:amd64")
        .ran;
    let _ = hanging
        .fails(6)
        .prints("")
        .says("timed out after 500ms (--timeout)")
        .says("--timeout");
}

#[test]
fn a_registry_that_is_down() {
    let stage = stage();
    // Nothing listens on port 1.
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
