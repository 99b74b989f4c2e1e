//! Mirrors, by flag and by file.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::{EmbeddedRegistry, TestCa};

use super::images;
use crate::harness::Home;

/// A registry with an image, a mirror of it below `hub/`, and a home.
struct Stage {
    registry: EmbeddedRegistry,
    mirror: EmbeddedRegistry,
    home: Home,
}

impl Stage {
    fn new() -> Self {
        let (registry, mirror) = (EmbeddedRegistry::start(), EmbeddedRegistry::start());
        registry.seed("app", "1", &images()[0]);
        mirror.seed("hub/app", "1", &images()[0]);
        Self {
            registry,
            mirror,
            home: Home::new(),
        }
    }

    fn image(&self) -> String {
        format!("{}/app:1", self.registry.host())
    }

    fn location(&self) -> String {
        format!("{}/hub", self.mirror.host())
    }

    fn file(&self) -> String {
        let (host, location) = (self.registry.host(), self.location());
        format!("[[registry]]\nprefix = '{host}'\n[[registry.mirror]]\nlocation = '{location}'\n")
    }

    /// Checks that an image is read from the mirror alone.
    fn is_mirrored(&self, flags: &[&str]) {
        self.mirror.log().clear();
        let image = self.image();
        let words = [&["inspect"], flags, &[&image]].concat();
        self.home.ours(&words).succeeds().is_quiet();
        let line = "GET /v2/hub/app/manifests/1 200";
        assert_eq!(self.mirror.log().lines(), [line]);
        assert!(self.registry.log().requests().is_empty());
    }
}

#[test]
fn mirrors_come_from_flag_and_file() {
    let mut stage = Stage::new();
    let flag = format!("{}={}", stage.registry.host(), stage.location());
    stage.is_mirrored(&["--mirror", &flag]);

    let folder = stage.home.path().join(".config/containers");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("registries.conf"), stage.file()).unwrap();
    stage.is_mirrored(&[]);

    // The variable's file replaces the user's.
    let named = stage.home.path().join("mine.conf");
    fs::write(&named, "").unwrap();
    stage
        .home
        .set("CONTAINERS_REGISTRIES_CONF", named.as_os_str());
    let image = stage.image();
    stage.home.ours(&["inspect", &image]).succeeds().is_quiet();
    assert_eq!(
        stage.registry.log().lines(),
        ["GET /v2/app/manifests/1 200"]
    );
    stage.registry.log().clear();
    fs::write(&named, stage.file()).unwrap();
    stage.is_mirrored(&[]);
}

#[test]
fn an_insecure_mirror_is_insecure_only_as_a_mirror() {
    let stage = Stage {
        mirror: EmbeddedRegistry::builder().tls(&TestCa::new()).start(),
        ..Stage::new()
    };
    stage.mirror.seed("hub/app", "1", &images()[0]);
    let folder = stage.home.path().join(".config/containers");
    fs::create_dir_all(&folder).unwrap();
    let file = format!("{}insecure = true\n", stage.file());
    fs::write(folder.join("registries.conf"), file).unwrap();
    stage.is_mirrored(&[]);

    // The same host by its own name, in the same command.
    let image = stage.image();
    let list = format!("{}/app:list", stage.registry.host());
    let own = format!("{}/app:1", stage.location());
    let unknown = "signed by an unknown authority";
    let run = |words: &[&str]| stage.home.ours(words);
    let ran = run(&["create", &list, &image, &own]);
    ran.fails(6).prints("").says(unknown).says(&own);
    run(&["inspect", &own]).fails(6).says(unknown);
    let target = format!("{}/app:list", stage.location());
    let ran = run(&["create", "--push", &target, &image]);
    ran.fails(6).prints("").says(unknown);
    assert_eq!(stage.mirror.tags("hub/app"), ["1"]);
}

#[test]
fn files_in_a_folder_are_merged_in_the_order_of_names() {
    let mut stage = Stage::new();
    let (image, host) = (stage.image(), stage.registry.host());
    let containers = stage.home.path().join(".config/containers");
    let folder = containers.join("registries.conf.d");
    fs::create_dir_all(folder.join("99-folder.conf")).unwrap();
    let inspect = |stage: &Stage| stage.home.ours(&["inspect", &image]);
    // The main file beside the folder is optional.
    fs::write(folder.join("10-mirror.conf"), stage.file()).unwrap();
    fs::write(folder.join("90-other.txt"), "no toml").unwrap();
    stage.is_mirrored(&[]);
    // The last definition counts, wherever the others are.
    let none = format!("[[registry]]\nprefix = '{host}'\n");
    fs::write(containers.join("registries.conf"), &none).unwrap();
    fs::write(folder.join("05-none.conf"), &none).unwrap();
    stage.is_mirrored(&[]);
    fs::write(folder.join("20-none.conf"), &none).unwrap();
    inspect(&stage).succeeds().is_quiet();
    assert!(stage.registry.log().count(|_| true) > 0);
    stage.registry.log().clear();
    // A wrong file is reported, and the others still apply.
    fs::write(folder.join("20-none.conf"), "[[registry]\n").unwrap();
    let said = "/registries.conf.d/20-none.conf is ignored: line 1: ";
    inspect(&stage).succeeds().says(said);
    assert!(stage.registry.log().requests().is_empty());
    fs::remove_file(folder.join("20-none.conf")).unwrap();
    // They extend the file named by the variable as well.
    let named = stage.home.path().join("mine.conf");
    fs::write(&named, none).unwrap();
    stage
        .home
        .set("CONTAINERS_REGISTRIES_CONF", named.as_os_str());
    stage.is_mirrored(&[]);
}

#[test]
fn layers_for_another_registry_are_read_from_a_mirror() {
    let stage = Stage::new();
    let folder = stage.home.path().join(".config/containers");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("registries.conf"), stage.file()).unwrap();
    let elsewhere = EmbeddedRegistry::start();
    let list = format!("{}/copy:list", elsewhere.host());
    let image = stage.image();
    stage.home.ours(&["create", &list, &image]).succeeds();
    stage.home.ours(&["push", &list]).succeeds();
    for blob in images()[0].blob_digests() {
        assert!(elsewhere.blob("copy", &blob).is_some(), "{blob}");
    }
    let asked = stage.registry.log().lines();
    assert!(
        asked.iter().all(|line| !line.contains("/blobs/")),
        "{asked:?}"
    );
}

#[test]
fn create_uses_a_mirror_and_push_does_not() {
    let stage = Stage::new();
    let (image, list) = (stage.image(), format!("{}/app:list", stage.registry.host()));
    let flag = format!("{}={}", stage.registry.host(), stage.location());
    let mirror = ["--mirror", &flag];
    let words = [&["create"], &mirror[..], &[&list, &image]].concat();
    stage.home.ours(&words).succeeds().is_quiet();
    assert!(stage.registry.log().requests().is_empty());
    // The image keeps the name that the user gave.
    let shown = stage.home.ours(&["inspect", "-v", &list]);
    shown.succeeds();
    assert!(shown.stdout.contains(&format!("\"Ref\": \"{image}\"")));
    assert!(!shown.stdout.contains(&stage.mirror.host()));

    // Nor does a push use the mirrors of a file.
    stage.mirror.log().clear();
    let folder = stage.home.path().join(".config/containers");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("registries.conf"), stage.file()).unwrap();
    stage
        .home
        .ours(&["push", "--mirror", &flag, &list])
        .fails(125)
        .says("unknown flag: --mirror");
    stage.home.ours(&["push", &list]).succeeds().is_quiet();
    assert!(stage.mirror.log().requests().is_empty());
    assert_eq!(stage.registry.tags("app"), ["1", "list"]);
}

#[test]
fn a_failing_mirror_is_reported_once_and_skipped() {
    let stage = Stage::new();
    let flag = format!("{}={}", stage.registry.host(), stage.location());
    let image = stage.image();
    let words = ["inspect", "-v", "--mirror", &flag, &image];
    // A missing file does not matter.
    let fault = Fault::on("GET", "/v2/").respond(Response::error(404, "MANIFEST_UNKNOWN", "no"));
    stage.mirror.fault(fault);
    stage.home.ours(&words).succeeds().is_quiet();
    stage.mirror.clear_faults();
    stage
        .mirror
        .fault(Fault::on("GET", "/v2/").respond(Response::status(503)));
    let ran = stage.home.ours(&words);
    ran.succeeds();
    let mirror = stage.mirror.host();
    assert_eq!(
        ran.stderr,
        format!(
            "mirror {mirror}/hub/app:1 skipped: failed to get manifest {mirror}/hub/app:1: \
             GET http://{mirror}/v2/hub/app/manifests/1: 503 Service Unavailable\n"
        )
    );
}

#[test]
fn invalid_mirrors_are_errors() {
    let mut stage = Stage::new();
    let image = stage.image();
    for (value, reason) in [
        ("docker.io", "HOST=MIRROR is expected"),
        ("=m.lan", "HOST=MIRROR is expected"),
        (
            "docker.io=mirror",
            "\"mirror\" is not a registry, or a registry with a path",
        ),
        (
            "docker.io=https://m.lan",
            "\"https://m.lan\" is not a registry",
        ),
    ] {
        let ran = stage.home.ours(&["inspect", "--mirror", value, &image]);
        ran.fails(125).prints("").says(reason);
    }
    let path = stage.home.path().join("mine.conf");
    stage
        .home
        .set("CONTAINERS_REGISTRIES_CONF", path.as_os_str());
    let start = format!(
        "cannot read {} of CONTAINERS_REGISTRIES_CONF: ",
        path.display()
    );
    stage
        .home
        .ours(&["inspect", &image])
        .fails(1)
        .says(&format!("{start}No such file"));
    fs::write(&path, "a = 1\n[[registry]\n").unwrap();
    stage
        .home
        .ours(&["inspect", &image])
        .fails(1)
        .says(&format!("{start}line 2: "));
    assert!(stage.registry.log().requests().is_empty());
    // A file that others can write is reported, and ignored.
    stage.home.set("CONTAINERS_REGISTRIES_CONF", "");
    let folder = stage.home.path().join(".config/containers");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("registries.conf"), "[[registry]\n").unwrap();
    stage
        .home
        .ours(&["inspect", &image])
        .succeeds()
        .says("/.config/containers/registries.conf is ignored: line 1: ");
}
