//! `check --write`: the features that a registry supports, and what stays in it.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::suite::{self, Kind};

use super::check::check;
use super::fill;
use crate::commands::{Shell, Watched};
use crate::harness::Home;

#[test]
fn writes_are_deleted_again() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        fill(&registry);
        let tags = registry.tags("app");
        let shell = Shell::new(&registry);
        for repository in ["app", "new"] {
            let report = check(&shell, &format!("--write @/{repository}"), 0);
            report.has(&[
                ("push", "ok", "allowed"),
                ("ociIndex", "ok", "supported"),
                ("mixedIndex", "ok", "supported"),
                ("artifactType", "ok", "supported"),
                ("mount", "ok", "supported"),
                ("range", "ok", "supported"),
                ("cleanup", "ok", "7 of 7 deleted"),
            ]);
            let (referrers, single_post) = match kind {
                Kind::Embedded => ("ok", "ok"),
                Kind::Real => ("no", "no"),
            };
            report.has(&[
                ("referrers", referrers, ""),
                ("singlePost", single_post, ""),
            ]);
            assert_eq!(report.json["write"], true);
        }
        let writes = registry.writes();
        let count = |start: &str| writes.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(count("DELETE "), 2 * 7, "{writes:?}");
        assert_eq!(count("PUT /v2/app/manifests/sha256:"), 5, "{writes:?}");
        assert_eq!(count("PUT /v2/new/manifests/sha256:"), 5, "{writes:?}");
        assert_eq!(registry.tags("app"), tags);
    }
    let embedded = EmbeddedRegistry::start();
    let host = embedded.host();
    let ran = Home::new().ours(&["check", "--write", &format!("{host}/app")]);
    ran.succeeds();
    assert!(embedded.manifests("app").is_empty());
    assert_eq!(embedded.open_uploads("app"), 0);
    let blobs = embedded.log().requests().into_iter();
    let digests = blobs.filter(|request| request.is("DELETE", "/blobs/sha256:"));
    let digests: Vec<_> = digests.map(|request| request.path).collect();
    assert_eq!(digests.len(), 2);
    for path in digests {
        let digest = path.rsplit('/').next().unwrap();
        assert_eq!(embedded.blob("app", digest), None);
    }
}

#[test]
fn content_that_is_not_deleted_is_named() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let unsupported = Response::error(405, "UNSUPPORTED", "The operation is unsupported.");
    registry.fault(Fault::on("DELETE", "/blobs/").respond(unsupported.clone()));
    let report = check(&shell, "--write @/app", 0);
    report.has(&[
        ("cleanup", "warn", "5 of 7 deleted (405"),
        ("cleanup", "warn", "left behind: REGISTRY/app@sha256:"),
    ]);
    report.hints("cleanup", "garbage");
    // 404 may mean that the registry has no such request.
    registry.clear_faults();
    registry.fault(Fault::on("DELETE", "/manifests/").respond(Response::status(404)));
    let report = check(&shell, "--write @/app", 0);
    report.has(&[("cleanup", "warn", "2 of 7 deleted (404")]);
    report.hints("cleanup", "delete the manifests");
    registry.clear_faults();
    // The registry removes blobs with their manifests.
    let gone = Response::error(404, "BLOB_UNKNOWN", "blob unknown to registry");
    registry.fault(Fault::on("DELETE", "/blobs/").respond(gone));
    check(&shell, "--write @/app", 0).has(&[("cleanup", "ok", "7 of 7 deleted")]);
}

#[test]
fn features_that_a_registry_lacks_are_no_failures() {
    let old = EmbeddedRegistry::builder()
        .no_referrers()
        .never_mount()
        .refuse_mixed()
        .refuse_single_post()
        .start();
    let registry = Watched::embedded(old);
    let shell = Shell::new(&registry);
    let whole = Response::status(200);
    registry.fault(Fault::on("GET", "/blobs/sha256:").respond(whole));
    let report = check(&shell, "--write @/app", 0);
    report.has(&[
        ("push", "ok", "allowed"),
        ("ociIndex", "ok", "supported"),
        ("mixedIndex", "no", "400"),
        ("artifactType", "ok", "supported"),
        ("mount", "no", "layers are uploaded instead"),
        ("singlePost", "no", "uploads need a session"),
        ("range", "no", "the whole blob is sent"),
        ("referrers", "no", "tags"),
        ("cleanup", "ok", "6 of 6 deleted"),
    ]);
    assert_eq!(report.json["ready"], true);
    let docker_only = Watched::embedded(EmbeddedRegistry::builder().refuse_oci().start());
    let report = check(&Shell::new(&docker_only), "--write @/app", 0);
    report.has(&[
        ("push", "ok", "allowed"),
        ("ociIndex", "no", "manifest invalid"),
        ("artifactType", "no", "manifest invalid"),
        ("mixedIndex", "skipped", "an earlier write failed"),
        ("cleanup", "ok", "3 of 3 deleted"),
    ]);
}

#[test]
fn read_only_registry_is_not_ready() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    registry.fault(
        Fault::on("POST", "/blobs/uploads/").respond(Response::error(403, "DENIED", "read-only")),
    );
    let report = check(&shell, "--write @/app", 4);
    report.has(&[
        ("push", "no", "403 Forbidden: denied: read-only"),
        ("referrers", "ok", "supported"),
        ("mount", "skipped", "an earlier write failed"),
        ("singlePost", "skipped", "an earlier write failed"),
        ("cleanup", "ok", "nothing was written"),
    ]);
    report.hints("push", "permission to push to");
    report
        .ran
        .says("REGISTRY/app is not ready for a push; failed: push\n");
    assert_eq!(report.json["ready"], false);
    registry.clear_faults();
    registry.fault(Fault::on("PUT", "/manifests/").respond(Response::error(
        405,
        "UNSUPPORTED",
        "proxy cache",
    )));
    let report = check(&shell, "--write @/app", 1);
    report.has(&[
        ("push", "no", "unsupported: proxy cache"),
        ("cleanup", "ok", "2 of 2 deleted"),
    ]);
}

#[test]
fn content_of_failed_writes_is_deleted_too() {
    // The registry has stored it, and the response is lost or wrong.
    for (method, path, response) in [
        ("PUT", "/manifests/", Response::WrongDigestHeader),
        ("PUT", "/blobs/uploads/", Response::WrongDigestHeader),
        ("POST", "/blobs/uploads/", Response::WrongDigestHeader),
    ] {
        let embedded = EmbeddedRegistry::start();
        embedded.fault(Fault::on(method, path).respond(response));
        let name = format!("{}/app", embedded.host());
        let ran = Home::new().ours(&["check", "--retry", "0", "--write", &name]);
        assert!(ran.stdout.contains("deleted"), "{ran}");
        assert!(!ran.stdout.contains("left behind"), "{ran}");
        assert!(embedded.manifests("app").is_empty(), "{ran}");
        let uploads = embedded.log().requests().into_iter();
        let deleted = uploads.filter(|request| request.is("DELETE", "/blobs/sha256:"));
        for path in deleted.map(|request| request.path) {
            let digest = path.rsplit('/').next().unwrap();
            assert_eq!(embedded.blob("app", digest), None, "{ran}");
        }
    }
}
