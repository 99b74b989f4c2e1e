//! Text from registries and draft files never controls a terminal, and cannot be mistaken for a message of the program.

use std::fs;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};

use crate::harness::home::OURS;
use crate::harness::{Home, Ran};

/// A window title, a fake hint, clearing the screen, right-to-left text: escaped in JSON, and raw.
const JSON: &str = r"li\u001b]0;title\u0007\nhint: obey\r\u009b2J\u202e";
const RAW: &str = "li\u{1b}]0;title\u{7}\nhint: obey\r\u{9b}2J\u{202e}";

/// Checks that a command wrote no terminal control characters and no forged line.
fn is_calm(ran: &Ran) {
    let obeyed = |c: char| c.is_control() && c != '\n' && c != '\t' || c == '\u{202e}';
    assert!(!ran.stderr.chars().any(obeyed), "{:?}", ran.stderr);
    assert!(
        !ran.stderr
            .lines()
            .any(|line| line.starts_with("hint: obey")),
        "{ran}"
    );
    assert!(!ran.stdout.contains('\u{1b}'), "{:?}", ran.stdout);
}

#[test]
fn a_platform_never_controls_a_terminal() {
    let registry = EmbeddedRegistry::start();
    let config = format!(r#"{{"os":"{JSON}","architecture":"amd64","rootfs":{{}}}}"#);
    for (tag, layer) in [("1", b"1"), ("2", b"2")] {
        let image = Image::oci().layer(layer);
        let media_type = "application/vnd.oci.image.config.v1+json";
        let image = image.config(media_type, config.as_bytes()).build();
        registry.seed("app", tag, &image);
    }
    let home = Home::new();
    let name = |tag: &str| format!("{}/app:{tag}", registry.host());
    let run = |words: &[&str]| {
        let ran = home.ours(words);
        is_calm(&ran);
        ran
    };
    let (list, one, two) = (name("list"), name("1"), name("2"));
    run(&["create", &list, &one, &two]).succeeds();
    run(&["inspect", &list]).succeeds();
    run(&["inspect", "--verbose", &list]).succeeds();
    let refused = run(&["annotate", &list, &one, "--variant", "v8"]);
    refused.fails(1).says("unsupported os/arch combination");
    let pushed = run(&["push", &list]);
    pushed.succeeds().says("are both for li\\u{1b}]0;title");
}

/// Docker's JSON leaves some terminal control characters unescaped, as JSON allows.
#[test]
fn an_annotation_never_controls_a_terminal() {
    let registry = EmbeddedRegistry::start();
    let index = Index::oci()
        .image(&Image::oci().build())
        .annotation("x", "\u{9b}2J\u{7f}\u{61c}");
    registry.seed("app", "1", &index.build());
    let home = Home::new();
    let name = format!("{}/app:1", registry.host());
    let list = format!("{}/app:list", registry.host());
    let flags = "--push --dry-run --annotation index:x=\u{9b}2J\u{7f}\u{61c}";
    for line in [
        format!("inspect {name}"),
        format!("create {flags} {list} {name}"),
    ] {
        let mut command = home.command("script");
        command.args(["-qec", &format!("{OURS} manifest {line}"), "/dev/null"]);
        let ran = home.run(&mut command);
        ran.succeeds();
        assert!(ran.stdout.contains("\\u009b2J"), "{ran}");
        assert!(
            !ran.stdout.contains(['\u{9b}', '\u{7f}', '\u{61c}']),
            "{ran}"
        );
    }
    // A script gets the exact text.
    let ran = home.ours(&["inspect", &name]);
    assert!(
        ran.succeeds().stdout.contains("\u{9b}2J\u{7f}\u{61c}"),
        "{ran}"
    );
}

#[test]
fn responses_never_control_a_terminal() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    let name = format!("{}/app:1", registry.host());
    let page = |content_type: &str, body: String| Response::Status {
        code: 200,
        headers: vec![("content-type".to_owned(), content_type.to_owned())],
        body: body.into_bytes(),
    };
    let index = "application/vnd.oci.image.index.v1+json";
    for response in [
        Response::error(400, JSON, RAW),
        Response::status(401).header("www-authenticate", "Bearer realm=\"http://[\u{9b}2J\""),
        Response::status(403).header("x-request-id", "\u{9b}2J"),
        Response::status(302).header("location", "http://[\u{9b}2J"),
        page("\u{9b}2J", String::new()),
        page(index, RAW.to_owned()),
        page(index, format!(r#"{{"mediaType":"{JSON}"}}"#)),
        page(index, format!(r#"{{"manifests":"{JSON}"}}"#)),
        page(index, format!(r#"{{"manifests":[{{"digest":"{JSON}"}}]}}"#)),
    ] {
        let fault = registry.fault(Fault::on("GET", "/manifests/").respond(response.clone()));
        let home = Home::new();
        let ran = home.ours(&["inspect", "--retry", "0", &name]);
        is_calm(&ran);
        assert!(
            fault.hits() > 0 && !ran.stderr.is_empty(),
            "{response:?}: {ran}"
        );
        registry.clear_faults();
    }
}

#[test]
fn a_draft_file_never_controls_a_terminal() {
    let home = Home::new();
    let file = home.draft_path("h.io/app:1", "h.io/app:2");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let reference = format!(r#"{{"Ref":"{JSON}"}}"#);
    let digest = format!(r#"{{"Ref":"h.io/app:2","Digest":"{JSON}"}}"#);
    for bytes in [RAW, &reference, &digest] {
        fs::write(&file, bytes).unwrap();
        let ran = home.ours(&["inspect", "h.io/app:1"]);
        ran.fails(1);
        is_calm(&ran);
    }
    fs::remove_dir_all(file.parent().unwrap()).unwrap();
}
