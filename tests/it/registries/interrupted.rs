//! Ctrl-C and SIGTERM in the middle of a push: the program ends immediately, by the signal. The tag and the draft are unchanged,
//! no credential helper survives, and the push can simply be repeated.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::{EmbeddedRegistry, sha256, suite};
use rustix::process::{Pid, Signal, kill_process};

use crate::commands::{Shell, Watched};
use crate::harness::Home;
use crate::harness::home::OURS;
use crate::harness::signals::{self, SIGNALS, spawn};

/// The time limit of any expected event.
const LIMIT: Duration = Duration::from_secs(30);

/// The moments of an interruption: the requests that get no response.
const MOMENTS: &[(&str, &str, &str)] = &[
    ("the look around", "HEAD", "/v2/app/manifests/"),
    ("the opening of an upload", "POST", "/v2/app/blobs/uploads/"),
    ("an upload", "PUT", "/v2/app/blobs/uploads/"),
    ("a child", "PUT", "/v2/app/manifests/sha256:"),
    ("the tag", "PUT", "/v2/app/manifests/list"),
];

/// Returns a registry whose tag `app:list` points to some list, and another one with images.
fn start(kind: suite::Kind) -> (Watched<'static>, EmbeddedRegistry) {
    let registry = Watched::empty(kind);
    let old = Image::docker().platform("linux/s390x").build();
    registry.push("app", "list", &Index::docker().image(&old).build());
    let source = EmbeddedRegistry::start();
    for platform in ["linux/amd64", "linux/arm64"] {
        // The second layer uses a connection for bodies.
        let image = Image::oci().platform(platform).layers(1, 900);
        let image = image.layers(1, 90_000).build();
        source.seed("base", &platform.replace('/', "-"), &image);
    }
    (registry, source)
}

/// Creates a list of images of another registry, so that their blobs must be uploaded.
fn stage(shell: &Shell<'_>, source: &EmbeddedRegistry) {
    let base = format!("{}/base", source.host());
    let line = format!("create @/app:list {base}:linux-amd64 {base}:linux-arm64");
    shell.run(&line).succeeds().is_quiet();
    shell.registry.log().clear();
}

/// Sends a signal to the process alone, and checks that it dies of it, immediately and without printing the digest of an
/// unwritten list.
fn interrupt(child: Child, signal: Signal, moment: &str) {
    signals::send(&child, signal);
    let output = signals::ends_soon(child, moment);
    let status = output.status;
    assert_eq!(status.signal(), Some(signal.as_raw()), "{moment}: {status}");
    // Children are reported once they are written. The last line of a push is the list's digest alone.
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        said.lines().all(|line| line.starts_with("Pushed ref ")),
        "{moment}: {said}"
    );
}

/// Checks that repeating the push completes it.
fn push_again(shell: &Shell<'_>, moment: &str) {
    shell.registry.clear_faults();
    let shown = shell.run("inspect @/app:list");
    let pushed = shell.run("push --purge @/app:list");
    let tag = shell.registry.bytes("app", "list");
    pushed.succeeds();
    assert!(
        pushed.stdout.ends_with(&format!("{}\n", sha256(&tag))),
        "{moment}"
    );
    assert_eq!(shown.stdout.trim_end().as_bytes(), tag, "{moment}");
}

#[test]
fn an_interrupted_push_leaves_tag_and_draft() {
    for kind in suite::kinds() {
        for (number, (moment, method, path)) in MOMENTS.iter().enumerate() {
            let (registry, source) = start(kind);
            let shell = Shell::new(&registry);
            stage(&shell, &source);
            let (before, tag) = (shell.store(), registry.bytes("app", "list"));
            registry.fault(Fault::on(method, path).respond(Response::Hang));
            let child = spawn(&mut shell.command("push --purge @/app:list"));
            let seen = registry
                .log()
                .wait_for(LIMIT, |request| request.is(method, path));
            assert!(seen.is_some(), "{kind:?}: there is no {method} {path}");
            interrupt(child, SIGNALS[number % 2], moment);
            assert!(shell.store() == before, "{kind:?}, {moment}");
            assert_eq!(registry.bytes("app", "list"), tag, "{kind:?}, {moment}");
            push_again(&shell, moment);
        }
    }
}

#[test]
fn a_push_interrupted_during_verification_leaves_the_new_tag() {
    for kind in suite::kinds() {
        let (registry, source) = start(kind);
        let shell = Shell::new(&registry);
        stage(&shell, &source);
        let before = shell.store();
        // The tag is read twice: before it is written, and after.
        let look = Fault::on("HEAD", "/v2/app/manifests/list").nth(2);
        registry.fault(look.respond(Response::Hang));
        let child = spawn(&mut shell.command("push --purge @/app:list"));
        let put = "/v2/app/manifests/list";
        let is_look_after = {
            let mut looks = std::collections::BTreeSet::new();
            move |request: &manifest_testkit::log::Request| {
                if request.is("HEAD", put) {
                    looks.insert(request.seq);
                }
                looks.len() == 2
            }
        };
        let seen = registry.log().wait_for(LIMIT, is_look_after);
        assert!(seen.is_some(), "{:#?}", registry.log().lines());
        interrupt(child, Signal::INT, "the look after");
        assert!(shell.store() == before);
        let shown = shell.run("inspect @/app:list");
        let tag = registry.bytes("app", "list");
        assert_eq!(
            shown.stdout.trim_end().as_bytes(),
            tag,
            "the tag is the new one"
        );
        registry.clear_faults();
        let pushed = shell.run("push --purge @/app:list");
        pushed.succeeds().says("nothing was written");
        assert_eq!(shell.drafts(), [].into());
    }
}

#[test]
fn a_retry_delay_is_interrupted() {
    for (kind, signal) in suite::kinds().into_iter().zip(SIGNALS) {
        let (registry, source) = start(kind);
        let shell = Shell::new(&registry);
        stage(&shell, &source);
        let (before, tag) = (shell.store(), registry.bytes("app", "list"));
        let busy =
            Response::error(429, "TOOMANYREQUESTS", "slow down").header("retry-after", "100");
        registry.fault(Fault::on("PUT", "/v2/app/manifests/list").respond(busy));
        let mut child = spawn(&mut shell.command("push --purge @/app:list"));
        let mut said = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("retrying in 100.0 s (1 of 5): ") {
            line.clear();
            assert!(
                said.read_line(&mut line).unwrap() > 0,
                "it waits for another try"
            );
        }
        interrupt(child, signal, "a wait");
        assert!(shell.store() == before);
        assert_eq!(registry.bytes("app", "list"), tag);
        push_again(&shell, "a wait");
    }
}

#[test]
fn an_interruption_kills_credential_helpers() {
    // The signals to send, of which the last must end the program. A shell's background job ignores Ctrl-C.
    for (before, sent) in [
        ("", &SIGNALS[..1]),
        ("", &SIGNALS[1..]),
        ("trap '' INT; ", &SIGNALS[..]),
    ] {
        let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
        let host = registry.host();
        let mut home = Home::new();
        let pipe = home.path().join("pid");
        let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let script = format!("echo $$ > {}\nexec sleep 1000", pipe.display());
        home.write_program("docker-credential-slow", &script);
        home.write_config(r#"{ "credsStore": "slow" }"#);
        let line = format!("{before}exec \"$0\" manifest inspect {host}/app:1");
        let mut shell = home.command("/bin/sh");
        let child = spawn(shell.args(["-c", &line, OURS]));
        // Opening the pipe waits for the helper.
        let helper: i32 = fs::read_to_string(&pipe).unwrap().trim().parse().unwrap();
        assert!(is_alive(helper));
        let (last, others) = sent.split_last().unwrap();
        for &signal in others {
            kill_process(Pid::from_child(&child), signal).unwrap();
        }
        interrupt(child, *last, "a helper");
        assert!(ends(helper), "the helper lives on after {sent:?}");
    }
}

#[test]
fn a_credential_helper_has_a_time_limit() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let image = format!("{}/app:1", registry.host());
    let mut home = Home::new();
    let pid = home.path().join("pid");
    // The helper's child keeps its output open, like a daemon.
    let script = format!("sleep 30 &\necho \"$$ $!\" > {}\nwait", pid.display());
    home.write_program("docker-credential-slow", &script);
    home.write_config(r#"{ "credsStore": "slow" }"#);
    let started = Instant::now();
    let ran = home.ours(&["inspect", "--timeout", "1500ms", &image]);
    let took = started.elapsed();
    ran.fails(6)
        .prints("")
        .says("credential helper docker-credential-slow for ")
        .says("timed out after 1.5s (--timeout)")
        .says("hint: it may be waiting for you");
    assert!(took < Duration::from_secs(20), "it took {took:?}");
    let pids = fs::read_to_string(&pid).unwrap();
    let mut pids = pids.split_whitespace().map(|pid| pid.parse().unwrap());
    let (helper, its_child) = (pids.next().unwrap(), pids.next().unwrap());
    assert!(ends(helper), "the helper lives on");
    kill_process(Pid::from_raw(its_child).unwrap(), Signal::KILL).unwrap();
}

/// Waits for a process to end.
fn ends(process: i32) -> bool {
    (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(5));
        !is_alive(process)
    })
}

/// Tells whether a process runs. An ended process stays in the list until its parent reaps it.
fn is_alive(process: i32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}
