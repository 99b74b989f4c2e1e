//! Missing and damaged content is shown; what cannot be known is an error.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::suite::Kind;
use manifest_testkit::{EmbeddedRegistry, TestCa};
use serde_json::json;

use super::{SECOND, filled, image, list};
use crate::commands::{Shell, Watched};
use crate::harness::schema;

/// A repository with each kind of damage.
fn damaged() -> Watched<'static> {
    let registry = EmbeddedRegistry::start();
    let missing = list(SECOND, "1.0", 1);
    registry.seed("app", "1.0", &missing);
    assert!(registry.remove_manifest("app", &missing.children[1]));
    let config = image("linux/amd64", "1.1", 1);
    registry.seed("app", "1.1", &Index::oci().image(&config).build());
    assert!(registry.remove_blob("app", &config.config_digest));
    let odd = Image::oci()
        .config("application/vnd.oci.image.config.v1+json", b"[1]")
        .build();
    registry.seed("app", "1.2", &Index::oci().image(&odd).build());
    registry.seed(
        "app",
        "1.3",
        &Image::oci()
            .config("application/vnd.cncf.helm.config.v1+json", b"{}")
            .build(),
    );
    registry.seed("app", "1.4", &Index::oci().build());
    let text = "li\u{1b}]0;title\u{7}\n|<img src=x onerror=alert(1)>\u{202e}";
    let hostile = image("linux/amd64", "hostile", 2);
    let platform = manifest_testkit::image::Platform {
        os: text.to_owned(),
        ..hostile.platform.clone()
    };
    registry.seed(
        "app",
        "1.5",
        &Index::oci()
            .image_with(&hostile, Some(platform), &[])
            .build(),
    );
    registry.seed("app", "1.6", &image("linux/amd64", "1.6", 1));
    Watched::embedded(registry)
}

#[test]
fn each_kind_of_damage_is_shown() {
    let registry = damaged();
    registry.fault(Fault::on("HEAD", "/manifests/1.6").respond(Response::status(404)));
    let shell = Shell::new(&registry);
    let ran = shell.run("COLUMNS=200 matrix @/app");
    super::check_snapshot("damage.txt", &ran.succeeds().stdout);
    let json = schema::json("matrix", &shell.run("matrix --format json @/app"));
    let tags = json["tags"].as_array().unwrap();
    let row = tags.iter().find(|row| row["tag"] == "1.0").unwrap();
    let states = row["images"].as_array().unwrap().iter();
    let states: Vec<_> = states
        .map(|image| image["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["present", "missing", "present"]);
}

/// Only images that can be pulled count as support.
#[test]
fn platforms_come_and_go_with_images_that_are_whole() {
    let registry = damaged();
    let chart = Image::oci()
        .config("application/vnd.cncf.helm.config.v1+json", b"{}")
        .build();
    registry.push("app", "2.1", &chart);
    let newest = list(&["linux/amd64", "linux/386"], "2.2", 3);
    registry.push("app", "2.0", &list(&["linux/amd64"], "2.0", 3));
    registry.push("app", "2.2", &newest);
    let shell = Shell::new(&registry);
    let changes = |flags: &str| {
        let ran = shell.run(&format!("matrix --format json {flags} @/app"));
        schema::json("matrix", &ran)["since"]["changes"].clone()
    };
    assert_eq!(
        changes("--since 2.0"),
        json!([{ "tag": "2.2", "previous": "2.0", "added": ["linux/386"], "removed": [] }]),
        "a chart says nothing about platforms"
    );
    assert_eq!(
        changes("--since 1.0 --tags 1.0 --tags 1.1"),
        json!([{
            "tag": "1.1", "previous": "1.0", "added": [], "removed": ["linux/386", "linux/amd64"],
        }]),
        "an image without its config does not run"
    );
    let ran = shell.run("matrix --since 2.0 --limit 1 @/app");
    ran.succeeds().says("1 of 3 tags are shown (--limit)");
    assert!(!ran.stdout.contains("since 2.0"), "{ran}");
}

#[test]
fn links_have_the_scheme_that_the_registry_speaks() {
    let image = image("linux/amd64", "1", 1);
    let ca = TestCa::new();
    let secure = EmbeddedRegistry::builder().tls(&ca).start();
    for (embedded, scheme) in [(EmbeddedRegistry::start(), "http"), (secure, "https")] {
        embedded.seed("app", "1", &image);
        let registry = Watched::embedded(embedded);
        let shell = Shell::new(&registry);
        let ran = shell.run("matrix --insecure --html page.html @/app");
        ran.succeeds();
        let page = std::fs::read_to_string(shell.home.path().join("page.html")).unwrap();
        let link = format!(
            "{scheme}://{}/v2/app/manifests/{}",
            registry.host(),
            image.digest
        );
        // The template escapes slashes.
        let page = page.replace("&#x2f;", "/");
        assert_eq!(page.matches(&link).count(), 2, "{link}\n{page}");
    }
}

#[test]
fn text_of_others_is_escaped_in_each_format() {
    let registry = damaged();
    let shell = Shell::new(&registry);
    for format in ["table", "markdown", "json"] {
        let ran = shell.run(&format!("matrix --format {format} @/app"));
        let obeyed = |c: char| c.is_control() && c != '\n' || c == '\u{202e}';
        assert!(!ran.succeeds().stdout.contains(obeyed), "{ran}");
        assert!(
            format != "markdown" || !ran.stdout.contains("<img"),
            "{ran}"
        );
    }
    shell.run("matrix --html page.html @/app").succeeds();
    let page = std::fs::read_to_string(shell.home.path().join("page.html")).unwrap();
    assert!(!page.contains("<img") && page.contains("&lt;img"), "{page}");
}

#[test]
fn refusals_are_failures() {
    for (path, status, code) in [
        ("/tags/list", 401, 4),
        ("/tags/list", 403, 4),
        ("/tags/list", 404, 1),
        ("/manifests/1.0", 403, 4),
        ("/manifests/sha256", 429, 5),
        ("/blobs/", 500, 6),
    ] {
        let registry = filled();
        registry.fault(Fault::on("*", path).respond(Response::status(status)));
        let ran = Shell::new(&registry).run("matrix --retry 0 @/app");
        ran.fails(code).prints("");
        if (path, status) == ("/tags/list", 403) {
            ran.says("hint: this needs permission to list the tags of REGISTRY/app");
        }
    }
}

#[test]
fn wrong_arguments_say_what_to_do() {
    let registry = filled();
    let shell = Shell::new(&registry);
    let ran = shell.run("matrix @/app:1.0");
    ran.fails(125)
        .says("/app:1.0 names one manifest, and a repository is expected");
    ran.says("hint: leave the tag or digest out: REGISTRY/app; --tags chooses tags");
    let ran = shell.run("matrix --tags v* @/app");
    ran.fails(1).says("REGISTRY/app has no tag \"v*\"");
    ran.says("hint: * in a pattern stands for any characters");
    for line in ["--since 7", "--since 1.0 --tags 1.1*"] {
        let ran = shell.run(&format!("matrix {line} @/app"));
        ran.fails(1)
            .says("hint: --since takes a tag that --tags does not exclude");
    }
    shell
        .run("matrix --since 7 @/app")
        .says("REGISTRY/app has no tag \"7\"");
    let ran = shell.run("matrix --limit many @/app");
    ran.fails(125)
        .says("invalid argument \"many\" for \"--limit\" flag: must be a whole number, 0 or more");
    shell
        .run("matrix --format yaml @/app")
        .fails(125)
        .says("must be one of table, json, markdown");
    registry.log().clear();
    let ran = shell.run("matrix --html no/such/folder.html @/app");
    ran.fails(1).says("cannot write no/such/folder.html");
    assert!(registry.lines().is_empty(), "nobody was asked");
    let empty = Watched::empty(Kind::Embedded);
    Shell::new(&empty)
        .run("matrix @/app")
        .fails(1)
        .says("failed to list the tags of REGISTRY/app");
}

#[test]
fn content_that_is_not_read_is_named() {
    let registry = EmbeddedRegistry::start();
    let config = vec![b' '; 30 << 20];
    let media_type = "application/vnd.oci.image.config.v1+json";
    let large = Image::oci().config(media_type, &config).build();
    registry.seed("app", "1.0", &Index::oci().image(&large).build());
    let schema1 = br#"{"schemaVersion":1,"name":"app","tag":"0.1","fsLayers":[],"history":[]}"#;
    let media_type = "application/vnd.docker.distribution.manifest.v1+prettyjws";
    registry.put_manifest("app", Some("0.1"), media_type, schema1);
    let registry = Watched::embedded(registry);
    let ran = Shell::new(&registry).run("COLUMNS=200 matrix @/app");
    let text = &ran.succeeds().stdout;
    assert!(
        text.contains("linux/amd64: the content is over the limit of 4194304 bytes"),
        "{ran}"
    );
    assert!(text.contains("unsupported manifest media type"), "{ran}");
}
