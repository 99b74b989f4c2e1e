//! The list's own annotations, artifact type, subject, order and format.

use manifest_testkit::image::{BuiltImage, Image};
use serde_json::json;

use super::{entries, platforms};
use crate::commands::{Shell, watched};

#[test]
fn annotations_type_subject_and_order_of_a_list() {
    for registry in watched::each() {
        let labelled = |platform: &str, title: &str| -> BuiltImage {
            Image::oci()
                .platform(platform)
                .annotation("org.opencontainers.image.title", title)
                .annotation("org.opencontainers.image.licenses", "MIT")
                .build()
        };
        let (amd64, arm64) = (labelled("linux/amd64", "a"), labelled("linux/arm64", "b"));
        registry.push("app", "x", &amd64);
        registry.push("app", "y", &arm64);
        let shell = Shell::new(&registry);
        shell
            .run("create --annotation k=v --annotation entry[linux/arm64]:e=f --annotation-from-source --artifact-type a/b --subject @/app:x --order platform @/app:1 @/app:y @/app:x")
            .succeeds();
        shell.run("push @/app:1").succeeds().is_quiet();
        let list: serde_json::Value = serde_json::from_slice(&registry.bytes("app", "1")).unwrap();
        assert_eq!(
            list["annotations"],
            json!({ "k": "v", "org.opencontainers.image.licenses": "MIT" })
        );
        assert_eq!(list["artifactType"], "a/b");
        assert_eq!(list["subject"]["digest"], amd64.digest.as_str());
        let found = entries(&registry, "app", "1");
        assert_eq!(platforms(&found), ["linux/amd64", "linux/arm64"]);
        assert!(found[0].get("annotations").is_none());
        assert_eq!(found[1]["annotations"], json!({ "e": "f" }));
        // A Docker list cannot hold that, and nothing is dropped silently.
        shell
            .run("create --type docker --annotation k=v @/app:2 @/app:amd64")
            .fails(1)
            .says("cannot carry annotations");
        shell
            .run("create --type docker @/app:2 @/app:x")
            .fails(1)
            .says("cannot carry the OCI manifest");
        shell
            .run("create --type oci @/app:2 @/app:amd64")
            .succeeds();
        shell.run("push @/app:2").succeeds();
        let (media_type, _) = registry.manifest("app", "2").unwrap();
        assert_eq!(media_type, "application/vnd.oci.image.index.v1+json");
        // Docker and OCI images together make an index, with a warning before anything is written.
        shell
            .run("create @/app:3 @/app:x @/app:y @/app:armv7")
            .succeeds();
        shell
            .run("push --strict @/app:3")
            .fails(1)
            .says("app:armv7 is Docker");
        assert!(registry.manifest("app", "3").is_none());
        shell
            .run("push @/app:3")
            .succeeds()
            .says("app:armv7 is Docker");
    }
}
