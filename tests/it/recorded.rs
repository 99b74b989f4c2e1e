//! Recorded results of Docker's CLI (its version is in `docker-version`): the same results are expected where there is no Docker.
//!
//! A folder of `tests/it/recorded` is a session with numbered commands. `1.ran` has the command line, exit code, standard output
//! and error, and the published content; `1.drafts` all draft files after it, a line each, if they changed; `1.published` the
//! bytes of the list that it pushed. The registry's address is [`REGISTRY`] throughout.
//!
//! `RECORD_DOCKER=1 cargo test -p docker-manifest --test it recorded` records again with the `docker` on PATH.
//!
//! [`REGISTRY`]: crate::harness::line::REGISTRY

use std::collections::BTreeMap;
use std::fs;

use manifest_testkit::suite::registries;

use crate::harness::stage::Published;
use crate::harness::{DraftFile, Home, Program, Seen, Stage, docker};

/// Sessions: the folder's name, and command lines as in [`crate::fidelity`]. `%` is the session's name.
const SESSIONS: &[(&str, &str)] = &[
    (
        "docker-images",
        "
        create --insecure @/app:% @/app:amd64 @/app:arm64 @/app:armv7 @/app:windows
        annotate @/app:% @/app:armv7 --variant v6 --os-features a,b --os-version 1
        inspect @/app:%
        inspect -v @/app:%
        inspect @/app:% @/app:armv7
        inspect -v @/app:% @/app:armv7
        push --insecure @/app:%
        push --insecure --purge @/app:%
        inspect --insecure @/app:%
        inspect --insecure -v @/app:%",
    ),
    (
        "oci-images",
        "
        create --insecure @/app:% @/app:oci-amd64 @/app:oci-arm64 @/app@{app:oci-compact}
        annotate @/app:% @/app:oci-arm64 --variant v8
        inspect @/app:%
        inspect -v @/app:%
        push --insecure --purge @/app:%
        inspect --insecure @/app:%
        inspect --insecure -v @/app:%",
    ),
    (
        "odd-bytes",
        "
        create --insecure @/app:% @/app:oci-odd @/app:oci-compact @/app:windows
        create --insecure @/app:docker-% @/app:odd @/app:compact
        annotate @/app:% @/app:oci-odd --variant '<&> \u{2028}\u{2029}'
        inspect @/app:%
        inspect @/app:% @/app:oci-odd
        inspect @/app:docker-% @/app:odd
        inspect -v @/app:docker-%
        push --insecure @/app:docker-%
        inspect -v @/app:%
        push --insecure @/app:%
        inspect --insecure @/app:odd
        inspect --insecure @/app:oci-odd
        inspect --insecure -v @/app:oci-odd",
    ),
    (
        "other-repositories",
        "
        create --insecure @/new:% @/app:oci-odd @/other:s390x @/other:oci-386 @/deep/er/repo:amd64
        inspect @/new:%
        push --insecure --purge @/new:%
        inspect --insecure -v @/new:%",
    ),
    (
        "amend",
        "
        create --insecure @/app:% @/app:amd64
        create --insecure @/app:% @/app:arm64
        annotate @/app:% @/app:amd64 --variant v2
        create --insecure --amend @/app:% @/app:arm64 @/app:amd64
        push --insecure -p @/app:%
        push --insecure @/app:%
        rm @/app:%",
    ),
    (
        "without-raw",
        "
        create --insecure @/new:% @/app:oci-arm64 @/other:s390x
        !without-raw @/new:% @/app:oci-arm64
        !without-raw @/new:% @/other:s390x
        inspect @/new:%
        inspect -v @/new:%
        annotate @/new:% @/other:s390x --variant z15
        push --insecure @/new:%",
    ),
    (
        "before-descriptors",
        "
        create --insecure @/app:% @/app:compact @/app:arm64
        !before-descriptors @/app:% @/app:compact
        inspect @/app:%
        inspect -v @/app:%
        inspect @/app:% @/app:compact
        annotate @/app:% @/app:compact --variant power9
        push --insecure @/app:%",
    ),
    (
        "refusals",
        "
        create --insecure @/app:% @/app:blank @/app:loong64
        push --insecure @/app:%
        annotate @/app:% @/app:amd64 --arch arm64
        annotate @/app:% @/app:blank --os linux --arch bogus
        inspect @/app:% @/app:amd64
        inspect --insecure @/app:missing
        create --insecure @/app:other-% @/app:missing
        create @/app:other-%
        push --bogus @/app:%
        rm @/app:other-%
        push @/app:other-%
        create App @/app:amd64",
    ),
];

#[test]
fn this_program_matches_the_recordings() {
    if docker::setting("RECORD_DOCKER").is_some() {
        record();
    }
    let mut differences = Vec::new();
    for registry in registries() {
        let kind = registry.kind();
        let stage = Stage::on(registry);
        for (name, lines) in SESSIONS {
            let recorded = read(name);
            let played = play(&stage, Program::Ours, (name, lines));
            let names: Vec<&String> = played.keys().collect();
            assert_eq!(
                names,
                recorded.keys().collect::<Vec<_>>(),
                "record {name} again"
            );
            for (file, ours) in &played {
                let recorded = &recorded[file];
                if recorded != ours {
                    let diff = similar::TextDiff::from_lines(recorded, ours);
                    let diff = diff.unified_diff().header("recorded", "ours").to_string();
                    differences.push(format!("=== {name}/{file}, {kind:?} registry\n{diff}"));
                }
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Plays a session and returns it as files. An unchanged file is returned without content.
fn play(stage: &Stage, program: Program, (name, lines): (&str, &str)) -> BTreeMap<String, String> {
    let player = stage.player(program);
    let mut files = BTreeMap::new();
    let mut before = String::new();
    let lines = lines.replace('%', name);
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty());
    for (number, line) in (1..).zip(lines) {
        let Seen {
            ran,
            drafts,
            published,
        } = player.play(line);
        let name = |suffix: &str| format!("{number:02}.{suffix}");
        let said = ran.said();
        let mut text = format!(
            "$ {line}\nexit code: {}\n--- stdout\n{}--- stderr\n{said}\n",
            ran.code, ran.stdout
        );
        let drafts: String = drafts.iter().map(draft_line).collect();
        if drafts != before {
            files.insert(name("drafts"), drafts.clone());
            before = drafts;
        }
        // Tags are left out: other sessions of this registry have theirs.
        if let Some(Published {
            reference,
            media_type,
            bytes,
            children,
            ..
        }) = published
        {
            text.push_str(&format!("--- published {reference}\n{media_type}\n"));
            text.extend(children.iter().map(|child| format!("{child}\n")));
            files.insert(name("published"), bytes);
        }
        files.insert(name("ran"), text);
    }
    files
}

fn draft_line(file: &DraftFile) -> String {
    let DraftFile { list, file, bytes } = file;
    format!("{list}/{file} {}\n", std::str::from_utf8(bytes).unwrap())
}

fn read(session: &str) -> BTreeMap<String, String> {
    let folder = crate::folder().join("recorded").join(session);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    entries.map(file).collect()
}

/// Replaces the files by the results of Docker's CLI.
fn record() {
    assert!(
        docker::find().is_some(),
        "there is no docker on PATH to record"
    );
    let home = Home::new();
    let version = home.run(home.docker().arg("--version")).stdout;
    fs::write(crate::folder().join("recorded/docker-version"), version).unwrap();
    let stage = Stage::start();
    for (name, lines) in SESSIONS {
        let folder = crate::folder().join("recorded").join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        for (file, text) in play(&stage, Program::Docker, (name, lines)) {
            fs::write(folder.join(file), text).unwrap();
        }
    }
}
