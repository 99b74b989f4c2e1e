//! `--wait`: images that do not exist yet.

use std::process::Stdio;
use std::time::Duration;

use manifest_testkit::log::Request;
use manifest_testkit::suite::{self, Kind};

use super::{ARCHITECTURES, by_tag, image, list, report, seed, write};
use crate::commands::{Shell, Watched};

/// The longest wait of a test for a request.
const PATIENCE: Duration = Duration::from_secs(60);

/// Pushes the images of one list, and one image of another. Its second image is late.
fn seed_but_one(registry: &Watched<'_>) {
    seed(registry, 1);
    registry.push("src", "1-amd64", &image(1, ARCHITECTURES[0]));
    registry.lines();
}

#[test]
fn each_list_is_published_when_its_images_are_there() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        seed_but_one(&registry);
        let shell = Shell::new(&registry);
        write(&shell, "lists.yaml", &by_tag(2));
        let ran = std::thread::scope(|scope| {
            let running = scope.spawn(|| shell.run("apply --wait 5m lists.yaml"));
            let log = registry.log();
            let is_poll = |request: &Request| {
                request.is("HEAD", "/src/manifests/1-arm64") && request.status == 404
            };
            assert!(log.wait_for(PATIENCE, is_poll).is_some());
            let is_tag = |request: &Request| request.is("PUT", "/app/manifests/0");
            assert!(log.wait_for(PATIENCE, is_tag).is_some());
            assert!(registry.manifest("app", "1").is_none());
            registry.push("src", "1-arm64", &image(1, ARCHITECTURES[1]));
            running.join().unwrap()
        });
        ran.succeeds()
            .says("waiting for 1 image of 1 list, 5m left: REGISTRY/src:1-arm64\n")
            .says("no image is missing any more, waited ");
        assert_eq!(registry.tags("app"), ["0", "1"]);
        // Nothing was read twice, and what is there was asked for once before it was read.
        let lines = registry.lines();
        let count = |start: &str| lines.iter().filter(|line| line.starts_with(start)).count();
        assert_eq!(count("HEAD /v2/src/manifests/0-amd64 "), 2, "{lines:#?}");
        assert_eq!(count("HEAD /v2/src/manifests/1-amd64 "), 2, "{lines:#?}");
        // Another run has nothing to wait for.
        shell
            .run("apply --wait 5m lists.yaml")
            .succeeds()
            .does_not_say("waiting");
    }
}

#[test]
fn the_end_of_the_wait_fails_the_lists_that_lack_an_image() {
    let registry = Watched::empty(Kind::Embedded);
    seed_but_one(&registry);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(2));
    shell
        .run("apply --wait 1s --report report.json lists.yaml")
        .fails(1)
        .says("no such manifest: REGISTRY/src:1-arm64\n")
        .says("waited 1s (--wait)\n")
        .says("hint: if the jobs that push them only need longer, raise --wait;");
    assert_eq!(registry.tags("app"), ["0"]);
    let states: Vec<_> = report(&shell)["lists"]
        .as_array()
        .unwrap()
        .iter()
        .map(|list| list["state"].clone())
        .collect();
    assert_eq!(states, ["written", "failed"]);
    // Left out at the end of the wait, and nothing is reported.
    shell
        .run("apply -q --wait 1s --ignore-missing lists.yaml")
        .succeeds()
        .does_not_say("waiting");
    assert_eq!(registry.tags("app"), ["0", "1"]);
}

#[test]
fn the_images_of_all_lists_are_named() {
    let registry = Watched::empty(Kind::Embedded);
    seed_but_one(&registry);
    let shell = Shell::new(&registry);
    let lists = by_tag(2).replace("@/src:0-amd64", "@/src:none");
    write(&shell, "lists.yaml", &lists);
    shell
        .run("apply --wait 1s lists.yaml")
        .fails(1)
        .says("waiting for 2 images of 2 lists, ")
        .says(" left: REGISTRY/src:1-arm64, REGISTRY/src:none\n")
        .does_not_say("no image is missing any more");
}

#[test]
fn many_lists_that_wait_do_not_hold_up_the_others() {
    let registry = Watched::empty(Kind::Embedded);
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    let late = (0..300).map(|number| list(&format!("@/app:{number}"), &["@/src:late".to_owned()]));
    let ready = list("@/app:ready", &["@/src:0-amd64".to_owned()]);
    write(&shell, "lists.yaml", &(late.collect::<String>() + &ready));
    let mut running = shell.command("apply -q --wait 5m lists.yaml");
    let mut running = running.stderr(Stdio::null()).spawn().unwrap();
    let is_written = |request: &Request| request.is("PUT", "/app/manifests/ready");
    let written = registry.log().wait_for(PATIENCE, is_written);
    running.kill().unwrap();
    running.wait().unwrap();
    assert!(written.is_some(), "{:#?}", registry.lines());
}

#[test]
fn a_failure_ends_the_wait_of_other_lists() {
    let registry = Watched::empty(Kind::Embedded);
    seed_but_one(&registry);
    let shell = Shell::new(&registry);
    let lists = by_tag(2).replace("@/src:0-amd64", "@/private:0");
    write(&shell, "lists.yaml", &lists);
    let denied = manifest_testkit::fault::Response::error(403, "DENIED", "not yours");
    registry.fault(manifest_testkit::fault::Fault::on_any("/private/").respond(denied));
    shell
        .run("apply --fail-fast --wait 10m lists.yaml")
        .fails(4)
        .says("hint: --wait only waits for images that the registry says do not exist;");
    assert!(registry.tags("app").is_empty());
}

#[test]
fn drafts_of_spec_files_wait_together() {
    let registry = Watched::empty(Kind::Embedded);
    seed_but_one(&registry);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(2));
    shell
        .run("create --wait 1s -f lists.yaml")
        .fails(1)
        .says("waiting for 1 of 4 sources, 1s left: REGISTRY/src:1-arm64\n")
        .says("no such manifest: REGISTRY/src:1-arm64\n")
        .says("\nwaited 1s (--wait)\n");
    assert!(shell.drafts().is_empty());
    registry.push("src", "1-arm64", &image(1, ARCHITECTURES[1]));
    shell.run("create --wait 1s -f lists.yaml").succeeds();
    assert_eq!(shell.drafts().len(), 2);
    for flag in ["--match 1.0-*", "--max 3"] {
        shell
            .run(&format!("create {flag} -f lists.yaml"))
            .fails(125)
            .says("a spec file describes its lists itself");
    }
}

#[test]
fn templates_are_awaited_too() {
    let registry = Watched::empty(Kind::Embedded);
    seed_but_one(&registry);
    let template = "--wait 1s --template @/src:1-ARCH --platforms linux/amd64,linux/arm64";
    let shell = Shell::new(&registry);
    for line in [
        format!("create {template} @/app:1"),
        format!("apply {template} --target @/app:1"),
    ] {
        shell
            .run(&line)
            .fails(1)
            .says("no such manifest: REGISTRY/src:1-arm64\n")
            .says("waited 1s (--wait)\n");
    }
    // A pattern may stand beside a template.
    shell
        .run("create --template @/src:1-ARCH --platforms linux/amd64 @/app:1 '@/src:0-arm*'")
        .succeeds()
        .says("REGISTRY/src:0-arm* matches 1 of 3 tags: 0-arm64\n");
}

#[test]
fn a_subject_is_awaited_as_an_image_is() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        seed(&registry, 1);
        let shell = Shell::new(&registry);
        let spec = by_tag(1).replacen("manifests:", "subject: '@/src:late'\nmanifests:", 1);
        write(&shell, "lists.yaml", &spec);
        let ran = std::thread::scope(|scope| {
            let running = scope.spawn(|| shell.run("apply --wait 5m lists.yaml"));
            let is_poll = |request: &Request| {
                request.is("HEAD", "/src/manifests/late") && request.status == 404
            };
            assert!(registry.log().wait_for(PATIENCE, is_poll).is_some());
            assert!(registry.manifest("app", "0").is_none());
            registry.push("src", "late", &image(1, ARCHITECTURES[1]));
            running.join().unwrap()
        });
        ran.succeeds()
            .says("waiting for 1 image of 1 list, 5m left: REGISTRY/src:late\n");
        assert!(registry.manifest("app", "0").is_some());
    }
}
