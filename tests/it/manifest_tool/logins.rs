//! The flags before the command: logins, TLS, plain HTTP, and Docker's configuration.

use std::fs;

use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, ForwardProxy, TestCa};

use super::{FAILED, Tool};

const PASSWORD: &str = "s3cr3t-pa55";

/// The user `me` with [`PASSWORD`], in base64.
const AUTH: &str = "bWU6czNjcjN0LXBhNTU=";

fn private_registry() -> EmbeddedRegistry {
    let registry = EmbeddedRegistry::builder()
        .basic_auth("me", PASSWORD)
        .start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    registry
}

const PUSH: &str = "push from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1";

#[test]
fn a_login_on_the_command_line() {
    let registry = private_registry();
    let tool = Tool::on(&registry);
    for command in [PUSH, "inspect @/app:amd64"] {
        tool.run(command).fails(1).says(FAILED);
        tool.run(&format!("--username me --password {PASSWORD} {command}"))
            .succeeds()
            .says("warning: other users of this machine can see --password")
            .does_not_say(PASSWORD);
    }
    assert_eq!(registry.tags("app"), ["1", "amd64"]);
}

/// The tool sends the login to every host. Here it is for the registry of the list alone.
#[test]
fn a_login_goes_to_the_registry_of_the_list_only() {
    let (registry, other) = (private_registry(), EmbeddedRegistry::start());
    other.seed("far", "1", &Image::docker().platform("linux/arm64").build());
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        &format!(
            "image: @/app:1\nmanifests:\n- image: @/app:amd64\n- image: {}/far:1\n",
            other.host()
        ),
    );
    tool.run(&format!(
        "--username me --password {PASSWORD} push from-spec list.yaml"
    ))
    .succeeds();
    let sent = |registry: &EmbeddedRegistry| {
        registry
            .log()
            .count(|request| request.header("authorization").is_some())
    };
    assert!(sent(&registry) > 0);
    assert_eq!(sent(&other), 0);
}

#[test]
fn a_login_in_a_folder_or_a_file() {
    let registry = private_registry();
    let tool = Tool::on(&registry);
    let config = format!(
        r#"{{"auths":{{"{}":{{"auth":"{AUTH}"}}}}}}"#,
        registry.host()
    );
    fs::create_dir(tool.home.path().join("cfg")).unwrap();
    tool.write("cfg/config.json", &config);
    tool.write("auth.json", &config);
    tool.write("broken.json", "{\"auths\": {},\n}");
    for place in ["cfg", "auth.json"] {
        tool.run(&format!("--docker-cfg {place} inspect @/app:amd64"))
            .succeeds()
            .is_quiet();
    }
    for (place, error) in [
        (
            "nowhere",
            "cannot read nowhere of --docker-cfg: No such file or directory",
        ),
        ("broken.json", "trailing comma at line 2, column 1"),
    ] {
        tool.run(&format!("--docker-cfg {place} inspect @/app:amd64"))
            .fails(1)
            .prints("")
            .says(FAILED)
            .says(error);
    }
    // Without the flag, the default folder is read.
    tool.home.write_config(&config);
    tool.run(PUSH).succeeds();
}

#[test]
fn plain_http_makes_no_attempt_to_use_tls() {
    let registry = EmbeddedRegistry::start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    let tool = Tool::on(&registry);
    let connections = |line: &str| {
        registry.log().clear();
        tool.run(line).succeeds().is_quiet();
        registry.log().connections()
    };
    let with_tls = connections("inspect @/app:amd64");
    let plain = connections("--plain-http inspect @/app:amd64");
    assert!(plain < with_tls, "{plain} of {with_tls} connections");
    tool.run(&format!("--plain-http {PUSH}")).succeeds();
}

#[test]
fn insecure_does_not_verify_certificates() {
    let ca = TestCa::new();
    let registry = EmbeddedRegistry::builder().tls(&ca).start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    let tool = Tool::on(&registry);
    tool.run(PUSH).fails(1).says(FAILED);
    tool.run(&format!("--insecure {PUSH}")).succeeds();
    // It allows plain HTTP as well.
    let plain = EmbeddedRegistry::start();
    plain.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    Tool::on(&plain)
        .run(&format!("--insecure {PUSH}"))
        .succeeds();
}

#[test]
fn insecure_keeps_the_proxy() {
    let ca = TestCa::new();
    let identity = ca.server_for(&["registry.test"]);
    let registry = EmbeddedRegistry::builder().tls_identity(identity).start();
    registry.seed(
        "app",
        "amd64",
        &Image::docker().platform("linux/amd64").build(),
    );
    let proxy = ForwardProxy::start(&registry.host());
    let mut tool = Tool::new("registry.test");
    tool.home
        .set("HTTPS_PROXY", format!("http://{}", proxy.host()));
    tool.run(&format!("--insecure {PUSH}")).succeeds();
    assert!(!proxy.lines().is_empty());
    assert_eq!(registry.tags("app"), ["1", "amd64"]);
}
