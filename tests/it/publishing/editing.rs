//! `annotate` and `remove` beyond Docker's.

use manifest_testkit::suite::Kind;
use serde_json::json;

use super::{built, entries, platforms};
use crate::commands::{Shell, Watched, watched};

#[test]
fn an_image_is_found_by_digest_and_by_platform() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        registry.push("app", "one", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:one @/app:arm64").succeeds();
        let digest = &amd64.digest;
        shell
            .run(&format!(
                "annotate @/app:1 {digest} --platform linux/x86_64/v3 --features sse4,avx"
            ))
            .succeeds()
            .says("linux/x86_64/v3 is linux/amd64/v3");
        shell
            .run("annotate @/app:1 linux/arm64 --os-features f --annotation k=v")
            .succeeds();
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        let image = |platform: &str| {
            let place = platforms(&found).iter().position(|found| found == platform);
            &found[place.unwrap()]
        };
        assert_eq!(
            image("linux/amd64/v3")["platform"]["features"],
            json!(["sse4", "avx"])
        );
        let arm64 = image("linux/arm64/v8");
        assert_eq!(arm64["platform"]["os.features"], json!(["f"]));
        assert_eq!(arm64["annotations"], json!({ "k": "v" }));
        // Annotations are undone, field by field or all at once.
        shell
            .run("annotate @/app:1 linux/arm64/v8 --clear=variant --clear=os-features")
            .succeeds();
        shell
            .run(&format!("annotate @/app:1 {digest} --clear"))
            .succeeds();
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        let mut left = platforms(&found);
        left.sort();
        assert_eq!(left, ["linux/amd64", "linux/arm64", "unknown/unknown"]);
        for (line, code, text) in [
            (
                "annotate @/app:1 linux/s390x --variant v1",
                1,
                "manifest for image linux/s390x does not exist in",
            ),
            (
                "annotate @/app:1 linux/arm64 --platform linux/arm64/v7",
                125,
                "arm64 has no variant \"v7\"",
            ),
            (
                "annotate @/app:1 linux/arm64 --clear=os",
                125,
                "must be one of arch, variant",
            ),
            (
                "annotate @/app:1 --variant v2",
                1,
                "requires exactly 2 arguments",
            ),
        ] {
            let ran = shell.run(line);
            if code == 1 && text.starts_with("requires") {
                ran.fails(1);
            } else {
                ran.fails(code).says(text);
            }
        }
        shell
            .run("annotate @/app:1 linux/arm64 --platform linux/arm64/v7 --force")
            .succeeds();
        // Docker's own flags store any value, although no engine may know it.
        shell
            .run("annotate @/app:1 linux/amd64 --variant v8")
            .succeeds()
            .says("no engine will select");
    }
}

#[test]
fn annotate_changes_the_list_itself() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("app", "one", &one);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:one").succeeds();
    shell.run("annotate @/app:1 --annotation org.opencontainers.image.description=It --annotation entry:e=f").succeeds();
    shell
        .run("annotate @/app:1 linux/amd64 --annotation index:i=j")
        .succeeds();
    shell.run("inspect @/app:1").succeeds();
    shell.run("push @/app:1").succeeds();
    let list: serde_json::Value = serde_json::from_slice(&registry.bytes("app", "1")).unwrap();
    assert_eq!(
        list["annotations"],
        json!({ "i": "j", "org.opencontainers.image.description": "It" })
    );
    assert_eq!(list["manifests"][0]["annotations"], json!({ "e": "f" }));
    assert!(list["manifests"][1]["annotations"].get("e").is_none());
    shell.run("annotate @/app:1 --clear=annotations").succeeds();
    shell.run("push @/app:1").succeeds();
    let list: serde_json::Value = serde_json::from_slice(&registry.bytes("app", "1")).unwrap();
    assert!(list.get("annotations").is_none());
}

#[test]
fn removing_an_image_removes_its_attestations() {
    for registry in watched::each() {
        for (tag, platform) in [
            ("x", "linux/amd64"),
            ("y", "linux/arm64"),
            ("z", "linux/s390x"),
        ] {
            registry.push("app", tag, &built(platform, tag).1);
        }
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/app:x @/app:y @/app:z @/app:armv7")
            .succeeds();
        let before = shell.store();
        shell
            .run("remove @/app:1 linux/amd64 @/app:gone")
            .fails(1)
            .says("does not exist in");
        assert_eq!(shell.store(), before, "all or nothing");
        shell
            .run("remove @/app:none linux/amd64")
            .fails(1)
            .says("No such manifest");
        let (arm64, _) = built("linux/arm64", "y");
        let removed = shell.run(&format!(
            "remove @/app:1 linux/amd64 {} @/app:z",
            arm64.digest
        ));
        removed.succeeds();
        assert_eq!(removed.stdout.lines().count(), 6, "{removed}");
        shell.run("push @/app:1").succeeds();
        assert_eq!(platforms(&entries(&registry, "app", "1")), ["linux/arm/v7"]);
        // The last entry can be removed as well. An empty draft is not pushed by accident.
        shell.run("remove @/app:1 @/app:armv7").succeeds();
        shell.run("push @/app:1").fails(1).says("not found");
        shell.run("push --allow-empty @/app:1").succeeds();
        assert!(entries(&registry, "app", "1").is_empty());
    }
}

#[test]
fn likely_mistakes_in_annotations() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:amd64").succeeds();
    let before = shell.store();
    for flags in [
        "--platform linux/arm64 --arch amd64",
        "--platform linux/arm64 --os windows",
        "--platform linux/arm/v7 --variant v6",
        "--platform 'windows(10.0.1)/amd64' --os-version 11",
    ] {
        shell
            .run(&format!("annotate @/app:1 @/app:amd64 {flags}"))
            .fails(125)
            .prints("")
            .says("cannot be used together: they name different platforms");
    }
    for (flags, hint) in [
        (
            "--arch aarch64",
            "hint: platforms have Go's names: `--arch arm64`",
        ),
        ("--arch x86_64", "`--arch amd64`"),
        ("--arch armv7l", "`--arch arm --variant v7`"),
        ("--arch amd64v2", "`--arch amd64 --variant v2`"),
        ("--os macos", "`--os darwin --arch amd64`"),
    ] {
        let ran = shell.run(&format!("annotate @/app:1 @/app:amd64 {flags}"));
        ran.fails(1).prints("").says(hint);
        let error = "manifest entry for image has unsupported os/arch combination: ";
        assert!(ran.error().starts_with(error), "{ran}");
    }
    for flags in ["", "--arch='' --os-features ''"] {
        shell
            .run(&format!("annotate @/app:1 @/app:amd64 {flags}"))
            .succeeds()
            .prints("")
            .says("warning: nothing was changed");
    }
    assert_eq!(shell.store(), before);
    // Flags that agree can be combined.
    shell
        .run("annotate @/app:1 @/app:amd64 --platform linux/arm --arch arm --variant v6")
        .succeeds()
        .does_not_say("nothing was changed");
}
