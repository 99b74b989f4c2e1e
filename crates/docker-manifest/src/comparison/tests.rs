//! Properties of the comparison.

use manifest_core::media_type::{OCI_INDEX, OCI_MANIFEST};
use manifest_core::{Manifest, Platform};
use serde_json::json;

use super::changes::{Changes, EntryChangeKind};
use super::side::{Origin, Side};

const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "riscv64", "s390x"];

/// Builds a list of images, each by its architecture and the last digit of its digest.
fn list(images: &[(&str, u8)]) -> Side {
    let manifests: Vec<_> = images
        .iter()
        .map(|(architecture, digit)| {
            json!({
                "mediaType": OCI_MANIFEST,
                "digest": format!("sha256:{digit:064}"),
                "size": 7,
                "platform": {"os": "linux", "architecture": architecture},
            })
        })
        .collect();
    let list = json!({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests});
    let bytes = serde_json::to_vec(&list).unwrap();
    let manifest = Manifest::parse(OCI_INDEX, bytes).unwrap();
    Side::of_manifest("list".to_owned(), Origin::Registry, &manifest, None)
}

fn changes(from: &Side, to: &Side) -> Changes {
    Changes::between(from.content.as_ref(), to.content.as_ref())
}

/// All lists of up to three images, of two architectures and three digests.
fn lists() -> Vec<Side> {
    let image = |number: usize| (ARCHITECTURES[number % 2], (number / 2) as u8);
    let mut lists = vec![list(&[])];
    for one in 0..6 {
        lists.push(list(&[image(one)]));
        for two in 0..6 {
            lists.push(list(&[image(one), image(two)]));
            lists.push(list(&[image(one), image(two), image(5)]));
        }
    }
    lists
}

#[test]
fn only_equal_lists_have_no_changes_and_both_directions_mirror_each_other() {
    let lists = lists();
    for from in &lists {
        for to in &lists {
            let (there, back) = (changes(from, to), changes(to, from));
            assert_eq!(there.is_empty(), from.digest() == to.digest());
            let count = |changes: &Changes, kind: EntryChangeKind| {
                changes
                    .entries
                    .iter()
                    .filter(|change| change.kind == kind)
                    .count()
            };
            for (kind, mirrored) in [
                (EntryChangeKind::Added, EntryChangeKind::Removed),
                (EntryChangeKind::Removed, EntryChangeKind::Added),
                (EntryChangeKind::Moved, EntryChangeKind::Moved),
                (EntryChangeKind::Changed, EntryChangeKind::Changed),
            ] {
                assert_eq!(
                    count(&there, kind),
                    count(&back, mirrored),
                    "{there:?}\n{back:?}"
                );
            }
        }
    }
}

#[test]
fn a_list_that_does_not_exist_has_no_entries() {
    let absent = Side::absent("list".to_owned(), Origin::Registry);
    let full = list(&[("amd64", 1), ("arm64", 2)]);
    let kinds: Vec<_> = changes(&absent, &full)
        .entries
        .iter()
        .map(|change| (change.kind, change.name.clone()))
        .collect();
    let name = |architecture: &str| {
        let platform = Platform {
            os: "linux".into(),
            architecture: architecture.into(),
            ..Platform::default()
        };
        (EntryChangeKind::Added, platform.to_string())
    };
    assert_eq!(kinds, [name("amd64"), name("arm64")]);
    assert!(changes(&absent, &absent).is_empty());
}
