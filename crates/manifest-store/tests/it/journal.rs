//! The journal under many processes, some of them killed.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use manifest_core::{Digest, TagState};
use manifest_store::Store;
use manifest_store::journal::{Journal, JournalRecord, Noted, WriteState};

use crate::support::*;

const PROCESSES: u32 = 8;
const APPENDS: u32 = 100;

/// A journal that is shortened often.
fn small(journal: Journal) -> Journal {
    journal.with_bounds(40_000, 20_000, 1000)
}

fn record(run: &str, number: u32) -> JournalRecord {
    JournalRecord {
        time: u64::from(number),
        run: run.to_owned(),
        command: "push".into(),
        source: "q.io/app:1".into(),
        tag: reference(&format!("q.io/app:{run}-{number}")),
        before: Some(TagState::At(Digest::sha256(b"before"))),
        after: Digest::sha256(run.as_bytes()),
        state: WriteState::Written,
    }
}

/// Appends until it has made its appends, or is killed.
#[test]
fn worker() {
    let Some(words) = words() else { return };
    let [root, run, appends, bounds] = words.as_slice() else {
        panic!("{words:?}")
    };
    let journal = Store::new(root.into()).journal();
    let journal = match bounds.as_str() {
        "small" => small(journal),
        _ => journal,
    };
    for number in 0..appends.parse().unwrap() {
        assert_eq!(journal.append(&[record(run, number)]).unwrap(), Noted::Yes);
    }
}

#[test]
fn eight_processes_append_at_once() {
    let home = Home::in_memory();
    let root = home.store.root().to_str().unwrap();
    let children: Vec<_> = (0..PROCESSES)
        .map(|run| {
            let words = [root, &run.to_string(), &APPENDS.to_string(), "usual"];
            crate::support::worker("journal::worker", &words)
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let content = home.store.journal().read().unwrap();
    assert_eq!((content.damaged, content.of_other_versions), (0, 0));
    assert_eq!(content.records.len() as u32, PROCESSES * APPENDS);
    let mut numbers: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for record in content.records.iter().rev() {
        numbers.entry(&record.run).or_default().push(record.time);
    }
    let expected: Vec<u64> = (0..u64::from(APPENDS)).collect();
    assert!(numbers.values().all(|found| *found == expected));
}

#[test]
fn killed_processes_lose_no_earlier_record() {
    let home = Home::in_memory();
    let root = home.store.root().to_str().unwrap();
    let seed = 7;
    let mut random = fastrand::Rng::with_seed(seed);
    let journal = small(home.store.journal());
    for kill in 0..60 {
        let run = format!("k{kill}");
        let words = [root, &run, &u32::MAX.to_string(), "small"];
        let mut child = crate::support::worker("journal::worker", &words)
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // The moment of the kill is random, not awaited.
        std::thread::sleep(Duration::from_micros(random.u64(3_000..20_000)));
        child.kill().unwrap();
        child.wait().unwrap();
        let mark = record("mark", kill);
        assert_eq!(
            journal.append(std::slice::from_ref(&mark)).unwrap(),
            Noted::Yes
        );
        let content = journal.read().unwrap();
        // A kill tears one line at most, and shortening removes it.
        assert!(
            content.damaged <= 1 + kill as usize,
            "seed {seed}, kill {kill}"
        );
        assert_eq!(content.records[0], mark, "seed {seed}, kill {kill}");
        let numbers = content.records.iter().filter(|record| record.run == run);
        let numbers: Vec<u64> = numbers.map(|record| record.time).collect();
        assert!(
            numbers.windows(2).all(|pair| pair[0] == pair[1] + 1),
            "seed {seed}, kill {kill}: {numbers:?}"
        );
    }
    let runs = journal.read().unwrap().records;
    assert!(runs.len() > 10, "the journal was not written to");
}
