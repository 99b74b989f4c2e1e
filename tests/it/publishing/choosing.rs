//! The choice of images from the sources.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index, Platform};
use manifest_testkit::suite::Kind;

use super::{built, entries, entries_of, platforms};
use crate::commands::{Shell, Watched, watched};

#[test]
fn images_are_chosen_by_platform_like_the_images_of_a_list() {
    for registry in watched::each() {
        let (_, index) = built("linux/amd64", "1");
        registry.push("app", "index", &index);
        let shell = Shell::new(&registry);
        // The world has one image for each tag.
        shell
            .run("create --platform linux/arm64 @/app:1 @/app:amd64 @/app:arm64 @/app:index")
            .succeeds()
            .says("app:amd64 has no image for the requested platforms")
            .says("app:index has no image for the requested platforms");
        shell.run("push @/app:1").succeeds();
        assert_eq!(
            platforms(&entries(&registry, "app", "1")),
            ["linux/arm64/v8"]
        );
        shell
            .run("create --strict --platform linux/arm64 @/app:2 @/app:amd64 @/app:arm64")
            .fails(1)
            .says("app:amd64 has no image");
        for (flag, text) in [
            (
                "--platform linux/arm64",
                "--platform cannot be used with --no-flatten",
            ),
            (
                "--attestations drop",
                "--attestations drop cannot be used with --no-flatten",
            ),
        ] {
            shell
                .run(&format!("create --no-flatten {flag} @/app:2 @/app:index"))
                .fails(125)
                .says(text);
        }
        assert_eq!(shell.drafts().len(), 1);
        // A nested list counts with its images.
        shell
            .run("create --no-flatten --require linux/amd64 @/app:2 @/app:index")
            .succeeds();
        shell
            .run("push --require linux/amd64,linux/arm64 @/app:2")
            .fails(1)
            .says("has no image for linux/arm64");
        shell.run("push --require linux/amd64 @/app:2").succeeds();
    }
}

#[test]
fn windows_images_are_chosen_by_os_version() {
    let registry = Watched::empty(Kind::Embedded);
    let windows = |version: &str| {
        let image = Image::oci().platform("windows/amd64").os_version(version);
        image.os_features(&["win32k"]).seed(version).build()
    };
    registry.push("app", "2019", &windows("10.0.17763.1"));
    registry.push("app", "2022", &windows("10.0.20348.9"));
    let shell = Shell::new(&registry);
    shell
        .run("create --platform windows(10.0.17763)/amd64 @/app:1 @/app:2019 @/app:2022")
        .succeeds();
    shell.run("push --strict @/app:1").succeeds().is_quiet();
    let found = entries(&registry, "app", "1");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["platform"]["os.version"], "10.0.17763.1");
    assert_eq!(found[0]["platform"]["os.features"][0], "win32k");
    shell
        .run("annotate @/app:1 windows(10.0.17763)/amd64 --platform windows(10.0.17763.9)/arm64")
        .succeeds();
    shell.run("push @/app:1").succeeds();
    let found = entries(&registry, "app", "1");
    assert_eq!(found[0]["platform"]["os.version"], "10.0.17763.9");
    assert_eq!(found[0]["platform"]["architecture"], "arm64");
    // Two os versions are not duplicates.
    shell
        .run("create --push --strict @/app:2 @/app:2019 @/app:2022")
        .succeeds();
}

#[test]
fn force_accepts_unknown_platforms() {
    for registry in watched::each() {
        let image = Image::oci().platform("linux/amd64").seed("odd").build();
        let odd = Platform::parse("linux/amd64/v8");
        let list = Index::oci().image_with(&image, Some(odd), &[]).build();
        registry.push("app", "odd", &list);
        let shell = Shell::new(&registry);
        shell
            .run("create --platform linux/amd64/v8 @/app:1 @/app:odd")
            .fails(125)
            .says("amd64 has no variant \"v8\"")
            .says("hint: `--force` accepts it");
        assert!(shell.drafts().is_empty());
        shell
            .run("create --platform linux/x86_64/v8 --force @/app:1 @/app:odd")
            .succeeds()
            .says("linux/x86_64/v8 is linux/amd64/v8");
        shell
            .run("push @/app:1")
            .succeeds()
            .says("no engine will select");
        assert_eq!(entries(&registry, "app", "1"), entries_of(&list));
    }
}

#[test]
fn one_image_for_several_platforms_keeps_each_descriptor() {
    for registry in watched::each() {
        let image = Image::oci().platform("linux/arm/v6").seed("both").build();
        let platform = |text: &str| Some(Platform::parse(text));
        let of = |platforms: &[&str]| {
            let add = |list: Index, text: &&str| list.image_with(&image, platform(text), &[]);
            platforms.iter().fold(Index::oci(), add).build()
        };
        let list = of(&["linux/arm/v6", "linux/arm/v7"]);
        // Even if only an annotation distinguishes them.
        let other = of(&["linux/arm/v5"]);
        let bare = |list: Index, value: &str| list.image_with(&image, None, &[("k", value)]);
        let bare = bare(bare(bare(Index::oci(), "1"), "2"), "3").build();
        registry.push("app", "bare", &bare);
        registry.push("app", "both", &list);
        registry.push("app", "other", &other);
        let shell = Shell::new(&registry);
        shell
            .run("create @/app:1 @/app:both @/app:other")
            .succeeds();
        shell
            .run("push @/app:1")
            .succeeds()
            .says("is published for linux/arm/v6 and for linux/arm/v7");
        let expected = [entries_of(&list), entries_of(&other)].concat();
        assert_eq!(entries(&registry, "app", "1"), expected);
        shell.run("create @/app:2 @/app:bare").succeeds();
        shell.run("push @/app:2").succeeds();
        assert_eq!(entries(&registry, "app", "2"), entries_of(&bare));
        // Resolved again it is the same, and each annotation stays on its entry.
        shell
            .run("annotate @/app:1 linux/arm/v7 --annotation k=v")
            .succeeds();
        shell.run("create --amend @/app:1 @/app:both").succeeds();
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        assert_eq!(found.len(), 3);
        assert!(found[0].get("annotations").is_none());
        assert_eq!(found[1]["annotations"]["k"], "v");
        shell.run("remove @/app:1 linux/arm/v7").succeeds();
        shell.run("push @/app:1").succeeds();
        let left = platforms(&entries(&registry, "app", "1"));
        assert_eq!(left, ["linux/arm/v6", "linux/arm/v5"]);
    }
}

#[test]
fn children_without_a_platform_are_chosen_by_their_configuration() {
    for registry in watched::each() {
        let image = |platform: &str| Image::oci().platform(platform).layers(1, 99).build();
        let (amd64, arm64) = (image("linux/amd64"), image("linux/arm64"));
        let mut list = Index::oci();
        let mut attestations = Vec::new();
        for image in [&amd64, &arm64] {
            let attestation = Image::oci().platform("unknown/unknown").seed(&image.digest);
            let attestation = attestation.build();
            let about = [
                ("vnd.docker.reference.digest", image.digest.as_str()),
                ("vnd.docker.reference.type", "attestation-manifest"),
            ];
            let unknown = Some(attestation.platform.clone());
            list = list
                .image_with(image, None, &[])
                .image_with(&attestation, unknown, &about);
            attestations.push(attestation.digest);
        }
        registry.push("app", "bare", &list.build());
        let shell = Shell::new(&registry);
        shell
            .run("create --platform linux/arm64 @/app:1 @/app:bare")
            .succeeds()
            .says("has no platform for")
            .says("its configuration says linux/arm64");
        shell
            .run("push --strict @/app:1")
            .fails(1)
            .says("has no platform for");
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        let digests: Vec<_> = found
            .iter()
            .map(|entry| entry["digest"].as_str().unwrap())
            .collect();
        assert_eq!(digests, [&arm64.digest, &attestations[1]]);
    }
}

#[test]
fn a_broken_index_is_not_left_out_as_missing() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "broken");
        registry.push("app", "broken", &one);
        let shell = Shell::new(&registry);
        let fault = Fault::on_any(&format!("/v2/app/manifests/{}", amd64.digest));
        registry.fault(fault.respond(Response::error(404, "MANIFEST_UNKNOWN", "unknown")));
        shell
            .run("create --ignore-missing @/app:1 @/app:broken @/app:arm64 @/app:gone")
            .fails(1)
            .says(&format!("no such manifest: REGISTRY/app@{}", amd64.digest));
        assert!(shell.drafts().is_empty());
        registry.clear_faults();
    }
}

#[test]
fn no_copy_applies_to_every_target() {
    let (here, there) = (
        Watched::empty(Kind::Embedded),
        Watched::empty(Kind::Embedded),
    );
    let (_, one) = built("linux/amd64", "1");
    here.push("app", "one", &one);
    there.push("app", "one", &one);
    let shell = Shell::new(&here);
    let far = there.host();
    shell
        .run(&format!(
            "create --push --no-copy -t {far}/app:1 @/app:1 @/app:one"
        ))
        .fails(1)
        .says("(--no-copy)");
    assert!(here.manifest("app", "1").is_none() && there.manifest("app", "1").is_none());
    // Entries of the draft from other sources are no duplicates either.
    shell
        .run(&format!("create @/app:1 {far}/app:one"))
        .succeeds();
    shell
        .run("create --amend --no-copy @/app:1 @/app:one")
        .fails(1)
        .says("(--no-copy)");
    shell
        .run("create --push --no-copy -t @/other:1 @/app:1 @/app:one")
        .succeeds();
}

#[test]
fn an_invalid_name_in_a_file_is_reported_with_its_line() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("app", "one", &one);
    let shell = Shell::new(&registry);
    let file = shell.home.path().join("names");
    let create = |text: String| {
        std::fs::write(&file, text).unwrap();
        let mut command = shell.command("create --replace @/app:1");
        command.arg(format!("@{}", file.display()));
        shell.run_command(&mut command)
    };
    let name = format!("{}/app:one", registry.host());
    // As written on Windows, with comments.
    create(format!("\u{feff}{name} # one\r\n\r\n# none\r\n")).succeeds();
    create(format!("{name}\r\n\r\nApp:one\r\n"))
        .fails(1)
        .says("line 3 of HOME/names: App:one: invalid reference format");
    create(String::new()).fails(1).says("nothing is left for");
}

#[test]
fn a_subject_may_be_a_digest_of_the_repository() {
    for registry in watched::each() {
        let (image, one) = built("linux/amd64", "1");
        registry.push("app", "one", &one);
        let shell = Shell::new(&registry);
        shell
            .run(&format!(
                "create --subject {} @/app:1 @/app:arm64",
                image.digest
            ))
            .succeeds();
        shell.run("push @/app:1").succeeds();
        let list: serde_json::Value = serde_json::from_slice(&registry.bytes("app", "1")).unwrap();
        assert_eq!(list["subject"]["digest"], image.digest.as_str());
    }
}

#[test]
fn replace_needs_no_readable_draft() {
    for registry in watched::each() {
        let (_, old) = built("linux/arm64", "old");
        let (_, new) = built("linux/arm64/v8", "new");
        registry.push("app", "old", &old);
        registry.push("app", "new", &new);
        let shell = Shell::new(&registry);
        shell
            .run("create --strict --on-duplicate replace @/app:1 @/app:old @/app:new")
            .succeeds()
            .says("was left out");
        shell.run("push --strict @/app:1").succeeds().is_quiet();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&new));
        // The order of the arguments starts again, whatever it was before.
        let replace = "create --replace --on-duplicate replace @/app:1 @/app:new @/app:old";
        shell
            .run("create --replace @/app:1 @/app:old @/app:new")
            .succeeds();
        shell.run(replace).succeeds();
        shell.run("push @/app:1").succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&old));
        // A source that is named now replaces the earlier entry, wherever that was.
        shell
            .run("create --replace @/app:1 @/app:old @/app:new")
            .succeeds();
        shell
            .run("create --amend --on-duplicate replace @/app:1 @/app:old")
            .succeeds();
        shell.run("push @/app:1").succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&old));
        // A damaged draft does not matter.
        let folder = shell.home.manifests();
        let draft = std::fs::read_dir(&folder).unwrap().map(Result::unwrap);
        let mut draft = draft.filter(|item| !item.file_name().to_string_lossy().starts_with('.'));
        std::fs::write(draft.next().unwrap().path().join("junk"), "junk").unwrap();
        shell
            .run("create --amend @/app:1 @/app:old")
            .fails(1)
            .says("junk");
        shell.run(replace).succeeds();
        shell.run("push @/app:1").succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&old));
    }
}

#[test]
fn common_annotations_include_existing_entries() {
    for registry in watched::each() {
        for (tag, version) in [("x", "1"), ("y", "2")] {
            let labels = serde_json::json!({ "Labels": {
                "org.opencontainers.image.licenses": "MIT",
                "org.opencontainers.image.version": version,
                "mine": "1",
            } });
            let image = Image::oci().platform("linux/amd64").seed(tag);
            registry.push("app", tag, &image.config_extra("config", labels).build());
        }
        let shell = Shell::new(&registry);
        let annotations = || {
            shell.run("push --on-duplicate keep @/app:1").succeeds();
            let bytes = registry.bytes("app", "1");
            let list: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
            list["annotations"].clone()
        };
        shell.run("create @/app:1 @/app:x").succeeds();
        shell
            .run("create --amend --annotation-from-source @/app:1 @/app:y")
            .succeeds();
        let licence = serde_json::json!({ "org.opencontainers.image.licenses": "MIT" });
        assert_eq!(annotations(), licence);
        shell
            .run("create --replace --annotation-from-source @/app:1 @/app:y")
            .succeeds();
        assert_eq!(annotations()["org.opencontainers.image.version"], "2");
    }
}

#[test]
fn nested_lists_have_a_depth_limit() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let nested =
            |deep: usize| (1..deep).fold(one.clone(), |list, _| Index::oci().index(&list).build());
        registry.push("app", "deep", &nested(8));
        registry.push("app", "deeper", &nested(9));
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:deep").succeeds();
        shell.run("push @/app:1").succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&one));
        shell
            .run("create @/app:2 @/app:deeper")
            .fails(1)
            .says("lists below it are not read");
        assert_eq!(shell.drafts().len(), 1);
    }
}

#[test]
fn orphaned_attestations_give_a_warning() {
    for registry in watched::each() {
        let (amd64, _) = built("linux/amd64", "1");
        let (elsewhere, one) = built("linux/arm64", "2");
        let attestation = Image::oci()
            .platform("unknown/unknown")
            .seed("lone")
            .build();
        let about = |digest: &str| {
            let about = [
                ("vnd.docker.reference.digest", digest),
                ("vnd.docker.reference.type", "attestation-manifest"),
            ];
            let unknown = Some(attestation.platform.clone());
            let list = Index::oci().image(&amd64).index(&one);
            list.image_with(&attestation, unknown, &about).build()
        };
        // A list is taken apart, so nothing in the new list is the subject of the attestation.
        for (row, digest) in [&one.digest, &format!("sha256:{}", "0".repeat(64))]
            .into_iter()
            .enumerate()
        {
            registry.push("app", "lone", &about(digest));
            let shell = Shell::new(&registry);
            let text = format!("is an attestation for {digest}, which is not in the list");
            let list = format!("@/app:row{row}");
            shell
                .run(&format!("create {list} @/app:lone"))
                .succeeds()
                .says(&text);
            shell
                .run(&format!("push --strict {list}"))
                .fails(1)
                .says(&text);
            shell.run(&format!("push {list}")).succeeds().says(&text);
            assert_eq!(entries(&registry, "app", &format!("row{row}")).len(), 4);
            for flags in ["--strict --replace", "--strict --push"] {
                let line = format!("create {flags} {list} @/app:lone");
                shell.run(&line).fails(1).says(&text);
            }
            let line = format!("create --strict --replace --attestations drop {list} @/app:lone");
            shell.run(&line).succeeds().is_quiet();
        }
        // An attestation whose image is in the list by another source is no orphan.
        let shell = Shell::new(&registry);
        registry.push("app", "lone", &about(&elsewhere.digest));
        shell.run("create --strict @/app:1 @/app:lone").succeeds();
    }
}

#[test]
fn entries_have_the_requested_order() {
    for registry in watched::each() {
        let (_, arm64) = built("linux/arm64", "1");
        let (_, amd64) = built("linux/amd64", "2");
        registry.push("app", "x", &arm64);
        registry.push("app", "y", &amd64);
        let shell = Shell::new(&registry);
        for (order, expected) in [
            ("platform", [&amd64, &arm64]),
            ("given", [&amd64, &arm64]),
            ("name", [&arm64, &amd64]),
        ] {
            shell
                .run(&format!(
                    "create --replace --order {order} @/app:1 @/app:y @/app:x"
                ))
                .succeeds();
            shell.run("push @/app:1").succeeds();
            let expected = expected.map(entries_of).concat();
            assert_eq!(entries(&registry, "app", "1"), expected, "{order}");
        }
        // New entries come last. Another order can be chosen then.
        shell
            .run("create --replace --order given @/app:1 @/app:y")
            .succeeds();
        shell.run("create --amend @/app:1 @/app:armv7").succeeds();
        shell.run("create --amend @/app:1 @/app:x").succeeds();
        shell.run("push @/app:1").succeeds();
        let unknown = "unknown/unknown";
        let found = platforms(&entries(&registry, "app", "1"));
        let expected = [
            "linux/amd64",
            unknown,
            "linux/arm/v7",
            "linux/arm64",
            unknown,
        ];
        assert_eq!(found, expected);
    }
}
