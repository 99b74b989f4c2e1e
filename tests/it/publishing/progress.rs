//! Progress on long work, as scripts and logs see it.

use std::time::Duration;

use manifest_testkit::fault::{Answer, Fault};
use manifest_testkit::image::Image;
use manifest_testkit::suite::Kind;

use crate::commands::{Shell, Watched};

/// Longer than what goes by in silence.
const LONG: Duration = Duration::from_millis(2500);

#[test]
fn long_copies_are_told_of_on_standard_error() {
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
    // The large layer is late.
    let layer = format!("/v2/app/blobs/{}", image.layers[0].digest);
    source.fault(Fault::on("GET", &layer).answer(Answer::Delay(LONG)));
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
    // Standard output is what it is when nobody has to wait.
    let stdout = long.stdout.replace("/long@", "/short@");
    assert_eq!(stdout, short.stdout);
    push("-q", "quiet:1").succeeds().does_not_say("copied ");
    assert_eq!(target.bytes("quiet", "1"), target.bytes("short", "1"));
}
