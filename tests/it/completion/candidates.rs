//! Command lines, and their candidates.

use std::fs;

use super::World;
use crate::harness::home::OURS;

/// A line up to the cursor, its candidates, and the directive.
type Case = (&'static str, &'static [&'static str], u8);

const NO_FILES: u8 = 4;
const NO_FILES_NO_SPACE: u8 = 6;

#[track_caller]
fn check(world: &World, cases: &[Case]) {
    for (line, expected, directive) in cases {
        let mut response = world.response(line);
        let last = response.pop();
        assert_eq!(last, Some(format!(":{directive}")), "{line}: {response:?}");
        let words: Vec<&str> = response
            .iter()
            .map(|line| line.split('\t').next().unwrap_or_default())
            .collect();
        assert_eq!(words, *expected, "{line}");
    }
}

#[test]
fn commands_flags_and_values() {
    let world = World::new();
    check(
        &world,
        &[
            ("cre", &["create"], NO_FILES),
            ("re", &["remove"], NO_FILES),
            ("in", &["inspect", "install"], NO_FILES),
            ("bogus ", &[], NO_FILES),
            ("--de", &["--debug"], NO_FILES),
            ("-D --vers", &["--version"], NO_FILES),
            ("--debug pus", &["push"], NO_FILES),
            ("--config", &["--config"], NO_FILES),
            ("--config ", &[], 0),
            (
                "completion ",
                &["bash", "zsh", "fish", "powershell"],
                NO_FILES,
            ),
            ("completion z", &["zsh"], NO_FILES),
            ("completion bash ", &[], NO_FILES),
            // Flags: with all names for one dash, without those that are given already, unless they may be repeated.
            ("push --pu", &["--purge", "--push-foreign"], NO_FILES),
            ("push --purge --pu", &["--push-foreign"], NO_FILES),
            ("push -p --pu", &["--push-foreign"], NO_FILES),
            ("push -t x --ta", &["--tag"], NO_FILES),
            ("rm -- -", &[], NO_FILES),
            ("push --bogus=", &[], NO_FILES),
            // Keywords, as the parser lists them.
            ("create --attestations ", &["keep", "drop"], NO_FILES),
            ("create --attestations=d", &["drop"], NO_FILES),
            ("create --wait ", &["5m", "10m", "30m", "1h"], NO_FILES),
            ("create --wait=1", &["10m", "1h"], NO_FILES),
            ("create --ma", &["--match", "--max"], NO_FILES),
            ("create --match ", &[], NO_FILES),
            ("create --type ", &["auto", "docker", "oci"], NO_FILES),
            ("push --format ", &["json"], NO_FILES),
            ("push --moved r", &["refresh"], NO_FILES),
            ("push --purge=", &["true", "false"], NO_FILES),
            (
                "annotate --clear=os",
                &["os-version", "os-features"],
                NO_FILES,
            ),
            // An optional value needs an equals sign, so the next word is the list.
            ("annotate --clear @/t", &["@/tools:2"], NO_FILES),
            // Values by their meaning.
            ("annotate --os w", &["wasip1", "windows"], NO_FILES),
            ("annotate --arch=arm", &["arm", "arm64"], NO_FILES),
            ("annotate --os js --arch ", &["wasm"], NO_FILES),
            (
                "annotate --arch arm --variant ",
                &["v5", "v6", "v7", "v8"],
                NO_FILES,
            ),
            ("push --digestfile ", &[], 0),
            ("create --digests-dir ", &[], 16),
            ("push --retry ", &[], NO_FILES),
            ("create --require linux/arm6", &["linux/arm64"], NO_FILES),
            (
                "create --platform linux/amd64,linux/arm",
                &[
                    "linux/amd64,linux/arm64",
                    "linux/amd64,linux/arm/v7",
                    "linux/amd64,linux/arm/v6",
                ],
                NO_FILES,
            ),
            ("create --platform=linux/s390x,linux/s", &[], NO_FILES),
            ("push --tag @/too", &["@/tools:2"], NO_FILES),
            (
                "create --annotation org.opencontainers.image.ver",
                &["org.opencontainers.image.version="],
                NO_FILES_NO_SPACE,
            ),
        ],
    );
    assert_eq!(world.registry.lines(), [""; 0], "no registry is asked");
}

#[test]
fn flags_by_one_dash_and_files_of_drafts() {
    let world = World::new();
    check(
        &world,
        &[
            ("import ", &[], 0),
            ("import --as @/too", &["@/tools:2"], NO_FILES),
            ("export @/too", &["@/tools:2"], NO_FILES),
            (
                "rm -",
                &[
                    "--ca-file",
                    "--force",
                    "--help",
                    "--insecure",
                    "--no-cache",
                    "--retry",
                    "--stage",
                    "--timeout",
                    "-f",
                    "-h",
                ],
                NO_FILES,
            ),
        ],
    );
}

#[test]
fn drafts_their_images_and_platforms() {
    let world = World::new();
    let s390x = world.response("inspect @/tools:2 ")[0]
        .split('\t')
        .next()
        .unwrap()
        .to_owned();
    assert!(s390x.starts_with("@/tools@sha256:"), "{s390x}");
    check(
        &world,
        &[
            ("push @/", &["@/app:1", "@/app:all", "@/tools:2"], NO_FILES),
            ("push @/app:", &["@/app:1", "@/app:all"], NO_FILES),
            ("push @/app:1 ", &[], NO_FILES),
            ("rm @/app:1 ", &["@/app:all", "@/tools:2"], NO_FILES),
            ("annotate --variant v7 @/to", &["@/tools:2"], NO_FILES),
            (
                "annotate @/app:1 ",
                &["@/app:amd64", "@/app:armv7", "linux/amd64", "linux/arm/v7"],
                NO_FILES,
            ),
            ("annotate @/app:1 linux/ar", &["linux/arm/v7"], NO_FILES),
            (
                "remove @/app:1 @/app:amd64 @/app:ar",
                &["@/app:armv7"],
                NO_FILES,
            ),
            ("inspect @/app:1 @/app:am", &["@/app:amd64"], NO_FILES),
            ("inspect @/app:1 @/app:amd64 ", &[], NO_FILES),
            // An attestation is no image.
            ("annotate @/app:all linux/", &["linux/s390x"], NO_FILES),
            // The platforms of the draft come first.
            (
                "push @/app:all --require linux/s",
                &["linux/s390x"],
                NO_FILES,
            ),
            (
                "annotate @/app:1 --platform linux/am",
                &["linux/amd64"],
                NO_FILES,
            ),
            // Any name may be shown, tagged or used as a source.
            (
                "inspect @/app:a",
                &["@/app:all", "@/app:amd64", "@/app:armv7"],
                NO_FILES,
            ),
            (
                "tag @/app:a",
                &["@/app:all", "@/app:amd64", "@/app:armv7"],
                NO_FILES,
            ),
            ("create @/app:2 @/app:am", &["@/app:amd64"], NO_FILES),
            (
                "create @/app:2 @/app:amd64 @/app:ar",
                &["@/app:armv7"],
                NO_FILES,
            ),
        ],
    );
    let digests = world.response("remove @/app:1 sha256:");
    assert_eq!(
        digests.len(),
        3,
        "two images and the directive: {digests:?}"
    );
    assert!(digests[0].starts_with("sha256:"), "{digests:?}");
    assert_eq!(world.registry.lines(), [""; 0], "no registry is asked");
}

#[test]
fn candidates_have_descriptions() {
    let world = World::new();
    assert_eq!(
        world.response("push @/"),
        [
            "@/app:1\tdraft of 2 entries",
            "@/app:all\tdraft of 2 entries",
            "@/tools:2\tdraft of 1 entry",
            ":4"
        ]
    );
    assert_eq!(
        world.response("remove @/app:1 "),
        [
            "@/app:amd64\tlinux/amd64",
            "@/app:armv7\tlinux/arm/v7",
            "linux/amd64\t@/app:amd64",
            "linux/arm/v7\t@/app:armv7",
            ":4"
        ]
    );
    assert_eq!(
        world.response("push --purge"),
        ["--purge\tRemove the local manifest list after push", ":4"]
    );
    // Both corp/base:alpine-3 and corp/base-alpine:3 would have this folder.
    fs::create_dir_all(world.home.manifests().join("docker.io_corp_base-alpine-3")).unwrap();
    assert_eq!(
        world.response("push corp/"),
        [
            "corp/base-alpine:3\tdraft of 0 entries; the name is a guess",
            ":4"
        ]
    );
    let bare = world.run("__completeNoDesc push --purge");
    bare.succeeds().prints("--purge\n:4\n");
}

#[test]
fn names_of_docker_hub_are_spelled_as_they_are_typed() {
    let world = World::new();
    fs::create_dir_all(world.home.manifests().join("docker.io_library_alpine-3")).unwrap();
    fs::create_dir_all(world.home.manifests().join("docker.io_me_tool-1")).unwrap();
    check(
        &world,
        &[
            ("push al", &["alpine:3"], NO_FILES),
            ("push me/", &["me/tool:1"], NO_FILES),
            ("matrix al", &["alpine"], NO_FILES),
            ("matrix docker.io/m", &["docker.io/me/tool"], NO_FILES),
            (
                "push docker.io/",
                &["docker.io/library/alpine:3", "docker.io/me/tool:1"],
                NO_FILES,
            ),
        ],
    );
}

#[test]
fn drafts_of_dockers_cli_and_damaged_ones_are_named() {
    let world = World::new();
    // Docker's CLI leaves no more than the folders with the entries.
    fs::remove_dir_all(world.home.manifests().join(".docker-manifest")).unwrap();
    let app = world
        .home
        .draft_path(&world.real("@/app:1"), &world.real("@/app:amd64"));
    fs::write(app, "damaged").unwrap();
    check(
        &world,
        &[
            ("push @/", &["@/app:1", "@/app:all", "@/tools:2"], NO_FILES),
            (
                "annotate @/app:1 ",
                &["@/app:armv7", "linux/arm/v7"],
                NO_FILES,
            ),
        ],
    );
}

#[test]
fn written_tags_and_their_runs_are_named() {
    let world = World::new();
    check(
        &world,
        &[
            ("rollback ", &[], NO_FILES),
            ("history --run ", &[], NO_FILES),
        ],
    );
    for line in [
        "push @/app:1",
        "push -t @/app:latest @/app:all",
        "tag @/app:amd64 @/app:1",
    ] {
        world.run(line).succeeds();
    }
    let runs = world.run("history -q").stdout;
    let runs: Vec<&str> = runs.lines().collect();
    assert_eq!(runs.len(), 3);
    check(
        &world,
        &[
            (
                "rollback ",
                &["@/app:1", "@/app:latest", "@/app:all"],
                NO_FILES,
            ),
            ("rollback @/app:1 @/app:a", &["@/app:all"], NO_FILES),
            ("history @/app:l", &["@/app:latest"], NO_FILES),
            ("rollback --from ", &[], 0),
        ],
    );
    let mut response = world.response("rollback --run ");
    assert_eq!(response.pop().as_deref(), Some(":4"));
    let tags = ["tag @/app:1", "push @/app:latest", "push @/app:1"];
    let expected = runs.iter().zip(tags);
    let expected: Vec<String> = expected
        .map(|(run, what)| format!("{run}\t{what}"))
        .collect();
    assert_eq!(response, expected);
}

#[test]
fn sources_on_disk() {
    let world = World::new();
    let folder = world.home.path();
    fs::create_dir_all(folder.join("build/arm64")).unwrap();
    fs::write(folder.join("images.txt"), "").unwrap();
    fs::write(folder.join("a b.txt"), "").unwrap();
    fs::write(folder.join(".hidden"), "").unwrap();
    check(
        &world,
        &[
            ("create x oci-l", &["oci-layout://"], NO_FILES_NO_SPACE),
            (
                "create x oci-layout://b",
                &["oci-layout://build/"],
                NO_FILES_NO_SPACE,
            ),
            (
                "create x oci-layout://build/",
                &["oci-layout://build/arm64/"],
                NO_FILES_NO_SPACE,
            ),
            (
                "create x oci-archive:i",
                &["oci-archive:images.txt"],
                NO_FILES,
            ),
            ("create x @im", &["@images.txt"], NO_FILES),
            ("create x @a", &[], NO_FILES),
            ("create x @.h", &["@.hidden"], NO_FILES),
            (
                "push --to oci-layout://bu",
                &["oci-layout://build/"],
                NO_FILES_NO_SPACE,
            ),
            ("create x oci-layout://no/such/", &[], NO_FILES),
        ],
    );
}

#[test]
fn whatever_is_wrong_there_is_an_answer() {
    let world = World::new();
    // `manifests` is a file, and the line is no UTF-8.
    let config = world.home.path().join("broken");
    fs::create_dir_all(&config).unwrap();
    fs::write(config.join("manifests"), "").unwrap();
    for line in ["push ", "annotate a ", "create a ", "push a --require "] {
        let words: Vec<&str> = line.split(' ').collect();
        let mut command = world.home.command(OURS);
        command
            .env("DOCKER_CONFIG", &config)
            .arg("__complete")
            .args(words);
        let ran = world.home.run(&mut command);
        ran.succeeds();
        assert!(ran.stdout.ends_with(":4\n"), "{ran}");
    }
    use std::os::unix::ffi::OsStrExt as _;
    let mut command = world.home.command(OURS);
    command
        .arg("__complete")
        .arg(std::ffi::OsStr::from_bytes(b"push\xff"));
    world.home.run(&mut command).succeeds().prints(":4\n");
    world.run("__complete").succeeds();
}

#[test]
fn hostile_text_in_drafts_is_no_candidate() {
    let world = World::new();
    let path = world
        .home
        .draft_path(&world.real("@/app:1"), &world.real("@/app:amd64"));
    let text = fs::read_to_string(&path).unwrap();
    let hostile = text.replace(r#""os":"linux""#, r#""os":"li\u001b[2J\n:0""#);
    assert_ne!(text, hostile);
    fs::write(&path, hostile).unwrap();
    for line in ["annotate @/app:1 ", "push @/app:1 --require "] {
        let response = world.response(line);
        assert!(
            response.iter().all(|line| !line.contains('\u{1b}')),
            "{response:?}"
        );
        assert_eq!(
            response.iter().filter(|line| line.starts_with(':')).count(),
            1
        );
        assert_eq!(response.last().unwrap(), ":4");
    }
}
