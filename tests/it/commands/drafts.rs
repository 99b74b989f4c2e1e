//! Drafts of no image, one, two, forty; `rm`, `--purge`, and warnings.

use std::collections::BTreeSet;
use std::fs;

use manifest_testkit::image::Image;
use manifest_testkit::sha256;
use serde_json::Value;

use super::Shell;
use super::watched;
use crate::harness::world;

#[test]
fn drafts_of_every_size() {
    for registry in watched::each() {
        let mut digests = BTreeSet::new();
        for number in 0..40 {
            let image = Image::docker()
                .platform("windows/amd64")
                .os_version(&format!("10.0.{number}"))
                .build();
            digests.insert(registry.push("many", &format!("n{number}"), &image));
        }
        for size in [1, 2, 40] {
            let shell = Shell::new(&registry);
            let list = format!("@/many:all-{size}");
            let images: Vec<String> = (0..size)
                .map(|number| format!("@/many:n{number}"))
                .collect();
            shell
                .run(&format!("create {list} {}", images.join(" ")))
                .succeeds()
                .prints(&format!("Created manifest list REGISTRY/many:all-{size}\n"))
                .is_quiet();
            assert_eq!(
                shell.drafts(),
                [(format!("REGISTRY_many-all-{size}"), size)].into()
            );
            let shown = shell.run(&format!("inspect {list}"));
            registry.lines();
            let pushed = shell.run(&format!("push --purge {list}"));
            pushed.succeeds().is_quiet();
            let mut lines = registry.lines();
            // Besides the tag: each image's tag before, and each image after.
            let looks = lines.extract_if(.., |line| {
                line.starts_with("HEAD ") && !line.contains("/all-")
            });
            assert_eq!(looks.count(), 2 * size);
            assert_eq!(
                lines,
                ["HEAD 404", "PUT 201", "HEAD 200"].map(|line| {
                    let (method, status) = line.split_once(' ').unwrap();
                    format!("{method} /v2/many/manifests/all-{size} {status}")
                })
            );
            let published = registry.bytes("many", &format!("all-{size}"));
            assert_eq!(pushed.stdout, format!("{}\n", sha256(&published)));
            assert_eq!(
                shown.stdout,
                String::from_utf8(published.clone()).unwrap() + "\n"
            );
            let published: Value = serde_json::from_slice(&published).unwrap();
            let children = published["manifests"].as_array().unwrap();
            let found: BTreeSet<_> = children
                .iter()
                .map(|child| child["digest"].as_str().unwrap())
                .collect();
            assert_eq!((children.len(), found.len()), (size, size));
            assert!(found.iter().all(|digest| digests.contains(*digest)));
            assert_eq!(shell.drafts(), [].into());
        }
    }
}

#[test]
fn an_empty_draft_is_not_pushed() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let folder = shell
            .home
            .draft_path(&format!("{}/app:empty", registry.host()), "x");
        fs::create_dir_all(folder.parent().unwrap()).unwrap();
        shell
            .run("push --purge @/app:empty")
            .fails(1)
            .prints("")
            .says("REGISTRY/app:empty not found\n")
            .says("docker-manifest create --amend REGISTRY/app:empty IMAGE...");
        assert_eq!(
            shell.drafts(),
            [("REGISTRY_app-empty".to_owned(), 0)].into()
        );
        shell
            .run("annotate @/app:empty @/app:amd64 --arch amd64")
            .fails(1)
            .prints("");
        shell
            .run("create @/app:empty @/app:amd64")
            .fails(1)
            .says("refusing to amend");
        assert!(registry.lines().is_empty(), "nobody was asked");

        // A list needs an image.
        shell
            .run("create @/app:none")
            .fails(1)
            .prints("")
            .says("requires at least 2 arguments");
        shell
            .run("push @/app:none")
            .fails(1)
            .prints("")
            .says("No such manifest: REGISTRY/app:none\n");
        assert_eq!(shell.drafts().len(), 1);

        shell
            .run("create -a @/app:empty @/app:amd64")
            .succeeds()
            .is_quiet();
        shell.run("push --purge @/app:empty").succeeds().is_quiet();
        assert_eq!(shell.drafts(), [].into());
        assert!(registry.tags("app").contains(&"empty".to_owned()));
        assert!(!registry.tags("app").contains(&"none".to_owned()));
    }
}

#[test]
fn rm_removes_existing_drafts_and_reports_missing_ones() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("rm @/app:a")
            .fails(1)
            .prints("")
            .says("No such manifest: REGISTRY/app:a\n");
        for tag in ["a", "b", "c", "d"] {
            shell
                .run(&format!("create @/app:{tag} @/app:amd64"))
                .succeeds();
        }
        let tags = registry.tags("app");
        registry.lines();
        let removed = shell.run("rm @/app:a @/app:gone @/app:b Not:A:Reference @/app:amd64");
        removed
            .fails(1)
            .prints("")
            .says("No such manifest: REGISTRY/app:gone\n")
            .says("invalid reference format")
            .says("No such manifest: REGISTRY/app:amd64\n")
            .does_not_say("REGISTRY/app:a\n")
            .does_not_say("REGISTRY/app:b\n");
        let left: Vec<String> = shell.drafts().into_keys().collect();
        assert_eq!(left, ["REGISTRY_app-c", "REGISTRY_app-d"]);
        shell
            .run("rm @/app:c @/app:d")
            .succeeds()
            .prints("")
            .is_quiet();
        assert_eq!(shell.drafts(), [].into());
        assert!(registry.lines().is_empty(), "nobody was asked");
        assert_eq!(registry.tags("app"), tags, "a draft is no image");
    }
}

#[test]
fn purge_removes_its_own_draft_only() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        // Docker's CLI would keep these names in one folder.
        shell.run("create @/app:x-1 @/app:amd64").succeeds();
        shell.run("create @/app-x:1 @/app:arm64").succeeds();
        shell.run("create @/app:other @/app:armv7").succeeds();
        let pushed = shell.run("push --purge=true @/app:x-1");
        pushed
            .succeeds()
            .prints(&format!("{}\n", sha256(&registry.bytes("app", "x-1"))))
            .is_quiet();
        assert_eq!(shell.drafts().len(), 2);
        shell
            .run("push -p @/app:x-1")
            .fails(1)
            .prints("")
            .says("No such manifest: REGISTRY/app:x-1\n");
        let shown = shell.run("inspect @/app-x:1");
        shown.succeeds();
        assert!(shown.stdout.contains(world::digest("app:arm64")), "{shown}");
        shell
            .run("push --purge=false @/app:other")
            .succeeds()
            .is_quiet();
        shell
            .run("push @/app:other")
            .succeeds()
            .says("REGISTRY/app:other and its images are there already: nothing was written\n");
        assert_eq!(shell.drafts().len(), 2);
    }
}

#[test]
fn duplicates_are_pushed_with_a_warning() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let created = shell.run("create @/app:1 @/app:built-1 @/app:built-2 @/app:arm64");
        created
            .succeeds()
            .prints("Created manifest list REGISTRY/app:1\n");
        let pushed = shell.run("push @/app:1");
        let published = registry.bytes("app", "1");
        pushed
            .succeeds()
            .prints(&format!("{}\n", sha256(&published)));
        assert_eq!(
            pushed.stderr,
            "warning: REGISTRY/app:built-1 and REGISTRY/app:built-2 are both for linux/amd64: most clients only see the first\n"
        );
        let published: Value = serde_json::from_slice(&published).unwrap();
        assert_eq!(published["manifests"].as_array().unwrap().len(), 3);
        // Without duplicates there is no warning.
        shell
            .run("annotate @/app:1 @/app:built-2 --arch riscv64")
            .succeeds();
        shell.run("push --purge @/app:1").succeeds().is_quiet();
    }
}

#[test]
fn a_missing_draft_is_reported() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    let hint = "hint: there is no draft of REGISTRY/app:1: `docker-manifest create REGISTRY/app:1 IMAGE...` makes one";
    for (line, first) in [
        (
            "annotate @/app:1 @/app:amd64 --arch arm64",
            "manifest for image REGISTRY/app:amd64 does not exist in REGISTRY/app:1",
        ),
        (
            "inspect @/app:1 @/app:amd64",
            "No such manifest: REGISTRY/app:amd64",
        ),
        ("push @/app:1", "No such manifest: REGISTRY/app:1"),
        (
            "annotate @/app:1 --annotation k=v",
            "No such manifest: REGISTRY/app:1",
        ),
        (
            "remove @/app:1 @/app:amd64",
            "No such manifest: REGISTRY/app:1",
        ),
    ] {
        let ran = shell.run(line);
        ran.fails(1).prints("").says(hint);
        assert_eq!(ran.error(), first, "{ran}");
    }
    shell.run("rm @/app:1").fails(1).does_not_say("create");
    let ran = shell.run("inspect @/app:1");
    ran.fails(1)
        .prints("")
        .says("hint: there is no draft of REGISTRY/app:1 either; drafts are in HOME");
    assert_eq!(ran.error(), "no such manifest: REGISTRY/app:1");
    shell.run("create @/app:1 @/app:amd64").succeeds();
    for line in [
        "annotate @/app:1 @/app:arm64 --arch arm64",
        "inspect @/app:1 @/app:arm64",
    ] {
        shell
            .run(line)
            .fails(1)
            .says("hint: name the image as `create` did")
            .does_not_say("there is no draft");
    }
}
