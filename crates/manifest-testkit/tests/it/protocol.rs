//! The distribution protocol: the same checks on the real and on the embedded registry.

use manifest_testkit::image::{BuiltImage, Image, Index, Pushable, buildkit_index};
use manifest_testkit::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use manifest_testkit::suite::{Kind, TestRegistry, kinds, registries};
use manifest_testkit::{RealRegistry, seed, sha256};
use serde_json::json;

fn images() -> [BuiltImage; 2] {
    [
        Image::docker().build(),
        Image::docker().platform("linux/arm64").build(),
    ]
}

#[test]
fn pushed_content_is_read_back_byte_for_byte() {
    let docker = Image::docker().layers(2, 1000).build();
    let windows = Image::docker()
        .platform("windows/amd64")
        .os_version("10.0.1")
        .foreign_layer()
        .build();
    let odd = Image::oci()
        .indent(7)
        .trailing("\n \n")
        .extra("x-unknown", json!({"b": 1, "a": 2}));
    let contents: [(&str, &dyn Push); 5] = [
        (DOCKER_MANIFEST, &docker),
        (DOCKER_MANIFEST, &windows),
        (OCI_MANIFEST, &odd.build()),
        (
            DOCKER_LIST,
            &Index::docker().image(&docker).image(&windows).build(),
        ),
        (
            OCI_INDEX,
            &buildkit_index(&Image::oci().platform("linux/arm/v7").build()),
        ),
    ];
    for registry in registries() {
        for (media_type, content) in contents {
            let (digest, bytes) = content.push(&registry);
            let expect = Some((media_type.to_owned(), bytes.clone()));
            assert_eq!(registry.manifest("team/app", "1"), expect);
            assert_eq!(registry.manifest("team/app", &digest), expect);
            let head = registry.client().head("/v2/team/app/manifests/1").unwrap();
            assert_eq!(head.status, 200);
            assert_eq!(head.header("docker-content-digest"), Some(digest.as_str()));
            assert_eq!(head.header("content-type"), Some(media_type));
            assert_eq!(
                head.header("content-length"),
                Some(bytes.len().to_string().as_str())
            );
            assert_eq!(head.body, b"");
        }
    }
}

/// [`Pushable`] as a trait object.
trait Push {
    fn push(&self, registry: &TestRegistry) -> (String, Vec<u8>);
}

impl<T: Pushable> Push for T {
    fn push(&self, registry: &TestRegistry) -> (String, Vec<u8>) {
        (
            registry.push("team/app", "1", self),
            self.manifests().pop().unwrap().1,
        )
    }
}

#[test]
fn a_put_says_where_the_manifest_is() {
    let [image, _] = images();
    for registry in registries() {
        registry.push("app", "1", &image);
        let client = registry.client();
        let response = client
            .put("/v2/app/manifests/2", DOCKER_MANIFEST, &image.manifest)
            .unwrap();
        assert_eq!(response.status, 201);
        assert_eq!(
            response.header("docker-content-digest"),
            Some(image.digest.as_str())
        );
        let location = format!("{}/v2/app/manifests/{}", registry.url(), image.digest);
        assert_eq!(response.header("location"), Some(location.as_str()));
    }
}

#[test]
fn unknown_things_are_404_with_a_code_and_a_detail() {
    let [image, _] = images();
    let digest = sha256(b"nothing");
    for registry in registries() {
        registry.push("app", "1", &image);
        let check = |path: &str, code: &str, detail: serde_json::Value| {
            let response = registry.client().get(path).unwrap();
            assert_eq!(response.status, 404, "{path}");
            assert_eq!(response.error_code(), code, "{path}");
            assert_eq!(
                response.json()["errors"][0]["detail"],
                detail,
                "{:?} {path}",
                registry.kind()
            );
            let head = registry.client().head(path).unwrap();
            assert_eq!((head.status, head.body.len()), (404, 0), "{path}");
        };
        check(
            "/v2/app/manifests/2",
            "MANIFEST_UNKNOWN",
            json!({ "Tag": "2" }),
        );
        check(
            "/v2/none/manifests/2",
            "MANIFEST_UNKNOWN",
            json!({ "Tag": "2" }),
        );
        let detail = json!({ "Name": "app", "Revision": digest });
        check(
            &format!("/v2/app/manifests/{digest}"),
            "MANIFEST_UNKNOWN",
            detail,
        );
        check(
            &format!("/v2/app/blobs/{digest}"),
            "BLOB_UNKNOWN",
            digest.clone().into(),
        );
        let response = registry.client().get("/v2/none/tags/list").unwrap();
        assert_eq!(
            (response.status, response.error_code().as_str()),
            (404, "NAME_UNKNOWN")
        );
        assert_eq!(
            response.json()["errors"][0]["detail"],
            json!({ "name": "none" })
        );
        assert_eq!(
            registry.client().get("/v2/App/manifests/1").unwrap().status,
            404
        );
    }
}

#[test]
fn a_manifest_needs_its_blobs_and_children() {
    let images = images();
    let list = Index::docker().image(&images[0]).image(&images[1]).build();
    for registry in registries() {
        let client = registry.client();
        registry.push("other", "1", &images[0]);
        let check = |media_type: &str, manifest: &[u8], missing: Vec<&str>| {
            let response = client
                .put("/v2/app/manifests/1", media_type, manifest)
                .unwrap();
            assert_eq!(response.status, 400, "{}", response.text());
            let json = response.json();
            let errors = json["errors"].as_array().unwrap();
            assert!(
                errors.iter().all(|e| e["code"] == "MANIFEST_BLOB_UNKNOWN"),
                "{json}"
            );
            let mut details: Vec<_> = errors
                .iter()
                .map(|e| e["detail"].as_str().unwrap())
                .collect();
            details.dedup();
            assert_eq!(details, missing, "{:?}", registry.kind());
        };
        let image = &images[0];
        let blobs = vec![
            image.config_digest.as_str(),
            image.layers[0].digest.as_str(),
        ];
        check(DOCKER_MANIFEST, &image.manifest, blobs);
        check(
            DOCKER_LIST,
            &list.manifest,
            vec![&images[0].digest, &images[1].digest],
        );
        registry.push("app", "arm", &images[1]);
        check(DOCKER_LIST, &list.manifest, vec![&images[0].digest]);
        assert_eq!(registry.manifest("app", "1"), None);
    }
}

#[test]
fn wrong_digests_and_wrong_manifests_are_refused() {
    let images = images();
    for registry in registries() {
        let client = registry.client();
        registry.push("app", "1", &images[0]);
        let put = |reference: &str, media_type: &str, manifest: &[u8]| {
            let path = format!("/v2/app/manifests/{reference}");
            let response = client.put(&path, media_type, manifest).unwrap();
            (response.status, response.error_code())
        };
        let refused = |code: &str| (400, code.to_owned());
        let manifest = images[0].manifest.as_slice();
        assert_eq!(
            put(&images[1].digest, DOCKER_MANIFEST, manifest),
            refused("DIGEST_INVALID")
        );
        assert_eq!(
            put("x", DOCKER_MANIFEST, b"{ not json"),
            refused("MANIFEST_INVALID")
        );
        assert_eq!(put("x", DOCKER_LIST, manifest), refused("MANIFEST_INVALID"));
        assert_eq!(
            put("x", OCI_MANIFEST, manifest),
            refused("MANIFEST_INVALID")
        );
        assert_eq!(
            put("x", "text/plain", manifest),
            refused("MANIFEST_INVALID")
        );
        let response = seed::push_blob(&client, "app", &sha256(b"a"), b"b").unwrap();
        assert_eq!(
            (response.status, response.error_code().as_str()),
            (400, "DIGEST_INVALID")
        );
    }
}

#[test]
fn oci_manifests_are_sent_only_if_accepted() {
    let image = Image::oci().build();
    let index = Index::oci().image(&image).build();
    for registry in registries() {
        registry.push("app", "image", &image);
        registry.push("app", "index", &index);
        for tag in ["image", "index"] {
            let path = format!("/v2/app/manifests/{tag}");
            let accept = [("accept", DOCKER_MANIFEST)];
            let response = registry.client().send("GET", &path, &accept, &[]).unwrap();
            assert_eq!(response.status, 404);
            assert_eq!(response.error_code(), "MANIFEST_UNKNOWN");
            assert!(
                response.text().contains("accept header does not support"),
                "{}",
                response.text()
            );
        }
    }
}

#[test]
fn lists_become_images_for_old_clients() {
    let images = images();
    let list = Index::docker().image(&images[1]).image(&images[0]).build();
    for registry in registries() {
        registry.push("app", "1", &list);
        let accept = [("accept", DOCKER_MANIFEST)];
        let response = registry
            .client()
            .send("GET", "/v2/app/manifests/1", &accept, &[])
            .unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(
            response.header("docker-content-digest"),
            Some(images[0].digest.as_str())
        );
        assert_eq!(response.body, images[0].manifest);
    }
}

#[test]
fn blobs_are_mounted_where_the_source_has_them() {
    let [image, _] = images();
    let digest = &image.config_digest;
    for registry in registries() {
        registry.push("team/source", "1", &image);
        let client = registry.client();
        let mount = |digest: &str, from: &str| {
            let digest = digest.replace(':', "%3A");
            let from = from.replace('/', "%2F");
            let path = format!("/v2/app/blobs/uploads/?from={from}&mount={digest}");
            client.post(&path, "", &[]).unwrap()
        };
        let refused = mount(digest, "none");
        assert_eq!(refused.status, 202, "{}", refused.text());
        let session = refused.header("location").unwrap();
        assert!(session.contains("/v2/app/blobs/uploads/"), "{session}");
        assert_eq!(client.delete(session).unwrap().status, 204);
        assert_eq!(
            client
                .head(&format!("/v2/app/blobs/{digest}"))
                .unwrap()
                .status,
            404
        );
        let done = mount(digest, "team/source");
        assert_eq!(done.status, 201, "{}", done.text());
        assert_eq!(done.header("docker-content-digest"), Some(digest.as_str()));
        let path = format!("/v2/app/blobs/{digest}");
        assert_eq!(client.get(&path).unwrap().body, image.config);
        let location = format!("{}{path}", registry.url());
        assert_eq!(done.header("location"), Some(location.as_str()));
    }
}

#[test]
fn blobs_go_up_in_chunks_and_down_in_ranges() {
    let content = b"0123456789";
    let digest = sha256(content);
    for registry in registries() {
        let client = registry.client();
        let opened = client.post("/v2/app/blobs/uploads/", "", &[]).unwrap();
        assert_eq!(opened.status, 202);
        let mut location = opened.header("location").unwrap().to_owned();
        for (range, chunk) in [("0-3", &content[..4]), ("4-7", &content[4..8])] {
            let headers = [
                ("content-range", range),
                ("content-type", "application/octet-stream"),
            ];
            let response = client.send("PATCH", &location, &headers, chunk).unwrap();
            assert_eq!(response.status, 202, "{}", response.text());
            location = response.header("location").unwrap().to_owned();
            let end = range.split_once('-').unwrap().1;
            assert_eq!(response.header("range"), Some(format!("0-{end}").as_str()));
            let status = client.get(&location).unwrap();
            assert_eq!(
                (status.status, status.header("range")),
                (204, Some(&*format!("0-{end}")))
            );
        }
        let url = format!("{location}&digest={digest}");
        let done = client
            .put(&url, "application/octet-stream", &content[8..])
            .unwrap();
        assert_eq!(done.status, 201, "{}", done.text());
        let path = format!("/v2/app/blobs/{digest}");
        assert_eq!(client.get(&path).unwrap().body, content);
        let range = |range: &str| {
            let response = client.send("GET", &path, &[("range", range)], &[]).unwrap();
            (
                response.status,
                response.text(),
                response.header("content-range").map(str::to_owned),
            )
        };
        let part = |text: &str, range: &str| (206, text.to_owned(), Some(range.to_owned()));
        assert_eq!(range("bytes=2-4"), part("234", "bytes 2-4/10"));
        assert_eq!(range("bytes=7-"), part("789", "bytes 7-9/10"));
        assert_eq!(range("bytes=-2"), part("89", "bytes 8-9/10"));
        // Version 2.8 sends its 416 with the blob's length and another body.
        if registry.kind() == Kind::Embedded {
            assert_eq!(range("bytes=10-").0, 416);
        }
        let gone = client.put(&url, "application/octet-stream", b"").unwrap();
        assert_eq!(
            (gone.status, gone.error_code().as_str()),
            (404, "BLOB_UPLOAD_UNKNOWN")
        );
    }
}

#[test]
fn deleted_content_is_gone() {
    let [image, _] = images();
    for registry in registries() {
        let client = registry.client();
        registry.push("app", "1", &image);
        let path = format!("/v2/app/manifests/{}", image.digest);
        assert_eq!(client.delete(&path).unwrap().status, 202);
        assert_eq!(client.get(&path).unwrap().status, 404);
        assert_eq!(client.get("/v2/app/manifests/1").unwrap().status, 404);
        assert_eq!(client.delete(&path).unwrap().status, 404);
        let blob = format!("/v2/app/blobs/{}", image.config_digest);
        assert_eq!(client.delete(&blob).unwrap().status, 202);
        assert_eq!(client.get(&blob).unwrap().status, 404);
        assert_eq!(client.delete(&blob).unwrap().status, 404);
    }
}

#[test]
fn tags_and_repositories_are_listed_in_pages() {
    let [image, _] = images();
    for registry in registries() {
        let client = registry.client();
        for (repository, tag) in [("b", "3"), ("b", "1"), ("b", "2"), ("a/x", "1"), ("c", "1")] {
            registry.push(repository, tag, &image);
        }
        assert_eq!(seed::tags(&client, "b"), ["1", "2", "3"]);
        assert_eq!(seed::tags(&client, "none"), [""; 0]);
        let response = client.get("/v2/_catalog?n=2").unwrap();
        assert_eq!(response.json(), json!({ "repositories": ["a/x", "b"] }));
        let link = response.header("link").unwrap();
        assert_eq!(link, "</v2/_catalog?last=b&n=2>; rel=\"next\"");
        let next = link.trim_start_matches('<').split('>').next().unwrap();
        let response = client.get(next).unwrap();
        assert_eq!(response.json(), json!({ "repositories": ["c"] }));
        // Version 2.8 ignores `n` for tags.
        if registry.kind() == Kind::Embedded {
            let response = client.get("/v2/b/tags/list?n=2").unwrap();
            assert_eq!(response.json(), json!({ "name": "b", "tags": ["1", "2"] }));
            let link = response.header("link").unwrap();
            assert_eq!(link, "</v2/b/tags/list?last=2&n=2>; rel=\"next\"");
        }
    }
}

#[test]
fn a_real_registry_may_keep_its_content_on_disk() {
    if kinds().contains(&Kind::Real) {
        let [image, _] = images();
        let registry = RealRegistry::builder().on_disk().start();
        seed::push(&registry.host(), "app", "1", &image);
        assert!(registry.folder().join("data").is_dir());
        let folder = registry.folder().to_owned();
        drop(registry);
        assert!(!folder.exists());
    }
}

#[test]
fn a_ping_is_answered() {
    for registry in registries() {
        let response = registry.client().get("/v2/").unwrap();
        assert_eq!((response.status, response.text().as_str()), (200, "{}"));
        assert_eq!(
            response.header("docker-distribution-api-version"),
            Some("registry/2.0")
        );
        assert_eq!(registry.client().get("/nothing").unwrap().status, 404);
    }
}
