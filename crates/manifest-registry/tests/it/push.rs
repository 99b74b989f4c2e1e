//! Pushes of single manifests.

use manifest_core::digest::Algorithm;
use manifest_core::{Digest, MediaType};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, TokenServer};

use crate::{client, logged_in, reference, run};

const INDEX: &[u8] =
    br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;

#[test]
fn by_tag_and_by_digest() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let (client, host) = (logged_in(&registry.host(), "me", "pw"), registry.host());
    let digest = Digest::sha256(INDEX);
    let put = |name: String| {
        run(client.put_manifest(
            &reference(&host, &name),
            MediaType::OciIndex,
            INDEX.to_vec(),
        ))
    };
    assert_eq!(put("app:1".into()).unwrap(), digest);
    assert_eq!(registry.digest("app", "1").unwrap(), digest.as_str());
    assert_eq!(registry.manifest("app", "1").unwrap().1, INDEX);
    assert_eq!(tokens.requested_scopes(), ["repository:app:pull,push"]);
    // A different digest in the reference is ignored, as Docker does.
    let other = Digest::sha256(b"other");
    assert_eq!(put(format!("by/digest@{other}")).unwrap(), digest);
    assert_eq!(registry.manifests("by/digest"), [digest.as_str()]);
    assert_eq!(put(format!("both:2@{other}")).unwrap(), digest);
    assert_eq!(registry.tags("both"), ["2"]);
    // There was one challenge, and only its request was sent twice.
    assert_eq!(registry.log().count(|r| r.status == 401), 1);
    // A token with push access also serves reads.
    run(client.manifest(&reference(&host, "app:1"))).unwrap();
    assert_eq!(tokens.requested_scopes().len(), 3);
}

#[test]
fn a_success_counts_only_from_a_registry() {
    let registry = EmbeddedRegistry::start();
    let target = reference(&registry.host(), "app:1");
    let put = |answer: Response| {
        registry.fault(Fault::on("PUT", "/manifests/").times(1).respond(answer));
        run(client().put_manifest(&target, MediaType::OciIndex, INDEX.to_vec()))
    };
    let marked =
        |code| Response::status(code).header("docker-distribution-api-version", "registry/2.0");
    let page = |answer: Response| answer.header("content-type", "text/html; charset=utf-8");
    let at = |answer: Response| answer.header("location", "/v2/app/manifests/1");
    for yes in [
        Response::status(201),
        marked(200),
        marked(202),
        at(Response::status(200)),
        page(marked(201)),
    ] {
        assert_eq!(put(yes.clone()).unwrap(), Digest::sha256(INDEX), "{yes:?}");
    }
    for no in [
        Response::status(200),
        Response::status(204),
        Response::Html(200),
        Response::Html(201),
        page(marked(200)),
    ] {
        let error = put(no.clone()).unwrap_err();
        let text = error.to_string();
        let part = "is not the response of a registry to a write";
        assert!(text.contains(part), "{no:?}: {text}");
        assert!(error.hint().unwrap().contains("check the proxy"), "{no:?}");
    }
}

#[test]
fn the_stated_digest_is_verified() {
    let registry = EmbeddedRegistry::start();
    let target = reference(&registry.host(), "app:1");
    let put = || run(client().put_manifest(&target, MediaType::OciIndex, INDEX.to_vec()));
    let created = || Response::status(201);
    registry.fault(Fault::on("PUT", "/manifests/").times(1).respond(created()));
    assert_eq!(put().unwrap(), Digest::sha256(INDEX));
    let sha512 = Digest::compute(Algorithm::Sha512, INDEX);
    registry.fault(
        Fault::on("PUT", "/manifests/")
            .times(1)
            .respond(created().header("docker-content-digest", sha512.as_str())),
    );
    assert_eq!(put().unwrap(), sha512);
    registry.fault(
        Fault::on("PUT", "/manifests/")
            .times(1)
            .respond(Response::WrongDigestHeader),
    );
    let error = put().unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("failed to put manifest {target}: ")),
        "{error}"
    );
    assert!(error.contains("the registry says digest"), "{error}");
}

#[test]
fn failures_start_like_those_of_docker() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().build();
    let target = reference(&registry.host(), "app:1");
    let error = run(client().put_manifest(&target, MediaType::OciManifest, image.manifest.clone()))
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("failed to put manifest {target}: ")),
        "{text}"
    );
    assert!(text.contains("manifest blob unknown"), "{text}");
    let elsewhere = Response::Redirect {
        to: "http://127.0.0.1:1/x".into(),
    };
    registry.fault(
        Fault::on("PUT", "/manifests/")
            .times(1)
            .respond(Response::status(302).header("location", "/v2/other")),
    );
    let text = run(client().put_manifest(&target, MediaType::OciIndex, INDEX.to_vec()))
        .unwrap_err()
        .to_string();
    assert!(text.contains("a write is never redirected"), "{text}");
    registry.fault(Fault::on("PUT", "/manifests/").times(1).respond(elsewhere));
    assert!(
        run(client().put_manifest(&target, MediaType::OciIndex, INDEX.to_vec()))
            .unwrap_err()
            .is_unavailable()
    );
    registry.fault(Fault::on("PUT", "/manifests/").respond(Response::status(403)));
    let error =
        run(client().put_manifest(&target, MediaType::OciIndex, INDEX.to_vec())).unwrap_err();
    assert!(
        error.hint().unwrap().contains("permission to push to"),
        "{:?}",
        error.hint()
    );
}
