//! Credential helpers, run as Docker runs them.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use manifest_registry::concurrent;
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;
use serde_json::json;

use crate::{child, client_with, reference, run};

fn helper(folder: &Path, name: &str, script: &str) {
    let file = folder.join(format!("docker-credential-{name}"));
    let calls = folder.join("calls");
    let script = format!(
        "#!/bin/sh\nread server\necho \"$1 $server\" >> {}\n{script}\n",
        calls.display()
    );
    std::fs::write(&file, script).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn helpers_are_found_on_path() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    helper(
        at,
        "good",
        r#"echo '{"ServerURL":"x","Username":"me","Secret":"pw"}'"#,
    );
    helper(
        at,
        "empty",
        "echo 'credentials not found in native keychain'; exit 1",
    );
    helper(
        at,
        "broken",
        "printf 'keychain is locked\\033[31m' >&2; exit 1",
    );
    helper(at, "garbled", "echo nonsense");
    let path = std::env::join_paths([at, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    child::run_in(at, "helpers::child_with_helpers", &[("PATH", &path)]);
}

#[test]
#[ignore = "runs in the process that helpers_are_found_on_path starts"]
fn child_with_helpers() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    registry.seed("app", "1", &Image::oci().build());
    let host = registry.host();
    let target = reference(&host, "app:1");
    let with = |helper: &str, auths: serde_json::Value| {
        client_with(&json!({ "credHelpers": { host.as_str(): helper }, "auths": auths }))
    };
    let login = || json!({ host.as_str(): { "username": "me", "password": "pw" } });

    // The helper runs once per host, however many tasks need it.
    let client = with("good", json!({}));
    let results = run(concurrent(8, (0..8).map(|_| client.image(&target))));
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(
        std::fs::read_to_string("calls").unwrap(),
        format!("get {host}\n")
    );
    run(client_with(&json!({ "credsStore": "good" })).image(&target)).unwrap();

    let error = run(with("empty", json!({})).image(&target)).unwrap_err();
    assert!(
        error.is_unauthorized(),
        "anonymous, so the registry says no: {error}"
    );
    run(with("empty", login()).image(&target)).unwrap();

    for (name, reason) in [
        ("broken", "it failed: keychain is locked\\u{1b}[31m"),
        ("missing", "it is not on PATH"),
        (
            "garbled",
            "its output is not the JSON of Docker's credential helpers",
        ),
    ] {
        let error = run(with(name, json!({})).image(&target)).unwrap_err();
        let expected = format!("credential helper docker-credential-{name} for {host}: {reason}");
        assert_eq!(error.to_string(), expected);
        assert!(error.hint().unwrap().contains("credHelpers"));
        run(with(name, login()).image(&target)).unwrap();
    }

    // A registry with anonymous access needs no helper.
    let open = EmbeddedRegistry::start();
    open.seed("app", "1", &Image::oci().build());
    let client = client_with(&json!({ "credsStore": "missing" }));
    run(client.image(&reference(&open.host(), "app:1"))).unwrap();
}
