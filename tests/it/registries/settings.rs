//! Credentials and proxies from environment variables.

use std::fs;

use manifest_testkit::image::Image;
use manifest_testkit::suite::Kind;
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa, TokenServer};

use super::{AUTH, PASSWORD, USER, WRONG_AUTH, auths, fill, images, shell, tokens, write_config};
use crate::commands::{Shell, Watched};
use crate::harness::Home;

const PROXY_PASSWORD: &str = "pr0xy-pa55";

#[test]
fn credentials_from_the_environment_take_precedence() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let good = auths(AUTH).replace("HOST", &registry.host());
    let wrong = auths(WRONG_AUTH).replace("HOST", &registry.host());
    let nothing = r#"{ "auths": { "other.host": { "auth": "YTpi" } } }"#;
    // DOCKER_AUTH_CONFIG, REGISTRY_AUTH_FILE, config.json; the source that is used.
    for (inline, file, config, used) in [
        (&*good, &*wrong, &*wrong, "DOCKER_AUTH_CONFIG"),
        ("", &good, &wrong, "HOME/auth.json"),
        ("", "", &good, "HOME/.docker/config.json"),
        (nothing, &good, &wrong, "HOME/auth.json"),
        (nothing, nothing, &good, "HOME/.docker/config.json"),
    ] {
        let mut shell = shell(&registry, &ca);
        let path = shell.home.path().join("auth.json");
        fs::write(&path, file).unwrap();
        shell.home.set("DOCKER_AUTH_CONFIG", inline);
        if !file.is_empty() {
            shell.home.set("REGISTRY_AUTH_FILE", path);
        }
        write_config(&shell, config);
        shell
            .run("docker -D manifest inspect @/app:0")
            .succeeds()
            .says(&format!(
                "debug: credentials for REGISTRY: the entry REGISTRY in {used}\n"
            ));
        shell.run("create @/app:list @/app:1").succeeds().is_quiet();
        shell.run("push -p @/app:list").succeeds();
    }
    // The source with precedence is used, even if it is wrong.
    let mut shell = shell(&registry, &ca);
    shell.home.set("DOCKER_AUTH_CONFIG", wrong);
    write_config(&shell, &good);
    shell.run("inspect @/app:0").fails(4).prints("").says(
        "hint: REGISTRY did not accept the login (the entry REGISTRY in DOCKER_AUTH_CONFIG): correct it there, because it takes precedence over docker login\n",
    );
    // An unreadable file is ignored, with the reason.
    shell.home.set("DOCKER_AUTH_CONFIG", good);
    write_config(&shell, "{ \"auths\": {},\n}");
    shell.run("inspect @/app:0").succeeds().says(
        "warning: cannot load config file HOME/.docker/config.json: trailing comma at line 2, column 1\n",
    );
}

#[test]
fn unreadable_credential_files_are_errors() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry);
    let mut shell = Shell::new(&registry);
    shell.secrets = vec!["c2VjcmV0".to_owned()];
    write_config(&shell, &auths(AUTH));
    let broken = r#"{"auths":{"a.io":{"auth":["c2VjcmV0"]}}}"#;
    shell.home.set("DOCKER_AUTH_CONFIG", broken);
    for line in ["inspect @/app:0", "create @/app:list @/app:0"] {
        shell.run(line).fails(1).prints("").says(
            "the credentials for the registries in DOCKER_AUTH_CONFIG cannot be read: expected a string at line 1, column 25\n",
        );
    }
    shell.home.set("DOCKER_AUTH_CONFIG", "");
    let path = shell.home.path().join("auth.json");
    shell.home.set("REGISTRY_AUTH_FILE", path.clone());
    shell
        .run("inspect @/app:0")
        .fails(1)
        .prints("")
        .says("cannot read HOME/auth.json of REGISTRY_AUTH_FILE: No such file");
    fs::write(&path, "{").unwrap();
    shell
        .run("inspect @/app:0")
        .fails(1)
        .says("the credentials for the registries in HOME/auth.json cannot be read: EOF while parsing an object at line 1");
    assert!(registry.lines().is_empty());
}

/// Repository-specific keys, as podman writes them: `podman login quay.io/org`.
#[test]
fn a_key_can_be_for_a_repository_path() {
    let registry = EmbeddedRegistry::builder()
        .basic_auth(USER, PASSWORD)
        .start();
    for (repository, image) in ["org/app", "org/other", "lone"].into_iter().zip(images()) {
        registry.seed(repository, "1", &image);
    }
    let host = registry.host();
    let mut home = Home::new();
    let path = home.path().join("auth.json");
    let entry = |auth: &str| format!(r#"{{ "auth": "{auth}" }}"#);
    let (right, wrong) = (entry(AUTH), entry(WRONG_AUTH));
    let json = format!(
        r#"{{ "auths": {{ "{host}": {wrong}, "{host}/org": {right}, "{host}/org/other": {wrong} }} }}"#
    );
    fs::write(&path, json).unwrap();
    home.set("REGISTRY_AUTH_FILE", path);
    for (name, code) in [("org/app", 0), ("org/other", 4), ("lone", 4)] {
        let ran = home.ours(&["inspect", &format!("{host}/{name}:1")]);
        ran.fails(code);
    }
    // One command, several logins.
    let (list, image) = (format!("{host}/lone:list"), format!("{host}/org/app:1"));
    home.ours(&["create", &list, &image]).succeeds().is_quiet();
    home.ours(&["push", &list]).fails(4).prints("");
}

/// Returns a registry called `registry.test` behind a proxy, and a home that trusts it.
fn behind_a_proxy() -> (EmbeddedRegistry, ForwardProxy, Home) {
    let ca = TestCa::new();
    let builder = EmbeddedRegistry::builder().tls_identity(ca.server_for(&["registry.test"]));
    let registry = builder.start();
    registry.seed("app", "1", &Image::oci().build());
    let proxy = ForwardProxy::with_login(&registry.host(), "me", PROXY_PASSWORD);
    let mut home = Home::new();
    fs::write(home.path().join("ca.pem"), ca.ca_pem()).unwrap();
    home.set("SSL_CERT_FILE", home.path().join("ca.pem"));
    (registry, proxy, home)
}

const LINES: [&[&str]; 3] = [
    &["create", "registry.test/app:list", "registry.test/app:1"],
    &["push", "-p", "registry.test/app:list"],
    &["inspect", "registry.test/app:list"],
];

#[test]
fn proxies_come_from_variables_and_the_file() {
    for variable in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", ""] {
        let (registry, proxy, mut home) = behind_a_proxy();
        let url = format!("http://me:{PROXY_PASSWORD}@{}", proxy.host());
        let file = format!(
            "httpsProxy in {}/.docker/config.json",
            home.path().display()
        );
        let named = if variable.is_empty() {
            home.write_config(&format!(
                r#"{{ "proxies": {{ "default": {{ "httpsProxy": "{url}", "noProxy": "a.test" }} }} }}"#
            ));
            &*file
        } else {
            home.write_config(
                r#"{ "proxies": { "default": { "httpsProxy": "http://127.0.0.1:1" } } }"#,
            );
            home.set(variable, url);
            variable
        };
        for line in LINES {
            home.ours(line).succeeds().is_quiet();
        }
        let traced = home.ours(&["-D", "inspect", "registry.test/app:1"]);
        traced.succeeds().says(&format!(
            "debug: proxy for registry.test: http://{}, from {named}\n",
            proxy.host()
        ));
        assert!(!traced.stderr.contains(PROXY_PASSWORD));
        assert_eq!(proxy.lines(), ["CONNECT registry.test:443 as me"; 4]);
        let headers = registry.log().requests().into_iter();
        assert_eq!(
            headers
                .filter(|request| request.header("proxy-authorization").is_some())
                .count(),
            0
        );
    }
}

#[test]
fn failures_of_a_proxy_name_it_and_never_its_password() {
    let (registry, proxy, mut home) = behind_a_proxy();
    let shown = format!("http://{} of HTTPS_PROXY", proxy.host());
    home.set(
        "HTTPS_PROXY",
        format!("http://me:not-{PROXY_PASSWORD}@{}", proxy.host()),
    );
    for line in [LINES[0], LINES[2]] {
        let failed = home.ours(&[&["-D"], line].concat());
        failed
            .fails(6)
            .prints("")
            .says(&format!(
                "the proxy requires a login (407) (via proxy {shown})"
            ))
            .says("hint: put the login into the proxy's URL");
        assert!(!failed.stderr.contains(PROXY_PASSWORD), "{failed}");
    }
    assert!(registry.log().requests().is_empty());
    // The exception shows in the failure of the direct connection.
    home.set("NO_PROXY", ".test");
    let count = proxy.lines().len();
    home.ours(LINES[2]).fails(6).does_not_say("via proxy");
    assert_eq!(proxy.lines().len(), count);
    // Loopback never uses a proxy.
    let open = EmbeddedRegistry::start();
    open.seed("app", "1", &Image::oci().build());
    home.set("NO_PROXY", "");
    home.set("HTTP_PROXY", format!("http://{}", proxy.host()));
    home.ours(&["inspect", &format!("{}/app:1", open.host())])
        .succeeds()
        .is_quiet();
    assert_eq!(proxy.lines().len(), count);
}

/// Each user of a host gets a token of its own, even where one token could cover everything.
#[test]
fn users_of_one_host_share_no_token() {
    let ca = TestCa::new();
    let tokens = TokenServer::builder()
        .tls(&ca)
        .user_with("one", "pw-1", &[("one/app", "pull")])
        .user_with("two", "pw-2", &[("two/app", "pull")])
        .start();
    let registry = EmbeddedRegistry::builder()
        .tls(&ca)
        .token_auth(&tokens)
        .start();
    for (repository, image) in ["one/app", "two/app"].into_iter().zip(images()) {
        registry.seed(repository, "1", &image);
    }
    let (host, mut home) = (registry.host(), Home::new());
    fs::write(home.path().join("ca.pem"), ca.ca_pem()).unwrap();
    home.set("SSL_CERT_FILE", home.path().join("ca.pem"));
    home.set(
        "DOCKER_AUTH_CONFIG",
        format!(
            r#"{{ "auths": {{ "{host}/one": {{ "username": "one", "password": "pw-1" }},
                "{host}/two": {{ "username": "two", "password": "pw-2" }} }} }}"#
        ),
    );
    let names = ["one/app:list", "one/app:1", "two/app:1"].map(|name| format!("{host}/{name}"));
    let [list, one, two] = names.each_ref();
    home.ours(&["create", list, one, two]).succeeds().is_quiet();
    let mut asked = tokens.log().lines();
    asked.sort();
    let line = |user: &str| {
        let service = tokens.service();
        format!(
            "GET /token?service={service}&scope=repository%3A{user}%2Fapp%3Apull&account={user} 200"
        )
    };
    assert_eq!(asked, [line("one"), line("two")]);
}
