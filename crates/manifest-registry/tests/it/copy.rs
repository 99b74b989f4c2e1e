//! Transfers of the content of an image: mounts first, uploads if a mount fails.

use std::time::Duration;

use manifest_core::{Digest, MediaType};
use manifest_registry::{
    Child, Client, ClientConfig, Credentials, Precondition, Publication, Published, RegistryError,
    ReleaseStep,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::{EmbeddedRegistry, TokenServer};
use serde_json::json;

use crate::{client, config, impatient, logged_in, reference, run};

/// Publishes a list of one image under the digest of the list.
fn copy(
    client: &Client,
    from: &str,
    to: &str,
    image: &BuiltImage,
) -> Result<Published, RegistryError> {
    let source = manifest_core::Reference::parse(&format!("{from}:1")).unwrap();
    let target = manifest_core::Reference::parse(&format!("{to}:1")).unwrap();
    let media_type = MediaType::recognise(&image.media_type).unwrap();
    let digest = Digest::sha256(&image.manifest);
    let list = Index::oci().image(image).build().manifest;
    let child = Child::new(source.repository(), &digest, media_type, &image.manifest)?;
    let publication = Publication {
        targets: &[target.repository().at(Digest::sha256(&list))],
        media_type: MediaType::OciIndex,
        bytes: &list,
        children: &[child],
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    let mut arrived = Vec::new();
    let on_step = |step: ReleaseStep<'_>| {
        if let ReleaseStep::ChildTransferred(_, child) = step {
            arrived.push(child.digest().clone());
        }
    };
    let published = run(client.publish(&publication, on_step))?;
    assert_eq!(arrived, [digest]);
    Ok(published)
}

/// Returns an image with two identical layers, another layer, and a foreign layer.
fn image() -> BuiltImage {
    Image::docker()
        .layer(b"same")
        .layer(b"same")
        .layer(&[7; 300_000])
        .foreign_layer()
        .build()
}

fn is_complete(registry: &EmbeddedRegistry, repository: &str, image: &BuiltImage) {
    let digest = Digest::sha256(&image.manifest);
    assert_eq!(
        registry.manifest(repository, digest.as_str()).unwrap().1,
        image.manifest
    );
    assert_eq!(registry.tags(repository), Vec::<String>::new());
    assert_eq!(registry.open_uploads(repository), 0);
}

#[test]
fn mounts_each_blob_once() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let image = image();
    registry.seed("team/source", "1", &image);
    let (client, host) = (logged_in(&registry.host(), "me", "pw"), registry.host());
    let copied = copy(
        &client,
        &format!("{host}/team/source"),
        &format!("{host}/target"),
        &image,
    )
    .unwrap();
    let Published {
        written,
        mounted,
        uploaded,
        uploaded_bytes,
        tags,
        ..
    } = copied;
    assert_eq!((written, mounted, uploaded, uploaded_bytes), (2, 3, 0, 0));
    assert!(tags[0].verification_error.is_none());
    is_complete(&registry, "target", &image);
    // One token covers both scopes, the target first. The manifest needs no other token.
    assert_eq!(
        tokens.requested_scopes(),
        ["repository:target:pull,push repository:team/source:pull"]
    );
    let query = &tokens.log().requests()[0].query;
    assert_eq!(query.matches("scope=").count(), 2, "{query}");
    let log = registry.log();
    assert_eq!(
        log.count(|r| r.is("POST", "/v2/target/blobs/uploads/") && r.status == 201),
        3
    );
    // The challenge; probes of list and child; mounts; writes of both; the read-back of the list.
    let lines = log.lines();
    assert_eq!(lines.len(), 1 + 2 + 3 + 2 + 1, "{lines:#?}");
    let post = log
        .requests()
        .into_iter()
        .find(|r| r.status == 201)
        .unwrap();
    assert!(
        post.query.starts_with("from=team%2Fsource&mount=sha256%3A"),
        "{}",
        post.query
    );
}

#[test]
fn uploads_into_the_session_of_a_refused_mount() {
    for relative in [false, true] {
        let mut builder = EmbeddedRegistry::builder().never_mount();
        if relative {
            builder = builder.relative_locations();
        }
        let registry = builder.start();
        let image = image();
        registry.seed("source", "1", &image);
        let host = registry.host();
        let copied = copy(
            &client(),
            &format!("{host}/source"),
            &format!("{host}/target"),
            &image,
        )
        .unwrap();
        assert_eq!((copied.mounted, copied.uploaded), (0, 3));
        is_complete(&registry, "target", &image);
        assert_eq!(
            registry.log().count(|r| r.method == "POST"),
            3,
            "no second session"
        );
        assert_eq!(
            registry.log().count(|r| r.is("GET", "/v2/source/blobs/")),
            3
        );
        // A present blob is not uploaded again, and its session is cancelled.
        registry.log().clear();
        registry.remove_manifest("target", Digest::sha256(&image.manifest).as_str());
        let again = copy(
            &client(),
            &format!("{host}/source"),
            &format!("{host}/target"),
            &image,
        )
        .unwrap();
        assert_eq!((again.mounted, again.uploaded), (0, 0));
        assert_eq!(registry.log().count(|r| r.method == "DELETE"), 3);
        is_complete(&registry, "target", &image);
    }
}

#[test]
fn uploads_if_the_token_does_not_cover_a_mount() {
    let tokens = TokenServer::builder()
        .user("me", "pw")
        .grant_only_first_scope()
        .start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let image = image();
    registry.seed("source", "1", &image);
    let (client, host) = (logged_in(&registry.host(), "me", "pw"), registry.host());
    let copied = copy(
        &client,
        &format!("{host}/source"),
        &format!("{host}/target"),
        &image,
    )
    .unwrap();
    assert_eq!(
        (copied.mounted, copied.uploaded),
        (0, 3),
        "{:#?}",
        registry.log().lines()
    );
    is_complete(&registry, "target", &image);
}

#[test]
fn uploads_if_mounts_fail() {
    for status in [400, 401, 403, 404, 405] {
        let registry = EmbeddedRegistry::start();
        let image = image();
        registry.seed("source", "1", &image);
        // The first three POSTs are the mounts.
        registry.fault(
            Fault::on("POST", "/blobs/uploads/")
                .times(3)
                .respond(Response::status(status)),
        );
        let host = registry.host();
        let copied = copy(
            &client(),
            &format!("{host}/source"),
            &format!("{host}/target"),
            &image,
        )
        .unwrap();
        assert_eq!((copied.mounted, copied.uploaded), (0, 3), "{status}");
        is_complete(&registry, "target", &image);
    }
    for status in [429, 503] {
        let registry = EmbeddedRegistry::start();
        registry.fault(Fault::on("POST", "/blobs/uploads/").respond(Response::status(status)));
        let host = registry.host();
        let error = copy(
            &client(),
            &format!("{host}/source"),
            &format!("{host}/target"),
            &image(),
        )
        .unwrap_err();
        assert_eq!(error.status().unwrap().as_u16(), status);
    }
}

#[test]
fn uploads_between_registries() {
    let source = EmbeddedRegistry::builder().basic_auth("a", "1").start();
    let tokens = TokenServer::builder().user("b", "2").start();
    let target = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let image = image();
    source.seed("app", "1", &image);
    let logins = json!({ "auths": {
        source.host(): { "username": "a", "password": "1" },
        target.host(): { "username": "b", "password": "2" },
    } });
    let credentials = Credentials::from_config_json(logins.to_string().as_bytes()).unwrap();
    let client = Client::new(ClientConfig {
        credentials,
        ..config()
    })
    .unwrap();
    let copied = copy(
        &client,
        &format!("{}/app", source.host()),
        &format!("{}/mirror/app", target.host()),
        &image,
    )
    .unwrap();
    let size: usize = 4 + 300_000;
    assert!((copied.mounted, copied.uploaded) == (0, 3) && copied.uploaded_bytes > size as u64);
    is_complete(&target, "mirror/app", &image);
    assert_eq!(
        tokens.requested_scopes(),
        ["repository:mirror/app:pull,push"]
    );
    assert_eq!(target.log().count(|r| r.query.contains("mount")), 0);
    assert!(source.log().requests().iter().all(|r| r.method == "GET"));
}

#[test]
fn many_blobs_do_not_wait_for_each_other() {
    let registry = EmbeddedRegistry::builder().never_mount().start();
    let image = Image::oci().layers(60, 5000).build();
    registry.seed("source", "1", &image);
    let host = registry.host();
    let copied = copy(
        &client(),
        &format!("{host}/source"),
        &format!("{host}/target"),
        &image,
    )
    .unwrap();
    assert_eq!(copied.uploaded, 61);
    is_complete(&registry, "target", &image);
}

#[test]
fn wrong_content_is_never_published() {
    for (answer, part) in [
        (Response::CorruptBody, "blob verification failed"),
        (Response::ShortBody, "the connection was closed"),
        (Response::EndlessBody, "the content is over the limit of"),
        (Response::EmptyBody, "its descriptor says"),
        (Response::Hang, "no response within"),
        (Response::ResetAfterHeaders, "the connection was closed"),
        (Response::status(404), "404 Not Found"),
    ] {
        let (source, target) = (EmbeddedRegistry::start(), EmbeddedRegistry::start());
        let image = image();
        source.seed("app", "1", &image);
        source.fault(Fault::on("GET", "/blobs/").respond(answer.clone()));
        let config = ClientConfig {
            timeouts: impatient(),
            ..config()
        };
        let client = Client::new(config).unwrap();
        let error = copy(
            &client,
            &format!("{}/app", source.host()),
            &format!("{}/app", target.host()),
            &image,
        )
        .unwrap_err();
        let text = error.to_string();
        assert!(
            text.starts_with("failed to get blob ") && text.contains(part),
            "{answer:?}: {text}"
        );
        assert!(target.manifests("app").is_empty());
        assert!(
            image
                .blob_digests()
                .iter()
                .all(|digest| target.blob("app", digest).is_none())
        );
    }
}

#[test]
fn a_stalled_target_times_out() {
    for method in ["POST", "PUT"] {
        let (source, target) = (EmbeddedRegistry::start(), EmbeddedRegistry::start());
        let image = image();
        source.seed("app", "1", &image);
        target.fault(Fault::on(method, "/blobs/uploads/").respond(Response::Hang));
        let config = ClientConfig {
            timeouts: impatient(),
            ..config()
        };
        let client = Client::new(config).unwrap();
        let error = copy(
            &client,
            &format!("{}/app", source.host()),
            &format!("{}/app", target.host()),
            &image,
        )
        .unwrap_err();
        assert!(error.is_unavailable(), "{error}");
        assert!(
            error.to_string().starts_with("failed to upload blob "),
            "{error}"
        );
    }
}

#[test]
fn a_stalled_source_is_not_taken_for_the_target() {
    let (source, target) = (EmbeddedRegistry::start(), EmbeddedRegistry::start());
    let image = image();
    source.seed("app", "1", &image);
    let stalled = Response::SlowBody(Duration::from_secs(60));
    source.fault(Fault::on("GET", "/blobs/").respond(stalled));
    let config = ClientConfig {
        timeouts: impatient(),
        ..config()
    };
    let error = copy(
        &Client::new(config).unwrap(),
        &format!("{}/app", source.host()),
        &format!("{}/app", target.host()),
        &image,
    )
    .unwrap_err();
    let text = error.to_string();
    let start = format!("failed to get blob {}/app@", source.host());
    assert!(text.starts_with(&start), "{text}");
    assert!(text.contains("no response within"), "{text}");
}

/// A stream cannot be sent again with another token, so the upload is resumed.
#[test]
fn an_upload_with_a_refused_token_resumes_with_another() {
    let tokens = TokenServer::builder()
        .anonymous(&[("*", "pull,push")])
        .start();
    let target = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let source = EmbeddedRegistry::start();
    let image = image();
    source.seed("app", "1", &image);
    let ended = || {
        let realm = format!("Bearer realm=\"{}\"", tokens.realm());
        Response::error(401, "UNAUTHORIZED", "the token has ended")
            .header("www-authenticate", &realm)
    };
    let names = [
        format!("{}/app", source.host()),
        format!("{}/app", target.host()),
    ];
    target.fault(
        Fault::on("PUT", "/blobs/uploads/")
            .times(1)
            .respond(ended()),
    );
    copy(&client(), &names[0], &names[1], &image).unwrap();
    for digest in image.blob_digests() {
        assert!(target.blob("app", &digest).is_some(), "{digest}");
    }
    // The upload is resumed only once: a registry that refuses every token does not cause a loop.
    let other = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let fault = other.fault(Fault::on("PUT", "/blobs/uploads/").respond(ended()));
    let error = copy(
        &client(),
        &names[0],
        &format!("{}/app", other.host()),
        &image,
    )
    .unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(
        fault.hits() <= 2 * image.blob_digests().len(),
        "{}",
        fault.hits()
    );
}

#[test]
fn an_upload_location_elsewhere_gets_no_credentials() {
    let storage = EmbeddedRegistry::start();
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    let source = EmbeddedRegistry::start();
    let image = image();
    source.seed("app", "1", &image);
    let to = format!(
        "http://{}/v2/app/blobs/uploads/none?state=1",
        storage.host()
    );
    registry.fault(
        Fault::on("POST", "/blobs/uploads/").respond(Response::status(202).header("location", &to)),
    );
    // The registry sends this location only to an authenticated client.
    let client = logged_in(&registry.host(), "me", "pw");
    let error = copy(
        &client,
        &format!("{}/app", source.host()),
        &format!("{}/app", registry.host()),
        &image,
    )
    .unwrap_err();
    assert!(
        error.to_string().starts_with("failed to upload blob "),
        "{error}"
    );
    let requests = storage.log().requests();
    assert!(!requests.is_empty());
    assert!(
        requests
            .iter()
            .all(|request| request.header("authorization").is_none())
    );
}

#[test]
fn a_child_with_a_wrong_digest_or_type_is_refused() {
    let registry = EmbeddedRegistry::start();
    let image = image();
    let source = reference(&registry.host(), "a:1").repository().clone();
    let wrong = Digest::sha256(b"other");
    let check = |media_type, digest: &Digest| {
        Child::new(&source, digest, media_type, &image.manifest)
            .unwrap_err()
            .to_string()
    };
    assert!(check(MediaType::DockerManifest, &wrong).contains("manifest verification failed"));
    assert!(
        check(MediaType::OciManifest, &Digest::sha256(&image.manifest))
            .contains("mediaType in manifest")
    );
    assert!(registry.log().requests().is_empty());
}
