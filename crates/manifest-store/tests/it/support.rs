//! Drafts and entries for tests, and folders as Docker's CLI reads and writes them.

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use manifest_core::draft::{Origin, ReadableManifest};
use manifest_core::media_type::DOCKER_MANIFEST;
use manifest_core::{Descriptor, Digest, Draft, Entry, Platform, Reference, entry_json};
use manifest_store::{Change, Store, StoreError};

pub(crate) use manifest_store::Capabilities;

pub(crate) fn reference(text: &str) -> Reference {
    Reference::parse(text).unwrap()
}

pub(crate) fn platform(architecture: &str) -> Platform {
    Platform {
        os: "linux".into(),
        architecture: architecture.into(),
        ..Platform::default()
    }
}

/// Builds an entry whose manifest is made of `content`, resolved at `now`.
pub(crate) fn entry(image: &str, content: &str, now: u64) -> Entry {
    let json = format!(r#"{{"schemaVersion":2,"content":"{content}"}}"#).into_bytes();
    let digest = Digest::sha256(&json);
    let mut descriptor = Descriptor::new(DOCKER_MANIFEST, digest.clone(), json.len() as u64);
    descriptor.platform = Some(platform("amd64"));
    Entry {
        reference: reference(image),
        descriptor,
        raw: Some(json.clone()),
        shown: Some(ReadableManifest { oci: false, json }),
        origin: Some(Origin {
            digest,
            resolved_at: now,
            platform: platform("amd64"),
            annotations: BTreeMap::new(),
            config: None,
            source: None,
            insecure: false,
        }),
        position: None,
    }
}

/// A store in a folder that is removed at the end.
pub(crate) struct Home {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) store: Store,
}

impl Home {
    pub(crate) fn new() -> Self {
        Self::in_folder(tempfile::tempdir().unwrap())
    }

    /// Creates the store in memory, if possible: folders have a time of creation there, and syncing costs nothing. A killed
    /// process leaves the same files.
    pub(crate) fn in_memory() -> Self {
        let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir());
        Self::in_folder(folder.unwrap())
    }

    fn in_folder(folder: tempfile::TempDir) -> Self {
        let store = Store::new(folder.path().join("docker/manifests"));
        Self { folder, store }
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.store.root().join(below)
    }

    pub(crate) fn add(&self, list: &str, entries: Vec<Entry>) {
        add(&self.store, list, entries).unwrap();
    }

    pub(crate) fn load(&self, list: &str) -> Option<Draft> {
        self.store.load(&reference(list)).unwrap()
    }

    /// Returns the references and contents of a draft, in its order.
    pub(crate) fn shown(&self, list: &str) -> Vec<String> {
        let draft = self
            .load(list)
            .unwrap_or_else(|| panic!("no draft of {list}"));
        draft.entries.iter().map(show).collect()
    }
}

pub(crate) fn add(store: &Store, list: &str, entries: Vec<Entry>) -> Result<(), StoreError> {
    store.update(&reference(list), |_| Ok((Change::put(entries), ())))
}

/// Formats the compared parts of an entry: reference, content, and the origin's time.
pub(crate) fn show(entry: &Entry) -> String {
    let raw = String::from_utf8(entry.raw.clone().unwrap_or_default()).unwrap();
    let content = raw.rsplit("\":\"").next().unwrap().trim_end_matches("\"}");
    let when = entry
        .origin
        .as_ref()
        .map(|origin| format!(" {}", origin.resolved_at));
    format!("{} {content}{}", entry.reference, when.unwrap_or_default())
}

/// Writes an entry as Docker's CLI does: straight into its place.
pub(crate) fn docker_writes(folder: &Path, file: &str, entry: &Entry) {
    fs::create_dir_all(folder).unwrap();
    fs::write(folder.join(file), entry_json::encode(entry)).unwrap();
}

/// Reads a draft as Docker's CLI does: everything in the folder is an entry.
pub(crate) fn docker_reads(folder: &Path) -> Option<BTreeMap<String, Entry>> {
    let files = fs::read_dir(folder).ok()?.map(|file| {
        let file = file.unwrap();
        let entry = entry_json::decode(&fs::read(file.path()).unwrap())
            .unwrap_or_else(|error| panic!("{}: {error}", file.path().display()));
        (file.file_name().into_string().unwrap(), entry)
    });
    Some(files.collect())
}

/// Returns the names in a folder, sorted.
pub(crate) fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Prepares this binary to run one of its tests, a worker, in a process of its own. The worker gets `words` from [`words`].
pub(crate) fn worker(test: &str, words: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args([
            "--exact",
            test,
            "--nocapture",
            "--test-threads=1",
            "--quiet",
        ])
        .env(WORDS, words.join("\n"))
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

const WORDS: &str = "MANIFEST_STORE_WORKER";

/// Returns the arguments of a worker. Returns nothing if it runs as one of all tests.
#[expect(
    clippy::disallowed_methods,
    reason = "the environment is how a test tells its own binary what to be"
)]
pub(crate) fn words() -> Option<Vec<String>> {
    let words = std::env::var(WORDS).ok()?;
    Some(words.split('\n').map(str::to_owned).collect())
}

/// Prints a message, even if the output of tests is captured.
pub(crate) fn say(what: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{what}");
}
