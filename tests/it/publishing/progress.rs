//! Progress messages of long operations, for scripts and logs.

use std::time::Duration;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::Kind;

use crate::commands::{Shell, Watched};
use crate::harness::home::OURS;

/// Longer than the time without messages.
const LONG: Duration = Duration::from_millis(2500);

#[test]
fn long_copies_report_progress_on_standard_error() {
    let (source, target) = (
        Watched::empty(Kind::Embedded),
        Watched::empty(Kind::Embedded),
    );
    let image = Image::oci().layer(&[7; 300_000]).layer(b"small").build();
    source.push("app", "1", &image);
    let shell = Shell::new(&source);
    let push = |flags: &str, name: &str| {
        let name = format!("{}/{name}", target.host());
        shell.run(&format!("create --push {flags} {name} @/app:1"))
    };
    let short = push("", "short:1");
    short.succeeds().does_not_say("copied ");
    // The large layer is slow.
    let layer = format!("/v2/app/blobs/{}", image.layers[0].digest);
    source.fault(Fault::on("GET", &layer).respond(Response::Delay(LONG)));
    let long = push("", "long:1");
    long.succeeds();
    let lines: Vec<&str> = long
        .stderr
        .lines()
        .filter(|line| line.starts_with("copied "))
        .collect();
    assert_eq!(lines.len(), 1, "{long}");
    assert!(
        lines[0].contains(" of 300.") && lines[0].contains(", 2 of 3 blobs"),
        "{long}"
    );
    // Standard output is the same as without waiting.
    let stdout = long.stdout.replace("/long@", "/short@");
    assert_eq!(stdout, short.stdout);
    push("-q", "quiet:1").succeeds().does_not_say("copied ");
    assert_eq!(target.bytes("quiet", "1"), target.bytes("short", "1"));
}

#[test]
fn long_writes_to_a_layout_report_progress() {
    let source = Watched::empty(Kind::Embedded);
    let image = Image::oci().layer(&[7; 300_000]).layer(b"small").build();
    source.push("app", "1", &image);
    let layer = format!("/v2/app/blobs/{}", image.layers[0].digest);
    source.fault(Fault::on("GET", &layer).respond(Response::Delay(LONG)));
    let shell = Shell::new(&source);
    shell.run("create @/list:1 @/app:1").succeeds();
    let write = |flags: &str, name: &str| {
        let folder = shell.home.path().join(name);
        shell.run(&format!(
            "push {flags} --to oci-layout://{} @/list:1",
            folder.display()
        ))
    };
    let dry = write("--dry-run", "long");
    dry.succeeds().says("would copy 3 blobs (300.");
    let long = write("", "long");
    long.succeeds().says("copying 3 blobs (300.");
    let lines = long
        .stderr
        .lines()
        .filter(|line| line.starts_with("copied "));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), 1, "{long}");
    assert!(lines[0].contains(", 2 of 3 blobs"), "{long}");
    let quiet = write("-q", "quiet");
    quiet.succeeds();
    assert_eq!(quiet.stderr, "");
    // Existing content needs no waiting.
    write("", "long").succeeds().does_not_say("cop");
}

#[test]
fn a_terminal_shows_one_progress_line() {
    let (source, target) = (
        Watched::empty(Kind::Embedded),
        Watched::empty(Kind::Embedded),
    );
    // One arrives after the other.
    let layer = |image: Image, i: usize| image.layer(&vec![7; 100 * i]);
    let image = (1..=7).fold(Image::oci(), layer).build();
    source.push("app", "1", &image);
    let shell = Shell::new(&source);
    for layer in &image.layers {
        let layer = format!("/v2/app/blobs/{}", layer.digest);
        source
            .fault(Fault::on("GET", &layer).respond(Response::SlowBody(Duration::from_millis(5))));
    }
    let inner = format!(
        "{OURS} manifest create --push {}/app:1 {}/app:1",
        target.host(),
        source.host()
    );
    // `script` gives the program a terminal, and relays its output.
    let mut command = shell.home.command("script");
    command
        .args(["-qec", &inner, "/dev/null"])
        .env("TERM", "xterm");
    let ran = shell.home.run(&mut command);
    ran.succeeds();
    for count in 3..=7 {
        let line = format!(" kB, {count} of 8 blobs");
        assert!(ran.stdout.contains(&line), "{line}: {ran}");
    }
    // The progress line is erased before the next line is written.
    assert!(ran.stdout.contains("\r\u{1b}[2KPushed ref "), "{ran}");
}
