//! Sources and tags that move, and annotations on them.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::suite::Kind;
use serde_json::json;

use super::{built, entries, entries_of, platforms};
use crate::commands::{Shell, Watched, watched};
use crate::harness::{docker, line};

#[test]
fn a_refresh_reports_lost_platforms() {
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (arm64, _) = built("linux/arm64", "2");
        let both = Index::oci().image(&amd64).image(&arm64).build();
        registry.push("app", "moving", &both);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:moving").succeeds();
        registry.push("app", "moving", &one);
        let before = shell.store();
        shell
            .run("push --moved refresh @/app:1")
            .fails(1)
            .says("app:moving no longer has an image for linux/arm64")
            .says("create --amend REGISTRY/app:1 REGISTRY/app:moving");
        assert_eq!(shell.store(), before);
        assert!(registry.manifest("app", "1").is_none());
        // Conflicting flags are reported before the draft is changed.
        registry.push("app", "moving", &both);
        shell
            .run("push --moved refresh --by-digest --if-not-exists @/app:1")
            .fails(125);
        assert_eq!(shell.store(), before);
        registry.push("app", "moving", &one);
        // An explicit `--amend` accepts the change.
        shell.run("create --amend @/app:1 @/app:moving").succeeds();
        shell.run("push --moved refresh @/app:1").succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&one));
    }
}

#[test]
fn a_refreshed_source_keeps_its_position() {
    for registry in watched::each() {
        let (_, old) = built("linux/amd64", "old");
        let (_, new) = built("linux/amd64", "new");
        registry.push("app", "moving", &old);
        let shell = Shell::new(&registry);
        shell
            .run("create --insecure --order given @/app:1 @/app:moving @/app:arm64")
            .succeeds();
        let unknown = "unknown/unknown";
        let expected = ["linux/amd64", unknown, "linux/arm64/v8"];
        for (line, index) in [
            ("push --moved refresh @/app:1", &new),
            ("create --amend @/app:1 @/app:moving", &old),
        ] {
            registry.push("app", "moving", index);
            shell.run(line).succeeds();
            shell.run("push @/app:1").succeeds();
            let found = entries(&registry, "app", "1");
            assert_eq!(platforms(&found), expected, "{line}");
            assert_eq!(found[..2], entries_of(index), "{line}");
            // The permission to use a registry without TLS is kept as well.
            let files = shell.store();
            let is_extras = |path: &std::path::Path| path.extension().is_some_and(|e| e == "json");
            let extras = files.iter().find(|(path, _)| is_extras(path)).unwrap().1;
            let extras = String::from_utf8_lossy(extras);
            assert_eq!(extras.matches("\"insecure\": true").count(), 3, "{line}");
        }
    }
}

#[test]
fn a_refresh_follows_the_updates_of_windows() {
    let registry = Watched::empty(Kind::Embedded);
    let release = |versions: [&str; 2]| {
        let image = |version: &&str| {
            let image = Image::oci().platform("windows/amd64").os_version(version);
            image.seed(version).build()
        };
        let images = versions.iter().map(image);
        images
            .fold(Index::oci(), |list, image| list.image(&image))
            .build()
    };
    registry.push("app", "base", &release(["10.0.17763.1", "10.0.20348.1"]));
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/app:base").succeeds();
    let now = release(["10.0.17763.2", "10.0.20348.2"]);
    registry.push("app", "base", &now);
    shell.run("push --moved refresh @/app:1").succeeds();
    assert_eq!(entries(&registry, "app", "1"), entries_of(&now));
}

#[test]
fn strict_makes_moved_tags_errors() {
    for registry in watched::each() {
        let (_, old) = built("linux/amd64", "old");
        let (_, new) = built("linux/amd64", "new");
        registry.push("app", "moving", &old);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:moving").succeeds();
        registry.push("app", "moving", &new);
        for flags in ["", "--dry-run", "--moved warn"] {
            shell
                .run(&format!("push --strict {flags} @/app:1"))
                .fails(7)
                .says("app:moving has moved");
        }
        assert!(registry.manifest("app", "1").is_none());
        shell
            .run("push --strict --moved refresh @/app:1")
            .succeeds();
        assert_eq!(entries(&registry, "app", "1"), entries_of(&new));
    }
}

#[test]
fn cleared_fields_stay_cleared() {
    for registry in watched::each() {
        let labelled = |seed: &str| {
            let (image, _) = built("linux/arm64/v8", seed);
            let platform = Some(image.platform.clone());
            let list = Index::oci().image_with(&image, platform, &[("its", "1"), ("stays", "1")]);
            list.build()
        };
        registry.push("app", "moving", &labelled("old"));
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:moving").succeeds();
        shell
            .run("annotate @/app:1 linux/arm64 --clear=variant --clear=annotations --annotation stays=2")
            .succeeds();
        registry.push("app", "moving", &labelled("new"));
        for line in ["create --amend @/app:1 @/app:moving", "push @/app:1"] {
            shell.run(line).succeeds();
        }
        let found = entries(&registry, "app", "1");
        assert_eq!(platforms(&found), ["linux/arm64"]);
        assert_eq!(found[0]["annotations"], serde_json::json!({ "stays": "2" }));
        // All changes are undone at once.
        shell.run("annotate @/app:1 linux/arm64 --clear").succeeds();
        shell.run("push @/app:1").succeeds();
        let expected = entries_of(&labelled("new"));
        assert_eq!(entries(&registry, "app", "1"), expected);
    }
}

#[test]
fn every_push_reports_wrong_platforms() {
    for registry in watched::each() {
        let image = Image::oci().platform("linux/amd64").seed("liar").build();
        let (arm64, _) = built("linux/arm64", "x");
        let platform = Some(arm64.platform);
        let list = Index::oci().image_with(&image, platform, &[]).build();
        registry.push("app", "liar", &list);
        let shell = Shell::new(&registry);
        let text = "is for linux/arm64, its configuration says linux/amd64";
        shell.run("create @/app:1 @/app:liar").succeeds().says(text);
        registry.lines();
        shell.run("push --strict @/app:1").fails(1).says(text);
        // The target's tag is probed while the draft is read, and no request is sent twice.
        let lines = registry.lines();
        let is_look = |line: &String| line.starts_with("HEAD /v2/app/manifests/1 ");
        assert!(lines.iter().all(is_look), "{lines:#?}");
        shell.run("push --dry-run @/app:1").succeeds().says(text);
        let said = shell.run("create --push @/app:2 @/app:liar");
        said.succeeds();
        assert_eq!(said.stderr.matches("warning:").count(), 1, "{said}");
        // Corrected, it has the platform of its own configuration.
        shell
            .run("annotate @/app:1 linux/arm64 --platform linux/amd64")
            .succeeds();
        shell.run("push --strict @/app:1").succeeds().is_quiet();
        shell
            .run("annotate @/app:1 linux/amd64 --platform linux/s390x")
            .succeeds();
        let text = "is for linux/s390x, its configuration says linux/amd64";
        shell.run("push --strict @/app:1").fails(1).says(text);
    }
}

#[test]
fn changes_by_dockers_cli_are_adopted() {
    if !docker::is_here("publishing::moving::changes_by_dockers_cli_are_adopted") {
        return;
    }
    for registry in watched::each() {
        let image = Image::oci().platform("linux/amd64").seed("liar").build();
        let (arm64, two) = built("linux/arm64", "2");
        let list = Index::oci()
            .image_with(&image, Some(built("linux/s390x", "x").0.platform), &[])
            .build();
        registry.push("app", "liar", &list);
        registry.push("app", "two", &two);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:liar @/app:two").succeeds();
        let docker = |text: &str| {
            let line = line::Line::parse(text, &registry.host());
            let mut command = shell.home.command(docker::find().unwrap());
            command.args(line.words);
            shell.run_command(&mut command).succeeds();
        };
        docker(&format!(
            "annotate @/app:1 @/app@{} --os-features f",
            image.digest
        ));
        docker(&format!(
            "annotate @/app:1 @/app@{} --variant v9",
            arm64.digest
        ));
        docker("create --insecure --amend @/app:1 @/app:armv7");
        // The sources and the images' own platforms are still known.
        let text = "is for linux/s390x, its configuration says linux/amd64";
        shell.run("push --strict @/app:1").fails(1).says(text);
        let amend = shell.run("create --amend @/app:1 @/app:two @/app:armv7");
        amend.succeeds();
        shell.run("push @/app:1").succeeds();
        let found = entries(&registry, "app", "1");
        let mut have = platforms(&found);
        have.sort();
        let expected = [
            "linux/arm/v7",
            "linux/arm64/v9",
            "linux/s390x",
            "unknown/unknown",
        ];
        assert_eq!(have, expected);
        let liar = found
            .iter()
            .find(|entry| entry["digest"] == image.digest.as_str());
        assert_eq!(liar.unwrap()["platform"]["os.features"][0], "f");
        shell.run("remove @/app:1 @/app:two @/app:armv7").succeeds();
        assert_eq!(shell.drafts()["REGISTRY_app-1"], 1);
    }
}

/// The message about the list's own tag.
const CHANGED: &str = "REGISTRY/app:1 has changed since the draft was created: it now points to";

#[test]
fn replacing_a_changed_list_gives_a_warning() {
    for registry in watched::each() {
        let (_, old) = built("linux/amd64", "old");
        let (_, new) = built("linux/amd64", "new");
        let shell = Shell::new(&registry);
        let create = "create @/app:1 @/app:amd64 @/app:arm64";
        for then in [None, Some(&old)] {
            if let Some(old) = then {
                registry.push("app", "1", old);
            }
            let then = match then {
                None => "it did not exist then".to_owned(),
                Some(old) => format!("it was {} then", old.digest),
            };
            shell.run(create).succeeds().is_quiet();
            registry.push("app", "1", &new);
            let text = format!("{CHANGED} {} ({then})", new.digest);
            for flags in ["--strict", "--moved error", "--moved error --dry-run"] {
                let refused = shell.run(&format!("push {flags} @/app:1"));
                refused.fails(7).prints("").says(&text).says("hint: ");
            }
            assert_eq!(entries(&registry, "app", "1"), entries_of(&new));
            let warning = format!("warning: {text}; the push replaces it\n");
            for flags in ["--dry-run", "-q --moved refresh --dry-run"] {
                let shown = shell.run(&format!("push {flags} @/app:1"));
                shown.succeeds().says(&warning);
            }
            // An explicit `--expect-digest` silences it.
            let known = format!("push --dry-run --expect-digest {} @/app:1", new.digest);
            shell.run(&known).succeeds().does_not_say(CHANGED);
            shell.run("push @/app:1").succeeds().says(&warning);
            let pushed = entries(&registry, "app", "1");
            assert_eq!(pushed.len(), 2);
            // That push was ours, and so is the next one.
            for line in [
                "push @/app:1",
                "annotate --os-version 1 @/app:1 @/app:amd64",
                "push @/app:1",
                "create --amend @/app:1 @/app:armv7",
                "push @/app:1",
                "annotate --os-version 2 @/app:1 @/app:amd64",
                "push -t @/app:more @/app:1",
            ] {
                shell.run(line).succeeds().does_not_say(CHANGED);
            }
            // Amending does not check the tag.
            registry.push("app", "1", &new);
            shell.run("create --amend @/app:1 @/app:amd64").succeeds();
            shell
                .run("push --purge @/app:1")
                .succeeds()
                .says(&format!("{CHANGED} {} (it was sha256:", new.digest));
            shell.run(create).succeeds().is_quiet();
            shell
                .run("push --purge @/app:1")
                .succeeds()
                .does_not_say(CHANGED);
        }
    }
}

#[test]
fn an_unknown_tag_state_gives_no_warning() {
    let registry = Watched::empty(Kind::Embedded);
    let (amd64, _) = built("linux/amd64", "1");
    let (arm64, new) = built("linux/arm64", "2");
    registry.push("app", "amd64", &amd64);
    registry.push("app", "arm64", &arm64);
    let shell = Shell::new(&registry);
    let fault = Fault::on("HEAD", "/manifests/1").respond(Response::status(403));
    let fault = registry.fault(fault);
    let create = "create @/app:1 @/app:amd64 @/app:arm64";
    shell.run(create).succeeds().is_quiet();
    assert_eq!(fault.hits(), 1);
    registry.clear_faults();
    registry.push("app", "1", &new);
    let before = shell.store();
    shell.run("push @/app:1").succeeds().is_quiet();
    // Its state is no longer recorded.
    assert_eq!(shell.store(), before);
    // A missing tag is not replaced.
    let create = create.replace("app:1", "app:2");
    registry.push("app", "2", &new);
    shell.run(&create).succeeds();
    let gone = Fault::on("HEAD", "/manifests/2").respond(Response::status(404));
    registry.fault(gone.times(1));
    shell
        .run("push --no-verify @/app:2")
        .succeeds()
        .does_not_say("has changed");
}

#[test]
fn create_push_reports_an_existing_draft() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let create = "create @/app:1 @/app:amd64";
        shell.run(create).succeeds();
        let before = shell.store();
        let pushed = "create --push @/app:1 @/app:amd64 @/app:arm64";
        let text = "warning: an older draft of REGISTRY/app:1 was left alone: `docker-manifest push REGISTRY/app:1` would replace the list that was just pushed, `docker-manifest rm REGISTRY/app:1` removes the draft\n";
        shell
            .run(&pushed.replace("--push", "--push --dry-run"))
            .succeeds()
            .does_not_say("older draft");
        shell.run(pushed).succeeds().says(text);
        assert_eq!(shell.store(), before);
        // From then on it is the tag that a push of the draft would replace.
        let (_, bytes) = registry.manifest("app", "1").unwrap();
        let digest = manifest_testkit::sha256(&bytes);
        let changed = format!("{CHANGED} {digest} (it did not exist then)");
        shell
            .run("push --moved error @/app:1")
            .fails(7)
            .says(&changed)
            .says("`docker-manifest rm REGISTRY/app:1` removes the draft");
        // A list of the same images hides nothing.
        shell
            .run(&create.replace("create", "create --push"))
            .succeeds()
            .does_not_say("older draft");
        shell.run("rm @/app:1").succeeds();
        shell.run(pushed).succeeds().does_not_say("older draft");
    }
}

#[test]
fn a_moved_source_is_refreshed_and_annotations_stay() {
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
    // A push of the draft warns or refuses, and writes the draft as it is.
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
    // Create resolves it again: the old entries and their attestations are removed, the annotation stays.
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
fn a_damaged_draft_is_reported_and_a_folder_that_cannot_be_read_is_not() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    let pushed = "create --push @/app:1 @/app:arm64";
    shell.run("create @/app:1 @/app:amd64").succeeds();
    let host = registry.host();
    let draft = shell
        .home
        .draft_path(&format!("{host}/app:1"), &format!("{host}/app:amd64"));
    fs::write(&draft, "{").unwrap();
    shell.run(pushed).succeeds().says("older draft");
    // There are no drafts where something else is in the place of their folder.
    fs::remove_dir_all(shell.home.manifests()).unwrap();
    fs::write(shell.home.manifests(), "").unwrap();
    shell.run(pushed).succeeds().does_not_say("older draft");
}
