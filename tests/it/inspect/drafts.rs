//! Drafts, and the changes that they make to the list in the registry.

use manifest_testkit::layout::LayoutFiles;
use manifest_testkit::sha256;

use super::{json, registry};
use crate::commands::Shell;
use crate::harness::home::OURS;

#[test]
fn a_draft_shows_what_it_changes() {
    let (registry, index, images) = registry();
    let shell = Shell::new(&registry);
    shell
        .run("create --insecure @/app:1 @/app:amd64 @/app:arm64")
        .succeeds();
    let ran = shell.run("inspect --format json @/app:1");
    let view = json(&ran);
    assert_eq!(view["live"]["state"], "different");
    assert_eq!(view["live"]["digest"], index.digest.as_str());
    let entries = view["manifests"].as_array().unwrap();
    assert!(
        entries.iter().all(|entry| entry["change"] == "same"),
        "{ran}"
    );
    assert_eq!(
        view["live"]["removed"][0]["digest"],
        images[2].digest.as_str()
    );
    ran.says("REGISTRY/app:1 is a draft: sha256:")
        .says(&format!(
            "the registry has something else: {}",
            index.digest
        ));
    let table = shell.run("inspect --format table @/app:1");
    let changes: Vec<&str> = table
        .succeeds()
        .stdout
        .lines()
        .filter_map(|line| line.split_whitespace().next())
        .collect();
    let heading = changes.iter().position(|word| *word == "CHANGE").unwrap();
    assert_eq!(
        changes[heading + 1..],
        ["same", "same", "removed"],
        "{table}"
    );
    shell.run("push --insecure @/app:1").succeeds();
    let ran = shell.run("inspect --format json @/app:1");
    assert_eq!(json(&ran)["live"]["state"], "same");
    ran.says("the registry has the same list");
    shell
        .run("create --insecure @/app:new @/app:amd64")
        .succeeds();
    let ran = shell.run("inspect --format json @/app:new");
    assert_eq!(json(&ran)["live"]["state"], "absent");
    ran.says("the registry has nothing under this name");
}

#[test]
fn the_raw_bytes_of_a_draft_are_what_push_publishes() {
    let (registry, ..) = registry();
    let shell = Shell::new(&registry);
    shell
        .run("create --insecure @/app:new @/app:amd64 @/app:arm64")
        .succeeds();
    let raw = shell.run("inspect --raw @/app:new");
    let digest = shell.run("inspect --digest @/app:new");
    let pushed = shell.run("push --insecure @/app:new");
    pushed.succeeds();
    assert_eq!(
        sha256(raw.succeeds().stdout.as_bytes()),
        digest.succeeds().stdout.trim()
    );
    assert!(pushed.stdout.contains(digest.stdout.trim()), "{pushed}");
}

#[test]
fn local_and_remote_choose() {
    let (registry, index, images) = registry();
    let shell = Shell::new(&registry);
    shell
        .run("inspect --local @/app:1")
        .fails(1)
        .says("No such manifest")
        .says("there is no draft of");
    shell
        .run("inspect --local --format json @/app:1")
        .fails(1)
        .says("No such manifest");
    assert_eq!(registry.lines(), [""; 0]);
    shell
        .run("create --insecure @/app:1 @/app:amd64")
        .succeeds();
    registry.lines();
    for words in [
        "",
        "--raw",
        "--digest",
        "--format table",
        "--format json",
        "--layers",
    ] {
        let ran = shell.run(&format!("inspect --local {words} @/app:1"));
        ran.succeeds();
        assert_eq!(registry.lines(), [""; 0], "{ran}");
    }
    let ran = shell.run("inspect --local --config @/app:1");
    ran.fails(1)
        .says("is only in a registry")
        .says("leave out `--local`");
    let ran = shell.run("inspect --remote --digest @/app:1");
    ran.succeeds().prints(&format!("{}\n", index.digest));
    let ran = shell.run("inspect --remote @/app:1");
    assert!(ran.succeeds().stdout.contains(&images[1].digest), "{ran}");
    shell
        .run("inspect --remote @/app:1 @/app:amd64")
        .fails(125)
        .says("cannot be used together");
    shell
        .run("inspect --remote @/app:none")
        .fails(1)
        .does_not_say("there is no draft");
}

#[test]
fn one_image_of_a_draft() {
    let (registry, _, images) = registry();
    let shell = Shell::new(&registry);
    shell
        .run("create --insecure @/app:new @/app:amd64 @/app:arm64")
        .succeeds();
    let raw = shell.run("inspect --raw @/app:new @/app:arm64");
    assert_eq!(raw.succeeds().stdout.as_bytes(), images[1].manifest);
    let view = json(&shell.run("inspect --format json @/app:new @/app:arm64"));
    assert_eq!(view["platform"]["architecture"], "arm64");
    let chosen = shell.run("inspect --digest --platform linux/arm64 @/app:new");
    chosen.succeeds().prints(&format!("{}\n", images[1].digest));
}

#[test]
fn a_registry_that_does_not_answer_does_not_hide_a_draft() {
    let (registry, ..) = registry();
    let shell = Shell::new(&registry);
    shell
        .run("create --insecure @/app:1 @/app:amd64")
        .succeeds();
    registry.fault(
        manifest_testkit::fault::Fault::on_any("/v2/")
            .respond(manifest_testkit::fault::Response::status(403)),
    );
    let ran = shell.run("inspect --raw --retry 0 @/app:1");
    ran.succeeds()
        .says("; the registry gave no clear response: ")
        .says("403 Forbidden");
    let ran = shell.run("inspect --format table --retry 0 @/app:1");
    let line = "Registry:   gave no clear response: ";
    assert!(ran.succeeds().stdout.contains(line), "{ran}");
    assert!(ran.stdout.contains("linux/amd64"), "{ran}");
    shell.run("inspect --deep --retry 0 @/app:1").fails(4);
    let ran = shell.run("inspect --raw --local @/app:1");
    ran.succeeds().says("; the registry was not asked\n");
}

/// `script` gives the program a terminal, and relays its output.
#[test]
fn a_terminal_says_where_it_is_from() {
    let (registry, index, images) = registry();
    let shell = Shell::new(&registry);
    shell
        .run("create --insecure @/app:1 @/app:amd64")
        .succeeds();
    LayoutFiles::new()
        .image(None, &images[0])
        .write_folder(&shell.home.path().join("layout"));
    let on_terminal = |words: &str| {
        let words = words.replace("@/", &format!("{}/", registry.host()));
        let inner = format!("{OURS} inspect {words}");
        let mut command = shell.home.command("script");
        command.args(["-qec", &inner, "/dev/null"]);
        shell.run_command(&mut command)
    };
    let draft = on_terminal("@/app:1");
    let line = format!("the registry has something else: {}", index.digest);
    assert!(draft.succeeds().stdout.contains(&line), "{draft}");
    assert!(draft.stdout.contains("\"schemaVersion\": 2"), "{draft}");
    let remote = on_terminal("--remote @/app:1");
    let line = format!("REGISTRY/app:1 is in the registry: {}", index.digest);
    assert!(remote.succeeds().stdout.contains(&line), "{remote}");
    let digest = &images[0].digest;
    for (words, place) in [
        ("@/app:1 @/app:amd64", "in a draft on this machine"),
        (
            "--verbose @/app:1 @/app:amd64",
            "in a draft on this machine",
        ),
        ("oci-layout://layout", "on this machine"),
        ("@/app:amd64", "in the registry"),
    ] {
        let ran = on_terminal(words);
        let line = format!(" is {place}: {digest}");
        assert!(ran.succeeds().stdout.contains(&line), "{ran}");
    }
    // Joined to standard output, standard error adds nothing.
    let joined = format!("{OURS} inspect {}/app:1 2>&1", registry.host());
    let joined = shell.run_command(shell.home.command("sh").args(["-c", &joined]));
    let alone = shell.run("inspect @/app:1");
    joined.succeeds().prints(&alone.succeeds().stdout);
}
