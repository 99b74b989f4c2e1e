//! Folders that cannot be read or written: the error names the path and a remedy, and the draft is unchanged.
//!
//! A full disk and a read-only one are small file systems, mounted in a namespace that ends with the process. Unreadable folders
//! are tested as user nobody. Where the machine allows neither, the test says so.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};

use manifest_core::Digest;
use manifest_store::journal::{JournalRecord, Noted, WriteState};
use manifest_store::{Store, StoreError};

use crate::support::*;

const LIST: &str = "q.io/app:1";

/// Runs a worker under another program, which first has to run `true`. Says so if that fails.
fn run_under(wrapper: &[&str], mode: &str, folder: &Path) {
    let wrapped = || {
        let mut command = Command::new(wrapper[0]);
        command.args(&wrapper[1..]).stdin(Stdio::null());
        command
    };
    let trial = wrapped().arg("true").stderr(Stdio::null()).status();
    if !trial.is_ok_and(|status| status.success()) {
        return say(&format!(
            "NOT RUN on this machine: refusals, {mode}: `{}` is refused",
            wrapper.join(" ")
        ));
    }
    let worker = crate::support::worker("refusals::worker", &[mode, folder.to_str().unwrap()]);
    let mut command = wrapped();
    command.arg(worker.get_program()).args(worker.get_args());
    for (name, value) in worker.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    assert!(
        output.status.success(),
        "{mode}: {}",
        String::from_utf8_lossy(&text)
    );
    assert!(
        String::from_utf8_lossy(&text).contains("the worker was there"),
        "{mode}"
    );
}

/// Mounts a small file system on the folder, only for the process that follows.
fn on_a_small_disk(mode: &str) {
    let folder = tempfile::tempdir().unwrap();
    let mount = format!(
        "mount -t tmpfs -o size=256k none '{}' && exec \"$0\" \"$@\"",
        folder.path().display()
    );
    run_under(&["unshare", "-rm", "sh", "-c", &mount], mode, folder.path());
}

#[test]
fn a_full_disk() {
    on_a_small_disk("full");
}

#[test]
fn a_read_only_file_system() {
    on_a_small_disk("read-only");
}

#[test]
fn a_journal_on_a_full_disk() {
    on_a_small_disk("full journal");
}

#[test]
fn a_journal_on_a_read_only_file_system() {
    on_a_small_disk("read-only journal");
}

#[test]
fn a_folder_of_somebody_else() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("manifests");
    let store = Store::new(root.clone());
    add(&store, LIST, vec![entry("q.io/app:a", "A", 1)]).unwrap();
    let readable = fs::Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), readable).unwrap();
    let nobody = [
        "setpriv",
        "--reuid=65534",
        "--regid=65534",
        "--clear-groups",
    ];
    run_under(&nobody, "somebody else's", folder.path());
    run_under(&nobody, "somebody else's journal", folder.path());
    fs::set_permissions(root.join("q.io_app-1"), fs::Permissions::from_mode(0o700)).unwrap();
    run_under(&nobody, "unreadable", folder.path());
}

#[test]
fn a_file_in_the_place_of_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("manifests"), "").unwrap();
    let store = Store::new(folder.path().join("manifests"));
    let error = add(&store, LIST, vec![entry("q.io/app:a", "A", 1)]).unwrap_err();
    assert!(error.path().starts_with(folder.path()), "{error}");
    assert!(
        error.hint().unwrap_or_default().contains("not a folder"),
        "{error:?}"
    );
}

/// Runs the refused operation, in a process of its own.
#[test]
fn worker() {
    let Some(words) = words() else { return };
    let [mode, folder] = words.as_slice() else {
        return;
    };
    let folder = Path::new(folder);
    let store = Store::new(folder.join("manifests"));
    match mode.as_str() {
        "full" => full(&store),
        "read-only" => read_only(&store, folder),
        "somebody else's" => somebody_elses(&store),
        "full journal" => full_journal(&store),
        "read-only journal" => {
            assert_eq!(note(&store).unwrap(), Noted::Yes);
            remount_read_only(folder);
            refuses_notes(&store, folder, "the file system is read-only");
            assert_eq!(store.journal().read().unwrap().records.len(), 1);
        }
        "somebody else's journal" => refuses_notes(&store, folder, "check who owns"),
        "unreadable" => {
            let error = store.load(&reference(LIST)).unwrap_err();
            assert!(error.path().ends_with("q.io_app-1"), "{error}");
            assert!(
                error.hint().unwrap_or_default().contains("check who owns"),
                "{error:?}"
            );
        }
        _ => return,
    }
    say("the worker was there");
}

fn full(store: &Store) {
    let list = reference(LIST);
    let many = |from: u64| {
        let name = |i: u64| format!("q.io/app:i{i}");
        (from..from + 3)
            .map(|i| entry(&name(i), &"x".repeat(3000), i))
            .collect::<Vec<_>>()
    };
    let mut whole = 0;
    let error = loop {
        assert!(whole < 1000, "the disk is never full");
        match add(store, LIST, many(whole)) {
            Ok(()) => whole += 3,
            Err(error) => break error,
        }
    };
    assert!(whole > 0, "{error:?}");
    assert!(
        error
            .hint()
            .unwrap_or_default()
            .starts_with("the disk is full"),
        "{error:?}"
    );
    let count = || store.load(&list).unwrap().unwrap().entries.len() as u64;
    assert_eq!(count(), whole, "the draft is as it was before");
    let changed = store.update_entry::<StoreError>(&list, &reference("q.io/app:i0"), |entry| {
        entry
            .descriptor
            .annotations
            .insert("long".into(), "y".repeat(200_000));
        Ok(())
    });
    assert!(changed.is_err());
    assert_eq!(count(), whole);
    assert!(
        store.remove(&list).unwrap(),
        "a draft can be removed from a full disk"
    );
    add(store, LIST, many(0)).unwrap();
}

fn read_only(store: &Store, folder: &Path) {
    let list = reference(LIST);
    add(store, LIST, vec![entry("q.io/app:a", "A", 1)]).unwrap();
    remount_read_only(folder);
    refuses_writers(store, "the file system is read-only");
    assert_eq!(
        store.load(&list).unwrap().unwrap().entries.len(),
        1,
        "reading works"
    );
}

fn remount_read_only(folder: &Path) {
    let mut mount = Command::new("mount");
    let mounted = mount.args(["-o", "remount,ro"]).arg(folder).status();
    assert!(mounted.unwrap().success());
}

/// Notes that a tag was written.
fn note(store: &Store) -> Result<Noted, StoreError> {
    store.journal().append(&[JournalRecord {
        time: 1,
        run: "0123456789ab".into(),
        command: "push".into(),
        source: LIST.into(),
        tag: reference(&format!("q.io/app:{}", "t".repeat(100))),
        before: None,
        after: Digest::sha256(b""),
        state: WriteState::Begun,
    }])
}

fn full_journal(store: &Store) {
    let error = (0..100_000).find_map(|_| note(store).err());
    let error = error.expect("the disk is full at last");
    let hint = error.hint().unwrap_or_default();
    assert!(hint.starts_with("the disk is full"), "{error:?}");
    let text = fs::read(store.journal().path()).unwrap();
    assert!(text.ends_with(b"\n"), "no part of a line is left");
    let content = store.journal().read().unwrap();
    assert_eq!((content.records.len(), content.damaged), (1, 0));
}

/// A folder that exists and cannot be written is an error, one that cannot be created is none.
fn refuses_notes(store: &Store, folder: &Path, advice: &str) {
    let error = note(store).unwrap_err();
    assert!(error.is_read_only(), "{error:?}");
    assert!(error.path().starts_with(store.root()), "{error}");
    let hint = error.hint().unwrap_or_default();
    assert!(hint.contains(advice), "{hint}");
    let other = Store::new(folder.join("other/manifests"));
    assert_eq!(note(&other).unwrap(), Noted::NoFolder);
}

fn somebody_elses(store: &Store) {
    refuses_writers(store, "check who owns");
    assert_eq!(
        store.load(&reference(LIST)).unwrap().unwrap().entries.len(),
        1,
        "reading works"
    );
}

fn refuses_writers(store: &Store, advice: &str) {
    let list = reference(LIST);
    let errors = [
        add(store, LIST, vec![entry("q.io/app:b", "B", 2)]).unwrap_err(),
        add(store, "q.io/new:1", vec![entry("q.io/app:b", "B", 2)]).unwrap_err(),
        store.remove(&list).unwrap_err(),
        store
            .update_entry::<StoreError>(&list, &reference("q.io/app:a"), |entry| {
                entry.descriptor.platform = None;
                Ok(())
            })
            .unwrap_err(),
    ];
    for error in errors {
        assert!(error.is_read_only(), "{error:?}");
        assert!(error.path().starts_with(store.root()), "{error}");
        let hint = error.hint().unwrap_or_default();
        assert!(
            hint.contains(advice) && hint.contains("DOCKER_CONFIG"),
            "{hint}"
        );
    }
}
