//! `apply`: lists that spec files describe.
//!
//! | module | holds |
//! | --- | --- |
//! | [`publishing`] | what is published, and that it is what `create --push` publishes |
//! | [`requests`] | the number of requests: of the first run, of a run without changes, with tokens |
//! | [`failures`] | lists that fail, busy registries, and the exit codes |
//! | [`missing`] | images that do not exist |
//! | [`waiting`] | `--wait`: images that do not exist yet |
//! | [`plans`] | `--check` and `--dry-run` |
//! | [`reports`] | the report, its schema, the table, and the progress |
//! | [`interrupted`] | Ctrl-C and SIGTERM: the report of what was written |
//! | [`kills`] | runs that are killed, and are continued by running them again |
//! | [`inputs`] | files, folders, standard input, templates, bake targets, and flags that contradict each other |

mod failures;
mod inputs;
mod interrupted;
mod kills;
mod missing;
mod plans;
mod publishing;
mod reports;
mod requests;
mod waiting;

use std::fs;

use manifest_testkit::image::{BuiltImage, Image};
use serde_json::Value;

use crate::commands::{Shell, Watched};

/// The architectures of the images in [`seed`].
const ARCHITECTURES: [&str; 2] = ["amd64", "arm64"];

/// Pushes the images `src:NUMBER-ARCHITECTURE` for `lists` lists. Returns their digests, list by list.
fn seed(registry: &Watched<'_>, lists: usize) -> Vec<[String; 2]> {
    let digests = (0..lists).map(|number| {
        ARCHITECTURES.map(|architecture| {
            let image = image(number, architecture);
            registry.push("src", &format!("{number}-{architecture}"), &image)
        })
    });
    let digests = digests.collect();
    registry.log().clear();
    digests
}

fn image(number: usize, architecture: &str) -> BuiltImage {
    let image = Image::oci().platform(&format!("linux/{architecture}"));
    image.seed(&number.to_string()).build()
}

/// Describes the lists `app:NUMBER` of the images in [`seed`], by tag.
fn by_tag(lists: usize) -> String {
    let lists = (0..lists).map(|number| {
        let names = ARCHITECTURES.map(|architecture| format!("@/src:{number}-{architecture}"));
        list(&format!("@/app:{number}"), &names)
    });
    lists.collect()
}

/// Describes the lists `app:NUMBER` of the images in [`seed`], by digest.
fn by_digest(digests: &[[String; 2]]) -> String {
    let lists = digests.iter().enumerate().map(|(number, digests)| {
        let names = digests.clone().map(|digest| format!("@/src@{digest}"));
        list(&format!("@/app:{number}"), &names)
    });
    lists.collect()
}

/// Describes one list.
fn list(name: &str, images: &[String]) -> String {
    let images = images.iter().map(|image| format!("  - image: {image}\n"));
    let images: String = images.collect();
    format!("---\nimage: {name}\nmanifests:\n{images}")
}

/// Writes a spec file into the home, which is the working directory. `@/` in it is replaced by the registry.
fn write(shell: &Shell<'_>, name: &str, text: &str) {
    let text = text.replace("@/", &format!("{}/", shell.registry.host()));
    fs::write(shell.home.path().join(name), text).unwrap();
}

/// Returns the report that a run has written to `report.json`.
fn report(shell: &Shell<'_>) -> Value {
    let bytes = fs::read(shell.home.path().join("report.json")).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

/// Returns the requests that write.
fn writes(registry: &Watched<'_>) -> Vec<String> {
    let lines = registry.log().lines().into_iter();
    let is_write = |line: &String| !line.starts_with("GET ") && !line.starts_with("HEAD ");
    lines.filter(is_write).collect()
}
