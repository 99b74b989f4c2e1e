//! Runs that are killed, and are continued by running them again.

use std::process::Stdio;
use std::time::Duration;

use manifest_testkit::image::Image;
use serde_json::Value;

use super::{ARCHITECTURES, list, write};
use crate::commands::{Shell, Watched, watched};

const KILLS: usize = 50;

const LISTS: usize = 5;

/// The longest wait for the request after which a run is killed.
const LIMIT: Duration = Duration::from_secs(10);

/// Pushes new images, and describes lists of them: each in a repository of its own, under two tags. Returns the digests of the images.
fn prepare(shell: &Shell<'_>, round: usize) -> Vec<String> {
    let digests = ARCHITECTURES.map(|architecture| {
        let image = Image::oci().platform(&format!("linux/{architecture}"));
        let image = image.seed(&format!("round {round}")).build();
        shell
            .registry
            .push("src", &format!("{round}-{architecture}"), &image)
    });
    let names = ARCHITECTURES.map(|architecture| format!("@/src:{round}-{architecture}"));
    let lists = (0..LISTS).map(|number| {
        let text = list(&format!("@/lists/{number}:1"), &names);
        text.replace("manifests:", "tags: [latest]\nmanifests:")
    });
    write(shell, "lists.yaml", &lists.collect::<String>());
    shell.registry.log().clear();
    digests.to_vec()
}

/// Returns the digests in the list that a tag points to. Each has to be in the list's repository.
#[track_caller]
fn images(registry: &Watched<'_>, number: usize, tag: &str) -> Vec<String> {
    let repository = format!("lists/{number}");
    let list: Value = serde_json::from_slice(&registry.bytes(&repository, tag)).unwrap();
    let children = list["manifests"].as_array().unwrap().iter();
    let digests = children.map(|child| child["digest"].as_str().unwrap().to_owned());
    let digests: Vec<String> = digests.collect();
    for digest in &digests {
        assert!(
            registry.manifest(&repository, digest).is_some(),
            "{repository}:{tag} lacks {digest}"
        );
    }
    digests
}

/// Kills a run after a random request, and runs it again. Whatever a tag points to in between is whole: the list before or the new one.
#[test]
fn a_killed_run_is_continued() {
    let seed = fastrand::u64(..);
    let mut random = fastrand::Rng::with_seed(seed);
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let mut before = prepare(&shell, 0);
        shell.run("apply lists.yaml").succeeds();
        let mut unfinished = 0;
        for round in 1..=KILLS {
            let new = prepare(&shell, round);
            // Most of a run's requests are for content that is new in each round.
            let requests = match round {
                1 => 0,
                _ => random.usize(0..LISTS * 14),
            };
            let mut child = shell.command("apply lists.yaml");
            let mut child = child
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            if !registry.log().wait_for_count(LIMIT, requests) {
                // The run was shorter.
                child.wait().unwrap();
            }
            child.kill().unwrap();
            child.wait().unwrap();
            let context = format!("seed {seed}, round {round}, killed after {requests} requests");
            let tags = (0..LISTS).flat_map(|number| [(number, "1"), (number, "latest")]);
            let found = tags
                .clone()
                .map(|(number, tag)| images(&registry, number, tag));
            let found: Vec<Vec<String>> = found.collect();
            let is_whole = |digests: &Vec<String>| *digests == before || *digests == new;
            assert!(found.iter().all(is_whole), "{context}: {found:#?}");
            unfinished += usize::from(found.contains(&before));

            shell.run("apply lists.yaml").succeeds();
            for (number, tag) in tags {
                assert_eq!(images(&registry, number, tag), new, "{context}");
            }
            before = new;
        }
        assert!(
            unfinished > KILLS / 4,
            "seed {seed}: only {unfinished} kills were in time"
        );
    }
}
