//! Names of platforms, and lists of them.

use manifest_core::Platform;

use super::candidates::{Candidates, Directive};

/// The platforms that images are published for most, the most frequent first.
const FREQUENT: &[&str] = &[
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/386",
    "linux/ppc64le",
    "linux/riscv64",
    "linux/s390x",
    "linux/loong64",
    "windows/amd64",
    "windows/arm64",
];

/// Returns the platforms of the draft on the command line, then other frequent ones.
pub(super) fn names(of_draft: &[String]) -> Candidates {
    let mut candidates = Candidates::none(Directive::NO_FILES);
    for platform in of_draft {
        candidates.add(platform, "in the draft");
    }
    for platform in FREQUENT {
        candidates.add(*platform, "");
    }
    candidates
}

/// Returns candidates for a list of platforms: the ones that are typed, and one more.
pub(super) fn lists(typed: &str, of_draft: &[String]) -> Candidates {
    let start = typed.rfind(',').map_or(0, |comma| comma + 1);
    let (before, _) = typed.split_at(start);
    let mut candidates = names(of_draft);
    candidates
        .list
        .retain(|candidate| !before.split(',').any(|given| given == candidate.word));
    for candidate in &mut candidates.list {
        candidate.word.insert_str(0, before);
    }
    candidates
}

/// Returns the operating systems.
pub(super) fn systems() -> Candidates {
    words(Platform::known_pairs().map(|(os, _)| os))
}

/// Returns the architectures, of one operating system if it is known.
pub(super) fn architectures(system: Option<&str>) -> Candidates {
    let pairs = Platform::known_pairs();
    words(
        pairs
            .filter(|(os, _)| system.is_none_or(|system| system == *os))
            .map(|(_, architecture)| architecture),
    )
}

/// Returns the variants, of one architecture if it is known.
pub(super) fn variants(architecture: Option<&str>) -> Candidates {
    match architecture {
        Some(architecture) => words(Platform::known_variants(architecture).iter().copied()),
        None => {
            let all = ["arm", "arm64", "amd64"].map(Platform::known_variants);
            words(all.into_iter().flatten().copied())
        }
    }
}

fn words(words: impl Iterator<Item = &'static str>) -> Candidates {
    let mut candidates = Candidates::none(Directive::NO_FILES);
    for word in words {
        candidates.add(word, "");
    }
    candidates
}
