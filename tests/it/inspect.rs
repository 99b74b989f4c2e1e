//! The forms of `inspect` that Docker's command does not have.
//!
//! | module | holds |
//! | --- | --- |
//! | [`forms`] | raw bytes, digests, templates, tables, and the settings for them |
//! | [`schema`] | the JSON form, checked against its schema |
//! | [`drafts`] | drafts, and the changes that they make |
//! | [`platforms`] | `--platform`, and one image in depth |
//! | [`bad_input`] | content that is no image, too large, or hostile |
//! | [`requests`] | the number of requests of each form |

mod bad_input;
mod drafts;
mod forms;
mod platforms;
mod requests;
mod schema;

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index};
use manifest_testkit::suite::Kind;
use serde_json::Value;

use crate::commands::{Shell, Watched};
use crate::harness::Ran;
use crate::harness::home::OURS;

/// Returns an image with a history.
fn image(platform: &str) -> BuiltImage {
    let history = serde_json::json!([
        {"created": "2024-01-01T00:00:00Z", "created_by": "COPY / /"},
        {"created": "2024-01-01T00:00:00Z", "created_by": "ENV A=1", "empty_layer": true},
    ]);
    Image::oci()
        .platform(platform)
        .config_extra("history", history)
        .build()
}

/// Returns an attestation manifest with a statement of each type.
fn attestation(of: &BuiltImage, predicates: &[(&str, Value)]) -> BuiltImage {
    let mut manifest = Image::oci().platform("unknown/unknown");
    for (predicate_type, predicate) in predicates {
        let statement = serde_json::json!({
            "_type": "https://in-toto.io/Statement/v0.1",
            "predicateType": predicate_type,
            "subject": [{"name": "_", "digest": {"sha256": of.digest.trim_start_matches("sha256:")}}],
            "predicate": predicate,
        });
        manifest = manifest.layer_of_type(
            "application/vnd.in-toto+json",
            statement.to_string().as_bytes(),
            &[("in-toto.io/predicate-type", *predicate_type)],
        );
    }
    manifest.build()
}

/// Returns an index of images, each with an SBOM and a provenance.
fn index(platforms: &[&str]) -> (BuiltIndex, Vec<BuiltImage>) {
    let images: Vec<BuiltImage> = platforms.iter().map(|platform| image(platform)).collect();
    let mut index = Index::oci().annotation("org.example", "of the index");
    for image in &images {
        index = index.image(image);
    }
    for image in &images {
        let sbom = serde_json::json!({"spdxVersion": "SPDX-2.3", "packages": [{"name": "a"}, {"name": "b"}]});
        let provenance =
            serde_json::json!({"builder": {"id": "https://ci.example/1"}, "buildType": "b"});
        let predicates = [
            ("https://spdx.dev/Document", sbom),
            ("https://slsa.dev/provenance/v0.2", provenance),
        ];
        let attestation = attestation(image, &predicates);
        let platform = attestation.platform.clone();
        index = index.image_with(
            &attestation,
            Some(platform),
            &[
                ("vnd.docker.reference.digest", &image.digest),
                ("vnd.docker.reference.type", "attestation-manifest"),
            ],
        );
    }
    (index.build(), images)
}

/// Starts a registry with `app:1`, an index for three platforms, and the images of it by tag.
fn registry() -> (Watched<'static>, BuiltIndex, Vec<BuiltImage>) {
    let registry = Watched::empty(Kind::Embedded);
    let platforms = ["linux/amd64", "linux/arm64", "linux/arm/v6"];
    let (index, images) = index(&platforms);
    registry.push("app", "1", &index);
    for (tag, image) in ["amd64", "arm64", "armv6"].iter().zip(&images) {
        registry.push("app", tag, image);
    }
    registry.log().clear();
    (registry, index, images)
}

/// Parses standard output as JSON.
#[track_caller]
fn json(ran: &Ran) -> Value {
    ran.succeeds();
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{ran}"))
}

/// Runs `inspect` with these words, without quotes, in a fresh home.
fn inspect(registry: &Watched<'_>, words: &str) -> Ran {
    inspect_in(&Shell::new(registry), words)
}

/// Runs `inspect` with these words, without quotes.
fn inspect_in(shell: &Shell<'_>, words: &str) -> Ran {
    let words = words.replace("@/", &format!("{}/", shell.registry.host()));
    let mut command = shell.home.command(OURS);
    command.arg("inspect").args(words.split_whitespace());
    shell.run_command(&mut command)
}
