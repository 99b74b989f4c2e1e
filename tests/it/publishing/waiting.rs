//! Waiting for sources that do not exist yet (`--wait`).

use std::fs;
use std::time::Duration;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image};
use manifest_testkit::log::Request;
use manifest_testkit::suite::{self, Kind};
use serde_json::Value;

use super::{entries, platforms};
use crate::commands::{Shell, Watched};
use crate::harness::Ran;

/// The longest wait of a test for a request.
const PATIENCE: Duration = Duration::from_secs(60);

fn image(platform: &str, seed: &str) -> BuiltImage {
    Image::oci().platform(platform).seed(seed).build()
}

/// Runs a command line, and `meanwhile` once the program has found a tag missing this many times.
fn run_until(
    shell: &Shell<'_>,
    line: &str,
    (tag, times): (&str, usize),
    meanwhile: impl FnOnce(),
) -> Ran {
    std::thread::scope(|scope| {
        let running = scope.spawn(|| shell.run(line));
        let mut seen = Vec::new();
        let is_last = |request: &Request| {
            let is_new = request.is("HEAD", tag) && request.status == 404;
            if is_new && !seen.contains(&request.seq) {
                seen.push(request.seq);
            }
            seen.len() >= times
        };
        let found = shell.registry.log().wait_for(PATIENCE, is_last);
        assert!(found.is_some(), "the program does not wait for {tag}");
        meanwhile();
        running.join().unwrap()
    })
}

#[test]
fn a_list_is_made_when_the_last_image_is_there() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        registry.push("app", "amd64", &image("linux/amd64", "old"));
        let shell = Shell::new(&registry);
        let line = "create --push --wait 5m @/app:list @/app:amd64 @/late/app:arm64";
        let ran = run_until(&shell, line, ("/late/app/manifests/arm64", 2), || {
            // The image that was there moves while the other is built.
            registry.push("app", "amd64", &image("linux/amd64", "new"));
            registry.push("late/app", "arm64", &image("linux/arm64", "new"));
        });
        ran.succeeds()
            .says("waiting for 1 of 2 sources, 5m left: REGISTRY/late/app:arm64\n")
            .says("found REGISTRY/late/app:arm64; waited ");
        assert_eq!(ran.stderr.matches("waiting for").count(), 1, "{ran}");
        let list = entries(&registry, "app", "list");
        assert_eq!(platforms(&list), ["linux/amd64", "linux/arm64"]);
        let new = image("linux/amd64", "new");
        assert_eq!(list[0]["digest"], new.digest);

        let lines = registry.lines();
        let polls = |tag: &str| {
            let head = format!("HEAD /v2/{tag} ");
            let is_poll = |(_, line): &(usize, &String)| line.starts_with(&head);
            let polls = lines.iter().enumerate().filter(is_poll);
            polls.map(|(place, _)| place).collect::<Vec<_>>()
        };
        assert_eq!(polls("app/manifests/amd64").len(), 1, "{lines:#?}");
        let last = *polls("late/app/manifests/arm64").last().unwrap();
        assert!(lines[last].ends_with(" 200"), "{lines:#?}");
        // Nothing was read or probed before the last image was there.
        assert!(
            lines[..last]
                .iter()
                .all(|line| line.starts_with("HEAD ") && !line.contains("list"))
        );
        let reads = lines
            .iter()
            .filter(|line| line.starts_with("GET ") && line.contains("/manifests/"));
        assert_eq!(reads.count(), 2, "{lines:#?}");
    }
}

#[test]
fn nothing_is_reported_if_all_is_there() {
    let registry = Watched::empty(Kind::Embedded);
    registry.push("app", "amd64", &image("linux/amd64", "1"));
    let shell = Shell::new(&registry);
    shell
        .run("create --wait 5m @/app:list @/app:amd64")
        .succeeds()
        .is_quiet();
    let heads = |tag: &str| registry.log().count(|request| request.is("HEAD", tag));
    assert_eq!(
        (heads("/manifests/amd64"), heads("/manifests/list")),
        (1, 1)
    );
    // A wait of no time is none.
    registry.lines();
    shell
        .run("create --wait 0 @/app:other @/app:amd64")
        .succeeds();
    assert_eq!(heads("/manifests/amd64"), 0);
}

#[test]
fn the_end_of_the_wait_names_what_is_missing() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        registry.push("app", "amd64", &image("linux/amd64", "1"));
        let shell = Shell::new(&registry);
        let line = "create --push --wait 1s @/app:list @/app:amd64 @/app:arm64 @/other:s390x";
        let ran = shell.run(line);
        ran.fails(1)
            .prints("")
            .says("waiting for 2 of 3 sources, 1s left: REGISTRY/app:arm64, REGISTRY/other:s390x\n")
            .says("no such manifest: REGISTRY/app:arm64\n")
            .says("\nno such manifest: REGISTRY/other:s390x\nwaited 1s (--wait)\n")
            .says("hint: if the jobs that push them only need longer, raise --wait;");
        let lines = registry.lines();
        let is_poll = |line: &String| line.starts_with("HEAD ");
        assert!(lines.iter().all(is_poll), "{lines:#?}");
        assert!((5..=7).contains(&lines.len()), "{lines:#?}");

        let line = line.replace("--push", "--push --ignore-missing");
        shell
            .run(&line)
            .succeeds()
            .says("warning: REGISTRY/app:arm64 does not exist, so it is left out\n")
            .says("warning: REGISTRY/other:s390x does not exist, so it is left out\n");
        assert_eq!(
            platforms(&entries(&registry, "app", "list")),
            ["linux/amd64"]
        );
    }
}

#[test]
fn refusals_and_failures_end_the_wait_at_once() {
    let line = "create --retry 0 --wait 10m @/app:list @/app:amd64 @/app:arm64";
    let page = || Response::status(404).header("content-type", "text/html");
    for (response, code, text) in [
        (
            Response::error(401, "UNAUTHORIZED", "who are you"),
            4,
            "hint: --wait only waits for images that the registry says do not exist;",
        ),
        (
            Response::error(403, "DENIED", "not yours"),
            4,
            "hint: --wait only waits for images that the registry says do not exist;",
        ),
        (page(), 1, "a web page, not a registry's response"),
        (Response::status(503), 6, "503 Service Unavailable"),
        (Response::status(429), 5, "429 Too Many Requests"),
    ] {
        let registry = Watched::empty(Kind::Embedded);
        registry.push("app", "amd64", &image("linux/amd64", "1"));
        registry.fault(Fault::on_any("/manifests/arm64").respond(response));
        let ran = Shell::new(&registry).run(line);
        ran.fails(code).says(text).does_not_say("waiting for");
        assert!(registry.lines().len() <= 3);
    }
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let registry = Watched::embedded(registry);
    Shell::new(&registry)
        .run(line)
        .fails(4)
        .does_not_say("waiting for");
}

#[test]
fn a_damaged_index_is_not_awaited() {
    let registry = Watched::empty(Kind::Embedded);
    let (image, index) = super::built("linux/amd64", "1");
    registry.push("app", "amd64", &index);
    let child = format!("/manifests/{}", image.digest);
    registry.fault(Fault::on_any(&child).respond(Response::error(404, "MANIFEST_UNKNOWN", "gone")));
    let ran = Shell::new(&registry).run("create --wait 10m @/app:list @/app:amd64");
    ran.fails(1).says(&image.digest).does_not_say("waiting for");
}

#[test]
fn the_time_limit_does_not_end_the_wait() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let line = "create --timeout 3s --wait 5m @/app:list @/app:arm64";
    // The pauses before the fourth poll are 3.5 s and more.
    let ran = run_until(&shell, line, ("/manifests/arm64", 4), || {
        registry.push("app", "arm64", &image("linux/arm64", "1"));
    });
    ran.succeeds();
}

#[test]
#[cfg(unix)]
fn an_interrupt_ends_the_wait() {
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;

    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let mut command = shell.command("create --wait 10m @/app:list @/app:arm64");
    let mut program = command.stderr(Stdio::null()).spawn().unwrap();
    let is_poll = |request: &Request| request.is("HEAD", "/manifests/arm64");
    let poll = registry.log().wait_for(PATIENCE, is_poll);
    assert!(poll.is_some());
    let process = rustix::process::Pid::from_child(&program);
    rustix::process::kill_process(process, rustix::process::Signal::INT).unwrap();
    let status = program.wait().unwrap();
    assert_eq!(status.signal(), Some(2), "{status}");
    assert!(shell.drafts().is_empty());
}

#[test]
fn a_subject_is_awaited_as_a_source_is() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        registry.push("app", "amd64", &image("linux/amd64", "1"));
        let shell = Shell::new(&registry);
        fs::write(
            shell.home.path().join("list.yaml"),
            "image: '@/app:file'\nsubject: '@/app:late-file'\nmanifests: [{image: '@/app:amd64'}]\n"
                .replace("@/", &format!("{}/", registry.host())),
        )
        .unwrap();
        for (line, tag, subject) in [
            (
                "create --push --wait 5m --subject @/app:late @/app:list @/app:amd64",
                "list",
                "late",
            ),
            // The tags of a pattern are not awaited, and the subject is.
            (
                "create --push --wait 5m --subject @/app:later --match amd* @/app:match",
                "match",
                "later",
            ),
            ("create --wait 5m -f list.yaml", "", "late-file"),
        ] {
            let path = format!("/app/manifests/{subject}");
            let ran = run_until(&shell, line, (&path, 1), || {
                registry.push("app", subject, &image("linux/s390x", subject));
            });
            ran.succeeds()
                .says(&format!("found REGISTRY/app:{subject}; waited "));
            if !tag.is_empty() {
                let list: Value = serde_json::from_slice(&registry.bytes("app", tag)).unwrap();
                let digest = image("linux/s390x", subject).digest;
                assert_eq!(list["subject"]["digest"], digest.as_str());
            }
        }
        // Images that are left out are another matter.
        shell
            .run("create --ignore-missing --wait 1s --subject @/app:never @/app:2 @/app:amd64")
            .fails(1)
            .says("no such manifest: REGISTRY/app:never");
    }
}
