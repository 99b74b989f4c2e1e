//! What `create` takes, and what becomes of it.

use std::fs;

use manifest_testkit::fault::{Answer, Fault};
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::suite::Kind;
use serde_json::json;

use super::{built, entries, entries_of, platforms};
use crate::commands::{Shell, Watched, watched};

#[test]
fn two_builds_of_buildkit_become_one_index() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (arm64, two) = built("linux/arm64", "2");
        registry.push("one", "1", &one);
        registry.push("two", "1", &two);
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/one:1 @/two:1")
            .succeeds()
            .is_quiet();
        shell.run("push @/app:1").succeeds().is_quiet();
        let (media_type, _) = registry.manifest("app", "1").unwrap();
        assert_eq!(media_type, "application/vnd.oci.image.index.v1+json");
        // Every descriptor as it was, attestations beside their images.
        let expected = [entries_of(&one), entries_of(&two)].concat();
        assert_eq!(entries(&registry, "app", "1"), expected);
        for image in [&amd64, &arm64] {
            assert_eq!(registry.bytes("app", &image.digest), image.manifest);
        }
        for child in one.children.iter().chain(&two.children) {
            assert!(registry.manifest("app", child).is_some(), "{child}");
        }
        // Again: the same bytes, and nothing is written.
        registry.lines();
        shell
            .run("create --amend @/app:1 @/two:1 @/one:1")
            .succeeds();
        shell
            .run("push @/app:1")
            .succeeds()
            .says("nothing was written");
        assert!(registry.writes().is_empty());
    }
}

#[test]
fn platforms_and_attestations_are_chosen() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64/v8", "2");
        let (_, three) = built("linux/s390x", "3");
        let mut all = Index::oci();
        for (image, platform) in [
            ("linux/amd64", "1"),
            ("linux/arm64/v8", "2"),
            ("linux/s390x", "3"),
        ] {
            all = all.image(&built(image, platform).0);
        }
        registry.push("app", "all", &all.build());
        for (tag, index) in [("1", &one), ("2", &two), ("3", &three)] {
            registry.push("app", tag, index);
        }
        let shell = Shell::new(&registry);
        let unknown = "unknown/unknown";
        for (row, (flags, expected)) in [
            ("--platform linux/arm64 @/app:all", &["linux/arm64/v8"][..]),
            (
                "--platform linux/aarch64,linux/amd64 @/app:1 @/app:2 @/app:3",
                &["linux/amd64", unknown, "linux/arm64/v8", unknown],
            ),
            (
                "--attestations drop @/app:1 @/app:2",
                &["linux/amd64", "linux/arm64/v8"],
            ),
            ("--attestations=keep @/app:3", &["linux/s390x", unknown]),
        ]
        .into_iter()
        .enumerate()
        {
            let (options, sources): (Vec<&str>, Vec<&str>) =
                flags.split(' ').partition(|word| !word.starts_with('@'));
            let line = format!(
                "create {} @/app:row{row} {}",
                options.join(" "),
                sources.join(" ")
            );
            shell.run(&line).succeeds();
            shell.run(&format!("push @/app:row{row}")).succeeds();
            assert_eq!(
                platforms(&entries(&registry, "app", &format!("row{row}"))),
                expected,
                "{flags}"
            );
        }
        shell
            .run("create --platform linux/aarch64 @/app:note @/app:2")
            .succeeds()
            .says("linux/aarch64 is linux/arm64");
        // A slip in the platform is an error, and so is nonsense.
        shell
            .run("create --platform linux/riscv64 @/app:none @/app:all")
            .fails(1)
            .says("no source has an image for linux/riscv64");
        shell
            .run("create --platform linux/amd64/v8 @/app:none @/app:all")
            .fails(125)
            .says("amd64 has no variant \"v8\"");
        assert!(!shell.drafts().keys().any(|name| name.contains("none")));
    }
}

#[test]
fn an_index_is_nested_on_request_and_nested_ones_are_walked() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (arm64, two) = built("linux/arm64", "2");
        let nested = Index::oci().index(&one).index(&two).build();
        registry.push("base", "nested", &nested);
        registry.push("base", "one", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:flat @/base:nested").succeeds();
        shell.run("push @/app:flat").succeeds();
        let expected = [entries_of(&one), entries_of(&two)].concat();
        assert_eq!(entries(&registry, "app", "flat"), expected);
        // All that the nested index leads to is brought along.
        shell
            .run("create --no-flatten @/other:deep @/base:nested")
            .succeeds();
        shell.run("push @/other:deep").succeeds();
        let found = entries(&registry, "other", "deep");
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["digest"], nested.digest.as_str());
        assert!(found[0].get("platform").is_none(), "{found:?}");
        assert_eq!(registry.bytes("other", &nested.digest), nested.manifest);
        assert_eq!(registry.bytes("other", &arm64.digest), arm64.manifest);
    }
}

#[test]
fn what_ci_leaves_behind_names_sources() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        registry.push("app", "x", &one);
        registry.push("app", "y", &two);
        let expected = [entries_of(&one), entries_of(&two)].concat();
        let sorted = |mut entries: Vec<serde_json::Value>| {
            entries.sort_by_key(ToString::to_string);
            entries
        };
        let shell = Shell::new(&registry);
        let home = shell.home.path().to_owned();
        let digests = home.join("digests");
        fs::create_dir(&digests).unwrap();
        for index in [&one, &two] {
            fs::write(digests.join(index.digest.trim_start_matches("sha256:")), "").unwrap();
        }
        let metadata = |name: &str, value: serde_json::Value| {
            let path = home.join(name);
            fs::write(&path, value.to_string()).unwrap();
            path.display().to_string()
        };
        let host = registry.host();
        let build = metadata("build.json", json!({ "containerimage.digest": one.digest }));
        let bake = metadata(
            "bake.json",
            json!({ "arm": { "containerimage.digest": two.digest, "image.name": format!("{host}/app:y") } }),
        );
        fs::write(
            home.join("names"),
            format!("{host}/app:x # one\n{}\n", two.digest),
        )
        .unwrap();
        let names = home.join("names").display().to_string();
        for (tag, line) in [
            (
                "folder",
                format!("create --digests-dir {} @/app:folder", digests.display()),
            ),
            (
                "metadata",
                format!("create --from-metadata {build} --from-metadata {bake} @/app:metadata"),
            ),
            ("file", "create @/app:file".to_owned()),
            (
                "bare",
                format!("create @/app:bare {} {}", one.digest, two.digest),
            ),
        ] {
            let mut command = shell.command(&line);
            if tag == "file" {
                command.arg(format!("@{names}"));
            }
            shell.run_command(&mut command).succeeds();
            shell.run(&format!("push @/app:{tag}")).succeeds();
            assert_eq!(
                sorted(entries(&registry, "app", tag)),
                sorted(expected.clone()),
                "{tag}"
            );
        }
        shell
            .run(&format!(
                "create --digests-dir {}/no @/app:no",
                digests.display()
            ))
            .fails(1)
            .says("cannot read");
        let unmerged = home.join("unmerged");
        for index in [&one, &two] {
            let hex = index.digest.trim_start_matches("sha256:");
            let artifact = unmerged.join(format!("digests-{}", &hex[..4]));
            fs::create_dir_all(&artifact).unwrap();
            fs::write(artifact.join(hex), "").unwrap();
        }
        shell
            .run(&format!(
                "create --digests-dir {} @/app:unmerged",
                unmerged.display()
            ))
            .succeeds();
        fs::write(digests.join("README.md"), "").unwrap();
        shell
            .run(&format!(
                "create --digests-dir {} @/app:no",
                digests.display()
            ))
            .fails(1)
            .says("README.md is not named by a digest");
    }
}

#[test]
fn a_source_that_moves_is_taken_anew_and_what_was_annotated_stays() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, old) = built("linux/amd64", "old");
    let (_, new) = built("linux/amd64", "new");
    let (_, other) = built("linux/arm64", "other");
    registry.push("app", "moving", &old);
    registry.push("app", "other", &other);
    let shell = Shell::new(&registry);
    shell
        .run("create @/app:1 @/app:moving @/app:other")
        .succeeds();
    shell
        .run("annotate @/app:1 linux/amd64 --annotation k=v")
        .succeeds();
    registry.push("app", "moving", &new);
    // A push of the draft says so, or refuses, and writes what the draft has.
    shell
        .run("push --moved error @/app:1")
        .fails(7)
        .says("app:moving has moved");
    assert!(registry.manifest("app", "1").is_none());
    shell
        .run("push --dry-run @/app:1")
        .succeeds()
        .says("app:moving has moved");
    shell
        .run("push @/app:1")
        .succeeds()
        .says("app:moving has moved");
    assert_eq!(
        entries(&registry, "app", "1")[0]["digest"],
        old.children[0].as_str()
    );
    // Create takes it anew: the old entries go, with their attestations; the annotation stays.
    shell.run("create --amend @/app:1 @/app:moving").succeeds();
    shell.run("push @/app:1").succeeds().is_quiet();
    let found = entries(&registry, "app", "1");
    assert_eq!(found.len(), 4);
    assert_eq!(found[0]["digest"], new.children[0].as_str());
    assert_eq!(found[0]["annotations"]["k"], "v");
    assert_eq!(found[1]["digest"], new.children[1].as_str());
    // So does `push --moved refresh`.
    registry.push("app", "moving", &old);
    let before = shell.store();
    let dry = shell.run("push --moved refresh --dry-run @/app:1");
    dry.succeeds();
    assert!(dry.stdout.contains(&old.children[0]), "{dry}");
    assert_eq!(shell.store(), before, "a dry run changes no draft");
    shell
        .run("push --moved refresh @/app:1")
        .succeeds()
        .is_quiet();
    let found = entries(&registry, "app", "1");
    assert_eq!(
        (found.len(), &found[0]["digest"]),
        (4, &json!(old.children[0]))
    );
    assert_eq!(found[0]["annotations"]["k"], "v");
    // `--replace` starts over.
    shell
        .run("create --replace @/app:1 @/app:moving")
        .succeeds();
    shell.run("push @/app:1").succeeds().is_quiet();
    assert_eq!(entries(&registry, "app", "1"), entries_of(&old));
}

#[test]
fn duplicates_are_warned_of_refused_or_replaced() {
    for registry in watched::each() {
        let (_, old) = built("linux/arm64", "old");
        let (_, new) = built("linux/arm64/v8", "new");
        registry.push("app", "old", &old);
        registry.push("app", "new", &new);
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/app:old @/app:new")
            .succeeds()
            .is_quiet();
        shell
            .run("push --on-duplicate error @/app:1")
            .fails(1)
            .says("are both for linux/arm64");
        shell
            .run("push --on-duplicate warn --strict @/app:1")
            .fails(1)
            .says("are both for linux/arm64");
        assert!(registry.manifest("app", "1").is_none());
        shell
            .run("push @/app:1")
            .succeeds()
            .says("are both for linux/arm64");
        assert_eq!(entries(&registry, "app", "1").len(), 4);
        shell.run("push --on-duplicate keep @/app:1").succeeds();
        // The later one takes the place of the earlier, whatever the order of names; the attestation goes too.
        shell
            .run("push --on-duplicate replace @/app:1")
            .succeeds()
            .says("was left out");
        assert_eq!(entries(&registry, "app", "1"), entries_of(&new));
        for flags in ["-t @/app:2", "--by-digest", "--to oci-layout://out"] {
            shell
                .run(&format!("push {flags} @/app:1"))
                .fails(1)
                .says("are both for linux/arm64");
        }
        let pushing = shell.run("create --push @/app:2 @/app:old @/app:new");
        pushing.fails(1).says("are both for linux/arm64");
        assert!(registry.manifest("app", "2").is_none());
        shell
            .run("create --push --on-duplicate replace @/app:2 @/app:new @/app:old")
            .succeeds();
        assert_eq!(entries(&registry, "app", "2"), entries_of(&old));
        // Who wants quiet wants nothing of it said.
        for line in [
            "push -q -t @/app:3 @/app:1",
            "create --push -q @/app:4 @/app:new @/app:old",
        ] {
            let ran = shell.run(&line.replace("-q", "-q --on-duplicate replace"));
            assert_eq!(ran.succeeds().stderr, "", "{line}");
        }
    }
}

#[test]
fn missing_images_are_left_out_on_request_and_a_floor_holds() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell
            .run("create --ignore-missing @/app:1 @/app:amd64 @/app:gone @/nowhere:1")
            .succeeds()
            .says("app:gone does not exist")
            .says("nowhere:1 does not exist");
        assert_eq!(shell.drafts(), [("REGISTRY_app-1".to_owned(), 1)].into());
        shell
            .run("create --ignore-missing @/app:2 @/app:gone")
            .fails(1)
            .says("nothing is left");
        shell
            .run("create --ignore-missing --require linux/amd64,linux/arm64/v8 @/app:2 @/app:amd64 @/app:gone")
            .fails(1)
            .says("has no image for linux/arm64/v8");
        shell
            .run("push --require linux/s390x @/app:1")
            .fails(1)
            .says("has no image for linux/s390x");
        assert!(registry.manifest("app", "1").is_none());
        shell.run("push --require linux/amd64 @/app:1").succeeds();
        // What is not there by accident is no reason to leave it out.
        let fault = Fault::on_any("/v2/").answer(Answer::status(503));
        registry.fault(fault);
        shell
            .run("create --retry 0 --ignore-missing @/app:3 @/app:amd64")
            .fails(6);
        registry.clear_faults();
    }
}

#[test]
fn images_of_another_registry_are_copied_or_refused() {
    for registry in watched::each() {
        let source = Watched::empty(Kind::Embedded);
        let (image, index) = built("linux/amd64", "far");
        source.push("base", "1", &index);
        let shell = Shell::new(&registry);
        let far = format!("{}/base:1", source.host());
        shell
            .run(&format!("create --no-copy @/app:1 {far}"))
            .fails(1)
            .says("is not in the registry of");
        shell.run(&format!("create @/app:1 {far}")).succeeds();
        shell
            .run("push @/app:1")
            .succeeds()
            .says("copying 5 blobs (");
        assert_eq!(entries(&registry, "app", "1"), entries_of(&index));
        assert_eq!(registry.bytes("app", &image.digest), image.manifest);
    }
}

#[test]
fn what_a_list_says_of_itself() {
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
        // A Docker list cannot carry that, and is not made of what is dropped.
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
        // Docker's and OCI's images in one: an index, and said before anything is written.
        shell
            .run("create @/app:3 @/app:x @/app:y @/app:armv7")
            .succeeds();
        shell
            .run("push --strict @/app:3")
            .fails(1)
            .says("app:armv7 is of Docker's form");
        assert!(registry.manifest("app", "3").is_none());
        shell
            .run("push @/app:3")
            .succeeds()
            .says("app:armv7 is of Docker's form");
    }
}

#[test]
fn a_push_without_a_draft_needs_no_folder() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        // Nothing can be made in there.
        fs::write(shell.home.path().join("file"), "").unwrap();
        let config = shell.home.path().join("file/docker");
        let line = format!(
            "DOCKER_CONFIG={} create --push -t @/app:latest @/app:1 @/base:1",
            config.display()
        );
        shell.run(&line).succeeds();
        for tag in ["1", "latest"] {
            assert_eq!(entries(&registry, "app", tag), entries_of(&one));
        }
        shell
            .run("create --push --amend @/app:1 @/base:1")
            .fails(125)
            .says("--push keeps none");
        shell
            .run("create -t @/app:2 @/app:1 @/base:1")
            .fails(125)
            .says("--tag is for pushing");
        assert!(shell.drafts().is_empty());
        // The digest is the one of a create and a push.
        shell
            .run("create @/app:3 @/app:arm64 @/base:1 @/app:amd64")
            .succeeds();
        let pushed = shell.run("push -q @/app:3");
        let at_once = shell
            .run("create --push -q @/app:4 @/app:arm64 @/base:1 @/app:amd64 --on-duplicate keep");
        assert_eq!(pushed.stdout, at_once.stdout);
    }
}

#[test]
fn names_from_standard_input_and_the_order_given() {
    let registry = Watched::empty(Kind::Embedded);
    for (tag, platform) in [
        ("z", "linux/amd64"),
        ("a", "linux/arm64"),
        ("m", "linux/s390x"),
    ] {
        let image = Image::oci().platform(platform).build();
        registry.push("app", tag, &image);
    }
    let shell = Shell::new(&registry);
    let names = shell.home.path().join("names");
    let host = registry.host();
    fs::write(&names, format!("{host}/app:a {host}/app:m\n")).unwrap();
    let mut command = shell.command("create --order given @/app:1 @/app:z -");
    command.stdin(fs::File::open(&names).unwrap());
    shell.run_command(&mut command).succeeds();
    shell.run("push @/app:1").succeeds();
    let found = platforms(&entries(&registry, "app", "1"));
    assert_eq!(found, ["linux/amd64", "linux/arm64", "linux/s390x"]);
}

#[test]
fn what_may_not_be_meant_is_said_before_it_goes_live() {
    let registry = Watched::empty(Kind::Embedded);
    let windows = |seed: &str| Image::docker().platform("windows/amd64").seed(seed).build();
    registry.push("app", "w1", &windows("1"));
    registry.push("app", "w2", &windows("2"));
    // Its list says another platform than the image itself.
    let liar = Image::oci().platform("linux/amd64").build();
    let (arm64, _) = built("linux/arm64", "x");
    let list = Index::oci()
        .image_with(&liar, Some(arm64.platform.clone()), &[])
        .build();
    registry.push("app", "liar", &list);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:w1 @/app:w2").succeeds();
    shell
        .run("push --strict @/app:1")
        .fails(1)
        .says("have no os.version");
    shell
        .run("push @/app:1")
        .succeeds()
        .says("have no os.version");
    shell
        .run("create @/app:2 @/app:liar")
        .succeeds()
        .says("its configuration says linux/amd64");
    for flags in ["--strict --replace", "--strict --push"] {
        let strict = shell.run(&format!("create {flags} @/app:2 @/app:liar"));
        strict.fails(1).says("its configuration says linux/amd64");
    }
    assert!(registry.manifest("app", "2").is_none());
}

#[test]
fn all_missing_images_are_named() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let ran = shell.run("create @/app:1 @/app:amd64 @/no:1 @/app:none @/app:arm64");
        ran.fails(1).prints("");
        assert_eq!(ran.error(), "no such manifest: REGISTRY/no:1");
        let lines = ran.stderr.lines();
        let named: Vec<&str> = lines.filter(|line| line.starts_with("no such")).collect();
        let expected = [
            "no such manifest: REGISTRY/no:1",
            "no such manifest: REGISTRY/app:none",
        ];
        assert_eq!(named, expected, "{ran}");
        assert_eq!(
            ran.stderr.matches("docker save -o FILE").count(),
            1,
            "{ran}"
        );
        assert!(shell.drafts().is_empty());
    }
}

#[test]
fn a_cut_digest_is_no_name_on_docker_hub() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let full = format!("sha256:{}", "a".repeat(64));
    for (line, text) in [
        (
            "create @/app:1 sha256:1234".to_owned(),
            "sha256:1234 looks like a cut digest",
        ),
        (
            format!("create --push @/app:1 {full}0"),
            "has 64 lower-case hex characters",
        ),
        (
            format!("create --subject sha256:12 @/app:1 {full}"),
            "subject: sha256:12 looks like a cut digest",
        ),
    ] {
        shell
            .run(&line)
            .fails(1)
            .prints("")
            .says(text)
            .says("docker.io/library/sha256:");
    }
    assert!(registry.lines().is_empty() && shell.drafts().is_empty());
}
