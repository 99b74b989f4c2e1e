//! Drafts in a repository of a registry (`--stage`).
//!
//! | module | holds |
//! | --- | --- |
//! | [`jobs`] | the jobs of a CI run: 32 at once, one of them killed |
//! | [`changes`] | each command on a staged draft |
//! | [`logins`] | users with few permissions |
//! | [`requests`] | the number of requests |
//! | [`faults`] | registries that lag, refuse, or limit |
//! | [`content`] | versions from the future, foreign and hostile content |

mod changes;
mod content;
mod faults;
mod jobs;
mod logins;
mod requests;

use manifest_testkit::image::Image;
use manifest_testkit::sha256;
use serde_json::Value;

use crate::commands::{Shell, Watched};

/// The list of all tests here.
const LIST: &str = "@/app:list";

/// Pushes the images `app:0`, `app:1` and so on, each for a platform of its own.
fn fill(registry: &Watched<'_>, images: usize) {
    for number in 0..images {
        let image = Image::docker()
            .platform("windows/amd64")
            .os_version(&format!("10.0.{number}"));
        registry.push("app", &number.to_string(), &image.build());
    }
    registry.log().clear();
}

/// Returns the tag of a part as the documentation of the protocol describes it.
fn part_tag(host: &str, list: &str, key: &str) -> String {
    let hash = |text: &str| sha256(text.as_bytes())["sha256:".len()..][..40].to_owned();
    let key = key.replace("@/", &format!("{host}/"));
    let list = list.replace("@/", &format!("{host}/"));
    format!("docker-manifest-draft-{}-{}", hash(&list), hash(&key))
}

/// Returns the tag of the part with the entries of a source.
fn source_tag(host: &str, image: &str) -> String {
    part_tag(host, LIST, &format!("source\n{image}"))
}

/// Returns the digests of the children of a published list.
fn published(registry: &Watched<'_>, tag: &str) -> Vec<String> {
    let list: Value = serde_json::from_slice(&registry.bytes("app", tag)).unwrap();
    let children = list["manifests"].as_array().unwrap().iter();
    children
        .map(|child| child["digest"].as_str().unwrap().to_owned())
        .collect()
}

/// Returns the names of the staged drafts.
fn names(shell: &Shell<'_>) -> String {
    let ran = shell.run("ls -q --stage @/stage");
    ran.succeeds();
    ran.stdout
}
