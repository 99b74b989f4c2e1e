//! TLS, and credentials from all the places where Docker keeps them.

use std::fs;

use manifest_testkit::suite::{self, Kind, Setup, TestRegistry};
use manifest_testkit::{Client, TestCa, seed, sha256};
use serde_json::Value;

use super::{
    AUTH, IMAGES, PASSWORD, USER, WRONG_AUTH, auths, fill, images, shell, tokens, write_config,
};
use crate::commands::watched::{self, SEEDER};
use crate::commands::{Shell, Watched};
use crate::harness::Home;

/// A credential helper that knows the user for the registry's exact address only.
fn helper(host: &str) -> String {
    format!(
        "read -r server\n\
         if [ \"$1 $server\" != 'get {host}' ]; then\n\
             echo 'credentials not found in native keychain'; exit 1\n\
         fi\n\
         echo '{{\"ServerURL\":\"{host}\",\"Username\":\"{USER}\",\"Secret\":\"{PASSWORD}\"}}'"
    )
}

/// Creates a list of two images, one of another repository, publishes it and reads it again.
fn whole_job(shell: &Shell<'_>) {
    let registry = shell.registry;
    let created = shell.run("create @/app:list @/app:0 @/other:0");
    created
        .succeeds()
        .prints("Created manifest list REGISTRY/app:list\n")
        .is_quiet();
    let pushed = shell.run("push --purge @/app:list");
    let published = registry.bytes("app", "list");
    let child = &images()[IMAGES - 1].digest;
    pushed.succeeds().is_quiet().prints(&format!(
        "Pushed ref REGISTRY/app@{child} with digest: {child}\n{}\n",
        sha256(&published)
    ));
    assert_eq!(shell.drafts(), [].into());
    let shown = shell.run("inspect @/app:list");
    shown.succeeds().is_quiet();
    assert_eq!(shown.stdout.trim_end().as_bytes(), published);
}

#[test]
fn credentials_come_from_each_place_that_docker_uses() {
    let helpers = r#"{ "credHelpers": { "HOST": "robot" }, "auths": { "HOST": {} } }"#;
    let store = r#"{ "credsStore": "robot", "auths": { "HOST": {} } }"#;
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = tokens(&ca).start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry);
        for config in [&auths(AUTH), helpers, store] {
            let mut shell = shell(&registry, &ca);
            shell
                .home
                .write_program("docker-credential-robot", &helper(&registry.host()));
            write_config(&shell, config);
            whole_job(&shell);
        }
    }
}

/// Scripts in place of a helper often give a fixed answer without reading their input. Docker accepts that.
#[test]
fn a_helper_need_not_read_its_input() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    fill(&registry);
    for _ in 0..20 {
        let mut shell = shell(&registry, &ca);
        let response =
            format!(r#"echo '{{"ServerURL":"","Username":"{USER}","Secret":"{PASSWORD}"}}'"#);
        shell
            .home
            .write_program("docker-credential-robot", &response);
        write_config(&shell, r#"{ "credsStore": "robot" }"#);
        shell.run("create @/app:list @/app:0").succeeds().is_quiet();
    }
}

#[test]
fn the_real_registrys_own_tls_and_tokens() {
    if !suite::kinds().contains(&Kind::Real) {
        return;
    }
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let setup = Setup {
        tls: Some(&ca),
        tokens: Some(&tokens),
    };
    let registry = TestRegistry::start_with(Kind::Real, setup);
    let ask = Client::new(&tokens.host()).tls(ca.client_config());
    let path = format!(
        "/token?service={}&scope=repository:app:pull,push",
        tokens.service()
    );
    let response = ask.basic(SEEDER.0, SEEDER.1).get(&path).unwrap().json();
    let client = registry.client().tls(ca.client_config());
    let client = client.bearer(response["token"].as_str().unwrap());
    seed::push_with(&client, "app", "0", &images()[0]);

    let mut home = Home::new();
    let file = home.path().join("ca.pem");
    fs::write(&file, ca.ca_pem()).unwrap();
    home.set("SSL_CERT_FILE", file);
    let host = registry.host();
    home.write_config(&auths(AUTH).replace("HOST", &host));
    let (list, image) = (format!("{host}/app:list"), format!("{host}/app:0"));
    home.ours(&["create", &list, &image])
        .succeeds()
        .prints(&format!(
            "Created manifest list {list}
"
        ))
        .is_quiet();
    let pushed = home.ours(&["push", "--purge", &list]);
    let (_, published) = seed::manifest(&client, "app", "list").expect("it is published");
    pushed
        .succeeds()
        .prints(&format!("{}\n", sha256(&published)))
        .is_quiet();
    assert!(home.drafts().is_empty());
}

#[test]
fn anonymous_users_read_public_repositories_only() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = tokens(&ca).anonymous(&[("app", "pull")]).start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry);
        let shell = shell(&registry, &ca);
        shell
            .run("create @/app:list @/app:0 @/app:1")
            .succeeds()
            .is_quiet();
        let shown = shell.run("inspect @/app:0");
        shown.succeeds().is_quiet();
        assert_eq!(
            serde_json::from_str::<Value>(&shown.stdout).unwrap(),
            serde_json::from_slice::<Value>(&images()[0].manifest).unwrap()
        );
        let before = shell.store();
        shell
            .run("push --purge @/app:list")
            .fails(4)
            .prints("")
            .says("failed to put manifest REGISTRY/app:list: PUT https://REGISTRY/v2/app/manifests/list")
            .says("401 Unauthorized: unauthorized: authentication required")
            .says("hint: run docker login REGISTRY\n");
        assert!(shell.store() == before);
        assert!(!registry.tags("app").contains(&"list".to_owned()));
        // A private repository looks hidden, which is not reported as missing.
        let hidden = shell.run("create -a @/app:list @/other:0");
        hidden
            .fails(4)
            .prints("")
            .says("401 Unauthorized")
            .does_not_say("no such manifest");
        assert!(shell.store() == before);
    }
}

/// A `config.json` with wrong credentials, its helper, the exit code, and a part of the message.
fn wrong_credentials() -> Vec<(String, &'static str, i32, &'static str)> {
    let failing = "echo 'the keychain is locked' >&2; exit 1";
    let outdated = r#"echo '{ "Username": "robot", "Secret": "of last year" }'"#;
    vec![
        (auths(WRONG_AUTH), "", 4, "401 Unauthorized"),
        (
            r#"{ "credHelpers": { "HOST": "robot" } }"#.to_owned(),
            outdated,
            4,
            "401 Unauthorized",
        ),
        (
            r#"{ "credHelpers": { "HOST": "robot" } }"#.to_owned(),
            failing,
            1,
            "credential helper docker-credential-robot for REGISTRY: it failed: the keychain is locked",
        ),
        (
            r#"{ "credsStore": "absent" }"#.to_owned(),
            "",
            1,
            "credential helper docker-credential-absent for REGISTRY: it is not on PATH",
        ),
        (
            r#"{ "auths": { "HOST": { "auth": "pa55-of-the-robot" } } }"#.to_owned(),
            "",
            1,
            "the credentials for REGISTRY in HOME/.docker/config.json cannot be read",
        ),
    ]
}

#[test]
fn wrong_credentials_are_reported_without_secrets() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = tokens(&ca).anonymous_pull().start();
        let registry = Watched::secured(kind, &ca, &tokens);
        fill(&registry);
        let good = auths(AUTH);
        for (config, program, code, text) in wrong_credentials() {
            let mut shell = shell(&registry, &ca);
            shell.home.write_program("docker-credential-robot", program);
            write_config(&shell, &config);
            for line in [
                "create @/app:list @/app:0 @/app:1",
                "inspect @/app:0",
                "inspect -v @/app:1",
            ] {
                let failed = shell.run(line);
                failed
                    .fails(code)
                    .prints("")
                    .says(text)
                    .does_not_say("no such manifest");
                assert_eq!(shell.drafts(), [].into(), "{failed}");
            }
            if code == 4 {
                let failed = shell.run("inspect @/app:0");
                let url = format!(
                    "failed to get a token for REGISTRY: GET {}?",
                    tokens.realm()
                );
                let login = match program {
                    "" => "the entry REGISTRY in",
                    _ => "docker-credential-robot, named in",
                };
                failed.says(&url).says(&format!(
                    "hint: REGISTRY did not accept the login ({login} HOME/.docker/config.json): run docker login REGISTRY\n"
                ));
            }
            // The draft of a user with correct credentials stays.
            write_config(&shell, &good);
            shell.run("create @/app:list @/app:0").succeeds().is_quiet();
            write_config(&shell, &config);
            let before = shell.store();
            shell
                .run("push -p @/app:list")
                .fails(code)
                .prints("")
                .says(text);
            assert!(shell.store() == before);
            assert!(!registry.tags("app").contains(&"list".to_owned()));
        }
    }
}

#[test]
fn tls_is_verified_unless_turned_off() {
    let (ca, other) = (TestCa::new(), TestCa::new());
    for kind in suite::kinds() {
        let registry = Watched::tls(kind, &ca);
        fill(&registry);
        // Even on loopback, a TLS port never gets plain HTTP.
        let shell = shell(&registry, &other);
        for line in ["create @/app:list @/app:0", "inspect @/app:0"] {
            shell
                .run(line)
                .fails(6)
                .prints("")
                .says("failed to get manifest REGISTRY/app:0: GET https://REGISTRY/v2/app/manifests/0: ")
                .says("the server's certificate is signed by an unknown authority")
                .says("or use --insecure to accept any certificate");
        }
        assert_eq!(shell.store(), [].into());
        assert!(
            registry.lines().is_empty(),
            "nothing was asked over a connection that nobody vouches for"
        );

        shell
            .run("create --insecure @/app:list @/app:0")
            .succeeds()
            .is_quiet();
        // The draft records `--insecure`, for further sources and for the push.
        shell
            .run("create --amend @/app:list @/other:0")
            .succeeds()
            .is_quiet();
        assert_eq!(shell.drafts(), [("REGISTRY_app-list".to_owned(), 2)].into());
        shell.run("push -p @/app:list").succeeds().is_quiet();
        // Nothing else does.
        shell.run("inspect @/app:list").fails(6).prints("");
        shell
            .run("create @/app:list @/app:0")
            .fails(6)
            .says("signed by an unknown authority");
        shell
            .run("create --insecure @/app:list @/app:0")
            .succeeds()
            .is_quiet();
        shell
            .run("push --insecure -p @/app:list")
            .succeeds()
            .is_quiet();
        shell
            .run("inspect --insecure @/app:list")
            .succeeds()
            .is_quiet();
        shell
            .run("inspect --insecure=false @/app:list")
            .fails(6)
            .prints("");

        write_config(&shell, r#"{ "insecure-registries": ["HOST"] }"#);
        shell
            .run("create @/app:list2 @/app:0")
            .succeeds()
            .is_quiet();
        let pushed = shell.run("push -p @/app:list2");
        pushed.succeeds().is_quiet();
        assert_eq!(
            pushed.stdout,
            format!("{}\n", sha256(&registry.bytes("app", "list2")))
        );
        write_config(
            &shell,
            r#"{ "insecure-registries": ["HOST0", "10.0.0.0/8"] }"#,
        );
        shell
            .run("inspect @/app:list2")
            .fails(6)
            .says("signed by an unknown authority");
    }
}

#[test]
fn plain_http_on_loopback_needs_no_flag() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        for flag in ["", "--insecure", "--insecure=false"] {
            shell
                .run(&format!("create {flag} @/app:list2 @/app:amd64"))
                .succeeds()
                .is_quiet();
            shell
                .run(&format!("push {flag} -p @/app:list2"))
                .succeeds()
                .is_quiet();
            shell
                .run(&format!("inspect {flag} @/app:list2"))
                .succeeds()
                .is_quiet();
        }
        assert_eq!(shell.drafts(), [].into());
    }
}
