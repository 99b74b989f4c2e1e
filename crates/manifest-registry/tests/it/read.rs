//! Reads: the number of requests, and the verification of the content.

use manifest_core::{Content, Descriptor, Digest, MediaType};
use manifest_registry::concurrent;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, buildkit_index};
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer};

use crate::{client, insecure, logged_in, reference, run};

const PLATFORMS: [&str; 4] = [
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "windows/amd64",
];

#[test]
fn many_images_take_a_manifest_and_a_config_each() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    for platform in PLATFORMS {
        let tag = platform.replace('/', "-");
        registry.seed("app", &tag, &Image::oci().platform(platform).build());
    }
    let client = logged_in(&registry.host(), "me", "pw");
    let references: Vec<_> = PLATFORMS
        .iter()
        .map(|platform| {
            reference(
                &registry.host(),
                &format!("app:{}", platform.replace('/', "-")),
            )
        })
        .collect();
    let images = run(concurrent(
        16,
        references.iter().map(|reference| client.image(reference)),
    ));
    let found: Vec<_> = images
        .into_iter()
        .map(|i| i.unwrap().1.unwrap().to_string())
        .collect();
    assert_eq!(found, PLATFORMS);
    // One challenge (so the first manifest is requested twice), four manifests, four configs, one token.
    let log = registry.log();
    assert_eq!(log.count(|r| r.status == 401), 1, "{:#?}", log.lines());
    assert_eq!(log.count(|r| r.is("GET", "/manifests/")), 5);
    assert_eq!(log.count(|r| r.is("GET", "/blobs/")), 4);
    assert_eq!(log.requests().len(), 9);
    assert_eq!(tokens.requested_scopes(), ["repository:app:pull"]);
    let request = &tokens.log().requests()[0];
    assert!(request.query.contains("account=me"), "{}", request.query);
}

#[test]
fn an_open_registry_gets_no_extra_requests() {
    let registry = EmbeddedRegistry::start();
    let image = Image::docker().platform("linux/arm64/v8").build();
    let digest = registry.seed("team/app", "1", &image);
    let (manifest, platform) =
        run(client().image(&reference(&registry.host(), "team/app:1"))).unwrap();
    assert_eq!(manifest.digest().as_str(), digest);
    assert_eq!(manifest.media_type(), MediaType::DockerManifest);
    assert_eq!(platform.unwrap().to_string(), "linux/arm64/v8");
    let lines = registry.log().lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert_eq!(lines[0], "GET /v2/team/app/manifests/1 200");
    let accept = registry.log().requests()[0]
        .header("accept")
        .unwrap()
        .to_owned();
    assert_eq!(accept, MediaType::ALL.map(MediaType::as_str).join(", "));
    let agent = registry.log().requests()[0]
        .header("user-agent")
        .unwrap()
        .to_owned();
    assert!(agent.starts_with("docker-manifest/"), "{agent}");
}

#[test]
fn http2_is_one_connection() {
    let registry = EmbeddedRegistry::builder().tls(&TestCa::new()).start();
    for tag in 0..30 {
        let image = Image::oci().seed(&tag.to_string()).build();
        registry.seed("app", &tag.to_string(), &image);
    }
    let client = insecure();
    let references: Vec<_> = (0..30)
        .map(|tag| reference(&registry.host(), &format!("app:{tag}")))
        .collect();
    let images = run(concurrent(
        30,
        references.iter().map(|reference| client.image(reference)),
    ));
    assert!(images.iter().all(Result::is_ok));
    assert!(
        registry
            .log()
            .requests()
            .iter()
            .all(|request| request.http2)
    );
    assert_eq!(registry.log().connections(), 1);
    assert!(registry.log().max_in_flight() <= manifest_registry::limits::REQUESTS_PER_HOST);
}

#[test]
fn http1_connections_are_reused() {
    let registry = EmbeddedRegistry::start();
    for tag in 0..60 {
        registry.seed(
            "app",
            &tag.to_string(),
            &Image::oci().seed(&tag.to_string()).build(),
        );
    }
    let client = client();
    let references: Vec<_> = (0..60)
        .map(|tag| reference(&registry.host(), &format!("app:{tag}")))
        .collect();
    let images = run(concurrent(
        60,
        references.iter().map(|reference| client.image(reference)),
    ));
    assert!(images.iter().all(Result::is_ok));
    // One connection for the TLS attempt, one for each permit, and sometimes another because a connection is not back in the
    // pool yet.
    let most = 2 * manifest_registry::limits::REQUESTS_PER_HOST;
    assert!(
        registry.log().connections() <= most,
        "{}",
        registry.log().connections()
    );
}

#[test]
fn the_digest_wins_over_the_tag() {
    let registry = EmbeddedRegistry::start();
    let old = registry.seed("app", "1", &Image::oci().seed("old").build());
    let new = registry.seed("app", "1", &Image::oci().seed("new").build());
    assert_ne!(old, new);
    let host = registry.host();
    let manifest = run(client().manifest(&reference(&host, &format!("app:1@{old}")))).unwrap();
    assert_eq!(manifest.digest().as_str(), old);
    assert_eq!(
        registry.log().lines(),
        [format!("GET /v2/app/manifests/{old} 200")]
    );
}

#[test]
fn lists_and_their_children() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().platform("linux/amd64").build();
    registry.seed("app", "1", &buildkit_index(&image));
    let (client, reference) = (client(), reference(&registry.host(), "app:1"));
    let (manifest, platform) = run(client.image(&reference)).unwrap();
    assert!(platform.is_none());
    let Content::List(list) = manifest.content() else {
        panic!("a list")
    };
    for child in &list.manifests {
        let child = run(client.child(reference.repository(), child)).unwrap();
        assert!(matches!(child.content(), Content::Image(_)));
    }
    let wrong = |change: fn(&mut Descriptor)| {
        let mut descriptor = list.manifests[0].clone();
        change(&mut descriptor);
        run(client.child(reference.repository(), &descriptor))
            .unwrap_err()
            .to_string()
    };
    assert!(wrong(|d| d.size += 1).contains("its descriptor says"));
    let text = wrong(|d| d.media_type = MediaType::OciIndex.as_str().into());
    assert!(text.contains("the descriptor says"), "{text}");
    assert!(wrong(|d| d.digest = Digest::sha256(b"x")).starts_with("no such manifest: "));
}

#[test]
fn existence_and_digest_by_head() {
    let registry = EmbeddedRegistry::start();
    let digest = registry.seed("app", "1", &Image::oci().build());
    let (client, host) = (client(), registry.host());
    let (here, missing) = (reference(&host, "app:1"), reference(&host, "app:2"));
    assert_eq!(
        run(client.manifest_digest(&here))
            .unwrap()
            .unwrap()
            .as_str(),
        digest
    );
    assert_eq!(run(client.manifest_digest(&missing)).unwrap(), None);
    assert!(run(client.manifest_exists(&here)).unwrap());
    assert!(!run(client.manifest_exists(&reference(&host, "other:1"))).unwrap());
    assert!(
        registry
            .log()
            .requests()
            .iter()
            .all(|request| request.method == "HEAD")
    );
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(405)));
    assert!(run(client.manifest_exists(&here)).unwrap());
    assert!(!run(client.manifest_exists(&missing)).unwrap());
    registry.clear_faults();
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(503)));
    assert!(
        run(client.manifest_exists(&here))
            .unwrap_err()
            .is_unavailable()
    );
}

#[test]
fn missing_manifests_have_the_text_of_docker() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &Image::oci().build());
    let (client, host) = (client(), registry.host());
    let error = run(client.manifest(&reference(&host, "app:nope"))).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("no such manifest: {host}/app:nope")
    );
    assert!(error.is_not_found() && !error.is_unavailable());
    assert!(
        crate::chain(&error).contains("manifest unknown"),
        "{}",
        crate::chain(&error)
    );
    for answer in [Response::status(404), Response::Html(404)] {
        registry.fault(Fault::on("GET", "/manifests/1").times(1).respond(answer));
        assert!(
            run(client.manifest(&reference(&host, "app:1")))
                .unwrap_err()
                .is_not_found()
        );
    }
    let denied = Response::error(404, "DENIED", "requested access is denied");
    registry.fault(Fault::on("GET", "/manifests/1").respond(denied));
    let error = run(client.manifest(&reference(&host, "app:1"))).unwrap_err();
    assert!(error.is_unauthorized() && !error.is_not_found(), "{error}");
}

#[test]
fn an_invalid_config() {
    let registry = EmbeddedRegistry::start();
    let bad = Image::oci()
        .config("application/vnd.oci.image.config.v1+json", b"nonsense")
        .build();
    registry.seed("app", "bad", &bad);
    let empty = Image::oci()
        .config("application/vnd.oci.empty.v1+json", b"{}")
        .build();
    registry.seed("app", "empty", &empty);
    let (client, host) = (client(), registry.host());
    let error = run(client.image(&reference(&host, "app:bad"))).unwrap_err();
    assert!(
        error.to_string().starts_with("the image config "),
        "{error}"
    );
    let (_, platform) = run(client.image(&reference(&host, "app:empty"))).unwrap();
    assert!(!platform.unwrap().is_stated());
}

#[test]
fn reads_work_without_a_common_token() {
    let names = ["one", "two", "three"];
    let server = || TokenServer::builder().user("me", "pw");
    let wide = "repository:one:pull repository:two:pull repository:three:pull";
    let refused = |status| {
        Fault::on("GET", "/token")
            .times(1)
            .respond(Response::status(status))
    };
    for (what, fault) in [
        ("grants the first only", None),
        ("400", Some(refused(400))),
        ("401", Some(refused(401))),
        ("403", Some(refused(403))),
    ] {
        for forbids in [false, true] {
            let tokens = match &fault {
                None => server().grant_only_first_scope().start(),
                Some(_) => server().start(),
            };
            if let Some(fault) = &fault {
                tokens.fault(fault.clone());
            }
            let mut registry = EmbeddedRegistry::builder().token_auth(&tokens);
            if forbids {
                registry = registry.forbid_insufficient_scope();
            }
            let registry = registry.start();
            for name in names {
                registry.seed(name, "1", &Image::oci().seed(name).build());
            }
            // The first repository to be read is not the one that the token covers.
            let mut references =
                names.map(|name| reference(&registry.host(), &format!("{name}:1")));
            let client = logged_in(&registry.host(), "me", "pw").for_reading(&references);
            references.reverse();
            let results = run(concurrent(8, references.iter().map(|r| client.image(r))));
            for result in results {
                assert!(result.is_ok(), "{what} {forbids}: {result:?}");
            }
            // The token server does not record the scopes of a request that meets a fault.
            let mut asked = tokens.requested_scopes();
            if fault.is_none() {
                assert_eq!(asked.remove(0), wide, "{what}");
            }
            asked.sort();
            let mut own = names.map(|name| format!("repository:{name}:pull")).to_vec();
            if fault.is_none() {
                // The wide token covers the first repository, so it needs no token of its own.
                own.retain(|scope| asked.contains(scope) || !scope.contains(":one:"));
            }
            own.sort();
            assert_eq!(asked, own, "{what} {forbids}");
        }
    }
}
