//! Sources named by files: the digests and metadata that CI jobs leave behind, and lists of names.

use std::fs;
use std::path::{Path, PathBuf};

use manifest_testkit::image::{BuiltIndex, Image};
use manifest_testkit::suite::Kind;
use serde_json::json;

use super::{built, entries, entries_of, platforms};
use crate::commands::{Shell, Watched, watched};

/// Writes a folder with an empty file for each digest, as the artifact of a CI job, and returns its path.
fn digests_folder(home: &Path, indexes: &[&BuiltIndex]) -> PathBuf {
    let folder = home.join("digests");
    fs::create_dir(&folder).unwrap();
    for index in indexes {
        fs::write(folder.join(index.digest.trim_start_matches("sha256:")), "").unwrap();
    }
    folder
}

#[test]
fn ci_artifacts_name_sources() {
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
        let digests = digests_folder(&home, &[&one, &two]);
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
    }
}

#[test]
fn digest_folders_can_be_nested_and_hold_only_digests() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        registry.push("app", "x", &one);
        registry.push("app", "y", &two);
        let shell = Shell::new(&registry);
        let home = shell.home.path().to_owned();
        let digests = digests_folder(&home, &[&one, &two]);
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
fn names_from_standard_input_in_given_order() {
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
