//! Files, folders, standard input, templates, bake targets, and flags that contradict each other.

use std::fs;
use std::io::Write as _;
use std::process::Stdio;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;
use manifest_testkit::suite;
use serde_json::{Value, json};

use super::{by_tag, list, seed, write, writes};
use crate::commands::{Shell, Watched, watched};

#[test]
fn files_folders_and_standard_input() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 4);
    let shell = Shell::new(&registry);
    let lists = by_tag(4);
    let lists: Vec<&str> = lists.split_inclusive("-arm64\n").collect();
    fs::create_dir(shell.home.path().join("specs")).unwrap();
    for (name, text) in ["a.yaml", "specs/b.yaml", "specs/c.yml", "d.yaml"]
        .iter()
        .zip(&lists)
    {
        write(&shell, name, text);
    }
    shell
        .run("apply -f a.yaml specs")
        .succeeds()
        .says("3 lists: 3 written");
    let mut command = shell.command("apply -q -");
    let child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    let text = lists[3].replace("@/", &format!("{}/", registry.host()));
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(registry.tags("app"), ["0", "1", "2", "3"]);
    let ran = shell.run("apply none.yaml");
    ran.fails(1).says("none.yaml");
}

#[test]
fn variables_of_the_command_line_and_the_environment() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let mut shell = Shell::new(&registry);
    shell.home.set("TAG", "from-env");
    let text = by_tag(1).replace("app:0", "${NAME}:${TAG}");
    write(&shell, "lists.yaml", &text);
    shell
        .run("apply --set NAME=app lists.yaml")
        .fails(1)
        .says("--env TAG");
    shell
        .run("apply --set NAME=app --env TAG lists.yaml")
        .succeeds();
    assert_eq!(registry.tags("app"), ["from-env"]);
    shell
        .run("apply --set NAME lists.yaml")
        .fails(125)
        .says("must be NAME=VALUE");
    shell
        .run("apply --set N-A=1 lists.yaml")
        .fails(125)
        .says("\"N-A\" is not the name of a variable: use letters");
}

#[test]
fn nothing_is_written_if_anything_is_wrong_in_the_files() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 2);
    let shell = Shell::new(&registry);
    let twice = by_tag(2).replace("app:1", "app:0");
    let circle = by_tag(1) + &list("@/app:all", &["@/app:0".to_owned()]);
    for (text, message) in [
        (twice, "is published twice, first at lists.yaml:2:8"),
        (circle, "is itself published by this run, at lists.yaml:2:8"),
        (
            by_tag(2).replace("src:1-arm64", "Src:1"),
            "lists.yaml:10:12",
        ),
        (by_tag(2) + "unknown: 1\n", "unknown"),
    ] {
        write(&shell, "lists.yaml", &text);
        shell.run("apply lists.yaml").fails(1).says(message);
    }
    assert!(registry.log().lines().is_empty(), "{:?}", writes(&registry));
}

#[test]
fn templates() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for (tag, platform) in [
            ("linux-arm64", "linux/arm64"),
            ("linux-armv7", "linux/arm/v7"),
        ] {
            registry.push("t", tag, &Image::docker().platform(platform).build());
        }
        let flags = "--template @/t:OS-ARCHVARIANT --platforms linux/arm64,linux/arm/v7";
        let ran = shell.run(&format!("apply {flags} --target @/t:1 --tags latest,1.0"));
        ran.succeeds().says("1 list: 1 written");
        let ran = shell.run(&format!("create @/t:created --push {flags} --tags again"));
        ran.succeeds();
        for tag in ["latest", "1.0", "created", "again"] {
            assert_eq!(registry.bytes("t", tag), registry.bytes("t", "1"), "{tag}");
        }
        // A draft has the same content, too.
        shell.run(&format!("create @/t:draft {flags}")).succeeds();
        shell.run("push @/t:draft").succeeds();
        assert_eq!(registry.bytes("t", "draft"), registry.bytes("t", "1"));
        let flags = "--template @/t:OS-ARCHvVARIANT --platforms linux/arm/v7,linux/s390x";
        let ran = shell.run(&format!("apply {flags} --target @/t:2 --ignore-missing"));
        ran.fails(1).says("nothing is left");
    }
}

#[test]
fn bake_targets() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 2);
    let shell = Shell::new(&registry);
    let host = registry.host();
    let target = |number: usize| {
        json!({
            "context": ".",
            "tags": [format!("{host}/src:{number}"), format!("{host}/src:{number}.0")],
            "platforms": ["linux/amd64", "linux/arm64"],
        })
    };
    let bake = json!({ "group": {}, "target": { "a": target(0), "b": target(1), "c": { "context": "c" } } });
    fs::write(shell.home.path().join("bake.json"), bake.to_string()).unwrap();
    let ran = shell.run("apply --from-bake bake.json --template IMAGE-ARCH");
    ran.succeeds()
        .says("2 lists: 2 written")
        .says("not used of the targets: context")
        .says("target \"c\" has no tags");
    assert_eq!(registry.bytes("src", "1"), registry.bytes("src", "1.0"));
    let again = shell.run("apply --from-bake bake.json --template IMAGE-ARCH");
    again.succeeds().says("2 unchanged");
}

#[test]
fn drafts_of_spec_files_appear_together_or_not_at_all() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        seed(&registry, 3);
        let shell = Shell::new(&registry);
        let text = by_tag(3)
            .replace("src:1-amd64", "src:none")
            .replace("src:2-amd64", "src:none-either");
        write(&shell, "lists.yaml", &text);
        let ran = shell.run("create -f lists.yaml");
        ran.fails(1).says("src:none").says("src:none-either");
        assert!(shell.drafts().is_empty());
        write(&shell, "lists.yaml", &by_tag(3));
        let ran = shell.run("create -f lists.yaml");
        ran.succeeds().prints(
            "Created manifest list REGISTRY/app:0\nCreated manifest list REGISTRY/app:1\nCreated manifest list REGISTRY/app:2\n",
        );
        assert_eq!(shell.drafts().len(), 3);
        shell
            .run("create -f lists.yaml")
            .fails(1)
            .says("refusing to amend");
        shell.run("create --replace -f lists.yaml").succeeds();
        shell.run("push --purge @/app:1").succeeds();
        let pushed = registry.bytes("app", "1");
        let ran = shell.run("apply lists.yaml");
        ran.succeeds().says("3 lists: 2 written, 1 unchanged");
        assert_eq!(registry.bytes("app", "1"), pushed);
    }
}

#[test]
fn lists_that_a_draft_cannot_hold() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    registry.push(
        "src",
        "arm",
        &Image::docker().platform("linux/arm/v6").build(),
    );
    let shell = Shell::new(&registry);
    let text = "\
image: @/app:1
tags: [stable]
manifests:
  - image: @/src:arm
  - image: @/src:arm
    platform: { variant: v7 }
";
    write(&shell, "arm.yaml", text);
    let ran = shell.run("create -f arm.yaml");
    ran.fails(1)
        .says("cannot have REGISTRY/src:arm twice")
        .says("`apply` publishes such a list");
    shell.run("apply arm.yaml").succeeds();
    let list: Value = serde_json::from_slice(&registry.bytes("app", "1")).unwrap();
    assert_eq!(list["manifests"].as_array().unwrap().len(), 2, "{list:#}");
    let (one, _) = text
        .split_once("  - image: @/src:arm\n    platform")
        .unwrap();
    write(&shell, "arm.yaml", one);
    let ran = shell.run("create -f arm.yaml");
    ran.succeeds()
        .says("the list's other names: push it with --tag REGISTRY/app:stable\n");
}

#[test]
fn flags_that_contradict_each_other() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let shell = Shell::new(&registry);
    write(&shell, "a.yaml", &by_tag(1));
    for line in [
        "apply --check --dry-run a.yaml",
        "apply -q --format json a.yaml",
        "apply --template a-ARCH --platforms linux/amd64 --target a a.yaml",
        "apply --from-bake b.json a.yaml",
        "apply --from-bake b.json --target a",
        "apply --from-bake b.json --platforms linux/amd64",
        "apply --from-bake b.json",
        "apply --template a-ARCH --platforms linux/amd64",
        "apply --template a-ARCH --platforms linux/amd64 --target a --set A=1",
        "apply --target a a.yaml",
        "apply --platforms linux/amd64 a.yaml",
        "create -f a.yaml --push",
        "create -f a.yaml --dry-run",
        "create -f a.yaml app:1",
        "create -f a.yaml --amend",
        "create -f a.yaml --platform linux/amd64",
        "create -f a.yaml --template a-ARCH",
        "create app:1 app:2 --set A=1",
        "create app:1 app:2 --platforms linux/amd64",
        "create app:1 --template a-ARCH --platforms linux/amd64 --tags b",
    ] {
        shell.run(line).fails(125);
    }
    shell
        .run("apply")
        .fails(1)
        .says("requires at least 1 argument");
    assert!(registry.log().lines().is_empty());
}

#[test]
fn errors_name_the_flag_that_is_missing() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let shell = Shell::new(&registry);
    write(&shell, "a.yaml", &by_tag(1));
    let template = "--template a-ARCH --platforms linux/amd64";
    for (line, message) in [
        (
            "apply --template a-ARCH --target b",
            "apply needs --platforms, such as `--platforms linux/amd64,linux/arm/v7`\n",
        ),
        (
            &format!("apply {template}"),
            "apply needs --target, such as `--target app:1.0`\n",
        ),
        (
            "apply --platforms linux/amd64 --target a",
            "apply needs --template, such as `--template app:1.0-OS-ARCH`\n",
        ),
        (
            "apply --from-bake b.json",
            "apply needs --template, such as `--template IMAGE-ARCHVARIANT`\n",
        ),
        (
            "create a --template b-ARCH",
            "create needs --platforms, such as `--platforms linux/amd64,linux/arm/v7`\n",
        ),
        (
            "create a --platforms linux/amd64",
            "create needs --template, such as `--template app:1.0-OS-ARCH --platforms linux/amd64`\n",
        ),
        (
            "create --set A=1",
            "create needs --file, such as `--file lists.yaml`\n",
        ),
        (
            "create -f a.yaml b.yaml",
            "write -f before each of several files\n",
        ),
        (
            "create -f a.yaml --tags b",
            "--file and --tags cannot be used together",
        ),
        (
            &format!("create a {template} --tags b"),
            "add --push, or give --tag to `push`\n",
        ),
        ("apply - -", "standard input can be read once\n"),
    ] {
        shell.run(line).fails(125).says(message);
    }
    assert!(registry.log().lines().is_empty());
}
