//! Preconditions of tags, on registries that do not state the digest in their response to HEAD.

use manifest_core::{Digest, MediaType, Reference};
use manifest_registry::{Precondition, Publication, Published, RegistryError};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::{BuiltIndex, Image, Index};

use crate::{client, reference, run};

fn publish(
    list: &BuiltIndex,
    target: &Reference,
    precondition: Precondition<'_>,
) -> Result<Published, RegistryError> {
    let publication = Publication {
        targets: std::slice::from_ref(target),
        media_type: MediaType::OciIndex,
        bytes: &list.manifest,
        children: &[],
        push_foreign: false,
        precondition,
        verify: Some(&[]),
    };
    run(client().publish(&publication, |_| {}))
}

#[test]
fn a_precondition_reads_the_manifest_if_head_does_not_state_the_digest() {
    let image = Image::oci().build();
    let old = Index::oci().image(&image).build();
    let new = Index::oci().image(&image).annotation("a", "b").build();
    let (old_digest, new_digest) = (Digest::sha256(&old.manifest), Digest::sha256(&new.manifest));
    for answer in [
        Response::status(405),
        Response::status(200).header("content-type", &old.media_type),
    ] {
        let registry = EmbeddedRegistry::start();
        registry.seed("app", "1", &old);
        registry.fault(Fault::on("HEAD", "/manifests/1").respond(answer.clone()));
        let target = reference(&registry.host(), "app:1");
        for expected in [Precondition::Absent, Precondition::Digest(&new_digest)] {
            let list = Index::oci().image(&image).annotation("c", "d").build();
            let error = publish(&list, &target, expected).unwrap_err();
            assert!(error.is_conflict(), "{answer:?} {expected:?}: {error}");
            assert!(error.to_string().contains(old_digest.as_str()), "{error}");
        }
        assert_eq!(registry.digest("app", "1").unwrap(), old_digest.as_str());
        publish(&new, &target, Precondition::Digest(&old_digest)).unwrap();
        assert_eq!(registry.digest("app", "1").unwrap(), new_digest.as_str());
    }
    // A tag that cannot be read is not written.
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "1", &old);
    let hidden = Response::error(403, "DENIED", "no");
    registry.fault(Fault::on("HEAD", "/manifests/1").respond(hidden));
    let target = reference(&registry.host(), "app:1");
    let error = publish(&new, &target, Precondition::Absent).unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert_eq!(registry.digest("app", "1").unwrap(), old_digest.as_str());
    // A tag that does not exist is written.
    let other = reference(&registry.host(), "app:2");
    publish(&new, &other, Precondition::Absent).unwrap();
    assert_eq!(registry.digest("app", "2").unwrap(), new_digest.as_str());
}
