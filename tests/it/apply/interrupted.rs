//! Ctrl-C and SIGTERM in the middle of a run.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStderr};
use std::time::Duration;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use rustix::process::Signal;

use super::reports::check_schema;
use super::{by_tag, image, report, seed, write};
use crate::commands::{Shell, Watched};
use crate::harness::signals::{SIGNALS, ends_soon, send, spawn};

/// The time limit of any expected event.
const LIMIT: Duration = Duration::from_secs(30);

/// The time that the registry takes to write a tag: longer than it takes to send a signal.
const SLOW: Duration = Duration::from_secs(2);

/// Reads standard error up to a line with this text.
#[track_caller]
fn read_to(said: &mut BufReader<ChildStderr>, text: &str) {
    let mut line = String::new();
    while !line.contains(text) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "no line has {text}");
    }
}

fn stderr(child: &mut Child) -> BufReader<ChildStderr> {
    BufReader::new(child.stderr.take().unwrap())
}

#[track_caller]
fn seen(registry: &Watched<'_>, method: &str, path: &str) {
    let seen = registry
        .log()
        .wait_for(LIMIT, |request| request.is(method, path));
    assert!(seen.is_some(), "there is no {method} {path}");
}

#[test]
fn an_interrupted_run_reports_what_it_has_written() {
    for signal in SIGNALS {
        let registry = Watched::embedded(EmbeddedRegistry::start());
        seed(&registry, 3);
        let shell = Shell::new(&registry);
        write(&shell, "lists.yaml", &by_tag(3));
        let old: Vec<_> = (0..3).map(|number| image(number + 7, "amd64")).collect();
        for (number, old) in old.iter().enumerate() {
            registry.push("app", &number.to_string(), old);
        }
        // One list is written, the second one waits for an image, and the tag of the third one is being written.
        let at = |number: usize| Fault::on("PUT", &format!("/app/manifests/{number}"));
        registry.fault(Fault::on("HEAD", "/v2/src/manifests/1-arm64").respond(Response::Hang));
        registry.fault(at(2).respond(Response::Delay(SLOW)));
        let mut child = spawn(&mut shell.command("apply --report report.json lists.yaml"));
        let mut said = stderr(&mut child);
        read_to(&mut said, "/app:0: ");
        seen(&registry, "PUT", "/v2/app/manifests/2");
        seen(&registry, "HEAD", "/v2/src/manifests/1-arm64");
        send(&child, signal);
        read_to(&mut said, "stopping: ");
        let output = ends_soon(child, "a run");
        assert_eq!(output.status.signal(), Some(signal.as_raw()));
        read_to(&mut said, "3 lists: 2 written, 1 not started");
        read_to(&mut said, "interrupted: 1 of 3 lists were not published");
        read_to(&mut said, "hint: run the command again");

        let written = report(&shell);
        check_schema(&written);
        for (number, state) in ["written", "notStarted", "written"].into_iter().enumerate() {
            let list = &written["lists"][number];
            assert_eq!(list["state"], state, "{written:#}");
            if state == "written" {
                assert_eq!(list["targets"][0]["before"], old[number].digest);
            }
        }
        assert_eq!(registry.bytes("app", "1"), old[1].manifest);

        // The report undoes the run, and the run can be repeated.
        registry.clear_faults();
        shell.run("rollback --from report.json").succeeds();
        for (number, old) in old.iter().enumerate() {
            assert_eq!(registry.bytes("app", &number.to_string()), old.manifest);
        }
        let ran = shell.run("apply lists.yaml");
        ran.succeeds().says("3 lists: 3 written");
    }
}

#[test]
fn a_second_signal_ends_the_run_at_once() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(1));
    registry.fault(Fault::on("PUT", "/v2/app/manifests/0").respond(Response::Hang));
    let mut child = spawn(&mut shell.command("apply lists.yaml"));
    let mut said = stderr(&mut child);
    seen(&registry, "PUT", "/v2/app/manifests/0");
    send(&child, Signal::INT);
    read_to(&mut said, "another signal ends the run at once");
    send(&child, Signal::INT);
    let output = ends_soon(child, "the tag");
    assert_eq!(output.status.signal(), Some(Signal::INT.as_raw()));
    registry.clear_faults();
    shell.run("apply lists.yaml").succeeds();
}

#[test]
fn an_interruption_ends_the_wait_for_images() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(2));
    let mut child = spawn(&mut shell.command("apply --wait 10m --report report.json lists.yaml"));
    let mut said = stderr(&mut child);
    read_to(&mut said, "waiting for ");
    read_to(&mut said, "/app:0: ");
    send(&child, Signal::TERM);
    let output = ends_soon(child, "a wait");
    assert_eq!(output.status.signal(), Some(Signal::TERM.as_raw()));
    let written = report(&shell);
    assert_eq!(written["summary"]["written"], 1, "{written:#}");
    assert_eq!(written["summary"]["notStarted"], 1, "{written:#}");
}

#[test]
fn a_report_that_cannot_be_written_any_more_is_an_error_of_an_interrupted_run() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &by_tag(2));
    let folder = shell.home.path().join("reports");
    std::fs::create_dir(&folder).unwrap();
    let line = "apply -q --wait 10m --report reports/report.json lists.yaml";
    let mut child = spawn(&mut shell.command(line));
    let mut said = stderr(&mut child);
    seen(&registry, "HEAD", "/v2/src/manifests/1-amd64");
    std::fs::remove_dir_all(&folder).unwrap();
    send(&child, Signal::TERM);
    let output = ends_soon(child, "a wait");
    assert_eq!(output.status.signal(), Some(Signal::TERM.as_raw()));
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("report.json"), "{rest}");
    // A quiet run says nothing else.
    assert!(!rest.contains("stopping"), "{rest}");
}
