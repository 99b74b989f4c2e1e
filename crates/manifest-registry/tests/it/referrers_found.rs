//! The search for referrers: pages, the referrers tag schema, and the maximum depth.

use manifest_core::Digest;
use manifest_registry::SkipReason;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{Image, Index};
use manifest_testkit::{EmbeddedRegistry, media_type};
use serde_json::json;

use crate::referrers::{fallback, found, image, referrer};
use crate::{client, reference, run};

#[test]
fn pages_are_followed_within_bounds() {
    let registry = EmbeddedRegistry::builder().referrers_per_page(2).start();
    let image = image("signed");
    registry.seed("app", "1", &image);
    for i in 0..5 {
        registry.seed("app", "r", &referrer(&image, &format!("example/{i}")));
    }
    let at = reference(&registry.host(), "app:1");
    assert_eq!(found(&client(), &at, &image).children.len(), 5);
    let pages = format!("/v2/app/referrers/{}", image.digest);
    assert_eq!(registry.log().count(|r| r.path == pages), 3);
    // An endless list is an error.
    let empty = Index::oci().build();
    let endless = Response::Status {
        code: 200,
        headers: vec![
            ("content-type".to_owned(), media_type::OCI_INDEX.to_owned()),
            ("link".to_owned(), format!("<{pages}?again>; rel=\"next\"")),
        ],
        body: empty.manifest,
    };
    registry.fault(Fault::on("GET", &pages).respond(endless));
    let subject = at.repository().at(Digest::sha256(&image.manifest));
    let error = run(client().referrers(&[subject])).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("is over the limit of 100 pages of referrers"),
        "{error}"
    );
}

#[test]
fn a_missing_referrers_api_has_many_responses() {
    let signed_at = |registry: &EmbeddedRegistry| {
        let image = image("signed");
        let sbom = referrer(&image, "example/sbom");
        registry.seed("app", "1", &image);
        registry.seed("app", &sbom.digest, &sbom);
        let index = Index::oci().image_with(&sbom, None, &[]).build();
        registry.seed("app", &fallback(&image.digest), &index);
        image
    };
    let nothing = Response::Status {
        code: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: b"{}".to_vec(),
    };
    let others = [400, 404, 405, 406, 501].map(Response::status);
    for answer in others.into_iter().chain([nothing, Response::Html(200)]) {
        let registry = EmbeddedRegistry::start();
        let image = signed_at(&registry);
        let shown = format!("{answer:?}");
        registry.fault(Fault::on("GET", "/referrers/").respond(answer));
        let at = reference(&registry.host(), "app:1");
        assert_eq!(found(&client(), &at, &image).children.len(), 1, "{shown}");
    }
    for status in [401, 403] {
        let registry = EmbeddedRegistry::start();
        let image = signed_at(&registry);
        registry.fault(Fault::on("GET", "/referrers/").respond(Response::status(status)));
        let at = reference(&registry.host(), "app:1");
        let subject = at.repository().at(Digest::sha256(&image.manifest));
        let error = run(client().referrers(&[subject])).unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("failed to list the referrers of "),
            "{text}"
        );
    }
}

#[test]
fn skipped_referrers_are_reported() {
    let registry = EmbeddedRegistry::builder().no_referrers().start();
    let image = image("signed");
    registry.seed("app", "1", &image);
    let (lost, stranger) = (
        referrer(&image, "example/lost"),
        Image::oci().seed("x").build(),
    );
    registry.seed("app", "stranger", &stranger);
    let artifact = "application/vnd.oci.artifact.manifest.v1+json";
    let entry = |digest: &str, media_type: &str, size: usize| json!({ "mediaType": media_type, "digest": digest, "size": size });
    let index = json!({ "schemaVersion": 2, "mediaType": media_type::OCI_INDEX, "manifests": [
        entry(&lost.digest, &lost.media_type, lost.size()),
        entry(&stranger.digest, &stranger.media_type, stranger.size()),
        entry(&image.digest, artifact, 3),
    ] });
    let tag = fallback(&image.digest);
    registry.put_manifest(
        "app",
        Some(&tag),
        media_type::OCI_INDEX,
        index.to_string().as_bytes(),
    );
    let at = reference(&registry.host(), "app:1");
    let referrers = found(&client(), &at, &image);
    assert!(referrers.children.is_empty());
    let reasons: Vec<&SkipReason> = referrers.skipped.iter().map(|s| &s.reason).collect();
    let unknown = SkipReason::UnsupportedType(artifact.to_owned());
    assert_eq!(
        reasons,
        [
            &SkipReason::NotFound,
            &SkipReason::SubjectMismatch,
            &unknown
        ]
    );
    assert_eq!(
        referrers.skipped[0].to_string(),
        format!(
            "{}/app@{}, listed as a referrer of {}, is not copied: the registry does not have it",
            registry.host(),
            lost.digest,
            image.digest
        )
    );
}

#[test]
fn referrers_of_referrers_are_followed_to_a_maximum_depth() {
    let registry = EmbeddedRegistry::start();
    let first = image("signed");
    registry.seed("app", "1", &first);
    let mut subject = first.clone();
    for level in 0..7 {
        let next = referrer(&subject, &format!("example/{level}"));
        registry.seed("app", "r", &next);
        subject = next;
    }
    let at = reference(&registry.host(), "app:1");
    let referrers = found(&client(), &at, &first);
    assert_eq!(referrers.children.len(), 4);
    assert_eq!(referrers.skipped.len(), 1);
    assert_eq!(referrers.skipped[0].reason, SkipReason::TooDeep);
}
