//! Each command on a staged draft, on both registries.

use manifest_testkit::image::Image;
use manifest_testkit::image::Index;
use manifest_testkit::suite::{self, Kind};
use serde_json::Value;

use super::{LIST, fill, names, published};
use crate::commands::{Shell, Watched};
use crate::harness::schema;

/// Runs the same command lines on a staged draft and on one on this machine, and compares output and result.
#[test]
fn a_staged_draft_is_as_a_local_one() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        fill(&registry, 4);
        let pair = Index::oci()
            .image(&Image::oci().platform("linux/arm64").build())
            .image(&Image::oci().platform("linux/amd64").build())
            .build();
        registry.push("app", "pair", &pair);
        let lines = [
            "create STAGE @/app:list @/app:2 @/app:pair @/app:0",
            "create STAGE --amend @/app:list @/app:1",
            "annotate STAGE @/app:list @/app:2 --variant v3 --os-features x",
            "annotate STAGE @/app:list linux/arm64 --variant v9",
            "annotate STAGE @/app:list --annotation a=1 --annotation b=2",
            "create STAGE --amend --type oci --order platform @/app:list @/app:2",
            "inspect STAGE @/app:list",
            "inspect STAGE -v @/app:list @/app:2",
            "inspect STAGE --format table @/app:list",
            "remove STAGE @/app:list @/app:0 linux/arm64",
            "annotate STAGE @/app:list --clear=annotations --annotation c=3",
            "inspect STAGE @/app:list",
            "inspect STAGE --digest @/app:list",
            "export STAGE @/app:list",
            "annotate STAGE @/app:list @/app:2 --clear",
            "create STAGE --replace @/app:list @/app:3 @/app:1",
            "inspect STAGE @/app:list",
            "push STAGE @/app:list",
            "ls STAGE -q",
            "rm STAGE @/app:list",
            "ls STAGE -q",
            "rm STAGE @/app:list",
            "create STAGE @/app:list @/app:3",
            "create STAGE @/app:list @/app:1",
            "annotate STAGE @/app:list @/app:0 --variant v3",
            "annotate STAGE @/app:none @/app:0 --variant v3",
            "inspect STAGE --local @/app:none",
            "remove STAGE @/app:none @/app:0",
            "push STAGE @/app:none",
        ];
        let (staged, local) = (Shell::new(&registry), Shell::new(&registry));
        for line in lines {
            let on_stage = staged.run(&line.replace("STAGE", "--stage @/stage"));
            let here = local.run(&line.replace("STAGE ", ""));
            assert_eq!(on_stage.code, here.code, "{on_stage}\n{here}");
            assert_eq!(on_stage.error(), here.error(), "{on_stage}\n{here}");
            if line.starts_with("export") {
                let without_times = |json: &str| {
                    let mut json: Value = serde_json::from_str(json).unwrap();
                    let entries = json["entries"].as_array_mut().unwrap();
                    for entry in entries {
                        entry["origin"]["resolved_at"] = Value::Null;
                        // A staged draft has no order of arguments.
                        entry["position"] = Value::Null;
                    }
                    json["settings"]["tag_then"] = Value::Null;
                    json
                };
                assert_eq!(without_times(&on_stage.stdout), without_times(&here.stdout));
            } else {
                let here = here
                    .stdout
                    .replace("on this machine", "in a repository for drafts");
                assert_eq!(on_stage.stdout, here, "{on_stage}");
            }
        }
        assert!(staged.home.drafts().is_empty());
    }
}

#[test]
fn an_existing_draft_is_not_amended_without_the_flag() {
    let registry = Watched::empty(suite::Kind::Embedded);
    fill(&registry, 2);
    let shell = Shell::new(&registry);
    let create = format!("create --stage @/stage {LIST} @/app:0");
    shell.run(&create).succeeds();
    registry.lines();
    shell
        .run(&create)
        .fails(1)
        .says("refusing to amend an existing manifest list with no --amend flag")
        .says("`docker-manifest rm --stage REGISTRY/stage REGISTRY/app:list` removes it");
    assert!(registry.writes().is_empty());
    shell
        .run(&format!("create --stage @/stage --replace {LIST} @/app:1"))
        .succeeds();
    shell
        .run(&format!("push --stage @/stage {LIST}"))
        .succeeds();
    assert_eq!(published(&registry, "list").len(), 1);
}

#[test]
fn jobs_that_set_different_settings_lose_none() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        fill(&registry, 4);
        let flags = [
            "--annotation a=1",
            "--annotation b=2",
            "--type oci",
            "--order platform",
        ];
        std::thread::scope(|scope| {
            let run = |(number, flag)| {
                let registry = &registry;
                scope.spawn(move || {
                    let line =
                        format!("create --amend --stage @/stage {flag} {LIST} @/app:{number}");
                    Shell::new(registry).run(&line).succeeds();
                })
            };
            let jobs: Vec<_> = flags.iter().enumerate().map(run).collect();
            for job in jobs {
                job.join().unwrap();
            }
        });
        let shell = Shell::new(&registry);
        shell
            .run(&format!("push --stage @/stage --purge {LIST}"))
            .succeeds();
        let list: Value = serde_json::from_slice(&registry.bytes("app", "list")).unwrap();
        assert_eq!(list["manifests"].as_array().unwrap().len(), 4);
        assert_eq!(list["annotations"], serde_json::json!({"a": "1", "b": "2"}));
        assert!(list["mediaType"].as_str().unwrap().contains("oci"));
        assert_eq!(names(&shell), "");
    }
}

#[test]
fn several_lists_share_a_repository() {
    let registry = Watched::empty(suite::Kind::Embedded);
    fill(&registry, 2);
    // Images may be in it, too.
    registry.push("stage", "latest", &Image::docker().build());
    let shell = Shell::new(&registry);
    for (list, image) in [("app:b", "0"), ("app:a", "1"), ("other/app:b", "0")] {
        shell
            .run(&format!("create --stage @/stage @/{list} @/app:{image}"))
            .succeeds();
    }
    assert_eq!(
        names(&shell),
        "REGISTRY/app:a\nREGISTRY/app:b\nREGISTRY/other/app:b\n"
    );
    let listed = shell.run("ls --stage @/stage --format json --check");
    let listed = schema::json("ls", &listed);
    assert_eq!(listed[0]["stage"], "REGISTRY/stage");
    assert_eq!(listed[0]["entries"], 1);
    assert_eq!(listed[0]["state"], "ready");
    assert_eq!(listed[0]["platforms"][0], "windows(10.0.1)/amd64");
    assert!(listed[0].get("folder").is_none());
    shell.run("rm --stage @/stage @/app:b").succeeds();
    assert_eq!(names(&shell), "REGISTRY/app:a\nREGISTRY/other/app:b\n");
    assert!(registry.tags("stage").contains(&"latest".to_owned()));
}

#[test]
fn names_that_are_no_repositories_and_images_on_disk_are_refused() {
    let registry = Watched::empty(suite::Kind::Embedded);
    fill(&registry, 1);
    let shell = Shell::new(&registry);
    for (stage, code, text) in [
        (
            "@/stage:1",
            125,
            "--stage is REGISTRY/stage:1, and a repository is expected\n\
             hint: leave the tag or digest out: REGISTRY/stage\n",
        ),
        (
            "localhost:5000",
            125,
            "hint: name a repository of the registry, such as localhost:5000/drafts\n",
        ),
        ("A/B", 1, "error parsing --stage A/B: "),
    ] {
        let line = format!("create --stage {stage} {LIST} @/app:0");
        shell.run(&line).fails(code).says(text);
    }
    shell
        .run(&format!("create --push --stage @/stage {LIST} @/app:0"))
        .fails(125)
        .says("--stage and --push cannot be used together");
    let image = Image::oci().platform("linux/amd64").build();
    let layout = manifest_testkit::layout::LayoutFiles::new().image(None, &image);
    layout.write_folder(&shell.home.path().join("build"));
    shell
        .run(&format!("create --stage @/stage {LIST} oci-layout://build"))
        .fails(1)
        .says("is on this machine, so it cannot be staged in REGISTRY/stage")
        .says("push the image first");
    assert!(registry.tags("stage").is_empty());
}

#[test]
fn tags_that_move_are_seen_at_the_push() {
    let registry = Watched::empty(suite::Kind::Embedded);
    fill(&registry, 2);
    let shell = Shell::new(&registry);
    shell
        .run(&format!("create --stage @/stage {LIST} @/app:0 @/app:1"))
        .succeeds();
    let moved = Image::docker().platform("linux/s390x").build();
    registry.push("app", "1", &moved);
    shell
        .run(&format!("push --stage @/stage --moved error {LIST}"))
        .fails(7)
        .says("REGISTRY/app:1 has moved since the draft was created");
    shell
        .run(&format!("push --stage @/stage --moved refresh {LIST}"))
        .succeeds();
    assert!(published(&registry, "list").contains(&moved.digest));
    let shown = shell.run(&format!("inspect --stage @/stage {LIST}"));
    assert_eq!(
        shown.stdout.trim_end().as_bytes(),
        registry.bytes("app", "list")
    );
}

#[test]
fn lists_of_spec_files_and_templates_are_staged() {
    let registry = Watched::empty(suite::Kind::Embedded);
    for (tag, platform) in [
        ("1-linux-amd64", "linux/amd64"),
        ("1-linux-arm64", "linux/arm64"),
    ] {
        registry.push("app", tag, &Image::docker().platform(platform).build());
    }
    let shell = Shell::new(&registry);
    let host = registry.host();
    let spec = format!(
        "image: {host}/app:list\nmanifests:\n  - image: {host}/app:1-linux-amd64\n    platform: {{os: linux, architecture: amd64}}\n"
    );
    std::fs::write(shell.home.path().join("list.yaml"), spec).unwrap();
    shell.run("create --stage @/stage -f list.yaml").succeeds();
    shell
        .run("create --stage @/stage -f list.yaml")
        .fails(1)
        .says("refusing to amend an existing manifest list");
    shell
        .run("create --stage @/stage -f list.yaml --replace")
        .succeeds();
    shell
        .run("create --stage @/stage @/app:other --template @/app:1-OS-ARCH --platforms linux/amd64,linux/arm64")
        .succeeds();
    assert_eq!(names(&shell), "REGISTRY/app:list\nREGISTRY/app:other\n");
    shell.run("push --stage @/stage @/app:other").succeeds();
    assert_eq!(published(&registry, "other").len(), 2);
    assert!(shell.home.drafts().is_empty());
}

#[test]
fn a_staged_draft_is_compared_with_the_published_list() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry, 3);
    let mut shell = Shell::new(&registry);
    shell.run("create --push @/app:list @/app:0").succeeds();
    let create = format!("create --stage @/stage {LIST} @/app:0 @/app:1");
    shell.run(&create).succeeds();
    shell.run("create @/app:list @/app:0").succeeds();
    let staged = shell.run("diff --format json --stage @/stage @/app:list");
    staged.fails(1);
    let report: Value = serde_json::from_str(&staged.stdout).unwrap();
    schema::check("diff", &report);
    assert_eq!(report["to"]["origin"], "draft");
    assert_eq!(report["entries"].as_array().unwrap().len(), 1, "{report:#}");
    // The variable counts as the flag does, and an empty flag means this machine.
    let stage = format!("{}/stage", registry.host());
    shell.home.set("DOCKER_MANIFEST_STAGE", stage);
    let by_variable = shell.run("diff --format json @/app:list");
    assert_eq!(by_variable.stdout, staged.stdout);
    shell.run("diff --stage= @/app:list").succeeds();
    let local = shell.run("diff --quiet --local @/app:list @/app:1");
    local.fails(1);
    shell
        .run("diff @/app:2.0")
        .fails(1)
        .says("drafts are in REGISTRY/stage");
    // A name that only is a draft.
    shell.run("create @/app:next @/app:2").succeeds();
    shell
        .run("diff @/app:list @/app:next")
        .fails(1)
        .says("hint: it is a draft in REGISTRY/stage, which `--local` compares");
    shell
        .run("diff --local @/app:next @/app:list")
        .fails(1)
        .does_not_say("does not exist");
}
