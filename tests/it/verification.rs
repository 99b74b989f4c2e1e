//! `verify` and `diff`.
//!
//! | module | holds |
//! | --- | --- |
//! | [`damage`] | a table of broken lists: each kind of damage is found, none is invented |
//! | [`requests`] | the number of requests and round trips, and registries that do not respond |
//! | [`hostile`] | content that is too large, too much, or not an image |
//! | [`layouts`] | lists on disk |
//! | [`differences`] | `diff` |
//! | [`tables`] | the tables in several widths |
//! | [`schema`] | the JSON reports, checked against their schemas |

mod damage;
mod differences;
mod hostile;
mod layouts;
mod requests;
mod schema;
mod tables;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::{BuiltImage, Image, Index, buildkit_index};
use serde_json::{Value, json};

use crate::harness::{Home, Ran};

const OCI_INDEX: &str = "application/vnd.oci.image.index.v1+json";
const DOCKER_LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";

/// An embedded registry, and a home to run the program in.
struct Lab {
    registry: EmbeddedRegistry,
    home: Home,
}

impl Lab {
    fn new() -> Self {
        Self {
            registry: EmbeddedRegistry::start(),
            home: Home::new(),
        }
    }

    /// Runs a command line. `@/` stands for the registry, which becomes `REGISTRY` in the output.
    fn run(&self, line: &str) -> Ran {
        let host = self.registry.host();
        let line = line.replace("@/", &format!("{host}/"));
        let words: Vec<&str> = line.split_whitespace().collect();
        let ran = self.home.ours(&words);
        Ran {
            stdout: ran.stdout.replace(&host, "REGISTRY"),
            stderr: ran.stderr.replace(&host, "REGISTRY"),
            ..ran
        }
    }

    /// Runs a command line with `--format json`, and parses the report.
    fn json(&self, line: &str) -> Value {
        let ran = self.run(&format!("{line} --format json"));
        serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}\n{ran}"))
    }

    /// Puts an image in the repository without a tag, and returns its descriptor with its platform.
    fn image(&self, image: &BuiltImage) -> Value {
        self.registry.seed("app", "untagged", image);
        descriptor(image)
    }

    /// Puts a list of these descriptors under a tag, unchecked.
    fn list(&self, media_type: &str, tag: &str, descriptors: &[Value]) -> String {
        let list = json!({
            "schemaVersion": 2,
            "mediaType": media_type,
            "manifests": descriptors,
        });
        let bytes = serde_json::to_vec(&list).unwrap();
        self.registry
            .put_manifest("app", Some(tag), media_type, &bytes)
    }
}

fn oci(platform: &str, seed: &str) -> BuiltImage {
    Image::oci().platform(platform).seed(seed).build()
}

fn windows(version: &str, seed: &str) -> BuiltImage {
    let image = Image::oci().platform("windows/amd64").seed(seed);
    image.os_version(version).build()
}

/// Returns the descriptor of an image, with the platform of its configuration.
fn descriptor(image: &BuiltImage) -> Value {
    let config: Value = serde_json::from_slice(&image.config).unwrap_or_default();
    let mut platform = json!({});
    for field in ["architecture", "os", "os.version", "variant"] {
        if let Some(value) = config.get(field) {
            platform[field] = value.clone();
        }
    }
    json!({
        "mediaType": image.media_type,
        "digest": image.digest,
        "size": image.size(),
        "platform": platform,
    })
}

/// Returns a descriptor with another value in one field.
fn with(mut descriptor: Value, field: &str, value: Value) -> Value {
    descriptor[field] = value;
    descriptor
}

/// Puts a list under a tag that has nothing to find: four images, two of them with attestations.
fn push_sound_list(lab: &Lab, tag: &str) {
    let images = [oci("linux/amd64", "1"), oci("linux/arm64/v8", "2")];
    let mut descriptors = Vec::new();
    for image in &images {
        let index = buildkit_index(image);
        lab.registry.seed("app", "untagged", &index);
        let index: Value = serde_json::from_slice(&index.manifest).unwrap();
        descriptors.extend(index["manifests"].as_array().unwrap().clone());
    }
    for version in ["10.0.17763.1", "10.0.20348.1"] {
        descriptors.push(lab.image(&windows(version, version)));
    }
    lab.list(OCI_INDEX, tag, &descriptors);
}

/// Puts a Docker manifest list under a tag that has nothing to find.
fn push_sound_docker_list(lab: &Lab, tag: &str) {
    let list = Index::docker()
        .image(&Image::docker().platform("linux/amd64").build())
        .image(&Image::docker().platform("linux/arm/v7").build())
        .image(
            &Image::docker()
                .platform("windows/amd64")
                .foreign_layer()
                .build(),
        );
    lab.registry.seed("app", tag, &list.build());
}
