//! The requests of `verify` and `diff`, and registries that do not respond.

use std::time::Duration;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::log::longest_chain;

use super::{Lab, oci, push_sound_list};
use crate::commands::{Shell, watched};
use crate::harness::Home;

/// The latency of a round trip: long, compared with the program's own work between two.
const LATENCY: Duration = Duration::from_millis(100);

/// Returns the requests of a command line, without their status, sorted.
fn requests(lab: &Lab, line: &str) -> Vec<String> {
    lab.registry.log().clear();
    let ran = lab.run(line);
    assert!(ran.code <= 1, "{ran}");
    let lines = lab.registry.log().lines().into_iter();
    let mut lines: Vec<String> = lines
        .map(|line| line.rsplit_once(' ').unwrap().0.to_owned())
        .collect();
    lines.sort();
    lines
}

fn count(requests: &[String], start: &str) -> usize {
    requests
        .iter()
        .filter(|line| line.starts_with(start))
        .count()
}

#[test]
fn everything_is_asked_for_once() {
    let lab = Lab::new();
    // Twenty images that share a layer.
    let mut list = Index::oci();
    for place in 0..20 {
        let image = Image::oci()
            .platform("linux/amd64")
            .seed(&place.to_string());
        let image = image
            .layer(b"shared")
            .layer(format!("own {place}").as_bytes());
        list = list.image(&image.build());
    }
    lab.registry.seed("app", "1", &list.build());
    let shallow = requests(&lab, "verify @/app:1");
    assert_eq!(
        count(&shallow, "GET /v2/app/manifests/"),
        21,
        "{shallow:#?}"
    );
    assert_eq!(count(&shallow, "GET /v2/app/blobs/"), 20, "{shallow:#?}");
    assert_eq!(shallow.len(), 41, "{shallow:#?}");
    let deep = requests(&lab, "verify --deep @/app:1");
    assert_eq!(count(&deep, "HEAD /v2/app/blobs/"), 21, "{deep:#?}");
    assert_eq!(deep.len(), 41 + 21, "{deep:#?}");
    let mut distinct = deep.clone();
    distinct.dedup();
    assert_eq!(distinct.len(), deep.len(), "{deep:#?}");
}

/// The list, then all images, then all configurations and layers.
#[test]
fn what_is_independent_is_asked_for_at_once() {
    let lab = Lab {
        registry: EmbeddedRegistry::builder().latency(LATENCY).start(),
        home: Home::new(),
    };
    let platforms = ["amd64", "arm64", "riscv64", "s390x", "ppc64le", "386"];
    let images = platforms.map(|architecture| oci(&format!("linux/{architecture}"), "x"));
    let list = images.iter().fold(Index::oci(), Index::image);
    lab.registry.seed("app", "1", &list.build());
    lab.registry.seed("app", "2", &images[0]);
    for (line, depth) in [
        ("verify @/app:1", 3),
        ("verify --deep @/app:1", 3),
        // The first request finds out how the registry is reached, the last one reads the platform of the image.
        ("diff @/app:1 @/app:2", 3),
    ] {
        // Load on the machine can only make the chain longer.
        let run = || {
            requests(&lab, line);
            longest_chain(&lab.registry.log().requests())
        };
        let least = (0..4).map(|_| run()).min();
        assert_eq!(least, Some(depth), "{line}");
    }
}

#[test]
fn both_kinds_of_registry_pass() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for list in ["list", "buildkit", "windows-foreign", "oci-odd"] {
            shell
                .run(&format!("verify --deep --strict @/app:{list}"))
                .succeeds();
        }
        shell
            .run("verify @/app:none")
            .fails(1)
            .says("no such manifest");
        shell.run("diff @/app:list @/app:list").succeeds();
        shell.run("diff @/app:list @/app:buildkit").fails(1);
    }
}

/// The registry itself is asked, although the cache has everything.
#[test]
fn the_cache_does_not_answer_for_the_registry() {
    let mut lab = Lab::new();
    lab.home.enable_cache();
    push_sound_list(&lab, "1");
    lab.run("inspect --verbose @/app:1").succeeds();
    let image = oci("linux/amd64", "1");
    lab.run("verify @/app:1").succeeds();
    lab.registry.remove_manifest("app", &image.digest);
    lab.run("verify @/app:1").fails(1).says("1 error");
}

#[test]
fn what_cannot_be_known_has_a_code_of_its_own() {
    let lab = Lab::new();
    push_sound_list(&lab, "1");
    let image = oci("linux/amd64", "1");
    let path = format!("/manifests/{}", image.digest);
    for (status, code) in [(401, 4), (403, 4), (429, 5), (503, 6)] {
        lab.registry.clear_faults();
        lab.registry
            .fault(Fault::on("GET", &path).respond(Response::status(status)));
        let ran = lab.run("verify --retry 0 @/app:1");
        ran.fails(code);
        assert!(ran.stdout.contains("unknown"), "{ran}");
        let report = lab.json("verify --retry 0 @/app:1");
        assert_eq!(report["result"], "unknown");
        // An error that is certain counts more.
        let ran = lab.run("verify --retry 0 --require linux/s390x @/app:1");
        ran.fails(1).says("has 1 error");
    }
    lab.registry.clear_faults();
    lab.registry
        .fault(Fault::on("HEAD", "/blobs/").respond(Response::status(503)));
    lab.run("verify --retry 0 @/app:1").succeeds();
    lab.run("verify --retry 0 --deep @/app:1").fails(6);
    lab.registry.clear_faults();
    // One byte of a layer is enough where HEAD is refused.
    lab.registry
        .fault(Fault::on("HEAD", "/blobs/").respond(Response::status(405)));
    lab.run("verify --deep --strict @/app:1").succeeds();
    lab.registry.remove_blob("app", &image.layers[0].digest);
    lab.run("verify --deep @/app:1").fails(1).says("1 error");
    lab.registry.clear_faults();
    lab.run("verify @/app:2").fails(1).says("no such manifest");
    lab.run("create @/app:2 @/app:1").succeeds();
    lab.run("verify @/app:2")
        .fails(1)
        .says("no such manifest")
        .says("hint: it is a draft on this machine: `docker-manifest push REGISTRY/app:2`");
    lab.registry
        .fault(Fault::on("GET", "/manifests/1").respond(Response::status(503)));
    lab.run("verify --retry 0 @/app:1").fails(6);
}

#[test]
fn diff_reads_each_list_once() {
    let lab = Lab::new();
    push_sound_list(&lab, "1");
    lab.registry.seed("app", "2", &oci("linux/amd64", "1"));
    lab.registry.seed(
        "app",
        "3",
        &Index::oci().image(&oci("linux/amd64", "1")).build(),
    );
    let both = ["GET /v2/app/manifests/1", "GET /v2/app/manifests/2"];
    let lists = ["GET /v2/app/manifests/1", "GET /v2/app/manifests/3"];
    assert_eq!(requests(&lab, "diff @/app:1 @/app:3"), lists);
    // The platform of a single image is in its configuration.
    let with_image = requests(&lab, "diff @/app:1 @/app:2");
    assert_eq!(with_image[1..], both);
    assert!(with_image[0].starts_with("GET /v2/app/blobs/"));
    // Digests are enough for an exit code.
    let heads = both.map(|line| line.replace("GET", "HEAD"));
    assert_eq!(requests(&lab, "diff --quiet @/app:1 @/app:2"), heads);
    lab.run("create @/app:1 @/app:2").succeeds();
    assert_eq!(requests(&lab, "diff @/app:1"), both[..1]);
    assert_eq!(requests(&lab, "diff -q @/app:1"), heads[..1]);
}
