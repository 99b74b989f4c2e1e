//! `check`: every result of the report without writes, and the exit codes.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::{self, Kind};
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa, TokenServer};
use serde_json::Value;

use super::{AUTH, PASSWORD, USER, WRONG_AUTH, auths, fill, shell, tokens, write_config};
use crate::commands::{Shell, Watched};
use crate::harness::{Home, Ran};

/// The checks of features that only a write shows.
const WRITTEN: [&str; 6] = [
    "ociIndex",
    "mixedIndex",
    "artifactType",
    "mount",
    "singlePost",
    "range",
];

/// The parsed output of `check --format json`.
pub(super) struct Report {
    pub(super) json: Value,
    pub(super) ran: Ran,
}

impl Report {
    #[track_caller]
    pub(super) fn of(ran: Ran, code: i32) -> Self {
        ran.fails(code);
        let json =
            serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {ran}"));
        Self { json, ran }
    }

    pub(super) fn row(&self, check: &str) -> &Value {
        let rows = self.json["checks"].as_array().unwrap();
        let found = rows.iter().find(|row| row["check"] == check);
        found.unwrap_or_else(|| panic!("no row {check}\n{}", self.ran))
    }

    /// Checks results and parts of the details.
    #[track_caller]
    pub(super) fn has(&self, expected: &[(&str, &str, &str)]) {
        for (check, result, detail) in expected {
            let row = self.row(check);
            let is_same = row["result"] == *result;
            let text = row["detail"].as_str().unwrap();
            assert!(
                is_same && text.contains(detail),
                "{check}: {row}\n{}",
                self.ran
            );
        }
    }

    #[track_caller]
    pub(super) fn hints(&self, check: &str, part: &str) {
        let hint = self.row(check)["hint"].as_str().unwrap_or_default();
        assert!(hint.contains(part), "{check}: {hint:?}\n{}", self.ran);
    }
}

/// Runs `check --format json` with more words.
#[track_caller]
pub(super) fn check(shell: &Shell<'_>, words: &str, code: i32) -> Report {
    let (variables, words) = match words.split_once(' ') {
        Some((variable, words)) if variable.contains('=') && !variable.starts_with('-') => {
            (variable, words)
        }
        _ => ("", words),
    };
    let line = format!("{variables} check --format json {words}");
    Report::of(shell.run(line.trim_start()), code)
}

/// Runs `check --format json` for the registry itself, which has no placeholder of its own.
#[track_caller]
fn check_registry(shell: &Shell<'_>, code: i32) -> Report {
    let host = shell.registry.host();
    let mut command = shell.home.command(crate::harness::home::OURS);
    let ran = shell.run_command(command.args(["check", "--format", "json", &host]));
    Report::of(ran, code)
}

#[test]
fn open_registry_is_read_only() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        fill(&registry);
        let shell = Shell::new(&registry);
        let report = check(&shell, "@/app:0", 0);
        report.has(&[
            ("reachable", "ok", "http://REGISTRY/ at REGISTRY in "),
            ("registryApi", "ok", "/v2/ responds"),
            ("tls", "ok", "loopback"),
            ("httpVersion", "ok", "HTTP/1.1"),
            ("proxy", "ok", "none"),
            ("mirror", "ok", "none"),
            ("tokenServer", "ok", "none"),
            ("login", "ok", "not required"),
            ("pull", "ok", "allowed"),
            ("push", "unknown", "only a write shows it"),
            ("tagsList", "ok", "allowed"),
            ("rateLimit", "skipped", ""),
            ("cleanup", "ok", "nothing was written"),
        ]);
        for feature in WRITTEN {
            report.has(&[(feature, "unknown", "only a write shows it")]);
            report.hints(feature, "--write");
        }
        assert_eq!(report.json["ready"], true);
        assert_eq!(report.json["write"], false);
        assert_eq!(report.json["repository"], "app");
        // One request alone, then all reads at once.
        assert_eq!(registry.lines().len(), 4, "{kind:?}");
        check_registry(&shell, 0).has(&[
            ("pull", "skipped", "no repository is named"),
            ("mirror", "skipped", ""),
        ]);
        let lines = registry.lines();
        assert_eq!(lines, ["GET /v2/ 200"], "{kind:?}");
    }
}

#[test]
fn tls_names_the_authority() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let registry = Watched::tls(kind, &ca);
        fill(&registry);
        let shell = Shell::new(&registry);
        let report = check(&shell, "@/app", 6);
        report.has(&[
            ("reachable", "ok", "https://REGISTRY/"),
            ("tls", "no", &format!("it is issued by CN={}", ca.name())),
            ("login", "skipped", "an earlier check failed"),
        ]);
        report.hints("tls", "--ca-file");
        fs::write(shell.home.path().join("ca.pem"), ca.ca_pem()).unwrap();
        let issued = format!("certificate of CN={} until ", ca.name());
        let report = check(&shell, "--ca-file ca.pem @/app", 0);
        report.has(&[
            ("tls", "ok", "TLSv1.3, "),
            ("tls", "ok", &issued),
            ("tls", "ok", ", trusted by ca.pem"),
            ("httpVersion", "ok", "HTTP/2"),
        ]);
        // The file is given, but the system's CA certificate is the one that counts.
        let other = TestCa::new().ca_pem();
        fs::write(shell.home.path().join("other.pem"), other).unwrap();
        check(&shell, "SSL_CERT_FILE=ca.pem --ca-file other.pem @/app", 0).has(&[(
            "tls",
            "ok",
            ", trusted by this system",
        )]);
        let report = check(&shell, "--insecure @/app", 0);
        report.has(&[("tls", "warn", "not verified because of --insecure")]);
        let folder = shell
            .home
            .config_folder()
            .join("certs.d")
            .join(registry.host());
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("own.crt"), ca.ca_pem()).unwrap();
        check(&shell, "@/app", 0).has(&[("tls", "ok", "trusted by HOME/.docker/certs.d/")]);
    }
    let expired = EmbeddedRegistry::builder()
        .tls_identity(ca.expired_server())
        .start();
    let registry = Watched::embedded(expired);
    let shell = shell(&registry, &ca);
    check(&shell, "@/app", 6).has(&[("tls", "no", "certificate is not valid")]);
}

#[test]
fn logins_are_named_and_never_shown() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = tokens(&ca)
            .user_with("reader", "only-reads", &[("*", "pull")])
            .anonymous_pull()
            .start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry);
        let mut shell = shell(&registry, &ca);
        shell.secrets.push("only-reads".to_owned());
        let token_server = ("tokenServer", "ok", tokens.realm());
        let token_server = (token_server.0, token_server.1, token_server.2.as_str());

        let report = check(&shell, "@/app:0", 4);
        report.has(&[
            token_server,
            ("login", "warn", "anonymous"),
            ("pull", "ok", "allowed"),
            ("push", "no", "the token server grants no push"),
        ]);
        report.hints("login", "docker login REGISTRY");

        write_config(&shell, &auths(AUTH));
        let source = "user name and password, from the entry REGISTRY in HOME/.docker/config.json";
        registry.log().clear();
        let report = check(&shell, "@/app:0", 0);
        report.has(&[
            token_server,
            ("login", "ok", source),
            ("pull", "ok", "allowed"),
            ("push", "ok", "the token grants it"),
        ]);
        let reads = |line: &String| line.starts_with("GET ") || line.starts_with("HEAD ");
        let lines = registry.lines();
        assert!(lines.iter().all(reads), "{lines:?}");
        let report = check(&shell, "--write @/app:0", 0);
        report.has(&[("push", "ok", "were stored"), ("cleanup", "ok", "deleted")]);
        check_registry(&shell, 0).has(&[("login", "ok", source)]);

        write_config(&shell, &auths("cmVhZGVyOm9ubHktcmVhZHM="));
        check(&shell, "@/app:0", 4).has(&[
            ("login", "ok", source),
            ("push", "no", "the token server grants no push"),
        ]);
        check(&shell, "--write @/app:0", 4).has(&[("push", "no", "")]);

        write_config(&shell, &auths(WRONG_AUTH));
        let report = check(&shell, "@/app:0", 4);
        report.has(&[
            token_server,
            ("login", "no", source),
            ("login", "no", "401"),
        ]);
        report.hints("login", "did not accept the login");
        check_registry(&shell, 4).has(&[("login", "no", "401")]);
    }
}

#[test]
fn basic_logins_are_checked() {
    let ca = TestCa::new();
    let basic = EmbeddedRegistry::builder()
        .tls(&ca)
        .basic_auth(USER, PASSWORD)
        .start();
    let registry = Watched::embedded(basic);
    let shell = shell(&registry, &ca);
    check(&shell, "@/app", 4).has(&[
        ("tokenServer", "ok", "none: the registry logs in itself"),
        ("login", "no", "there is no credential"),
        ("pull", "no", "401"),
    ]);
    write_config(&shell, &auths(AUTH));
    check(&shell, "@/app", 0).has(&[
        ("login", "ok", "user name and password"),
        ("pull", "ok", "there is no such tag yet"),
        ("push", "unknown", "only a write shows it"),
    ]);
    check(&shell, "--write @/app", 0).has(&[("push", "ok", "")]);
}

#[test]
fn opaque_tokens_tell_no_permission() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).opaque().start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    let shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    check(&shell, "@/app", 0).has(&[
        ("login", "ok", ""),
        ("push", "unknown", "only a write shows it"),
    ]);
}

#[test]
fn broken_token_server_is_named() {
    let ca = TestCa::new();
    let tokens: TokenServer = tokens(&ca).start();
    let embedded = EmbeddedRegistry::builder().tls(&ca).token_auth(&tokens);
    let registry = Watched::embedded(embedded.start());
    let shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    let realm = tokens.realm();
    drop(tokens);
    let report = check(&shell, "--retry 0 @/app", 6);
    report.has(&[
        ("tokenServer", "no", &realm),
        ("tokenServer", "no", "connection refused"),
        ("login", "no", "connection refused"),
    ]);
    report.hints("tokenServer", "is the token server");
}

#[test]
fn servers_that_are_no_registry_have_their_exit_codes() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let page = Response::status(200).header("content-type", "text/html");
    for (response, code, detail) in [
        (page, 1, "web page"),
        (Response::status(404), 1, "404"),
        (Response::status(403), 4, "403"),
        (Response::status(429), 5, "429"),
        (Response::status(503), 6, "503"),
    ] {
        registry.fault(Fault::on("GET", "/v2/").respond(response));
        let report = check(&shell, "--retry 0 @/app", code);
        report.has(&[
            ("reachable", "ok", "http://REGISTRY/"),
            ("registryApi", "no", detail),
            ("login", "skipped", ""),
            ("pull", "skipped", ""),
        ]);
        report
            .ran
            .says("is not ready for a push; failed: registry API\n");
        registry.clear_faults();
    }
    let host = registry.host();
    let home = Home::new();
    drop(registry);
    let ran = home.ours(&["check", "--format", "json", &host]);
    let report = Report::of(ran, 6);
    report.has(&[("reachable", "no", "connection refused")]);
    report.hints("reachable", "is it running?");
}

#[test]
fn repository_without_access_is_named() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry);
    let shell = Shell::new(&registry);
    let denied = Response::error(403, "DENIED", "no \u{1b}[31mtags");
    registry.fault(Fault::on("GET", "/tags/list").respond(denied));
    let report = check(&shell, "@/app:0", 0);
    report.has(&[
        ("pull", "ok", "allowed"),
        ("tagsList", "no", "no \\u{1b}[31mtags"),
    ]);
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(429)));
    check(&shell, "--retry 0 @/app:0", 5).has(&[("pull", "no", "429")]);
}

#[test]
fn docker_hub_states_its_rate_limit() {
    let ca = TestCa::new();
    let hub = EmbeddedRegistry::builder()
        .tls_identity(ca.server_for(&["registry-1.docker.io", "auth.docker.io"]))
        .start();
    let image = Image::docker().platform("linux/amd64").build();
    hub.seed("library/app", "latest", &image);
    let preview = Response::status(200)
        .header("ratelimit-limit", "100;w=21600")
        .header("ratelimit-remaining", "76;w=21600");
    hub.fault(Fault::on("HEAD", "/v2/ratelimitpreview/test/manifests/latest").respond(preview));
    let proxy = ForwardProxy::start(&hub.host());
    let mut home = Home::new();
    fs::write(home.path().join("ca.pem"), ca.ca_pem()).unwrap();
    home.set("SSL_CERT_FILE", home.path().join("ca.pem"));
    home.set(
        "HTTPS_PROXY",
        format!("http://me:pr0xy-pa55@{}", proxy.host()),
    );
    home.set("DOCKER_MANIFEST_KNOWN_REGISTRIES", "off");
    for name in ["docker.io", "docker.io/library/app", "app"] {
        let ran = home.ours(&["check", "--format", "json", name]);
        assert!(!ran.stdout.contains("pr0xy-pa55"), "{ran}");
        let report = Report::of(ran, 0);
        report.has(&[
            (
                "reachable",
                "ok",
                "https://registry-1.docker.io/ through the proxy",
            ),
            (
                "proxy",
                "ok",
                &format!("http://{}, from HTTPS_PROXY", proxy.host()),
            ),
            ("tls", "ok", "trusted by this system"),
            ("rateLimit", "ok", "76 of 100 requests left in 6 h"),
        ]);
    }
    // A GET of a manifest would count as a pull.
    let gets = hub.log().count(|request| request.is("GET", "/manifests/"));
    assert_eq!(gets, 0);
}

#[test]
fn quay_is_not_made_to_create_a_repository() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let quay = EmbeddedRegistry::builder()
        .tls_identity(ca.server_for(&["quay.test"]))
        .token_auth(&tokens)
        .start();
    let image = Image::docker().platform("linux/amd64").build();
    quay.seed("corp/app", "latest", &image);
    let proxy = ForwardProxy::start(&quay.host());
    let mut home = Home::new();
    fs::write(home.path().join("ca.pem"), ca.ca_pem()).unwrap();
    home.set("SSL_CERT_FILE", home.path().join("ca.pem"));
    home.set("HTTPS_PROXY", format!("http://{}", proxy.host()));
    home.write_config(&auths(AUTH).replace("HOST", "quay.test"));
    let asks_for_push = || {
        let requests = tokens.log().requests();
        requests
            .iter()
            .any(|request| request.query.contains("push"))
    };
    let ran = home.ours(&["check", "--format", "json", "quay.test/corp/new"]);
    Report::of(ran, 0).has(&[("push", "unknown", "only a write shows it")]);
    assert!(!asks_for_push());
    let ran = home.ours(&["check", "--format", "json", "quay.test/corp/app"]);
    Report::of(ran, 0).has(&[("push", "ok", "the token grants it")]);
    assert!(asks_for_push());
}

#[test]
fn mirrors_and_arguments() {
    let registry = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&registry);
    let host = registry.host();
    let report = check(
        &shell,
        &format!("--mirror {host}=mirror.lan:5000/hub @/app"),
        0,
    );
    report.has(&[("mirror", "ok", "reads try mirror.lan:5000/hub/app first")]);
    shell
        .run("check --write localhost:1")
        .fails(125)
        .prints("")
        .says("--write needs a repository\nhint: name a repository that may be written to: localhost:1/REPOSITORY\n");
    shell.run("check @/App").fails(1).says("must be lowercase");
    shell.run("check --format xml @/app").fails(125);
    shell.run("check").fails(1);
}

#[test]
fn table_fits_the_terminal() {
    let registry = Watched::empty(Kind::Embedded);
    let mut shell = Shell::new(&registry);
    for columns in [60, 100, 200] {
        shell.home.set("COLUMNS", columns.to_string());
        let ran = shell.run("check @/app");
        ran.succeeds();
        let is_narrow = |line: &str| line.chars().count() <= columns;
        assert!(ran.stdout.lines().all(is_narrow), "{ran}");
        assert!(ran.stdout.starts_with("CHECK"), "{ran}");
    }
}
