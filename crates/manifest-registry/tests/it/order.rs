//! The order of the steps of a publication.

use std::time::Duration;

use manifest_core::{Digest, MediaType, Reference};
use manifest_registry::{
    Child, Client, ObservedTag, Precondition, Publication, RegistryError, Released,
    TransferEstimate, WatchedTags,
};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::log::RequestLog;

use crate::publish::Job;
use crate::{client, reference, run};

/// The maximum wait for an expected request on a slow machine.
const WAIT_LIMIT: Duration = Duration::from_secs(60);

fn image(seed: &str) -> BuiltImage {
    Image::oci().seed(seed).layers(2, 100).build()
}

/// A registry with an image, and a list of it to publish as `app:1`.
struct World {
    registry: EmbeddedRegistry,
    image: BuiltImage,
    source: Reference,
    target: Reference,
    children: [Child; 1],
    list: Vec<u8>,
}

impl World {
    fn new() -> Self {
        let registry = EmbeddedRegistry::start();
        let image = image("a");
        registry.seed("one", "1", &image);
        let source = reference(&registry.host(), "one:1");
        Self {
            target: reference(&registry.host(), "app:1"),
            children: [child(&image, &source)],
            list: Index::oci().image(&image).build().manifest,
            registry,
            image,
            source,
        }
    }

    fn watch(&self, before_any_write: bool) -> WatchedTags<'_> {
        let tags = std::slice::from_ref(&self.source);
        WatchedTags {
            tags,
            before_any_write,
        }
    }
}

fn child(image: &BuiltImage, source: &Reference) -> Child {
    let digest = Digest::sha256(&image.manifest);
    let of = source.repository();
    Child::new(of, &digest, MediaType::OciManifest, &image.manifest).unwrap()
}

async fn release(
    client: &Client,
    target: &Reference,
    children: &[Child],
    bytes: &[u8],
    watch: WatchedTags<'_>,
    check_tags: impl FnOnce(&[ObservedTag]) -> Result<(), RegistryError>,
) -> Result<Released, RegistryError> {
    let publication = Publication {
        targets: std::slice::from_ref(target),
        media_type: MediaType::OciIndex,
        bytes,
        children,
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    let nothing = |_: &TransferEstimate| Ok::<_, RegistryError>(());
    client
        .release(&[publication], watch, nothing, check_tags, |_| ())
        .await
}

/// Runs a release that never ends until it has sent a request, and then cancels it.
fn run_until_request(
    never: impl Future<Output = Result<Released, RegistryError>>,
    log: &RequestLog,
    method: &'static str,
    path: &str,
) {
    let (log, path) = (log.clone(), path.to_owned());
    run(async {
        let made = tokio::task::spawn_blocking(move || {
            log.wait_for(WAIT_LIMIT, |r| r.is(method, &path)).is_some()
        });
        tokio::select! {
            result = never => panic!("it ended: {result:?}"),
            made = made => assert!(made.unwrap(), "no {method}"),
        }
    });
}

#[test]
fn an_image_waits_for_its_own_blobs_only() {
    let (registry, other) = (EmbeddedRegistry::start(), EmbeddedRegistry::start());
    let (a, b) = (image("a"), image("b"));
    registry.seed("one", "1", &a);
    other.seed("two", "1", &b);
    let children = [
        child(&b, &reference(&other.host(), "two:1")),
        child(&a, &reference(&registry.host(), "one:1")),
    ];
    let list = Index::oci().image(&b).image(&a).build().manifest;
    other.fault(Fault::on("GET", "/v2/two/blobs/").respond(Response::Hang));
    let target = reference(&registry.host(), "app:1");
    let client = client();
    let (first, second) = (Digest::sha256(&a.manifest), Digest::sha256(&b.manifest));
    run_until_request(
        release(
            &client,
            &target,
            &children,
            &list,
            WatchedTags::default(),
            |_| Ok(()),
        ),
        registry.log(),
        "PUT",
        &format!("/v2/app/manifests/{first}"),
    );
    let path = format!("/v2/app/manifests/{second}");
    assert_eq!(registry.log().count(|r| r.is("PUT", &path)), 0);
}

#[test]
fn watched_tags_are_checked_before_tags_or_before_any_write() {
    for before_any_write in [false, true] {
        let world = World::new();
        let shown = |shown: &[ObservedTag]| {
            let now = Digest::sha256(&world.image.manifest);
            assert_eq!(shown, [(world.source.clone(), Some(now))]);
            Err(RegistryError::PreconditionFailed {
                reference: Box::new(world.source.clone()),
                expected: None,
                found: None,
            })
        };
        let (client, watch) = (client(), world.watch(before_any_write));
        let (target, children) = (&world.target, &world.children);
        let released = release(&client, target, children, &world.list, watch, shown);
        run(released).unwrap_err();
        let log = world.registry.log();
        let writes = |path: &str| log.count(|r| r.is("PUT", path));
        assert_eq!(writes("/v2/app/manifests/1"), 0);
        let child = usize::from(!before_any_write);
        assert_eq!(writes("/v2/app/manifests/sha256:"), child);
        assert_eq!(log.count(|r| r.method == "POST"), 3 * child);
    }
}

#[test]
fn watched_tags_delay_only_the_writes_of_tags() {
    let world = World::new();
    let hangs = Fault::on("HEAD", "/v2/one/manifests/1");
    world.registry.fault(hangs.respond(Response::Hang));
    let (client, watch) = (client(), world.watch(false));
    let (target, children) = (&world.target, &world.children);
    run_until_request(
        release(&client, target, children, &world.list, watch, |_| Ok(())),
        world.registry.log(),
        "PUT",
        "/v2/app/manifests/sha256:",
    );
}

#[test]
fn watched_tags_are_read_if_head_does_not_state_the_digest() {
    let world = World::new();
    let silent = Fault::on("HEAD", "/v2/one/manifests/1");
    world.registry.fault(silent.respond(Response::status(405)));
    let seen = std::cell::Cell::new(false);
    let shown = |shown: &[ObservedTag]| {
        seen.set(shown[0].1 == Some(Digest::sha256(&world.image.manifest)));
        Ok(())
    };
    let (client, watch) = (client(), world.watch(false));
    let (target, children) = (&world.target, &world.children);
    run(release(
        &client,
        target,
        children,
        &world.list,
        watch,
        shown,
    ))
    .unwrap();
    assert!(seen.get());
}

#[test]
fn manifests_that_are_refused_although_their_content_exists_are_pushed_again() {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().layer(b"x").build();
    registry.seed("source", "1", &image);
    let host = registry.host();
    let job = Job::new(&host, &[("source", &image)]);
    for path in ["/v2/app/manifests/sha256", "/v2/app/manifests/1"] {
        let unknown = Response::error(400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry");
        registry.fault(Fault::on("PUT", path).times(1).respond(unknown));
    }
    run(job.publish(&client(), &reference(&host, "app:1"))).unwrap();
    assert_eq!(registry.tags("app"), ["1"]);
    let puts = registry.log().count(|r| r.is("PUT", "/v2/app/manifests/"));
    assert_eq!(puts, 4, "{:#?}", registry.log().lines());
    let uploads = registry.log().count(|r| r.is("PUT", "/v2/app/blobs/"));
    assert_eq!(uploads, 0, "{:#?}", registry.log().lines());
}
