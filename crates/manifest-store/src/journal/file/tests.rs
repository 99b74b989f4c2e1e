use std::collections::BTreeSet;

use manifest_core::{Digest, Reference, TagState};
use tempfile::TempDir;

use super::*;
use crate::journal::WriteState;
use crate::store::Store;

/// A home folder without anything in it.
fn home() -> (TempDir, Journal) {
    let home = tempfile::tempdir().unwrap();
    let store = Store::new(home.path().join(".docker/manifests"));
    (home, store.journal())
}

fn record(run: &str, tag: &str, state: WriteState) -> JournalRecord {
    JournalRecord {
        time: 1,
        run: run.into(),
        command: "push".into(),
        source: "q.io/app:1".into(),
        tag: Reference::parse(tag).unwrap(),
        before: Some(TagState::Absent),
        after: Digest::sha256(tag.as_bytes()),
        state,
    }
}

fn written(run: &str, tag: &str) -> JournalRecord {
    record(run, tag, WriteState::Written)
}

fn note(journal: &Journal, records: &[JournalRecord]) {
    assert_eq!(journal.append(records).unwrap(), Noted::Yes);
}

/// Returns the tags in the journal, the newest first, with the number of damaged lines and of those of other versions.
fn tags(journal: &Journal) -> (Vec<String>, usize, usize) {
    let content = journal.read().unwrap();
    let tags = content
        .records
        .iter()
        .map(|record| record.tag.tag().unwrap().to_owned());
    (tags.collect(), content.damaged, content.of_other_versions)
}

fn tag_names(numbers: impl Iterator<Item = u32>) -> Vec<String> {
    numbers.map(|number| number.to_string()).collect()
}

#[test]
fn the_last_record_of_a_write_counts() {
    let (_home, journal) = home();
    assert_eq!(journal.read().unwrap(), JournalContent::default());
    let begun = |run, tag| record(run, tag, WriteState::Begun);
    note(
        &journal,
        &[
            begun("a", "q.io/app:1"),
            begun("a", "q.io/app:2"),
            begun("a", "q.io/app:3"),
        ],
    );
    note(
        &journal,
        &[
            written("a", "q.io/app:1"),
            record("a", "q.io/app:2", WriteState::NotWritten),
        ],
    );
    note(&journal, &[written("b", "q.io/app:2")]);
    let found = journal.read().unwrap().records;
    let expected = [
        written("b", "q.io/app:2"),
        written("a", "q.io/app:1"),
        begun("a", "q.io/app:3"),
    ];
    assert_eq!(found, expected);
    note(&journal, &[]);
    assert_eq!(journal.read().unwrap().records.len(), 3);
}

#[test]
fn a_torn_line_is_skipped_and_the_next_starts_anew() {
    let (_home, journal) = home();
    note(&journal, &[written("a", "q.io/app:1")]);
    let whole = fs::read(journal.path()).unwrap();
    let line = json::encode(&written("a", "q.io/app:2"));
    for end in 1..line.len() - 1 {
        fs::write(journal.path(), [&whole, &line[..end]].concat()).unwrap();
        assert_eq!(tags(&journal), (vec!["1".into()], 0, 0), "{end}");
        note(&journal, &[written("a", "q.io/app:3")]);
        let expected = vec!["3".to_owned(), "1".into()];
        assert_eq!(tags(&journal), (expected, 1, 0), "{end}");
    }
    // Only its line break is missing.
    fs::write(journal.path(), [&whole, &line[..line.len() - 1]].concat()).unwrap();
    note(&journal, &[written("a", "q.io/app:3")]);
    assert_eq!(tags(&journal).0, ["3", "2", "1"]);
}

#[test]
fn lines_of_others_are_skipped_and_counted() {
    let (_home, journal) = home();
    note(&journal, &[written("a", "q.io/app:1")]);
    let mut bytes = fs::read(journal.path()).unwrap();
    bytes.extend(b"{\"version\":2,\"tags\":[]}\n\0\0\0\nnothing\n\n{\"version\":9}\n\xff\xfe\n");
    fs::write(journal.path(), bytes).unwrap();
    note(&journal, &[written("a", "q.io/app:2")]);
    assert_eq!(tags(&journal), (vec!["2".into(), "1".into()], 3, 2));
    // Those of other versions survive, in their place.
    let short = journal.clone().with_bounds(1, 10_000, 100);
    note(&short, &[written("a", "q.io/app:3")]);
    assert_eq!(tags(&journal), (tag_names((1..4).rev()), 0, 2));
    let text = fs::read_to_string(journal.path()).unwrap();
    let versions: Vec<&str> = text.lines().map(|line| &line[..12]).collect();
    let (ours, newer) = ("{\"version\":1", "{\"version\":2");
    assert_eq!(versions, [ours, newer, "{\"version\":9", ours, ours]);
}

#[test]
fn the_oldest_records_are_dropped() {
    let (_home, journal) = home();
    let line = json::encode(&written("a", "q.io/app:1000")).len();
    let journal = journal.with_bounds(20 * line as u64, 10 * line, 100);
    for number in 1000..1100 {
        note(&journal, &[written("a", &format!("q.io/app:{number}"))]);
        let length = fs::metadata(journal.path()).unwrap().len();
        assert!(length <= 20 * line as u64, "{length}");
    }
    let (found, damaged, _) = tags(&journal);
    assert!((10..=20).contains(&found.len()), "{found:?}");
    assert_eq!(found, tag_names((1100 - found.len() as u32..1100).rev()));
    assert_eq!(damaged, 0);
    let incomplete = |journal: &Journal| journal.read().unwrap().incomplete_runs;
    assert_eq!(incomplete(&journal), BTreeSet::from(["a".to_owned()]));
    // By number as well. Records that others replace do not count.
    let journal = journal.with_bounds(1, 100 * line, 3);
    let begun = |tag| record("a", tag, WriteState::Begun);
    note(
        &journal,
        &[
            begun("q.io/app:1"),
            begun("q.io/app:2"),
            written("a", "q.io/app:1"),
            written("a", "q.io/app:2"),
        ],
    );
    assert_eq!(tags(&journal).0, ["2", "1", "1099"]);
    let text = fs::read_to_string(journal.path()).unwrap();
    assert_eq!(text.lines().count(), 4, "{text}");
    assert_eq!(incomplete(&journal), BTreeSet::from(["a".to_owned()]));
    // A run without records needs no mark.
    note(
        &journal,
        &["1", "2", "3"].map(|tag| written("b", &format!("q.io/app:{tag}"))),
    );
    assert!(incomplete(&journal).is_empty());
    let text = fs::read_to_string(journal.path()).unwrap();
    assert_eq!(text.lines().count(), 3, "{text}");
    assert!(!journal.paths.staged_journal().exists());
}

#[test]
fn only_the_end_of_a_huge_file_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x");
    fs::write(&path, "0123\n5678\nabcd\n").unwrap();
    for (limit, expected) in [
        (100, "0123\n5678\nabcd\n"),
        (15, "0123\n5678\nabcd\n"),
        (14, "5678\nabcd\n"),
        (7, "abcd\n"),
        (3, ""),
    ] {
        let read = read_end(&path, limit).unwrap().unwrap();
        assert_eq!(String::from_utf8(read).unwrap(), expected, "{limit}");
    }
    assert_eq!(read_end(&folder.path().join("y"), 9).unwrap(), None);
}

#[test]
fn a_machine_without_a_folder_keeps_no_journal() {
    let home = tempfile::tempdir().unwrap();
    fs::write(home.path().join("file"), "").unwrap();
    for config in ["gone/.docker", "file/.docker", "/dev/null/.docker"] {
        let root = home.path().join(config).join("manifests");
        let journal = Store::new(root).journal();
        let noted = journal.append(&[written("a", "q.io/app:1")]).unwrap();
        assert_eq!(noted, Noted::NoFolder, "{config}");
        assert_eq!(journal.read().unwrap(), JournalContent::default());
    }
    assert!(!home.path().join("gone").exists());
}

#[test]
fn something_in_the_place_of_the_journal_is_an_error() {
    let (_home, journal) = home();
    note(&journal, &[written("a", "q.io/app:1")]);
    let path = journal.path();
    fs::remove_file(&path).unwrap();
    let refuses = || {
        for error in [
            journal.append(&[written("a", "q.io/app:1")]).unwrap_err(),
            journal.read().unwrap_err(),
        ] {
            assert_eq!(error.path(), path);
        }
    };
    fs::create_dir(&path).unwrap();
    refuses();
    fs::remove_dir(&path).unwrap();
    // Nobody reads it or writes to it, so nothing may wait for that.
    let made = std::process::Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    refuses();
}

#[test]
fn threads_do_not_mix_their_lines() {
    const THREADS: u32 = 8;
    const APPENDS: u32 = 200;
    let (_home, journal) = home();
    let line = json::encode(&written("0", "q.io/app:0000")).len();
    // It is shortened all the time.
    let journal = journal.with_bounds(100 * line as u64, 50 * line, 1000);
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let journal = &journal;
            scope.spawn(move || {
                for number in 0..APPENDS {
                    let tag = format!("q.io/app:{thread}-{number}");
                    note(journal, &[written("0", &tag), written("1", &tag)]);
                    let content = journal.read().unwrap();
                    assert_eq!((content.damaged, content.of_other_versions), (0, 0));
                }
            });
        }
    });
    let (found, damaged, _) = tags(&journal);
    assert_eq!(damaged, 0);
    // Each append is whole, and the newest are there.
    for pair in found.chunks_exact(2) {
        assert_eq!(pair[0], pair[1]);
    }
    let distinct: BTreeSet<&String> = found.iter().collect();
    assert_eq!(distinct.len(), found.len().div_ceil(2));
    assert!(found.len() >= 40, "{}", found.len());
}
