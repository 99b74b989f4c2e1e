//! The number and the scopes of each command's requests.

use manifest_testkit::TestCa;
use manifest_testkit::suite;
use serde_json::Value;

use super::{AUTH, IMAGES, auths, fill, shell, tokens, write_config};
use crate::commands::{Shell, Watched};

#[test]
fn each_image_costs_a_manifest_and_a_configuration() {
    let all: Vec<String> = (0..IMAGES)
        .map(|number| format!("@/app:{number}"))
        .collect();
    let all = all.join(" ");
    let count = |lines: &[String], part: &str, status: &str| {
        let is = |line: &&String| {
            line.starts_with("GET ") && line.contains(part) && line.ends_with(status)
        };
        lines.iter().filter(is).count()
    };
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let open = Watched::empty(kind);
        fill(&open);
        let shell_of_all = Shell::new(&open);
        shell_of_all
            .run(&format!("create @/app:list {all}"))
            .succeeds();
        let lines = open.lines();
        assert_eq!(count(&lines, "/manifests/", " 200"), IMAGES, "{lines:#?}");
        assert_eq!(count(&lines, "/blobs/", " 200"), IMAGES, "{lines:#?}");
        // The state of the list's tag, which the draft records.
        let head = "HEAD /v2/app/manifests/list 404";
        assert!(lines.iter().any(|line| line == head), "{lines:#?}");
        assert_eq!(lines.len(), 2 * IMAGES + 1, "{lines:#?}");
        // One image by three names costs three requests, the same name twice one.
        shell_of_all
            .run("create @/app:twice @/app:0 @/app:0 @/app:0")
            .succeeds();
        assert_eq!(open.lines().len(), 2 + 1);
        // Cached content is not requested again.
        shell_of_all
            .run("create --amend @/app:twice @/app:0")
            .succeeds();
        assert_eq!(open.lines().len(), 2);

        let tokens = tokens(&ca).start();
        let secured = Watched::secured(kind, &ca, &tokens);
        fill(&secured);
        let asked_before = tokens.requested_scopes().len();
        let shell = shell(&secured, &ca);
        write_config(&shell, &auths(AUTH));
        shell
            .run(&format!("create @/app:list {all}"))
            .succeeds()
            .is_quiet();
        let lines = secured.lines();
        assert_eq!(count(&lines, "/manifests/", " 401"), 1, "{lines:#?}");
        assert_eq!(count(&lines, "/manifests/", " 200"), IMAGES, "{lines:#?}");
        assert_eq!(count(&lines, "/blobs/", " 200"), IMAGES, "{lines:#?}");
        assert_eq!(lines.len(), 2 * IMAGES + 2, "{lines:#?}");
        assert_eq!(
            tokens.requested_scopes()[asked_before..],
            ["repository:app:pull"]
        );

        // Reading a list again costs the challenge, the token and the list itself.
        shell.run("push --purge @/app:list").succeeds().is_quiet();
        secured.lines();
        shell.run("inspect @/app:list").succeeds().is_quiet();
        assert_eq!(
            secured.lines(),
            [
                "GET /v2/app/manifests/list 401",
                "GET /v2/app/manifests/list 200"
            ]
        );
        shell_of_all.run("push @/app:list").succeeds();
        shell_of_all.run("rm @/app:list").succeeds();
        open.lines();
        shell_of_all.run("inspect @/app:list").succeeds();
        assert_eq!(open.lines(), ["GET /v2/app/manifests/list 200"]);
    }
}

#[test]
fn each_command_requests_the_scopes_it_needs() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = tokens(&ca).start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry);
        let shell = shell(&registry, &ca);
        write_config(&shell, &auths(AUTH));
        let rows: [(&str, &[&str]); 8] = [
            (
                "create @/app:same @/app:0 @/app:1",
                &["repository:app:pull"],
            ),
            (
                "create @/app:mixed @/app:0 @/other:0",
                &["repository:app:pull repository:other:pull"],
            ),
            ("annotate @/app:mixed @/other:0 --variant v2", &[]),
            ("inspect -v @/app:mixed", &[]),
            ("inspect -v @/app:0", &["repository:app:pull"]),
            ("push -p @/app:same", &["repository:app:pull,push"]),
            (
                "push -p @/app:mixed",
                &["repository:app:pull,push repository:other:pull"],
            ),
            ("inspect @/app:mixed", &["repository:app:pull"]),
        ];
        for (line, scopes) in rows {
            let before = tokens.requested_scopes().len();
            shell.run(line).succeeds().is_quiet();
            let mut asked = tokens.requested_scopes().split_off(before);
            asked.sort();
            assert_eq!(asked, scopes, "{line}");
        }
        let published: Value = serde_json::from_slice(&registry.bytes("app", "mixed")).unwrap();
        assert_eq!(published["manifests"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn patterns_need_no_token_of_their_own() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = tokens(&ca).start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry);
        let shell = shell(&registry, &ca);
        write_config(&shell, &auths(AUTH));
        for (line, scopes) in [
            (
                "create @/app:list '@/app:?' '@/other:*'",
                "repository:app:pull repository:other:pull",
            ),
            (
                "create --push --on-duplicate keep @/app:list '@/app:?' '@/other:*'",
                "repository:app:pull,push repository:other:pull",
            ),
            (
                "create --push --wait 5m @/new:list @/app:0 '@/app:?'",
                "repository:new:pull,push repository:app:pull",
            ),
        ] {
            let before = tokens.requested_scopes().len();
            shell.run(line).succeeds();
            let asked = tokens.requested_scopes().split_off(before);
            assert_eq!(asked, [scopes], "{line}");
        }
    }
}

#[test]
fn tokens_that_expire_during_a_wait_are_replaced() {
    let ca = TestCa::new();
    // The server says that they are valid for longer.
    let tokens = tokens(&ca).actual_lifetime(1).start();
    let registry = Watched::secured(suite::Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    let ran = std::thread::scope(|scope| {
        let line = "create --push --wait 5m @/app:list @/app:0 @/app:late";
        let running = scope.spawn(|| shell.run(line));
        let mut first = None;
        let is_expired = |request: &manifest_testkit::log::Request| {
            let is_poll = request.is("HEAD", "/app/manifests/late");
            if is_poll && request.status == 404 {
                first.get_or_insert(request.seq);
            }
            is_poll && request.status == 401 && first.is_some_and(|first| request.seq > first)
        };
        let limit = std::time::Duration::from_secs(60);
        assert!(registry.log().wait_for(limit, is_expired).is_some());
        registry.push("app", "late", &super::images()[1]);
        running.join().unwrap()
    });
    ran.succeeds().says("found REGISTRY/app:late; waited ");
}
