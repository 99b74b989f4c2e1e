//! The names of an entry for `annotate` and `remove`, and the targets of annotations.

use manifest_testkit::image::Index;
use serde_json::json;

use super::{built, entries, platforms};
use crate::commands::{Shell, watched};

#[test]
fn the_name_of_a_build_is_its_image() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        registry.push("app", "one", &one);
        registry.push("app", "two", &two);
        let shell = Shell::new(&registry);
        // Like scripts from before builds had attestations.
        let create = format!("create @/app:1 @/app:one {}", two.digest);
        shell.run(&create).succeeds();
        shell
            .run("annotate @/app:1 @/app:one --variant v2 --annotation k=v")
            .succeeds()
            .is_quiet();
        shell
            .run(&format!("annotate @/app:1 {} --variant v9", two.digest))
            .succeeds();
        let shown = shell.run("inspect @/app:1 @/app:one");
        shown.succeeds();
        let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
        let manifest: serde_json::Value = serde_json::from_slice(&amd64.manifest).unwrap();
        assert_eq!(shown, manifest);
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        let mut have = platforms(&found);
        have.sort();
        let unknown = "unknown/unknown";
        assert_eq!(have, ["linux/amd64/v2", "linux/arm64/v9", unknown, unknown]);
        let annotated = found
            .iter()
            .filter(|entry| entry["annotations"]["k"] == json!("v"));
        assert_eq!(annotated.count(), 1);
        shell
            .run(&format!("remove @/app:1 {}", two.digest))
            .succeeds();
        assert_eq!(shell.drafts()["REGISTRY_app-1"], 2);
    }
}

#[test]
fn ambiguous_names_are_refused_with_a_list() {
    for registry in watched::each() {
        let (amd64, _) = built("linux/amd64", "1");
        let (arm64, _) = built("linux/arm64", "2");
        let list = Index::oci().image(&amd64).image(&arm64).build();
        registry.push("app", "all", &list);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:all").succeeds();
        let before = shell.store();
        for name in ["@/app:all", &list.digest] {
            shell
                .run(&format!("annotate @/app:1 {name} --variant v2"))
                .fails(1)
                .says("matches several images: REGISTRY/app@")
                .says("(linux/amd64)")
                .says("(linux/arm64)")
                .says("hint: name one of them");
        }
        assert_eq!(shell.store(), before);
        shell
            .run(&format!("remove @/app:1 {}", list.digest))
            .succeeds();
        assert_eq!(shell.drafts()["REGISTRY_app-1"], 0);
    }
}

#[test]
fn annotations_go_to_their_targets() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/app:amd64 @/app:arm64")
            .succeeds();
        shell
            .run("annotate @/app:1 @/app:amd64 --annotation entry[linux/arm64]:k=v --annotation entry:e=f")
            .succeeds();
        shell.run("annotate @/app:1 --annotation a=b").succeeds();
        shell.run("push @/app:1").succeeds();
        let list: serde_json::Value = serde_json::from_slice(&registry.bytes("app", "1")).unwrap();
        assert_eq!(list["annotations"], json!({ "a": "b" }));
        let found = entries(&registry, "app", "1");
        assert_eq!(found[0]["annotations"], json!({ "e": "f" }));
        assert_eq!(found[1]["annotations"], json!({ "k": "v" }));
        // An annotation without a target is an error, and an image's field is not a list's field.
        let before = shell.store();
        for (line, text) in [
            (
                "annotate @/app:1 --annotation entry[linux/s390x]:k=v",
                "has no image for linux/s390x",
            ),
            (
                "create --annotation entry[linux/s390x]:k=v @/app:2 @/app:amd64",
                "has no image for linux/s390x",
            ),
            (
                "create --no-flatten --annotation entry:k=v @/app:2 @/app:1",
                "has no image for entry:k",
            ),
            ("annotate @/app:1 --clear=variant", "requires 2 arguments"),
        ] {
            shell.run(line).fails(1).says(text);
            assert_eq!(shell.store(), before, "{line}");
        }
    }
}
