//! Help, version, usage errors, and words that are ignored.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;

use super::{FAILED, Tool};

#[test]
fn help_and_version() {
    let tool = Tool::new("localhost:1");
    let help = tool.run("--help");
    help.succeeds().is_quiet();
    for part in [
        "USAGE:\n   manifest-tool [global options] COMMAND\n",
        "COMMANDS:\n   inspect  show an image or a list in a registry\n   push     ",
        "GLOBAL OPTIONS:\n   --debug             ",
        "--docker-cfg value",
        "--version, -v",
    ] {
        assert!(help.stdout.contains(part), "{part} in {help}");
    }
    for line in ["", "-h", "help", "h"] {
        tool.run(line).succeeds().prints(&help.stdout).is_quiet();
    }
    let push = tool.run("push");
    push.succeeds();
    assert!(push.stdout.contains("--type value"), "{push}");
    for line in ["push --help", "help push"] {
        tool.run(line).succeeds().prints(&push.stdout);
    }
    let from_args = tool.run("push from-args --help");
    for flag in [
        "--platforms",
        "--template",
        "--target",
        "--tags",
        "--annotations",
        "--ignore-missing",
    ] {
        assert!(from_args.stdout.contains(flag), "{flag} in {from_args}");
    }
    let version = tool.run("--version");
    version.succeeds().is_quiet();
    // Scripts read the third word.
    let words: Vec<&str> = version.stdout.split_whitespace().collect();
    assert_eq!(words[..3], ["manifest-tool", "version", "2"]);
    assert!(version.stdout.contains("(docker-manifest "), "{version}");
}

#[test]
fn unknown_commands() {
    let tool = Tool::new("localhost:1");
    for line in ["bogus", "help bogus", "--debug bogus x"] {
        tool.run(line)
            .fails(3)
            .prints("")
            .says("No help topic for 'bogus'\n")
            .says("hint: the commands are inspect, push");
    }
    tool.run("push bogus")
        .fails(3)
        .says("No help topic for 'bogus'\n")
        .says("hint: the commands are from-spec, from-args");
}

#[test]
fn usage_errors_print_the_help_and_end_with_1() {
    let tool = Tool::new("localhost:1");
    for (line, error, hint) in [
        (
            "--bogus inspect a:1",
            "flag provided but not defined: -bogus",
            "",
        ),
        (
            "inspect --username u a:1",
            "flag provided but not defined: -username",
            "hint: `--username` stands before the command\n",
        ),
        (
            "push from-spec --type oci x.yaml",
            "flag provided but not defined: -type",
            "hint: `--type` stands directly behind `push`\n",
        ),
        (
            "push from-args --platforms linux/amd64",
            "Required flags \\\"template, target\\\" not set",
            "",
        ),
        ("push --type", "flag needs an argument: -type", ""),
        (
            "inspect --expand-config a:1",
            "the --expand-config flag is only valid when used with --raw",
            "",
        ),
    ] {
        let ran = tool.run(line);
        ran.fails(1)
            .says(&format!("{FAILED}{error}\"\n"))
            .says(hint);
        assert!(ran.stderr.starts_with("time=\""), "{ran}");
        assert!(ran.stdout.starts_with("Incorrect Usage: "), "{ran}");
        assert!(ran.stdout.contains("\nUSAGE:\n"), "{ran}");
    }
}

#[test]
fn flags_behind_an_argument_are_ignored_with_a_warning() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "a", &Image::docker().platform("linux/amd64").build());
    let tool = Tool::on(&registry);
    let shown = tool.run("inspect @/app:a --raw");
    shown.succeeds().says(
        "warning: --raw is ignored, because it stands behind REGISTRY/app:a: put it before\n",
    );
    assert!(shown.stdout.starts_with("Name: REGISTRY/app:a "), "{shown}");
    // One dash is enough.
    let raw = tool.run("inspect -raw @/app:a");
    raw.succeeds().is_quiet();
    assert!(raw.stdout.starts_with("{\n    \"name\": "), "{raw}");

    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:a\n- image: @/app:missing\n",
    );
    tool.run("push from-spec list.yaml --ignore-missing")
        .fails(1)
        .says("warning: --ignore-missing is ignored, because it stands behind list.yaml: put it before\n")
        .says("app:missing");
    assert_eq!(registry.tags("app"), ["a"]);
}

#[test]
fn requests_are_traced_without_secrets() {
    let registry = EmbeddedRegistry::builder()
        .basic_auth("me", "s3cr3t-pa55")
        .start();
    registry.seed("app", "a", &Image::docker().platform("linux/amd64").build());
    let tool = Tool::on(&registry);
    let ran = tool.run("--debug --username me --password s3cr3t-pa55 inspect @/app:a");
    ran.succeeds()
        .says("debug: ")
        .says("credentials for REGISTRY: --username and --password\n")
        .says("warning: other users of this machine can see --password in the list of processes: `docker login` stores it instead\n")
        .does_not_say("s3cr3t-pa55");
    let wrong = tool.run("--username me --password wr0ng-pa55 inspect @/app:a");
    wrong
        .fails(1)
        .says("REGISTRY did not accept the login (--username and --password): correct it there")
        .does_not_say("wr0ng-pa55");
}
