//! Referrers are copied with their images, and are listed in the target as in the source.

use std::time::Duration;

use manifest_core::{Digest, MediaType, Reference};
use manifest_registry::{
    Child, Client, ClientConfig, Precondition, Publication, Published, Referrers, RegistryError,
    RetryPolicy,
};
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index};
use manifest_testkit::log::RequestLog;
use manifest_testkit::suite::{self, Kind, TestRegistry};
use manifest_testkit::{EmbeddedRegistry, LoggingProxy, media_type, seed};
use serde_json::{Value, json};

use crate::{client, config, reference, run};

/// A registry of either kind, with a log of the requests of the client, but not of those of the tests.
struct LoggedRegistry {
    registry: TestRegistry,
    proxy: Option<LoggingProxy>,
}

impl LoggedRegistry {
    fn start(kind: Kind) -> Self {
        Self::over(TestRegistry::start(kind))
    }

    fn over(registry: TestRegistry) -> Self {
        let is_real = registry.kind() == Kind::Real;
        let proxy = is_real.then(|| LoggingProxy::builder(&registry.host()).start());
        Self { registry, proxy }
    }

    fn host(&self) -> String {
        let own = || self.registry.host();
        self.proxy.as_ref().map_or_else(own, LoggingProxy::host)
    }

    fn log(&self) -> &RequestLog {
        match (&self.proxy, &self.registry) {
            (Some(proxy), _) => proxy.log(),
            (None, TestRegistry::Embedded(registry)) => registry.log(),
            (None, TestRegistry::Real(_)) => unreachable!("the real registry has a proxy"),
        }
    }

    fn name(&self, rest: &str) -> Reference {
        reference(&self.host(), rest)
    }

    fn bytes(&self, repository: &str, name: &str) -> Option<Vec<u8>> {
        Some(self.registry.manifest(repository, name)?.1)
    }

    /// Pushes referrers by digest, and on a registry without the referrers API also their index.
    fn push_referrers(&self, repository: &str, subject: &BuiltImage, referrers: &[&BuiltImage]) {
        let host = self.registry.host();
        let mut index = Index::oci();
        for referrer in referrers {
            seed::push(&host, repository, &referrer.digest, *referrer);
            index = index.image_with(referrer, None, &[]);
        }
        if self.registry.kind() == Kind::Real {
            let path = format!("/v2/{repository}/manifests/{}", fallback(&subject.digest));
            let bytes = index.build().manifest;
            let answer = self
                .registry
                .client()
                .put(&path, media_type::OCI_INDEX, &bytes);
            assert_eq!(answer.unwrap().status, 201);
        }
    }

    /// Returns the digests and artifact types of the referrers of a digest, as a client of this registry finds them.
    fn listed_referrers(&self, repository: &str, digest: &str) -> Vec<(String, String)> {
        let client = self.registry.client();
        let api = client.get(&format!("/v2/{repository}/referrers/{digest}"));
        let api = api.unwrap();
        let list: Value = if api.status == 200 {
            api.json()
        } else {
            let bytes = self.bytes(repository, &fallback(digest));
            bytes.map_or(json!({}), |bytes| serde_json::from_slice(&bytes).unwrap())
        };
        let entries = list["manifests"].as_array().into_iter().flatten();
        let text = |entry: &Value, key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        let mut found: Vec<(String, String)> = entries
            .map(|entry| (text(entry, "digest"), text(entry, "artifactType")))
            .collect();
        found.sort();
        found
    }

    /// Returns the names of the written manifests in the order of the writes, and clears the log.
    fn written(&self) -> Vec<String> {
        let requests = self.log().requests().into_iter();
        let puts = requests.filter(|r| r.is("PUT", "/manifests/") && r.status == 201);
        let name = |path: String| path.rsplit_once('/').unwrap().1.to_owned();
        let names = puts.map(|request| name(request.path)).collect();
        self.log().clear();
        names
    }

    /// Returns all requests except GET and HEAD, and clears the log.
    fn writes(&self) -> Vec<String> {
        let lines = self.log().lines().into_iter();
        let writes = lines.filter(|line| !line.starts_with("GET ") && !line.starts_with("HEAD "));
        let writes = writes.collect();
        self.log().clear();
        writes
    }
}

pub(crate) fn fallback(digest: &str) -> String {
    digest.replace(':', "-")
}

pub(crate) fn image(seed: &str) -> BuiltImage {
    Image::oci().seed(seed).layers(2, 100).build()
}

pub(crate) fn referrer(subject: &BuiltImage, kind: &str) -> BuiltImage {
    let content = format!("{kind} of {}", subject.digest);
    Image::oci()
        .artifact_type(kind)
        .config("application/vnd.oci.empty.v1+json", b"{}")
        .layer(content.as_bytes())
        .subject(subject)
        .build()
}

/// Returns a signature manifest of cosign, with a layer for each signature.
fn signatures(of: &BuiltImage, keys: &[&str]) -> BuiltImage {
    let image = Image::oci().seed("cosign");
    let sign = |image: Image, key: &&str| image.layer(format!("{key} {}", of.digest).as_bytes());
    keys.iter().fold(image, sign).build()
}

fn child(source: &Reference, image: &BuiltImage) -> Child {
    let digest = Digest::sha256(&image.manifest);
    let media_type = MediaType::recognise(&image.media_type).unwrap();
    Child::new(source.repository(), &digest, media_type, &image.manifest).unwrap()
}

pub(crate) fn found(client: &Client, source: &Reference, image: &BuiltImage) -> Referrers {
    let subject = source.repository().at(Digest::sha256(&image.manifest));
    run(client.referrers(&[subject])).unwrap()
}

/// Publishes a list with its children.
fn publish(
    client: &Client,
    target: &Reference,
    list: &BuiltIndex,
    children: &[Child],
) -> Result<Published, RegistryError> {
    let publication = Publication {
        targets: std::slice::from_ref(target),
        media_type: MediaType::OciIndex,
        bytes: &list.manifest,
        children,
        push_foreign: false,
        precondition: Precondition::None,
        verify: Some(&[]),
    };
    run(client.publish(&publication, |_| ()))
}

/// An image in a source with an SBOM, a signature of the SBOM, and a cosign signature of the image.
struct Signed {
    image: BuiltImage,
    sbom: BuiltImage,
    signature: BuiltImage,
    cosign: BuiltImage,
    list: BuiltIndex,
}

impl Signed {
    fn at(source: &LoggedRegistry, repository: &str) -> Self {
        let image = image("signed");
        let sbom = referrer(&image, "example/sbom");
        let signature = referrer(&sbom, "example/signature");
        let cosign = signatures(&image, &["me"]);
        let host = source.registry.host();
        seed::push(&host, repository, "1", &image);
        let tag = format!("{}.sig", fallback(&image.digest));
        seed::push(&host, repository, &tag, &cosign);
        source.push_referrers(repository, &image, &[&sbom]);
        source.push_referrers(repository, &sbom, &[&signature]);
        source.log().clear();
        Self {
            list: Index::oci().image(&image).build(),
            image,
            sbom,
            signature,
            cosign,
        }
    }

    fn publish(&self, source: &Reference, target: &Reference) -> Published {
        let client = client();
        let found = found(&client, source, &self.image);
        assert!(found.skipped.is_empty(), "{:?}", found.skipped);
        let mut children = vec![child(source, &self.image)];
        children.extend(found.children);
        assert_eq!(children.len(), 4);
        publish(&client, target, &self.list, &children).unwrap()
    }
}

#[test]
fn referrers_are_copied_between_any_two_registries() {
    for from in suite::kinds() {
        for to in suite::kinds() {
            let (source, target) = (LoggedRegistry::start(from), LoggedRegistry::start(to));
            let signed = Signed::at(&source, "team/app");
            let (at, name) = (source.name("team/app:1"), target.name("app:1"));
            let published = signed.publish(&at, &name);
            assert!(source.writes().is_empty());
            let sig = format!("{}.sig", fallback(&signed.image.digest));
            let mut expected = vec![
                signed.image.digest.clone(),
                signed.sbom.digest.clone(),
                signed.signature.digest.clone(),
                sig.clone(),
            ];
            expected.sort();
            if to == Kind::Real {
                let mut indexes = [&signed.image, &signed.sbom].map(|i| fallback(&i.digest));
                indexes.sort();
                expected.extend(indexes);
            }
            expected.push("1".to_owned());
            let mut written = target.written();
            assert_eq!(published.written, written.len());
            // Concurrent writes arrive in any order.
            written[..4].sort();
            let all_but_tag = written.len() - 1;
            written[4..all_but_tag].sort();
            assert_eq!(written, expected, "{from:?} to {to:?}");
            assert_eq!(target.bytes("app", &sig).unwrap(), signed.cosign.manifest);
            for (subject, referrer, kind) in [
                (&signed.image, &signed.sbom, "example/sbom"),
                (&signed.sbom, &signed.signature, "example/signature"),
            ] {
                let bytes = target.bytes("app", &referrer.digest).unwrap();
                assert_eq!(bytes, referrer.manifest);
                let listed = target.listed_referrers("app", &subject.digest);
                assert_eq!(listed, [(referrer.digest.clone(), kind.to_owned())]);
            }
            target.log().clear();
            // A second push writes nothing.
            assert_eq!(signed.publish(&at, &name).written, 0);
            assert_eq!(target.writes(), Vec::<String>::new());
            // The target is a valid source for another copy.
            let third = EmbeddedRegistry::start();
            let on = Signed { ..signed };
            on.publish(&target.name("app:1"), &reference(&third.host(), "app:1"));
            assert_eq!(third.tags("app"), ["1", &sig]);
        }
    }
}

#[test]
fn within_a_registry_blobs_are_mounted() {
    for kind in suite::kinds() {
        let place = LoggedRegistry::start(kind);
        let signed = Signed::at(&place, "team/app");
        let published = signed.publish(&place.name("team/app:1"), &place.name("app:1"));
        assert_eq!(published.uploaded, 0);
        // Three blobs of the image, two of each referrer, of which one is shared, and two of the cosign signature.
        assert_eq!(published.mounted, 3 + 3 + 2);
    }
}

#[test]
fn existing_entries_of_the_index_stay() {
    for target in [
        LoggedRegistry::start(Kind::Embedded),
        LoggedRegistry::over(TestRegistry::Embedded(
            EmbeddedRegistry::builder().no_referrers().start(),
        )),
    ] {
        let source = LoggedRegistry::start(Kind::Embedded);
        let signed = Signed::at(&source, "app");
        let tag = fallback(&signed.image.digest);
        let other = referrer(&signed.image, "example/other");
        seed::push(&target.host(), "app", &other.digest, &other);
        let there = Index::oci()
            .image_with(&other, None, &[("k", "v")])
            .extra("x-unknown", 1)
            .build();
        seed::push(&target.host(), "app", &tag, &there);
        target.log().clear();
        signed.publish(&source.name("app:1"), &target.name("app:1"));
        let mut digests = vec![other.digest.clone(), signed.sbom.digest.clone()];
        digests.sort();
        let listed = target.listed_referrers("app", &signed.image.digest);
        let listed: Vec<String> = listed.into_iter().map(|(digest, _)| digest).collect();
        assert_eq!(listed, digests);
        let now: Value = serde_json::from_slice(&target.bytes("app", &tag).unwrap()).unwrap();
        assert_eq!(now["manifests"][0]["annotations"]["k"], "v");
        assert_eq!(now["x-unknown"], 1);
    }
}

#[test]
fn a_concurrently_overwritten_index_is_written_again() {
    let target = EmbeddedRegistry::builder().no_referrers().start();
    let source = LoggedRegistry::start(Kind::Embedded);
    let signed = Signed::at(&source, "app");
    let tag = fallback(&signed.image.digest);
    // The registry claims to store the index but does not, as if another client overwrote it at once.
    let swallowed = Response::status(201).header("docker-content-digest", "");
    // The first request with this prefix is the one for the tag of cosign.
    target.fault(
        Fault::on("PUT", &format!("/manifests/{tag}"))
            .nth(2)
            .respond(swallowed),
    );
    let impatient = Client::new(ClientConfig {
        retry: RetryPolicy {
            lag_window: Duration::ZERO,
            ..config().retry
        },
        ..config()
    })
    .unwrap();
    let at = source.name("app:1");
    let mut children = vec![child(&at, &signed.image)];
    children.extend(found(&impatient, &at, &signed.image).children);
    let name = reference(&target.host(), "app:1");
    publish(&impatient, &name, &signed.list, &children).unwrap();
    let puts = target
        .log()
        .count(|r| r.method == "PUT" && r.path.ends_with(&tag));
    assert_eq!(puts, 2);
    assert!(target.manifest("app", &tag).is_some());
    // If that happens every time, the tag is not written.
    target.seed("again", &format!("{tag}.sig"), &signed.cosign);
    target.fault(Fault::on("PUT", "/manifests/sha256-").respond(Response::status(201)));
    let name = reference(&target.host(), "again:1");
    let error = publish(&impatient, &name, &signed.list, &children).unwrap_err();
    assert!(
        matches!(error, RegistryError::ReadBackMismatch { found: None, .. }),
        "{error}"
    );
    assert_eq!(target.digest("again", "1"), None);
    // The tag is not written either if the tag of cosign is missing.
    let name = reference(&target.host(), "other:1");
    let error = publish(&impatient, &name, &signed.list, &children).unwrap_err();
    let part = format!("other:{tag}.sig, and accepted, but does not exist");
    assert!(error.to_string().contains(&part), "{error}");
    assert_eq!(target.digest("other", "1"), None);
}

#[test]
fn cosign_tags_never_lose_signatures() {
    let source = LoggedRegistry::start(Kind::Embedded);
    let image = image("signed");
    let host = source.host();
    seed::push(&host, "app", "1", &image);
    let tag = format!("{}.sig", fallback(&image.digest));
    let both = signatures(&image, &["a", "b"]);
    seed::push(&host, "app", &tag, &both);
    let at = source.name("app:1");
    let found = found(&client(), &at, &image);
    let children: Vec<Child> = [child(&at, &image)]
        .into_iter()
        .chain(found.children)
        .collect();
    let list = Index::oci().image(&image).build();
    for (keys, expected) in [
        (&["a"][..], Some(&both)),
        (&["a", "b"], Some(&both)),
        (&["b", "a", "c"], None),
        (&["c"], None),
    ] {
        let target = EmbeddedRegistry::start();
        let there = signatures(&image, keys);
        target.seed("app", &tag, &there);
        let name = reference(&target.host(), "app:1");
        let result = publish(&client(), &name, &list, &children);
        let shown = target.manifest("app", &tag).unwrap().1;
        assert_eq!(shown, expected.unwrap_or(&there).manifest, "{keys:?}");
        if keys == ["c"] {
            let error = result.unwrap_err();
            assert!(error.is_conflict(), "{error}");
            let expected = format!("{tag} points to {}, which has content", there.digest);
            assert!(error.to_string().contains(&expected), "{error}");
            assert!(error.hint().unwrap().contains("without --referrers"));
            // No manifest was written.
            assert!(target.log().requests().iter().all(|r| r.method != "PUT"));
        } else {
            result.unwrap();
            assert!(target.digest("app", "1").is_some());
        }
    }
}

#[test]
fn one_manifest_may_have_several_tags() {
    let source = LoggedRegistry::start(Kind::Embedded);
    let target = EmbeddedRegistry::start();
    let images = [image("a"), image("b")];
    let sbom = Image::oci().seed("the same").build();
    let at = source.name("app:1");
    let mut tags = Vec::new();
    for image in &images {
        seed::push(&source.host(), "app", "1", image);
        tags.push(format!("{}.sbom", fallback(&image.digest)));
        seed::push(&source.host(), "app", &tags[tags.len() - 1], &sbom);
    }
    let subjects = images
        .each_ref()
        .map(|image| at.repository().at(Digest::sha256(&image.manifest)));
    let mut children: Vec<Child> = images.iter().map(|image| child(&at, image)).collect();
    children.extend(run(client().referrers(&subjects)).unwrap().children);
    let list = images.iter().fold(Index::oci(), Index::image).build();
    let name = reference(&target.host(), "app:1");
    publish(&client(), &name, &list, &children).unwrap();
    tags.push("1".to_owned());
    tags.sort();
    assert_eq!(target.tags("app"), tags);
}

#[test]
fn a_list_with_a_subject_is_listed_as_a_referrer() {
    for kind in suite::kinds() {
        let target = LoggedRegistry::start(kind);
        let base = image("base");
        let own = image("own");
        for image in [&base, &own] {
            seed::push(&target.registry.host(), "app", "there", image);
        }
        let list = Index::oci()
            .image(&own)
            .artifact_type("example/list")
            .subject(&base)
            .build();
        target.log().clear();
        let name = target.name("app:1");
        publish(&client(), &name, &list, &[]).unwrap();
        let mut expected = vec![list.digest.clone()];
        if kind == Kind::Real {
            expected.push(fallback(&base.digest));
        }
        expected.push("1".to_owned());
        assert_eq!(target.written(), expected);
        let listed = [(list.digest.clone(), "example/list".to_owned())];
        assert_eq!(target.listed_referrers("app", &base.digest), listed);
        target.log().clear();
        assert_eq!(publish(&client(), &name, &list, &[]).unwrap().written, 0);
        assert_eq!(target.writes(), Vec::<String>::new());
    }
}

#[test]
fn a_referrer_that_is_an_index_is_copied_with_its_children() {
    let source = EmbeddedRegistry::start();
    let target = EmbeddedRegistry::start();
    let (signed, inner) = (image("signed"), image("inner"));
    source.seed("app", "1", &signed);
    let bundle = Index::oci().image(&inner).subject(&signed).build();
    source.seed("app", "bundle", &bundle);
    let at = reference(&source.host(), "app:1");
    let mut children = vec![child(&at, &signed)];
    children.extend(found(&client(), &at, &signed).children);
    let list = Index::oci().image(&signed).build();
    let name = reference(&target.host(), "app:1");
    publish(&client(), &name, &list, &children).unwrap();
    for digest in [&signed.digest, &inner.digest, &bundle.digest] {
        assert!(target.manifest("app", digest).is_some());
    }
    assert_eq!(target.tags("app"), ["1"]);
}

#[test]
fn another_manifest_under_the_tag_of_the_index_stays() {
    let target = EmbeddedRegistry::builder().no_referrers().start();
    let source = LoggedRegistry::start(Kind::Embedded);
    let signed = Signed::at(&source, "app");
    let tag = fallback(&signed.image.digest);
    let other = image("other");
    target.seed("app", &tag, &other);
    let at = source.name("app:1");
    let mut children = vec![child(&at, &signed.image)];
    children.extend(found(&client(), &at, &signed.image).children);
    let name = reference(&target.host(), "app:1");
    let error = publish(&client(), &name, &signed.list, &children).unwrap_err();
    assert!(error.to_string().contains("is something else"), "{error}");
    assert!(error.hint().unwrap().contains("remove it there"));
    assert_eq!(target.manifest("app", &tag).unwrap().1, other.manifest);
    assert_eq!(target.digest("app", "1"), None);
}
