//! Publishing to registries that differ.

use std::fs;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;
use manifest_testkit::suite;
use manifest_testkit::{TestCa, TokenServer};

use super::{built, entries, entries_of};
use crate::commands::watched::SEEDER;
use crate::commands::{Shell, Watched};

#[test]
fn a_registry_without_mounts_gets_uploads() {
    let registry = Watched::embedded(EmbeddedRegistry::builder().never_mount().start());
    let (_, one) = built("linux/amd64", "1");
    let (_, two) = built("linux/arm64", "2");
    registry.push("one", "1", &one);
    registry.push("two", "1", &two);
    let shell = Shell::new(&registry);
    shell
        .run("create --push @/app:1 @/one:1 @/two:1 -t @/other:1")
        .succeeds();
    let expected = [entries_of(&one), entries_of(&two)].concat();
    assert_eq!(entries(&registry, "app", "1"), expected);
    assert_eq!(entries(&registry, "other", "1"), expected);
}

#[test]
fn a_registry_without_oci_accepts_docker_lists() {
    let oci = Watched::embedded(EmbeddedRegistry::start());
    let registry = Watched::embedded(EmbeddedRegistry::builder().refuse_oci().start());
    let (_, one) = built("linux/amd64", "1");
    oci.push("app", "1", &one);
    let docker = Image::docker().platform("linux/amd64").build();
    registry.push("app", "amd64", &docker);
    let shell = Shell::new(&registry);
    let pushed = shell.run(&format!("create --push @/app:1 {}/app:1", oci.host()));
    assert_ne!(pushed.code, 0);
    assert!(registry.manifest("app", "1").is_none());
    // Such a registry accepts no property that only an index can hold. Without it the list is accepted.
    let annotated = shell.run("create --push --annotation k=v @/app:1 @/app:amd64");
    assert_ne!(annotated.code, 0);
    assert!(registry.manifest("app", "1").is_none());
    shell.run("create --push @/app:1 @/app:amd64").succeeds();
    let (media_type, _) = registry.manifest("app", "1").unwrap();
    assert_eq!(
        media_type,
        "application/vnd.docker.distribution.manifest.list.v2+json"
    );
}

#[test]
fn a_refusal_of_mixed_lists_comes_after_a_warning() {
    let registry = Watched::embedded(EmbeddedRegistry::builder().refuse_mixed().start());
    let docker = Image::docker().platform("linux/amd64").build();
    registry.push("app", "docker", &docker);
    registry.push("app", "oci", &Image::oci().platform("linux/arm64").build());
    registry.push("app", "oci2", &Image::oci().platform("linux/s390x").build());
    let shell = Shell::new(&registry);
    let pushed = shell.run("create --push @/app:1 @/app:docker @/app:oci @/app:oci2");
    pushed.says("app:docker is Docker");
    assert_ne!(pushed.code, 0);
    assert!(registry.manifest("app", "1").is_none());
}

#[test]
fn a_lagging_registry_is_waited_for() {
    let registry = Watched::embedded(EmbeddedRegistry::builder().lag_after_put(2).start());
    let (_, one) = built("linux/amd64", "1");
    registry.push("base", "1", &one);
    let shell = Shell::new(&registry);
    shell
        .run("create --push -t @/app:2 @/app:1 @/base:1")
        .succeeds()
        .does_not_say("could not be read back");
}

#[test]
fn immutable_tags_accept_only_the_same_list() {
    let registry = Watched::embedded(EmbeddedRegistry::builder().immutable_tags().start());
    let (_, one) = built("linux/amd64", "1");
    let (_, two) = built("linux/arm64", "2");
    registry.push("base", "1", &one);
    registry.push("base", "2", &two);
    let shell = Shell::new(&registry);
    shell.run("create --push @/app:1 @/base:1").succeeds();
    shell
        .run("create --push @/app:1 @/base:1 -t @/app:latest")
        .succeeds();
    let moved = shell.run("create --push @/app:1 @/base:2 -t @/app:new");
    moved.fails(7).says("live: ").says("app:new");
    assert_eq!(entries(&registry, "app", "1"), entries_of(&one));
    assert_eq!(entries(&registry, "app", "new"), entries_of(&two));
}

#[test]
fn single_repository_tokens_get_uploads() {
    let ca = TestCa::new();
    for kind in suite::kinds() {
        let tokens = TokenServer::builder()
            .tls(&ca)
            .user(SEEDER.0, SEEDER.1)
            .user("me", "pw")
            .grant_only_first_scope()
            .start();
        let registry = Watched::secured(kind, &ca, &tokens);
        let (_, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        registry.push("one", "1", &one);
        registry.push("two", "1", &two);
        let shell = Shell::new(&registry);
        let ca_file = shell.home.path().join("ca.pem");
        fs::write(&ca_file, ca.ca_pem()).unwrap();
        let login = serde_json::json!({ "username": "me", "password": "pw" });
        let config = serde_json::json!({ "auths": { registry.host(): login } });
        shell.home.write_config(&config.to_string());
        let line = format!(
            "create --ca-file {} --push @/app:1 @/one:1 @/two:1",
            ca_file.display()
        );
        shell.run(&line).succeeds();
        let expected = [entries_of(&one), entries_of(&two)].concat();
        assert_eq!(entries(&registry, "app", "1"), expected);
    }
}
