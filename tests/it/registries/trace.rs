//! `--debug`: its output, and that neither the output nor the arguments in `ps` have secrets.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa, TokenServer};

use super::{AUTH, PASSWORD, TOKEN, USER, auths, fill, images, shell, tokens, write_config};
use crate::commands::Watched;
use crate::harness::{Home, Ran};

const PROXY_PASSWORD: &str = "pr0xy-pa55";
const IDENTITY: &str = "id3ntity-t0ken";
const SIGNATURE: &str = "s1gnature-of-st0rage";

/// Replaces the durations of requests.
fn without_times(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let is_number = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        if is_number { "N" } else { word }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_request_is_a_line() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(manifest_testkit::suite::Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    let traced = shell.run("docker -D manifest inspect @/app:0");
    traced.succeeds();
    let realm = tokens.realm();
    let requests = format!(
        "debug: GET https://REGISTRY/v2/app/manifests/0: N (TLSv1.3, HTTP/2, N ms)\n\
         debug: credentials for REGISTRY: the entry REGISTRY in HOME/.docker/config.json\n\
         debug: token for REGISTRY from {realm}: repository:app:pull\n\
         debug: GET {realm}?service=SERVICE&scope=repository%3Aapp%3Apull&account=***: N (TLSv1.3, HTTP/2, N ms, with Basic)\n\
         debug: GET https://REGISTRY/v2/app/manifests/0: N (TLSv1.3, HTTP/2, N ms, with Bearer)\n"
    )
    .replace("SERVICE", tokens.service());
    let lines = traced.stderr.lines();
    let lines: Vec<&str> = lines.filter(|line| !line.contains("certs.d")).collect();
    assert_eq!(without_times(&lines.join("\n")) + "\n", requests);
    for status in [
        "manifests/0: 401 (",
        "account=***: 200 (",
        "manifests/0: 200 (",
    ] {
        traced.says(status);
    }
    // Without the flag there is no trace, and standard output is the same.
    let quiet = shell.run("inspect @/app:0");
    quiet.succeeds().is_quiet();
    assert_eq!(quiet.stdout, traced.stdout);
}

#[test]
fn retries_and_failures_are_lines() {
    let registry = Watched::empty(manifest_testkit::suite::Kind::Embedded);
    fill(&registry);
    let shell = crate::commands::Shell::new(&registry);
    registry.fault(
        Fault::on("GET", "/manifests/")
            .times(1)
            .respond(Response::status(503)),
    );
    let traced = shell.run("docker --debug manifest inspect @/app:0");
    traced
        .succeeds()
        .says("debug: GET https://REGISTRY/v2/app/manifests/0: the server does not speak TLS")
        .says("debug: GET http://REGISTRY/v2/app/manifests/0: 503 (http, HTTP/1.1, ")
        .says("debug: GET http://REGISTRY/v2/app/manifests/0: 200 (http, HTTP/1.1, ")
        .says(" ms, attempt 2)\n");
}

/// A registry, a token server and a storage with signed URLs, behind a proxy with a login.
struct Vault {
    registry: EmbeddedRegistry,
    storage: EmbeddedRegistry,
    tokens: TokenServer,
    proxy: ForwardProxy,
    home: Home,
}

const LIST: &str = "registry.test/app:list";
const IMAGE: &str = "registry.test/app:1";

impl Vault {
    fn new() -> Self {
        let ca = TestCa::new();
        let tokens = TokenServer::builder()
            .tls(&ca)
            .user(USER, PASSWORD)
            .refresh_token(USER, IDENTITY)
            .start();
        let registry = EmbeddedRegistry::builder()
            .tls_identity(ca.server_for(&["registry.test"]))
            .token_auth(&tokens)
            .start();
        let storage = EmbeddedRegistry::builder().tls(&ca).start();
        registry.seed("app", "1", &images()[0]);
        storage.seed("app", "1", &images()[0]);
        let config = &images()[0].config_digest;
        let url = format!("https://{}/v2/app/blobs/{config}", storage.host());
        registry.fault(Fault::on("GET", "/blobs/").respond(Response::Redirect {
            to: format!("{url}?X-Amz-Signature={SIGNATURE}&token={SIGNATURE}"),
        }));
        let proxy = ForwardProxy::with_login(&registry.host(), "me", PROXY_PASSWORD);
        let mut home = Home::new();
        fs::write(home.path().join("ca.pem"), ca.ca_pem()).unwrap();
        home.set("SSL_CERT_FILE", home.path().join("ca.pem"));
        let url = format!("http://me:{PROXY_PASSWORD}@{}", proxy.host());
        home.set("HTTPS_PROXY", url);
        Self {
            registry,
            storage,
            tokens,
            proxy,
            home,
        }
    }

    /// Runs a command with a trace, and checks its output for secrets.
    fn run(&self, words: &[&str]) -> Ran {
        let ran = self.home.ours(&[&["--debug"], words].concat());
        is_clean(&ran.to_string());
        ran
    }
}

fn is_clean(text: &str) {
    let coded = [AUTH, "bWU6cHIweHktcGE1NQ=="];
    for secret in [PASSWORD, PROXY_PASSWORD, IDENTITY, SIGNATURE, TOKEN]
        .into_iter()
        .chain(coded)
    {
        assert!(!text.contains(secret), "{secret} is in\n{text}");
    }
}

#[test]
fn no_output_has_secrets() {
    let logins = [
        format!(r#"{{ "auths": {{ "registry.test": {{ "auth": "{AUTH}" }} }} }}"#),
        format!(r#"{{ "auths": {{ "registry.test": {{ "identitytoken": "{IDENTITY}" }} }} }}"#),
        r#"{ "credsStore": "robot" }"#.to_owned(),
    ];
    for login in logins {
        let mut vault = Vault::new();
        vault.home.write_config(&login);
        // Prints the arguments of the helper and of the program, like `ps`.
        let helper = format!(
            "cat /proc/$$/cmdline /proc/$PPID/cmdline | tr '\\0' ' ' > {}/ps\n\
             printf '{{\"ServerURL\":\"\",\"Username\":\"{USER}\",\"Secret\":\"%s\"}}' \"$(cat {0}/secret)\"",
            vault.home.path().display()
        );
        fs::write(vault.home.path().join("secret"), PASSWORD).unwrap();
        vault.home.write_program("docker-credential-robot", &helper);

        for words in [
            &["create", LIST, IMAGE][..],
            &["push", LIST],
            &["inspect", "-v", LIST],
            &["inspect", IMAGE],
        ] {
            vault.run(words).succeeds();
        }
        let ran = vault.run(&["inspect", "-v", IMAGE]);
        ran.succeeds()
            .says(&format!(
                "proxy for registry.test: http://{}",
                vault.proxy.host()
            ))
            .says("?X-Amz-Signature=***&token=***: 200 (")
            .says(&format!(
                "debug: token for registry.test from {}: repository:app:pull\n",
                vault.tokens.realm()
            ))
            .says("with Bearer");
        // A registry, a storage and a token server that fail, and leak secrets in their own messages.
        for (server, path) in [
            (&vault.registry, "/manifests/"),
            (&vault.storage, "/blobs/"),
        ] {
            for response in [
                Response::status(403),
                Response::Html(502),
                Response::ResetBeforeHeaders,
                Response::CorruptBody,
            ] {
                server.clear_faults();
                if path == "/blobs/" {
                    redirect(&vault);
                }
                server.fault(Fault::on("GET", path).respond(response));
                let ran = vault.run(&["create", "--retry", "1", "registry.test/app:l2", IMAGE]);
                assert!(ran.code != 0, "{ran}");
            }
            server.clear_faults();
        }
        vault
            .tokens
            .fault(Fault::on_any("/token").respond(Response::status(500)));
        let ran = vault.run(&["push", "--retry", "1", LIST]);
        ran.fails(6).says("failed to get a token for registry.test");
        if login.contains("credsStore") {
            let seen = fs::read_to_string(vault.home.path().join("ps")).unwrap();
            assert!(seen.contains("docker-credential-robot get"), "{seen}");
            assert!(seen.contains("--debug push"), "{seen}");
            is_clean(&seen);
        }
    }
}

/// Makes the registry redirect clients to its storage.
fn redirect(vault: &Vault) {
    let config = &images()[0].config_digest;
    let url = format!("https://{}/v2/app/blobs/{config}", vault.storage.host());
    vault.registry.clear_faults();
    vault
        .registry
        .fault(Fault::on("GET", "/blobs/").respond(Response::Redirect {
            to: format!("{url}?X-Amz-Signature={SIGNATURE}"),
        }));
}
