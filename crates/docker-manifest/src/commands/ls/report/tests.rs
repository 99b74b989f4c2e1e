//! The table of `ls --check` in three widths.

use manifest_core::media_type::DOCKER_MANIFEST;
use manifest_core::{Descriptor, Digest, Entry, ListSettings, Platform, Reference};

use super::super::check::ListTag;
use super::*;
use crate::failure::DraftPlace;
use crate::terminal::Terminal;

const NOW: u64 = 1_000_000_000;
const DAY: u64 = 24 * 60 * 60;

fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

fn draft(list: &str, architectures: &[&str], age: u64) -> ListedResult {
    let entry = |architecture: &&str| {
        let digest = Digest::sha256(architecture.as_bytes());
        let mut descriptor = Descriptor::new(DOCKER_MANIFEST, digest, 1);
        descriptor.platform = Some(Platform {
            os: "linux".to_owned(),
            architecture: (*architecture).to_owned(),
            ..Platform::default()
        });
        Ok(Entry {
            reference: reference(&format!("{list}-{architecture}")),
            descriptor,
            raw: None,
            shown: None,
            origin: None,
            position: None,
        })
    };
    Ok(ListedDraft {
        list: Some(reference(list)),
        place: DraftPlace::Folder("/drafts/x".into()),
        label: "folder x".to_owned(),
        entries: architectures.iter().map(entry).collect(),
        settings: ListSettings::default(),
        changed_at: Some(NOW - age),
    })
}

fn source(name: &str, state: SourceState) -> CheckedSource {
    CheckedSource {
        source: reference(name),
        then: Digest::sha256(b"then"),
        now: None,
        state,
    }
}

fn listing() -> (Vec<ListedResult>, Checks) {
    let (one, two) = ("example.com/team/app:1.0", "example.com/team/app:2.0");
    let drafts = vec![
        draft(one, &["amd64", "arm64", "s390x"], 3 * DAY),
        draft(two, &["amd64"], 60),
        draft("example.com/unchecked:1", &[], 400 * DAY),
    ];
    let mut checks = Checks::default();
    let sources = vec![
        source("example.com/team/app:1.0-amd64", SourceState::Moved),
        source("example.com/team/app:1.0-arm64", SourceState::Gone),
        source("example.com/team/app:1.0-s390x", SourceState::Current),
    ];
    let tag = Some((ListTag::Moved, None));
    checks
        .drafts
        .insert(reference(one), DraftCheck { tag, sources });
    let sources = vec![source("example.org/base:2", SourceState::Unknown)];
    let tag = Some((ListTag::Published, None));
    checks
        .drafts
        .insert(reference(two), DraftCheck { tag, sources });
    (drafts, checks)
}

#[test]
fn checked_drafts_in_every_width() {
    let (drafts, checks) = listing();
    let table = checked_table(&drafts, &checks, NOW);
    for (columns, expected) in TABLES {
        let terminal = Terminal {
            columns: Some(columns),
            has_colours: false,
        };
        let shown = table.render(terminal);
        assert_eq!(shown, expected, "{columns} columns:\n{shown}");
    }
}

const TABLES: [(u16, &str); 3] = [
    (
        60,
        "\
LIST           AGE         STATE  TAG        MOVED
example.com/t  3 days      ready  moved      example.com/t
eam/app:1.0                                  eam/app:1.0-a
                                             md64
                                             example.com/t
                                             eam/app:1.0-a
                                             rm64 (gone)
example.com/t  60 seconds  ready  published  example.org/b
eam/app:2.0                                  ase:2
                                             (unknown)
example.com/u  13 months   empty  -          -
nchecked:1
",
    ),
    (
        100,
        "\
LIST                      AGE         STATE  TAG        MOVED
example.com/team/app:1.0  3 days      ready  moved      example.com/team/app:1.0-amd64
                                                        example.com/team/app:1.0-arm64 (gone)
example.com/team/app:2.0  60 seconds  ready  published  example.org/base:2 (unknown)
example.com/unchecked:1   13 months   empty  -          -
",
    ),
    (
        200,
        "\
LIST                      AGE         STATE  TAG        MOVED
example.com/team/app:1.0  3 days      ready  moved      example.com/team/app:1.0-amd64
                                                        example.com/team/app:1.0-arm64 (gone)
example.com/team/app:2.0  60 seconds  ready  published  example.org/base:2 (unknown)
example.com/unchecked:1   13 months   empty  -          -
",
    ),
];
