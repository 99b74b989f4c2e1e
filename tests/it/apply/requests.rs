//! The number of requests: of the first run, of a run without changes, with tokens.

use manifest_testkit::image::{Image, Index};
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer, suite};

use super::{ARCHITECTURES, by_digest, by_tag, image, list, seed, write, writes};
use crate::commands::{Shell, Watched};

/// The number of lists in most tests.
const LISTS: usize = 50;

/// Returns the number of requests with this method whose path contains `part`, by status.
fn count(registry: &Watched<'_>, method: &str, part: &str) -> usize {
    registry.log().count(|request| request.is(method, part))
}

/// The requests of a run, with the log cleared.
fn requests(registry: &Watched<'_>) -> Vec<String> {
    let lines = registry.log().sorted_lines();
    registry.log().clear();
    lines
}

#[test]
fn unchanged_lists_cost_one_head_for_each_tag() {
    for kind in suite::kinds() {
        let registry = Watched::empty(kind);
        let digests = seed(&registry, LISTS);
        let mut shell = Shell::new(&registry);
        shell.home.enable_cache();
        write(&shell, "lists.yaml", &by_digest(&digests));
        let first = shell.run("apply lists.yaml");
        first.succeeds().says("50 lists: 50 written");
        assert!(!writes(&registry).is_empty());
        registry.log().clear();

        let second = shell.run("apply lists.yaml");
        second.succeeds().prints("").says("50 lists: 50 unchanged");
        let heads = (0..LISTS).map(|number| format!("HEAD /v2/app/manifests/{number} 200"));
        let mut heads: Vec<String> = heads.collect();
        heads.sort();
        assert_eq!(requests(&registry), heads);

        // One of them is changed by another client, one in the file.
        registry.push("app", "7", &image(7, "amd64"));
        let changed = by_digest(&digests).replace(&digests[9][1], &digests[8][1]);
        write(&shell, "lists.yaml", &changed);
        registry.log().clear();
        let third = shell.run("apply lists.yaml");
        third.succeeds().says("50 lists: 2 written, 48 unchanged");
        let puts = count(&registry, "PUT", "/manifests/");
        assert!(puts <= 4, "{:#?}", registry.log().lines());
        assert_eq!(count(&registry, "HEAD", "/app/manifests/0"), 1);
    }
}

#[test]
fn sources_by_tag_cost_one_head_each() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, LISTS);
    let mut shell = Shell::new(&registry);
    shell.home.enable_cache();
    write(&shell, "lists.yaml", &by_tag(LISTS));
    shell.run("apply lists.yaml").succeeds();
    let images = ARCHITECTURES.len() * LISTS;
    // A HEAD and the manifest by digest; the configuration; the probe in the target.
    assert_eq!(count(&registry, "HEAD", "/v2/src/manifests/"), images);
    assert_eq!(count(&registry, "GET", "/v2/src/manifests/sha256:"), images);
    assert_eq!(count(&registry, "GET", "/v2/src/manifests/"), images);
    registry.log().clear();
    shell.run("apply lists.yaml").succeeds();
    assert_eq!(count(&registry, "HEAD", "/v2/src/manifests/"), images);
    assert_eq!(requests(&registry).len(), images + LISTS);
}

#[test]
fn a_source_of_many_lists_is_read_once() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let base = Index::oci()
        .image(&Image::oci().platform("linux/s390x").build())
        .image(&Image::oci().platform("linux/386").build())
        .build();
    registry.push("base", "1", &base);
    let lists = (0..LISTS).map(|number| list(&format!("@/app:{number}"), &["@/base:1".to_owned()]));
    // Without a cache, too.
    let shell = Shell::new(&registry);
    write(&shell, "lists.yaml", &lists.collect::<String>());
    registry.log().clear();
    shell
        .run("apply lists.yaml")
        .succeeds()
        .says("50 lists: 50 written");
    assert_eq!(count(&registry, "HEAD", "/v2/base/manifests/1"), 1);
    assert_eq!(count(&registry, "GET", "/v2/base/manifests/"), 3);
    assert_eq!(count(&registry, "GET", "/v2/base/blobs/"), 2);
}

#[test]
fn a_changed_list_is_probed_once_before_it_is_written() {
    let registry = Watched::embedded(EmbeddedRegistry::start());
    seed(&registry, 1);
    let shell = Shell::new(&registry);
    let text = by_tag(1).replace("@/src", "@/app");
    for architecture in ARCHITECTURES {
        registry.push("app", &format!("0-{architecture}"), &image(0, architecture));
    }
    write(&shell, "lists.yaml", &text);
    registry.log().clear();
    shell.run("apply lists.yaml").succeeds();
    let lines = registry.log().lines();
    let of_tag = lines
        .iter()
        .filter(|line| line.contains("/app/manifests/0 "));
    let of_tag: Vec<&String> = of_tag.collect();
    assert_eq!(
        of_tag,
        [
            "HEAD /v2/app/manifests/0 404",
            "PUT /v2/app/manifests/0 201",
            "HEAD /v2/app/manifests/0 200"
        ]
    );
}

#[test]
fn lists_of_many_repositories_share_tokens() {
    const REPOSITORIES: usize = 60;
    let ca = TestCa::new();
    let tokens = TokenServer::builder().tls(&ca).user("me", "pw").start();
    let registry = EmbeddedRegistry::builder()
        .tls(&ca)
        .token_auth(&tokens)
        .start();
    for number in 0..REPOSITORIES {
        let image = image(number, "amd64");
        registry.seed(&format!("src{number}"), "1", &image);
    }
    let registry = Watched::embedded(registry);
    let mut shell = Shell::new(&registry);
    let path = shell.home.path().join("ca.pem");
    std::fs::write(&path, ca.ca_pem()).unwrap();
    shell.home.set("SSL_CERT_FILE", path);
    let auths = format!(
        r#"{{"auths":{{"{}":{{"username":"me","password":"pw"}}}}}}"#,
        registry.host()
    );
    shell.home.write_config(&auths);
    let lists = (0..REPOSITORIES)
        .map(|number| list(&format!("@/src{number}:all"), &[format!("@/src{number}:1")]));
    write(&shell, "lists.yaml", &lists.collect::<String>());
    shell
        .run("apply lists.yaml")
        .succeeds()
        .says("60 lists: 60 written");
    // The image of a list is not looked for in the targets of others.
    let image = image(0, "amd64").digest;
    let probes = count(&registry, "HEAD", "/v2/src0/manifests/sha256:");
    assert_eq!(
        probes,
        count(&registry, "HEAD", &format!("/v2/src0/manifests/{image}"))
    );
    // Seven targets for each token.
    let scopes = tokens.requested_scopes();
    assert_eq!(scopes.len(), REPOSITORIES.div_ceil(7), "{scopes:#?}");
    let lists: Vec<String> = (0..REPOSITORIES)
        .map(|n| list(&format!("@/app:{n}"), &[format!("@/src{n}:1")]))
        .collect();
    write(&shell, "lists.yaml", &lists.concat());
    shell
        .run("apply lists.yaml")
        .succeeds()
        .says("60 lists: 60 written");
    let more = tokens.requested_scopes().len() - scopes.len();
    // The target and seven sources for each token.
    assert_eq!(
        more,
        REPOSITORIES.div_ceil(7),
        "{:#?}",
        tokens.requested_scopes()
    );
}
