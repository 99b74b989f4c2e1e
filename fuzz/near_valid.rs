//! A bounded run of a property of a crate's `fuzzing` module: on the seeds of its fuzz target, on random bytes, on mutated seeds, and
//! on long repetitive input. Each crate's tests include this file by its path.

use std::hint::black_box;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};

/// The number of generated inputs of each kind.
const CASES: u32 = 1000;

/// The two input sizes to compare, in bytes. The larger one is 64 times the smaller: linear work takes 64 times as long, quadratic
/// work 4096 times.
const SIZES: [usize; 2] = [2 * 1024, 128 * 1024];

/// The allowed factor between the larger input's time and its linear share.
const FACTOR: u32 = 8;

/// The additional time allowed for delays of a busy machine.
const SLACK: Duration = Duration::from_millis(300);

/// Runs a property on the seeds of `target`, on random bytes, on random text, and on mutated seeds.
pub(super) fn check(target: &str, property: fn(&[u8])) {
    let seeds = seeds(target);
    assert!(!seeds.is_empty(), "{target} has seeds");
    seeds.iter().for_each(|seed| property(seed));
    let run = |strategy: proptest::strategy::BoxedStrategy<Vec<u8>>| {
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let result = TestRunner::new(config).run(&strategy, |bytes| {
            property(&bytes);
            Ok(())
        });
        if let Err(error) = result {
            panic!("{target}: {error}");
        }
    };
    run(vec(any::<u8>(), 0..300).boxed());
    run("\\PC{0,120}".prop_map(String::into_bytes).boxed());
    run(near_valid(seeds, words(target)).boxed());
}

/// Checks that a property takes time linear in its input, for `start` followed by repetitions of each of `units`.
pub(super) fn check_time(property: fn(&[u8]), start: &str, units: &[&str]) {
    for unit in units {
        let best_of = |size: usize, most: Duration| {
            let input = [start, &unit.repeat(size / unit.len())].concat();
            let mut best = Duration::MAX;
            for _ in 0..3 {
                let started = Instant::now();
                property(black_box(input.as_bytes()));
                best = best.min(started.elapsed());
                if best < most {
                    break;
                }
            }
            best
        };
        let share = u32::try_from(SIZES[1] / SIZES[0]).unwrap_or(u32::MAX);
        let small = best_of(SIZES[0], Duration::ZERO);
        let most = small * share * FACTOR + SLACK;
        let large = best_of(SIZES[1], most);
        assert!(
            large < most,
            "{unit:?} takes {small:?}, and {share} times as much of it {large:?}"
        );
    }
}

fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = folder().join("seeds").join(target);
    let mut paths: Vec<_> = std::fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder can be listed").path())
        .collect();
    paths.sort();
    paths
        .iter()
        .map(|path| std::fs::read(path).expect("a seed can be read"))
        .collect()
}

/// Reads a dictionary in libFuzzer's format: a quoted word on each line.
fn words(target: &str) -> Vec<Vec<u8>> {
    let path = folder().join("dictionaries").join(format!("{target}.dict"));
    let text = std::fs::read_to_string(&path).expect("a dictionary can be read");
    text.lines()
        .filter_map(|line| line.trim().strip_prefix('"')?.strip_suffix('"'))
        .map(unescape)
        .collect()
}

/// Decodes the escapes in a word. The format has only `\\`, `\"` and `\x0A`.
fn unescape(text: &str) -> Vec<u8> {
    let mut word = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        word.push(match byte {
            b'\\' => match rest.next() {
                Some(b'x') => {
                    let digits: String = rest.by_ref().take(2).map(char::from).collect();
                    u8::from_str_radix(&digits, 16).expect("an escape has two digits")
                }
                other => other.expect("an escape has an end"),
            },
            byte => byte,
        });
    }
    word
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz")
}

/// Returns a strategy that mutates seeds: it deletes, repeats, inserts, replaces, reverses, flips case, and splices other seeds.
fn near_valid(seeds: Vec<Vec<u8>>, words: Vec<Vec<u8>>) -> impl Strategy<Value = Vec<u8>> {
    let change = (0..7u8, any::<Index>(), any::<Index>(), any::<Index>());
    (any::<Index>(), vec(change, 1..6)).prop_map(move |(seed, changes)| {
        let mut bytes = seed.get(&seeds).clone();
        for (kind, at, to, with) in changes {
            let start = at.index(bytes.len() + 1);
            let end = start + to.index(bytes.len() - start + 1).min(40);
            let part = bytes[start..end].to_vec();
            let new: Vec<u8> = match kind {
                0 => vec![],
                1 => [part.clone(), part].concat(),
                2 => [with.get(&words).clone(), part].concat(),
                3 => with.get(&words).clone(),
                4 => part.iter().rev().copied().collect(),
                5 => part.iter().map(|byte| byte ^ 0x20).collect(),
                _ => {
                    let other = with.get(&seeds);
                    let from = to.index(other.len() + 1);
                    other[from..other.len().min(from + 80)].to_vec()
                }
            };
            bytes.splice(start..end, new);
        }
        bytes
    })
}
