//! Connecting and logging in to registries.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::TestRegistry;

use super::{dockers, ours, stage};
use crate::harness::{Home, Player, Program, Stage, docker};

#[test]
fn needs_insecure_for_plain_http_on_loopback() {
    let stage = stage();
    let create = "create @/app:1 @/app:amd64 @/other:s390x";
    if let Some(seen) = dockers(&stage, &[create]) {
        seen.ran.fails(1).says("no such manifest");
    }
    let ours = ours(&stage);
    let lines = [
        "inspect @/app:amd64",
        "inspect -v @/app:list",
        create,
        "push --purge @/app:1",
        "inspect @/app:1",
    ];
    for line in lines {
        ours.play(line).ran.succeeds().is_quiet();
    }
}

#[test]
#[cfg(unix)]
fn a_missing_credential_helper_is_ignored() {
    let registry = EmbeddedRegistry::builder()
        .basic_auth("user", "secret")
        .start();
    let stage = Stage::on(TestRegistry::Embedded(registry));
    let config = |player: &Player<'_>| {
        let host = stage.host();
        player
            .home
            .write_config(&format!(r#"{{"credHelpers":{{"{host}":"is-not-there"}}}}"#));
    };
    let inspect = "inspect --insecure @/app:amd64";
    if docker::find().is_some() {
        let docker = stage.player(Program::Docker);
        config(&docker);
        let seen = docker.play(inspect);
        seen.ran.fails(1).does_not_say("is-not-there");
    }
    let mut ours = ours(&stage);
    config(&ours);
    let seen = ours.play(inspect);
    seen.ran
        .fails(1)
        .prints("")
        .says("docker-credential-is-not-there");
    ours.home.write_program(
        "docker-credential-is-not-there",
        r#"cat > /dev/null; echo '{"ServerURL":"","Username":"user","Secret":"secret"}'"#,
    );
    ours.play(inspect).ran.succeeds();
}

#[test]
fn several_challenges_in_one_header_are_not_understood() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let image = Image::docker().build();
    registry.seed("app", "1", &image);
    let challenge = "Negotiate, Basic realm=registry";
    let response = Response::status(401).header("www-authenticate", challenge);
    let home = Home::new();
    let login = r#"{ "auths": { "HOST": { "auth": "bWU6cHc=" } } }"#;
    home.write_config(&login.replace("HOST", &registry.host()));
    let name = format!("{}/app:1", registry.host());
    registry.fault(Fault::on_any("/v2/").times(1).respond(response.clone()));
    home.ours(&["manifest", "inspect", &name])
        .succeeds()
        .is_quiet();
    if docker::find().is_some() {
        registry.fault(Fault::on_any("/v2/").times(1).respond(response));
        let failed = home.dockers(&["inspect", "--insecure", &name]);
        failed.fails(1);
    }
}

#[test]
fn a_name_without_a_registry_says_no_host_in_request_url() {
    let stage = stage();
    let inspect = "inspect foo_bar.com/app:1";
    if let Some(seen) = dockers(&stage, &[inspect]) {
        seen.ran.fails(1).says("no Host in request URL");
    }
    let ours = ours(&stage);
    let created = ours.play("create --insecure foo_bar.com/list @/app:amd64");
    let list = "Created manifest list foo_bar.com/list:latest\n";
    created.ran.succeeds().prints(list).is_quiet();
    let lines = [
        inspect,
        "create @/app:1 foo_bar.com/app:1",
        "create --push --insecure foo_bar.com/app:1 @/app:amd64",
        "push --insecure foo_bar.com/list",
    ];
    for line in lines {
        let seen = ours.play(line);
        let text =
            "names no registry: \"foo_bar.com\" is not a host name, because it has an underscore";
        seen.ran.fails(1).prints("").says(text);
    }
}
