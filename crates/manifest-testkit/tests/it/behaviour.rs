//! Features of the embedded registry only: its switches, referrers, and access to its content.

use std::time::{Duration, Instant};

use manifest_testkit::image::{Image, Index};
use manifest_testkit::{Client, EmbeddedRegistry, seed, sha256};
use serde_json::json;

#[test]
fn a_registry_may_never_mount() {
    let registry = EmbeddedRegistry::builder()
        .never_mount()
        .relative_locations()
        .start();
    let digest = registry.put_blob("source", b"blob");
    let client = Client::new(&registry.host());
    let path = format!("/v2/app/blobs/uploads/?mount={digest}&from=source");
    let response = client.post(&path, "", &[]).unwrap();
    assert_eq!(response.status, 202);
    let location = response.header("location").unwrap();
    assert!(location.starts_with("/v2/app/blobs/uploads/"), "{location}");
    assert_eq!(registry.open_uploads("app"), 1);
    assert_eq!(client.delete(location).unwrap().status, 204);
    assert_eq!(registry.open_uploads("app"), 0);
    assert_eq!(client.delete(location).unwrap().status, 404);
}

#[test]
fn a_registry_may_refuse_oci_or_mixtures() {
    let (docker, oci) = (Image::docker().build(), Image::oci().build());
    let put = |registry: &EmbeddedRegistry, media_type: &str, bytes: &[u8]| {
        registry.seed("app", "docker", &docker);
        registry.seed("app", "oci", &oci);
        let client = Client::new(&registry.host());
        let response = client
            .put("/v2/app/manifests/new", media_type, bytes)
            .unwrap();
        (response.status, response.error_code())
    };
    let check = |registry: &EmbeddedRegistry, index: Index, status: u16| {
        let index = index.build();
        let code = if status == 400 {
            "MANIFEST_INVALID"
        } else {
            ""
        };
        let expect = (status, code.to_owned());
        assert_eq!(put(registry, &index.media_type, &index.manifest), expect);
    };
    let refuse_oci = EmbeddedRegistry::builder().refuse_oci().start();
    check(&refuse_oci, Index::oci().image(&oci), 400);
    check(&refuse_oci, Index::docker().image(&docker), 201);
    let refuse_mixed = EmbeddedRegistry::builder().refuse_mixed().start();
    check(&refuse_mixed, Index::oci().image(&oci), 201);
    check(&refuse_mixed, Index::oci().image(&oci).image(&docker), 400);
    check(
        &refuse_mixed,
        Index::docker().image(&docker).image(&oci),
        400,
    );
    check(
        &EmbeddedRegistry::start(),
        Index::oci().image(&oci).image(&docker),
        201,
    );
}

#[test]
fn a_registry_may_have_immutable_tags() {
    let registry = EmbeddedRegistry::builder().immutable_tags().start();
    let (one, two) = (Image::docker().build(), Image::docker().seed("2").build());
    registry.seed("app", "1", &one);
    registry.seed("app", "2", &two);
    let client = Client::new(&registry.host());
    let put = |image: &manifest_testkit::image::BuiltImage| {
        client
            .put("/v2/app/manifests/1", &image.media_type, &image.manifest)
            .unwrap()
    };
    assert_eq!(put(&one).status, 201);
    let refused = put(&two);
    assert_eq!(
        (refused.status, refused.error_code().as_str()),
        (400, "TAG_INVALID")
    );
    assert_eq!(registry.digest("app", "1"), Some(one.digest));
}

#[test]
fn a_registry_may_lag() {
    let registry = EmbeddedRegistry::builder().lag_after_put(2).start();
    let image = Image::docker().build();
    seed::push(&registry.host(), "app", "1", &image);
    let client = Client::new(&registry.host());
    let path = "/v2/app/manifests/1";
    let statuses = [
        client.head(path),
        client.get(path),
        client.get(path),
        client.head(path),
    ];
    assert_eq!(
        statuses.map(|response| response.unwrap().status),
        [404, 404, 200, 200]
    );
}

#[test]
fn a_registry_may_be_far_away() {
    let latency = Duration::from_millis(30);
    let registry = EmbeddedRegistry::builder().latency(latency).start();
    let start = Instant::now();
    assert_eq!(
        Client::new(&registry.host()).get("/v2/").unwrap().status,
        200
    );
    assert!(start.elapsed() >= 2 * latency);
}

#[test]
fn referrers_are_listed_and_filtered() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().build();
    registry.seed("app", "1", &image);
    let signature = Image::oci()
        .subject(&image)
        .artifact_type("example/signature")
        .annotation("by", "alice")
        .build();
    let bill = Image::oci()
        .subject(&image)
        .config("example/sbom", b"{}")
        .build();
    let client = Client::new(&registry.host());
    registry.seed("app", "bill", &bill);
    registry.seed("app", "sig", &signature);
    let path = format!("/v2/app/manifests/{}", signature.digest);
    let response = client
        .put(&path, &signature.media_type, &signature.manifest)
        .unwrap();
    assert_eq!(response.header("oci-subject"), Some(image.digest.as_str()));
    let all = client
        .get(&format!("/v2/app/referrers/{}", image.digest))
        .unwrap();
    assert_eq!(
        all.header("content-type"),
        Some("application/vnd.oci.image.index.v1+json")
    );
    assert_eq!(all.json()["manifests"].as_array().unwrap().len(), 2);
    let path = format!(
        "/v2/app/referrers/{}?artifactType=example/signature",
        image.digest
    );
    let response = client.get(&path).unwrap();
    assert_eq!(response.header("oci-filters-applied"), Some("artifactType"));
    let expect = json!([{
        "mediaType": signature.media_type,
        "digest": signature.digest,
        "size": signature.size(),
        "artifactType": "example/signature",
        "annotations": { "by": "alice" },
    }]);
    assert_eq!(response.json()["manifests"], expect);
    let none = client
        .get(&format!("/v2/app/referrers/{}", sha256(b"none")))
        .unwrap();
    assert_eq!((none.status, &none.json()["manifests"]), (200, &json!([])));
}

#[test]
fn the_registry_can_be_looked_into() {
    let registry = EmbeddedRegistry::start();
    let (amd, arm) = (
        Image::docker().build(),
        Image::docker().platform("linux/arm64").build(),
    );
    let list = Index::docker().image(&amd).image(&arm).build();
    assert_eq!(registry.seed("team/app", "1", &list), list.digest);
    assert_eq!(registry.tags("team/app"), ["1"]);
    assert_eq!(registry.tags("none"), [""; 0]);
    assert_eq!(registry.manifests("team/app").len(), 3);
    assert_eq!(registry.manifest("team/app", "1").unwrap().1, list.manifest);
    assert_eq!(
        registry.blob("team/app", &amd.config_digest),
        Some(amd.config.clone())
    );
    assert!(registry.remove_blob("team/app", &amd.config_digest));
    assert_eq!(registry.blob("team/app", &amd.config_digest), None);
    assert!(registry.remove_manifest("team/app", &list.digest));
    assert_eq!(registry.digest("team/app", "1"), None);
    registry.put_manifest("team/app", Some("odd"), "text/plain", b"odd");
    let response = Client::new(&registry.host())
        .get("/v2/team/app/manifests/odd")
        .unwrap();
    assert_eq!(
        (response.header("content-type"), response.text().as_str()),
        (Some("text/plain"), "odd")
    );
    assert_eq!(
        registry.log().lines(),
        ["GET /v2/team/app/manifests/odd 200"]
    );
}

#[test]
fn a_post_may_carry_the_whole_blob() {
    let registry = EmbeddedRegistry::start();
    let digest = sha256(b"blob");
    let path = format!("/v2/app/blobs/uploads/?digest={digest}");
    let client = Client::new(&registry.host());
    let response = client
        .post(&path, "application/octet-stream", b"blob")
        .unwrap();
    assert_eq!(response.status, 201);
    assert_eq!(registry.blob("app", &digest), Some(b"blob".to_vec()));
    let registry = EmbeddedRegistry::builder().refuse_single_post().start();
    let client = Client::new(&registry.host());
    let post = |path: &str| client.post(path, "application/octet-stream", b"blob");
    assert_eq!(post(&path).unwrap().status, 400);
    assert_eq!(post("/v2/app/blobs/uploads/").unwrap().status, 202);
    assert_eq!(registry.blob("app", &digest), None);
}

#[test]
fn connections_are_kept_counted_and_dropped() {
    let registry = EmbeddedRegistry::start();
    let host = registry.host();
    let client = Client::new(&host);
    for _ in 0..3 {
        assert_eq!(client.get("/v2/").unwrap().status, 200);
    }
    assert_eq!(registry.log().connections(), 3);
    assert_eq!(registry.log().max_in_flight(), 1);
    let requests = registry.log().requests();
    assert_eq!(
        requests
            .iter()
            .map(|r| (r.seq, r.connection_id))
            .collect::<Vec<_>>(),
        [(0, 0), (1, 1), (2, 2)]
    );
    drop(registry);
    assert!(client.get("/v2/").is_err());
}

#[test]
fn a_registry_may_have_no_referrers_or_pages_of_them() {
    let without = EmbeddedRegistry::builder().no_referrers().start();
    let pages = EmbeddedRegistry::builder().referrers_per_page(2).start();
    let image = Image::oci().build();
    let path = format!("/v2/app/referrers/{}", image.digest);
    for registry in [&without, &pages] {
        registry.seed("app", "1", &image);
        let client = Client::new(&registry.host());
        for i in 0..3 {
            let referrer = Image::oci().seed(&i.to_string()).subject(&image).build();
            registry.seed("app", "referrer", &referrer);
            let path = format!("/v2/app/manifests/{}", referrer.digest);
            let response = client.put(&path, &referrer.media_type, &referrer.manifest);
            let response = response.unwrap();
            assert_eq!(response.status, 201);
            let is_listed = response.header("oci-subject").is_some();
            assert_eq!(is_listed, registry.host() == pages.host());
        }
    }
    let response = Client::new(&without.host()).get(&path).unwrap();
    assert_eq!(response.status, 404);
    let client = Client::new(&pages.host());
    let first = client.get(&path).unwrap();
    assert_eq!(first.json()["manifests"].as_array().unwrap().len(), 2);
    let link = first.header("link").unwrap();
    let next = link
        .strip_prefix('<')
        .and_then(|link| link.strip_suffix(">; rel=\"next\""));
    let second = client.get(next.unwrap()).unwrap();
    assert_eq!(second.json()["manifests"].as_array().unwrap().len(), 1);
    assert_eq!(second.header("link"), None);
}
