//! A list written to a layout on disk.

use std::fs;

use manifest_testkit::layout::blob;
use manifest_testkit::sha256;
use serde_json::Value;

use super::built;
use super::layouts::two_builds;
use crate::commands::{Shell, watched};
use crate::harness::schema;

#[test]
fn a_list_goes_to_a_layout_and_back() {
    for registry in watched::each() {
        let (image, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        registry.push("base", "one", &one);
        let shell = Shell::new(&registry);
        let home = shell.home.path().to_owned();
        let (_, archive) = two_builds(&home, &one, &two);
        let target = home.join("target");
        let (archive, to) = (archive.display(), target.display());
        shell
            .run(&format!("create @/app:1 @/base:one oci-archive:{archive}"))
            .succeeds();
        registry.lines();
        let pushed = shell.run(&format!("push --to oci-layout://{to} @/app:1"));
        pushed
            .succeeds()
            .says("written to oci-layout://HOME/target:1");
        assert!(registry.writes().is_empty(), "no registry is written to");
        let digest = pushed.stdout.trim().to_owned();
        let read = |name: &str| fs::read(target.join(name)).unwrap();
        let list = read(&blob(&digest));
        assert_eq!(sha256(&list), digest);
        for index in [&one, &two] {
            for child in &index.children {
                assert_eq!(sha256(&read(&blob(child))), *child);
            }
        }
        assert_eq!(read(&blob(&image.layers[0].digest)), image.layers[0].bytes);
        // Again under another name: existing blobs stay, and both names refer to the list.
        shell
            .run(&format!("push -q --to oci-layout://{to}:stable @/app:1"))
            .succeeds();
        let index: Value = serde_json::from_slice(&read("index.json")).unwrap();
        let names: Vec<&str> = index["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["annotations"]["org.opencontainers.image.ref.name"].as_str())
            .collect();
        assert_eq!(names, ["1", "stable"]);
        let json = shell.run(&format!(
            "push --format json --to oci-layout://{to}:stable @/app:1"
        ));
        let json = schema::json("push", &json);
        assert_eq!(json["digest"], digest);
        let place = "oci-layout://HOME/target:stable";
        let expected = serde_json::json!([{ "reference": place, "state": "written" }]);
        assert_eq!(json["targets"], expected);
        // Back in a registry it has the same digest.
        shell
            .run(&format!(
                "create --push -q @/back:1 oci-layout://{to}:stable"
            ))
            .succeeds()
            .prints(&format!("{digest}\n"));
        assert_eq!(registry.bytes("back", "1"), list);
        shell
            .run(&format!("remove @/app:1 oci-archive:{archive}"))
            .succeeds();
        shell
            .run(&format!("push -q --to oci-layout://{to}:less @/app:1"))
            .succeeds();
        shell
            .run(&format!("create --amend @/app:1 oci-archive:{archive}"))
            .succeeds();
        // A dry run writes nothing, and prints the digest.
        let dry = home.join("dry");
        shell
            .run(&format!(
                "push -q --dry-run --to oci-layout://{} @/app:1",
                dry.display()
            ))
            .succeeds()
            .prints(&format!("{digest}\n"));
        assert!(!dry.exists());
    }
}

#[test]
fn only_a_layout_can_be_a_target_on_disk() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let target = shell.home.path().join("target");
        let to = target.display();
        shell.run("create @/app:1 @/app:amd64").succeeds();
        for (flags, part) in [
            (
                format!("--to oci-layout://{to} -t @/x:1"),
                "--tag cannot be used with --to",
            ),
            (
                format!("--to oci-archive:{to}.tar"),
                "--to must be oci-layout://DIR",
            ),
            (
                "--to q.io/app:1".to_owned(),
                "--to must be oci-layout://DIR",
            ),
        ] {
            shell
                .run(&format!("push {flags} @/app:1"))
                .fails(125)
                .says(part);
        }
    }
}
