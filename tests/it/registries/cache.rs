//! The cache between runs: the requests that it saves, that nothing depends on it, and that it holds no secrets.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use manifest_testkit::TestCa;
use manifest_testkit::suite::Kind;

use super::{AUTH, USER, auths, fill, shell, tokens, write_config};
use crate::commands::{Shell, Watched};

const CREATE: &str = "create @/app:list @/app:0 @/app:1";

/// All files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Creates the same draft again. Returns its bytes, and the number of requests.
fn create(shell: &Shell<'_>, flags: &str) -> (Vec<Vec<u8>>, usize) {
    shell
        .run(&CREATE.replace("create", &format!("create {flags}")))
        .succeeds()
        .is_quiet();
    let asked = shell.registry.lines().len();
    let drafts = shell.home.drafts();
    shell.run("rm @/app:list").succeeds();
    (drafts.into_iter().map(|file| file.bytes).collect(), asked)
}

/// The challenge, manifest and configuration of two images, and the list's tag.
const COLD: usize = 1 + 2 * 2 + 1;
/// Configurations are cached.
const WARM: usize = 1 + 2 + 1;

#[test]
fn nothing_depends_on_the_cache() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let mut shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    let (expected, asked) = create(&shell, "");
    assert_eq!((expected.len(), asked), (2, COLD));
    let cache = shell.home.enable_cache();
    let check = |flags: &str, asked: usize| {
        assert_eq!(create(&shell, flags), (expected.clone(), asked));
    };
    check("--no-cache", COLD);
    assert!(!cache.exists());
    check("", COLD);
    check("", WARM);
    check("--no-cache", COLD);
    check("--no-cache=false", WARM);
    assert_eq!(files(&cache).len(), 1 + 2);
    for damage in [&b""[..], b"\0", b"{}", br#"{"host":1}"#] {
        for file in files(&cache) {
            fs::write(file, damage).unwrap();
        }
        check("", COLD);
        check("", WARM);
    }
    // A cache that others can write is not used.
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o777)).unwrap();
    check("", COLD);
    fs::set_permissions(&cache, fs::Permissions::from_mode(0o700)).unwrap();
    check("", WARM);
    fs::remove_dir_all(&cache).unwrap();
    fs::write(&cache, "a file").unwrap();
    check("", COLD);
}

#[test]
fn the_cache_has_no_secrets() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let mut shell = shell(&registry, &ca);
    let cache = shell.home.enable_cache();
    write_config(&shell, &auths(AUTH));
    shell.run(CREATE).succeeds();
    shell.run("push @/app:list").succeeds();
    shell.run("inspect -v @/app:list").succeeds();
    shell.run("tag @/app:list @/app:other").succeeds();
    let files = files(&cache);
    assert!(files.len() >= 3, "{files:?}");
    for path in files {
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        assert_eq!(mode(path.parent().unwrap()), 0o700);
        let bytes = fs::read(&path).unwrap();
        let text = format!("{} {}", path.display(), String::from_utf8_lossy(&bytes));
        for secret in shell.secrets.iter().map(String::as_str).chain([USER]) {
            assert!(!text.contains(secret), "{secret} is in {text}");
        }
    }
}

#[test]
fn concurrent_runs_share_the_cache() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let mut shell = shell(&registry, &ca);
    let cache = shell.home.enable_cache();
    write_config(&shell, &auths(AUTH));
    let shell = &shell;
    for _ in 0..2 {
        std::thread::scope(|scope| {
            for number in 0..6 {
                scope.spawn(move || {
                    let line = format!("create @/app:list{number} @/app:0 @/app:1");
                    // On a busy machine, a command may say that it waits for the lock.
                    shell.run(&line).succeeds().does_not_say("warning");
                    shell.run(&format!("rm @/app:list{number}")).succeeds();
                });
            }
        });
    }
    assert_eq!(files(&cache).len(), 1 + 2);
    registry.log().clear();
    assert_eq!(create(shell, "").1, WARM);
}
