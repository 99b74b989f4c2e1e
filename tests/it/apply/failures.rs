//! Lists that fail, busy registries, and the exit codes.

use std::time::Duration;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::suite;

use super::{by_digest, by_tag, list, report, seed, write, writes};
use crate::commands::{Shell, Watched};

fn status(code: u16) -> Response {
    Response::Status {
        code,
        headers: Vec::new(),
        body: Vec::new(),
    }
}

#[test]
fn a_list_that_fails_does_not_stop_the_others() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        seed(&registry, 6);
        let shell = Shell::new(&registry);
        let text = by_tag(6).replace("src:3-arm64", "src:3-none");
        write(&shell, "lists.yaml", &text);
        let ran = shell.run("apply --report report.json lists.yaml");
        ran.fails(1)
            .says("lists.yaml:17:8: REGISTRY/app:3: no such manifest: REGISTRY/src:3-none")
            .says("6 lists: 5 written, 1 failed")
            .says("1 of 6 lists failed");
        assert_eq!(registry.tags("app"), ["0", "1", "2", "4", "5"]);
        let report = report(&shell);
        assert_eq!(report["lists"][3]["state"], "failed");
        assert_eq!(report["lists"][3]["error"]["exitCode"], 1);
        // With the image, the next run does the rest.
        write(&shell, "lists.yaml", &by_tag(6));
        let ran = shell.run("apply lists.yaml");
        ran.succeeds().says("6 lists: 1 written, 5 unchanged");
    }
}

#[test]
fn fail_fast_starts_no_further_lists() {
    // More lists than are worked on at once.
    const LISTS: usize = 300;
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let digests = seed(&registry, LISTS);
    let shell = Shell::new(&registry);
    let missing = format!("sha256:{}", "0".repeat(64));
    let text = by_digest(&digests).replacen(&digests[0][0], &missing, 1);
    write(&shell, "lists.yaml", &text);
    let ran = shell.run("apply --fail-fast --report report.json lists.yaml");
    ran.fails(1).says("not started");
    let report = report(&shell);
    assert_eq!(report["summary"]["failed"], 1, "{ran}");
    assert_eq!(report["lists"][LISTS - 1]["state"], "notStarted");
    // Lists that were begun are complete, and the next run does the others.
    write(&shell, "lists.yaml", &by_digest(&digests));
    let ran = shell.run("apply lists.yaml");
    ran.succeeds();
    assert_eq!(registry.tags("app").len(), LISTS);
}

#[test]
fn a_busy_registry_gets_fewer_requests_until_it_recovers() {
    let registry = EmbeddedRegistry::builder().max_requests(4);
    let registry = registry.latency(Duration::from_millis(10)).start();
    let registry = Watched::embedded(registry);
    let digests = seed(&registry, 60);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_digest(&digests));
    let ran = shell.run("apply lists.yaml");
    ran.succeeds().says("60 lists: 60 written");
    let refused = |registry: &Watched<'_>| {
        let requests = registry.log().requests();
        let refused = requests.iter().filter(|request| request.status == 429);
        (refused.count(), requests.len())
    };
    let (busy, all) = refused(&registry);
    assert!(busy > 0, "the registry was never busy");
    // Few requests are wasted: the limit of the whole run adapts, not that of each list.
    assert!(busy * 4 < all, "{busy} of {all} requests were refused");
}

#[test]
fn requests_pause_as_long_as_the_registry_says() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let digests = seed(&registry, 20);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_digest(&digests));
    let wait = Response::Status {
        code: 429,
        headers: vec![("retry-after".to_owned(), "1".to_owned())],
        body: Vec::new(),
    };
    let fault = registry.fault(Fault::on("HEAD", "/app/manifests/").times(3).respond(wait));
    let ran = shell.run("apply lists.yaml");
    ran.succeeds().says("20 lists: 20 written");
    assert_eq!(fault.hits(), 3);
}

#[test]
fn exit_codes() {
    for (code, exit) in [(401, 4), (403, 4), (429, 5), (503, 6), (404, 1)] {
        let registry = Watched::embedded(EmbeddedRegistry::start());
        seed(&registry, 3);
        let shell = Shell::new(&registry);
        // One list has another failure, which tells less.
        let none = list("@/app:none", &["@/src:none".to_owned()]);
        write(&shell, "lists.yaml", &(none + &by_tag(3)));
        registry.fault(Fault::on("GET", "/src/manifests/").respond(status(code)));
        registry.fault(Fault::on("HEAD", "/src/manifests/1-").respond(status(code)));
        let ran = shell.run("apply --retry 0 lists.yaml");
        ran.fails(exit);
        assert!(writes(&registry).is_empty(), "{ran}");
    }
}

#[test]
fn a_list_is_never_half_published() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    let text = by_tag(1).replace("manifests:", "tags: [stable, '@/mirror/app:1']\nmanifests:");
    write(&shell, "lists.yaml", &text);
    // An image cannot be copied to the second repository.
    let fault = Fault::on("PUT", "/mirror/app/manifests/sha256:");
    registry.fault(fault.respond(status(500)));
    let ran = shell.run("apply --retry 0 --report report.json lists.yaml");
    ran.fails(6);
    assert!(registry.tags("app").is_empty());
    assert!(registry.tags("mirror/app").is_empty());
    let states = report(&shell)["lists"][0]["targets"].clone();
    for target in states.as_array().unwrap() {
        assert_eq!(target["state"], "not written");
    }
    registry.clear_faults();
    // One of the tags is refused: the others are written, and the report says so.
    registry.fault(Fault::on("PUT", "/app/manifests/stable").respond(status(403)));
    let ran = shell.run("apply --retry 0 --report report.json lists.yaml");
    ran.fails(4);
    let list = report(&shell)["lists"][0].clone();
    let states: Vec<&str> = (0..3)
        .map(|place| list["targets"][place]["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["written", "not written", "written"], "{list:#}");
    registry.clear_faults();
    let ran = shell.run("apply lists.yaml");
    ran.succeeds().says("1 list: 1 written");
    assert_eq!(registry.tags("app").len(), 2);
}
