//! Publications of lists: children, tag, and failures.

use std::time::Duration;

use manifest_core::{Digest, MediaType, Reference};
use manifest_registry::{
    Child, Client, Precondition, Publication, Published, RegistryError, Released, WatchedTags,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index};
use manifest_testkit::{EmbeddedRegistry, TokenServer};

use crate::{client, logged_in, reference, run};

/// A list of images to publish, and their sources.
pub(crate) struct Job {
    pub(crate) list: BuiltIndex,
    children: Vec<Child>,
    push_foreign: bool,
}

impl Job {
    pub(crate) fn new(host: &str, images: &[(&str, &BuiltImage)]) -> Self {
        let mut list = Index::oci();
        let mut children = Vec::new();
        for (repository, image) in images {
            list = list.image(image);
            let source = reference(host, &format!("{repository}:1"));
            let digest = Digest::sha256(&image.manifest);
            let media_type = MediaType::recognise(&image.media_type).unwrap();
            let child = Child::new(source.repository(), &digest, media_type, &image.manifest);
            children.push(child.unwrap());
        }
        Self {
            list: list.build(),
            children,
            push_foreign: false,
        }
    }

    /// Returns a list of images that the target repository has already.
    pub(crate) fn in_target(images: &[BuiltImage]) -> Self {
        let list = images.iter().fold(Index::oci(), Index::image);
        Self {
            list: list.build(),
            children: Vec::new(),
            push_foreign: false,
        }
    }

    pub(crate) async fn publish(
        &self,
        client: &Client,
        target: &Reference,
    ) -> Result<Published, RegistryError> {
        client.publish(&self.publication(target), |_| ()).await
    }

    /// Publishes the list with [`Client::release`].
    pub(crate) async fn release(
        &self,
        client: &Client,
        target: &Reference,
    ) -> Result<Released, RegistryError> {
        let publication = self.publication(target);
        let nothing = WatchedTags::default();
        client
            .release(&[publication], nothing, |_| Ok(()), |_| Ok(()), |_| ())
            .await
    }

    fn publication<'a>(&'a self, target: &'a Reference) -> Publication<'a> {
        Publication {
            targets: std::slice::from_ref(target),
            media_type: MediaType::OciIndex,
            bytes: &self.list.manifest,
            children: &self.children,
            push_foreign: self.push_foreign,
            precondition: Precondition::None,
            verify: Some(&[]),
        }
    }
}

fn image(seed: &str) -> BuiltImage {
    Image::oci().seed(seed).layers(2, 100).build()
}

#[test]
fn the_tag_is_written_last_and_only_once() {
    let registry = EmbeddedRegistry::start();
    let (a, b) = (image("a"), image("b"));
    registry.seed("one", "1", &a);
    registry.seed("two", "1", &b);
    let host = registry.host();
    let job = Job::new(&host, &[("one", &a), ("two", &b), ("two", &a)]);
    let target = reference(&host, "app:1");
    let published = run(job.publish(&client(), &target)).unwrap();
    assert_eq!((published.written, published.mounted), (3, 6));
    assert_eq!(
        published.digest.as_str(),
        registry.digest("app", "1").unwrap()
    );
    assert!(published.tags[0].verification_error.is_none());
    assert_eq!(registry.manifest("app", "1").unwrap().1, job.list.manifest);
    let requests = registry.log().requests();
    let writes: Vec<_> = requests.iter().filter(|r| r.method == "PUT").collect();
    assert_eq!(writes.len(), 3);
    assert!(
        writes[..2]
            .iter()
            .all(|r| r.path.contains("/manifests/sha256:"))
    );
    assert_eq!(writes[2].path, "/v2/app/manifests/1");
    let last = registry.log().lines().pop().unwrap();
    assert_eq!(last, "HEAD /v2/app/manifests/1 200");
    // A second push only probes the tag and each child.
    registry.log().clear();
    let again = run(job.publish(&client(), &target)).unwrap();
    assert_eq!((again.written, again.digest), (0, published.digest));
    let lines = registry.log().lines();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines
            .iter()
            .all(|line| line.starts_with("HEAD ") && line.ends_with(" 200"))
    );
    // One child is missing: its manifest is written again, its blobs are not transferred if another child has them, and the
    // tag stays.
    registry.log().clear();
    registry.remove_manifest("app", Digest::sha256(&a.manifest).as_str());
    let repaired = run(job.publish(&client(), &target)).unwrap();
    assert_eq!(repaired.written, 1);
    assert_eq!(
        registry
            .log()
            .count(|r| r.path == "/v2/app/manifests/1" && r.method == "PUT"),
        0
    );
}

#[test]
fn a_present_child_costs_one_request() {
    let registry = EmbeddedRegistry::start();
    let images: Vec<_> = (0..5).map(|i| image(&i.to_string())).collect();
    for image in &images {
        registry.seed("source", "1", image);
        registry.seed("app", "old", image);
    }
    let host = registry.host();
    let named: Vec<_> = images.iter().map(|image| ("source", image)).collect();
    let published = run(Job::new(&host, &named).publish(&client(), &reference(&host, "app:1")));
    assert_eq!(published.unwrap().written, 1);
    let log = registry.log();
    assert_eq!(log.count(|r| r.is("HEAD", "/v2/app/manifests/sha256:")), 5);
    assert_eq!(log.requests().len(), 5 + 3, "{:#?}", log.lines());
    // Children that are not named because the target has them cost no requests.
    log.clear();
    let published = run(Job::in_target(&images).publish(&client(), &reference(&host, "app:2")));
    assert_eq!(published.unwrap().written, 1);
    assert_eq!(
        log.lines(),
        [
            "HEAD /v2/app/manifests/2 404",
            "PUT /v2/app/manifests/2 201",
            "HEAD /v2/app/manifests/2 200"
        ]
    );
}

#[test]
fn a_token_server_that_grants_fewer_scopes() {
    let images = [image("a"), image("b")];
    let wide = "repository:app:pull,push repository:one:pull repository:two:pull";
    let narrow = TokenServer::builder()
        .user_with(
            "me",
            "pw",
            &[("app", "pull,push"), ("one", "pull"), ("two", "pull")],
        )
        .grant_only_first_scope();
    let rights = [("app", "pull,push"), ("one", "pull")];
    let half = TokenServer::builder().user_with("me", "pw", &rights);
    for (tokens, is_half) in [(narrow.start(), false), (half.start(), true)] {
        let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
        registry.seed("one", "1", &images[0]);
        registry.seed("two", "1", &images[1]);
        let host = registry.host();
        let job = Job::new(&host, &[("one", &images[0]), ("two", &images[1])]);
        let client = logged_in(&host, "me", "pw");
        let result = run(job.publish(&client, &reference(&host, "app:1")));
        assert_eq!(tokens.requested_scopes()[0], wide);
        if is_half {
            // The user has no pull access to the second repository.
            assert!(result.unwrap_err().is_unauthorized());
            assert!(registry.tags("app").is_empty());
        } else {
            let published = result.unwrap();
            assert_eq!((published.mounted, published.uploaded), (0, 6));
        }
    }
}

#[test]
fn a_registry_that_denies_pushes_with_a_wide_token() {
    let tokens = || TokenServer::builder().user("me", "pw");
    let push = "repository:app:pull,push";
    let wide = format!("{push} repository:one:pull repository:two:pull");
    // Only a token for one repository may push. The registry refuses the wide token at the first write: a mount, a child or
    // the tag.
    for (there, asked) in [(0, 4), (1, 3), (2, 2)] {
        let tokens = tokens().grant_push_for_single_scope().start();
        let registry = EmbeddedRegistry::builder()
            .token_auth(&tokens)
            .forbid_insufficient_scope()
            .start();
        let images = [image("a"), image("b")];
        let names = ["one", "two"];
        for (i, image) in images.iter().enumerate() {
            registry.seed(names[i], "1", image);
            if i < there {
                registry.seed("app", names[i], image);
            }
        }
        let host = registry.host();
        let job = Job::new(&host, &[("one", &images[0]), ("two", &images[1])]);
        let client = logged_in(&host, "me", "pw");
        let published = run(job.publish(&client, &reference(&host, "app:1"))).unwrap();
        assert_eq!(published.written, 3 - there, "{there}");
        assert_eq!(published.uploaded, 3 * (2 - there), "{there}");
        let scopes = tokens.requested_scopes();
        assert_eq!(scopes[0], wide);
        assert!(scopes.contains(&push.to_owned()), "{scopes:#?}");
        assert_eq!(scopes.len(), asked, "{scopes:#?}");
    }
}

#[test]
fn a_denied_push_is_retried_once_at_most() {
    let rights = [("app", "pull"), ("one", "pull"), ("two", "pull")];
    let tokens = TokenServer::builder().user_with("me", "pw", &rights);
    let tokens = tokens.start();
    let registry = EmbeddedRegistry::builder()
        .token_auth(&tokens)
        .forbid_insufficient_scope()
        .start();
    let images = [image("a"), image("b")];
    for (name, image) in [("one", &images[0]), ("two", &images[1])] {
        registry.seed(name, "1", image);
        registry.seed("app", name, image);
    }
    let host = registry.host();
    let job = Job::new(&host, &[("one", &images[0]), ("two", &images[1])]);
    let client = logged_in(&host, "me", "pw");
    let error = run(job.publish(&client, &reference(&host, "app:1"))).unwrap_err();
    assert!(
        error.is_unauthorized() && error.to_string().contains("403"),
        "{error}"
    );
    assert_eq!(tokens.requested_scopes().len(), 2);
    assert_eq!(registry.log().count(|r| r.method == "PUT"), 2);
}

#[test]
fn a_token_server_that_refuses_the_wide_token() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let images = [image("a"), image("b")];
    registry.seed("one", "1", &images[0]);
    registry.seed("two", "1", &images[1]);
    for status in [400, 401, 403, 414] {
        let host = registry.host();
        let before = tokens.requested_scopes().len();
        tokens.fault(
            Fault::on("GET", "/token")
                .times(1)
                .respond(Response::status(status)),
        );
        let job = Job::new(&host, &[("one", &images[0]), ("two", &images[1])]);
        let target = reference(&host, &format!("app{status}:1"));
        let client = logged_in(&host, "me", "pw");
        let published = run(job.publish(&client, &target)).unwrap();
        assert_eq!((published.mounted, published.written), (6, 3), "{status}");
        let mut asked = tokens.requested_scopes().split_off(before);
        asked.sort();
        let push = format!("repository:app{status}:pull,push");
        let expected = [
            push.clone(),
            format!("{push} repository:one:pull"),
            format!("{push} repository:two:pull"),
        ];
        assert_eq!(asked, expected);
    }
}

#[test]
fn immutable_tags() {
    let registry = EmbeddedRegistry::builder().immutable_tags().start();
    let (a, b) = (image("a"), image("b"));
    registry.seed("app", "a", &a);
    registry.seed("app", "b", &b);
    let target = reference(&registry.host(), "app:1");
    let first = Job::in_target(std::slice::from_ref(&a));
    run(first.publish(&client(), &target)).unwrap();
    assert_eq!(run(first.publish(&client(), &target)).unwrap().written, 0);
    let error = run(Job::in_target(&[b]).publish(&client(), &target)).unwrap_err();
    assert!(error.is_conflict(), "{error}");
    let there = registry.digest("app", "1").unwrap();
    assert_eq!(there, Digest::sha256(&first.list.manifest).as_str());
    let text = error.to_string();
    assert!(
        text.starts_with(&format!("failed to put manifest {target}: ")),
        "{text}"
    );
    assert!(
        text.ends_with(&format!("; {target} points to {there}")),
        "{text}"
    );
    assert!(error.hint().unwrap().contains("another one"));
    // Another client wrote the same manifest first.
    registry.fault(
        Fault::on("HEAD", "/manifests/1")
            .times(1)
            .respond(Response::status(404)),
    );
    let taken = Response::error(409, "CONFLICT", "immutable");
    registry.fault(Fault::on("PUT", "/manifests/1").times(1).respond(taken));
    let published = run(first.publish(&client(), &target)).unwrap();
    assert_eq!(
        (published.digest.as_str(), published.written),
        (there.as_str(), 0)
    );
    // A denied push is not a conflict.
    registry.fault(Fault::on("PUT", "/manifests/").respond(Response::error(403, "DENIED", "no")));
    let other = Job::in_target(&[image("c")]);
    let error = run(other.publish(&client(), &target)).unwrap_err();
    assert!(error.is_unauthorized() && !error.is_conflict());
}

#[test]
fn a_registry_that_lags() {
    let registry = EmbeddedRegistry::builder().lag_after_put(3).start();
    let (a, b) = (image("a"), image("b"));
    registry.seed("app", "a", &a);
    registry.seed("app", "b", &b);
    let target = reference(&registry.host(), "app:1");
    for image in [a, b] {
        let published = run(Job::in_target(&[image]).publish(&client(), &target)).unwrap();
        assert!(published.tags[0].verification_error.is_none() && published.written == 1);
    }
    assert_eq!(registry.log().count(|r| r.is("PUT", "/manifests/1")), 2);
}

#[test]
fn a_tag_that_reads_back_differently() {
    let registry = EmbeddedRegistry::start();
    let (a, b) = (image("a"), image("b"));
    registry.seed("app", "a", &a);
    registry.seed("app", "b", &b);
    let target = reference(&registry.host(), "app:1");
    let moved = registry.digest("app", "b").unwrap();
    let pushed_over = Response::status(200).header("docker-content-digest", &moved);
    registry.fault(
        Fault::on("HEAD", "/manifests/1")
            .nth(2)
            .respond(pushed_over),
    );
    let job = Job::in_target(&[a]);
    let error = run(job.publish(&client(), &target)).unwrap_err();
    assert!(
        error.is_conflict() && error.to_string().contains(&moved),
        "{error}"
    );
    // A user with push access but without pull access succeeds, with a verification error.
    registry.remove_manifest("app", Digest::sha256(&job.list.manifest).as_str());
    registry.clear_faults();
    registry.fault(Fault::on("HEAD", "/manifests/1").respond(Response::status(403)));
    let published = run(job.publish(&client(), &target)).unwrap();
    assert_eq!(published.written, 1);
    let error = published.tags[0]
        .verification_error
        .as_ref()
        .unwrap()
        .to_string();
    assert!(
        error.starts_with("failed to get manifest ") && error.contains("403"),
        "{error}"
    );
    // A registry without HEAD receives GET.
    registry.clear_faults();
    registry.fault(Fault::on("HEAD", "/manifests/").respond(Response::status(405)));
    let published = run(job.publish(&client(), &target)).unwrap();
    assert!(published.tags[0].verification_error.is_none());
}

#[test]
fn missing_content_is_named_with_its_source() {
    let registry = EmbeddedRegistry::start();
    let (here, lost) = (image("here"), image("lost"));
    registry.seed("app", "here", &here);
    let host = registry.host();
    let target = reference(&host, "app:1");
    let job = Job::in_target(&[here.clone(), lost.clone()]);
    let error = run(job.publish(&client(), &target)).unwrap_err();
    let digest = Digest::sha256(&lost.manifest);
    let text = error.to_string();
    let end = format!("; {host}/app does not have manifest {digest} (nor is it in {host}/app)");
    assert!(
        text.contains("manifest blob unknown") && text.ends_with(&end),
        "{text}"
    );
    assert!(!error.is_not_found() && registry.tags("app") == ["here"]);
    // A blob that is missing after its mount is uploaded. If the source lacks it too, the error names it.
    registry.seed("source", "1", &here);
    let blob = here.blob_digests().pop().unwrap();
    let mounted = Fault::on("POST", "/v2/new/blobs/uploads/").times(3);
    registry.fault(mounted.respond(Response::status(201)));
    let job = Job::new(&host, &[("source", &here)]);
    let published = run(job.publish(&client(), &reference(&host, "new:1"))).unwrap();
    assert_eq!((published.mounted, published.uploaded), (3, 3));
    registry.fault(
        Fault::on("POST", "/v2/newer/blobs/uploads/")
            .times(3)
            .respond(Response::status(201)),
    );
    registry.remove_blob("source", &blob);
    let error = run(job.publish(&client(), &reference(&host, "newer:1"))).unwrap_err();
    let text = error.to_string();
    let part = format!("blob {blob} (nor is it in {host}/source)");
    assert!(text.contains(&part), "{text}");
    assert!(registry.tags("newer").is_empty());
}

#[test]
fn foreign_layers() {
    let registry = EmbeddedRegistry::start();
    let image = Image::docker().layer(b"x").foreign_layer().build();
    registry.seed("source", "1", &image);
    let host = registry.host();
    let mut job = Job::new(&host, &[("source", &image)]);
    let published = run(job.publish(&client(), &reference(&host, "app:1"))).unwrap();
    assert_eq!(published.mounted, 2);
    // If a registry requires foreign layers, the error says so, and the hint names the option.
    let error_response = Response::error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
    registry.fault(Fault::on("PUT", "/v2/full/manifests/sha256").respond(error_response));
    let error = run(job.publish(&client(), &reference(&host, "full:1"))).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("does not have foreign layer sha256:"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("--push-foreign"));
    registry.clear_faults();
    let layer = registry.put_blob("source", b"the foreign layer's own bytes");
    job.push_foreign = true;
    let result = run(job.publish(&client(), &reference(&host, "full:1")));
    // The bytes of the layer do not exist in this test. The request for them is enough.
    assert!(result.is_err() && !layer.is_empty());
    let asked = registry.log().count(|r| r.is("GET", "/v2/source/blobs/"));
    assert_eq!(asked, 1, "{:#?}", registry.log().lines());
}

#[test]
fn a_registry_without_oci_manifests() {
    let registry = EmbeddedRegistry::builder().refuse_oci().start();
    let image = Image::docker().layer(b"x").build();
    registry.seed("source", "1", &image);
    let job = Job::new(&registry.host(), &[("source", &image)]);
    let target = reference(&registry.host(), "app:1");
    let error = run(job.publish(&client(), &target)).unwrap_err();
    assert!(error.to_string().contains("manifest invalid"), "{error}");
    assert!(!error.is_conflict() && registry.tags("app").is_empty());
}

#[test]
fn a_cancelled_push_leaves_no_tag() {
    for path in ["/blobs/uploads/", "/manifests/sha256", "/manifests/1"] {
        let registry = EmbeddedRegistry::start();
        let image = image("a");
        registry.seed("source", "1", &image);
        registry.fault(Fault::on("PUT", path).respond(Response::Hang));
        registry.fault(Fault::on("POST", path).respond(Response::Hang));
        let job = Job::new(&registry.host(), &[("source", &image)]);
        let (client, target) = (client(), reference(&registry.host(), "app:1"));
        let publish = job.publish(&client, &target);
        let given_up =
            run(async { tokio::time::timeout(Duration::from_millis(500), publish).await });
        assert!(given_up.is_err(), "{path}");
        assert!(registry.tags("app").is_empty(), "{path}");
    }
}
