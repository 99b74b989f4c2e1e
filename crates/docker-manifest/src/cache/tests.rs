use std::os::unix::fs::{PermissionsExt as _, chown, symlink};

use manifest_core::Reference;
use tempfile::TempDir;

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::SystemTime;

use manifest_core::Digest;
use manifest_core::reference::Repository;
use manifest_registry::Cache as _;

use super::DiskCache;
use super::disk_cache::{CHALLENGE_BYTES, CHALLENGE_LIFE, CHALLENGE_REFRESH, file_name};
use super::folder::{CacheFolder, FolderLimits, TEMPORARY_PREFIX, own_folder};

const NOW: u64 = 2_000_000_000;
const CHALLENGE: &str = "Bearer realm=\"https://tokens.lan/\"";

fn repository() -> Repository {
    Reference::parse("r.lan/app").unwrap().repository().clone()
}

fn open(folder: &TempDir, now: u64) -> DiskCache {
    DiskCache::open(&folder.path().join("cache"), now).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files(folder: &CacheFolder) -> Vec<PathBuf> {
    let files = folder.files().unwrap();
    files.into_iter().map(|(_, _, path)| path).collect()
}

#[test]
fn the_next_run_has_the_content_and_other_users_cannot_read_it() {
    let folder = TempDir::new().unwrap();
    let digest = Digest::sha256(b"x");
    let one = open(&folder, NOW);
    one.put_challenge("r.lan", Some(CHALLENGE));
    one.put_content(&repository(), &digest, b"x");
    // A queued file can be read as well.
    assert_eq!(one.content(&repository(), &digest).unwrap(), b"x");
    drop(one);
    let next = open(&folder, NOW + 1);
    assert_eq!(next.challenge("r.lan").as_deref(), Some(CHALLENGE));
    assert_eq!(next.challenge("r.lan:5000"), None);
    assert_eq!(next.content(&repository(), &digest).unwrap(), b"x");
    let other = Reference::parse("r.lan/other").unwrap();
    assert_eq!(next.content(other.repository(), &digest), None);
    assert_eq!(mode(&folder.path().join("cache")), 0o700);
    for folder in [&next.challenges, &*next.content.folder] {
        assert_eq!(mode(&folder.path), 0o700);
        let files = files(folder);
        assert_eq!(files.len(), 1);
        assert_eq!(mode(&files[0]), 0o600);
    }
    next.put_challenge("r.lan", None);
    assert_eq!(next.challenge("r.lan"), None);
}

#[test]
fn a_challenge_gets_old() {
    let folder = TempDir::new().unwrap();
    open(&folder, NOW).put_challenge("r.lan", Some(CHALLENGE));
    let at = |now| open(&folder, now).challenge("r.lan");
    assert!(at(NOW).is_some() && at(NOW + CHALLENGE_LIFE - 1).is_some());
    assert_eq!(at(NOW + CHALLENGE_LIFE), None);
    // A file from the future: its writer's clock was ahead.
    assert_eq!(at(NOW - 1), None);
    // The same again counts from then on, but is not written each time.
    let hour = 60 * 60;
    open(&folder, NOW + hour).put_challenge("r.lan", Some(CHALLENGE));
    assert_eq!(at(NOW + CHALLENGE_LIFE), None);
    open(&folder, NOW + CHALLENGE_REFRESH).put_challenge("r.lan", Some(CHALLENGE));
    assert!(at(NOW + CHALLENGE_LIFE).is_some());
}

#[test]
fn damage_is_nothing() {
    let folder = TempDir::new().unwrap();
    let memory = open(&folder, NOW);
    let path = memory.challenges.path.join(file_name("r.lan"));
    let other = format!(r#"{{"host":"other.lan","challenge":"x","at":{NOW}}}"#);
    let long = format!(
        r#"{{"host":"r.lan","challenge":"{}","at":{NOW}}}"#,
        "x".repeat(CHALLENGE_BYTES)
    );
    for damaged in ["", "{", "\0\0", r#"{"host":"r.lan","at":1}"#, &other, &long] {
        fs::write(&path, damaged).unwrap();
        assert_eq!(memory.challenge("r.lan"), None, "{damaged}");
        memory.put_challenge("r.lan", Some(CHALLENGE));
        assert_eq!(memory.challenge("r.lan").as_deref(), Some(CHALLENGE));
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    memory.put_challenge("r.lan", Some(CHALLENGE));
    assert_eq!(memory.challenge("r.lan"), None);
}

#[test]
fn the_oldest_makes_room() {
    let folder = TempDir::new().unwrap();
    for (limits, fit) in [
        (
            FolderLimits {
                files: 8,
                bytes: 1000,
            },
            8,
        ),
        (
            FolderLimits {
                files: 100,
                bytes: 80,
            },
            8,
        ),
    ] {
        let path = folder.path().join(fit.to_string());
        let folder = || CacheFolder::open(&path, limits, NOW).unwrap();
        let written = |i: u64| {
            let file = File::open(path.join(i.to_string())).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(NOW + i))
                .unwrap();
        };
        let one = folder();
        for i in 0..fit {
            one.write(&i.to_string(), &[0; 10]);
            written(i);
        }
        assert_eq!(files(&one).len(), 8);
        one.write("new", &[0; 10]);
        // A quarter is evicted, the oldest first.
        assert_eq!(one.read("0", 100), None);
        assert_eq!(one.read("1", 100), None);
        assert!(one.read("2", 100).is_some() && one.read("new", 100).is_some());
        // Another run counts anew.
        let other = folder();
        for i in 0..30 {
            other.write(&format!("more{i}"), &[0; 10]);
            assert!(files(&other).len() <= 8, "{i}");
        }
        // A file larger than the limit is not kept.
        other.write("huge", &[0; 2000]);
        assert_eq!(other.read("huge", 4000), None);
        assert!(!files(&other).is_empty());
        fs::remove_dir_all(path).unwrap();
    }
}

#[test]
fn abandoned_temporary_files_are_removed() {
    let folder = TempDir::new().unwrap();
    let memory = open(&folder, NOW);
    let left = memory
        .content
        .folder
        .path
        .join(format!("{TEMPORARY_PREFIX}1-0"));
    fs::write(&left, "half").unwrap();
    let digest = Digest::sha256(b"x");
    memory.put_content(&repository(), &digest, b"x");
    memory.content.finish();
    assert!(!left.exists());
    assert_eq!(files(&memory.content.folder).len(), 1);
}

#[test]
fn a_folder_that_other_users_can_write_is_not_used() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("cache");
    let is_used = |path: &Path| DiskCache::open(path, NOW).is_some();
    fs::write(&path, "a file").unwrap();
    assert!(!is_used(&path) && !is_used(&path.join("below")));
    fs::remove_file(&path).unwrap();
    assert!(is_used(&path));
    let link = folder.path().join("link");
    symlink(&path, &link).unwrap();
    assert!(!is_used(&link));
    for (mode, expected) in [(0o770, false), (0o702, false), (0o755, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(is_used(&path), expected, "{mode:o}");
    }
    fs::set_permissions(path.join("content"), fs::Permissions::from_mode(0o777)).unwrap();
    assert!(!is_used(&path));
    // Root's folder is not this user's; root gives one away.
    let foreign = if rustix::process::geteuid().is_root() {
        let foreign = folder.path().join("foreign");
        fs::create_dir(&foreign).unwrap();
        chown(&foreign, Some(1), None).unwrap();
        foreign
    } else {
        PathBuf::from("/")
    };
    assert!(own_folder(&foreign).is_err());
}

#[test]
fn a_read_only_folder_is_still_read() {
    let folder = TempDir::new().unwrap();
    let memory = open(&folder, NOW);
    let [x, y] = [b"x", b"y"].map(|bytes| Digest::sha256(bytes));
    memory.put_content(&repository(), &x, b"x");
    memory.content.finish();
    let path = memory.content.folder.path.clone();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o500)).unwrap();
    let again = open(&folder, NOW);
    again.put_content(&repository(), &y, b"y");
    again.content.finish();
    assert_eq!(again.content(&repository(), &x).unwrap(), b"x");
    // Root may write anywhere.
    if !rustix::process::geteuid().is_root() {
        assert_eq!(again.content(&repository(), &y), None);
    }
    fs::remove_dir_all(&path).unwrap();
    again.put_content(&repository(), &y, b"y");
    again.content.finish();
    assert_eq!(again.content(&repository(), &y), None);
}

#[test]
fn concurrent_runs_never_see_partial_files() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("folder");
    let limits = FolderLimits {
        files: 8,
        bytes: 1 << 20,
    };
    // Each file is full of its writer's number.
    let run = &|number: u8| {
        let folder = CacheFolder::open(&path, limits, NOW).unwrap();
        // Threads stand for processes, whose numbers differ.
        folder
            .made
            .store(u64::from(number) << 32, Ordering::Relaxed);
        let mut seen = 0;
        for i in 0..200 {
            let name = (i % 12).to_string();
            folder.write(&name, &[number; 5000]);
            if let Some(bytes) = folder.read(&name, 1 << 20) {
                assert_eq!(bytes.len(), 5000);
                assert!(bytes.iter().all(|byte| *byte == bytes[0]));
                seen += 1;
            }
        }
        seen
    };
    let seen: usize = std::thread::scope(|scope| {
        let runs: Vec<_> = (1..=4)
            .map(|number| scope.spawn(move || run(number)))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).sum()
    });
    assert!(seen > 0);
}

#[test]
fn more_files_than_the_queue_holds_are_all_written() {
    let folder = TempDir::new().unwrap();
    let large = vec![7; 600_000];
    // More than the queue holds, some of it twice.
    let digests: Vec<Digest> = (0..30_u8).map(|i| Digest::sha256(&[i])).collect();
    let memory = open(&folder, NOW);
    for digest in digests.iter().chain(&digests[..10]) {
        memory.put_content(&repository(), digest, &large);
    }
    drop(memory);
    let next = open(&folder, NOW);
    assert_eq!(files(&next.content.folder).len(), digests.len());
    for digest in &digests {
        assert_eq!(next.content(&repository(), digest).unwrap(), large);
    }
}
