//! Other tools read the published lists: skopeo and buildah, from Debian.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use manifest_testkit::fetch::{self, Tool};
use serde_json::Value;

use super::built;
use crate::commands::{Shell, watched};
use crate::harness::docker;

/// Returns a tool. If it is not available, prints that outside of the captured test output.
///
/// # Panics
///
/// Panics under `CI=true` if it is not available, unless the real registry is disabled as well.
fn tool(name: &str) -> Option<Tool> {
    match fetch::peer(name) {
        Ok(tool) => Some(tool),
        Err(error) => {
            let is_ci = docker::setting("CI").is_some_and(|value| value == "true");
            let is_offline = docker::setting("EMBEDDED_ONLY").is_some();
            assert!(!is_ci || is_offline, "{error}");
            let _ = writeln!(std::io::stderr(), "\nSKIPPED publishing::peers: {error}\n");
            None
        }
    }
}

/// Runs a tool in a home of its own and returns its output.
#[track_caller]
fn run(tool: &Tool, home: &Path, words: &[&str]) -> Vec<u8> {
    let mut command = Command::new(&tool.program);
    let output = command
        .env_clear()
        .env("LD_LIBRARY_PATH", &tool.libraries)
        .env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
        .env("HOME", home)
        .env("XDG_RUNTIME_DIR", home)
        .env("REGISTRY_AUTH_FILE", home.join("auth.json"))
        .args(words)
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words:?}: {stderr}");
    output.stdout
}

#[test]
fn skopeo_and_buildah_read_published_lists() {
    let (Some(skopeo), Some(buildah)) = (tool("skopeo"), tool("buildah")) else {
        return;
    };
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (arm64, two) = built("linux/arm64", "2");
        registry.push("one", "1", &one);
        registry.push("two", "1", &two);
        let shell = Shell::new(&registry);
        let line = "create --push --annotation k=v @/app:1 @/one:1 @/two:1";
        shell.run(line).succeeds();
        let bytes = registry.bytes("app", "1");
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("auth.json"), "{}").unwrap();
        let name = format!("docker://{}/app:1", registry.host());
        let folder = |name: &str| home.path().join(name);
        let to = |name: &str| format!("dir:{}", folder(name).display());

        let raw = ["inspect", "--tls-verify=false", "--raw", &name];
        assert_eq!(run(&skopeo, home.path(), &raw), bytes);
        let copy = ["--insecure-policy", "copy", "--src-tls-verify=false"];
        run(
            &skopeo,
            home.path(),
            &[&copy[..], &["--all", &name, &to("all")]].concat(),
        );
        assert_eq!(
            fs::read(folder("all").join("manifest.json")).unwrap(),
            bytes
        );
        for (image, architecture) in [(&amd64, "amd64"), (&arm64, "arm64")] {
            let platform = ["--override-os", "linux", "--override-arch", architecture];
            run(
                &skopeo,
                home.path(),
                &[&platform[..], &copy[..], &[&name, &to(architecture)]].concat(),
            );
            let copied = fs::read(folder(architecture).join("manifest.json")).unwrap();
            assert_eq!(copied, image.manifest);
        }
        let (storage, state) = (folder("storage"), folder("state"));
        let global = [
            "--storage-driver",
            "vfs",
            "--root",
            storage.to_str().unwrap(),
            "--runroot",
            state.to_str().unwrap(),
            "manifest",
        ];
        let buildah = |words: &[&str]| run(&buildah, home.path(), &[&global, words].concat());
        // Its storage needs root, or user namespaces.
        let id = Command::new("id").arg("-u").output().unwrap().stdout;
        if id.trim_ascii() != b"0" {
            let _ = writeln!(
                std::io::stderr(),
                "\nSKIPPED buildah: it stores images as root only\n"
            );
            continue;
        }
        buildah(&["create", "list"]);
        buildah(&["add", "--all", "--tls-verify=false", "list", &name]);
        let list: Value = serde_json::from_slice(&buildah(&["inspect", "list"])).unwrap();
        let found: Vec<&str> = list["manifests"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|entry| entry["digest"].as_str())
            .collect();
        assert_eq!(found, [&one.children[..], &two.children[..]].concat());
    }
}

#[test]
fn skopeo_and_this_program_read_each_others_layouts() {
    let Some(skopeo) = tool("skopeo") else {
        return;
    };
    for registry in watched::each() {
        let (amd64, one) = built("linux/amd64", "1");
        let (_, two) = built("linux/arm64", "2");
        registry.push("one", "1", &one);
        registry.push("two", "1", &two);
        let shell = Shell::new(&registry);
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("auth.json"), "{}").unwrap();
        let place = |name: &str| home.path().join(name).display().to_string();
        let skopeo = |words: &[&str]| run(&skopeo, home.path(), words);
        let copy = |from: &str, to: &str, more: &[&str]| {
            let words = ["--insecure-policy", "copy", "--src-tls-verify=false"];
            skopeo(&[&words[..], more, &[from, to]].concat());
        };
        // skopeo reads a layout of this program, with all its content.
        let ours = place("ours");
        shell
            .run(&format!(
                "create --push --to oci-layout://{ours} @/app:1 @/one:1 @/two:1"
            ))
            .succeeds();
        shell
            .run("create --push @/app:1 @/one:1 @/two:1")
            .succeeds();
        let bytes = registry.bytes("app", "1");
        assert_eq!(
            skopeo(&["inspect", "--raw", &format!("oci:{ours}:1")]),
            bytes
        );
        let all = place("all");
        copy(&format!("oci:{ours}:1"), &format!("dir:{all}"), &["--all"]);
        assert_eq!(fs::read(format!("{all}/manifest.json")).unwrap(), bytes);
        // This program reads each form that skopeo writes.
        let from = format!("docker://{}/app:1", registry.host());
        let (theirs, archive) = (place("theirs"), place("archive.tar"));
        // skopeo would compress layers that do not look compressed.
        let as_they_are = ["--all", "--preserve-digests"];
        copy(&from, &format!("oci:{theirs}:x"), &as_they_are);
        copy(&from, &format!("oci-archive:{archive}:x"), &as_they_are);
        for source in [
            format!("oci-layout://{theirs}:x"),
            format!("oci-archive:{archive}:x"),
            format!("oci-archive:{archive}"),
        ] {
            shell
                .run(&format!("create --push @/again:1 {source}"))
                .succeeds();
            assert!(registry.bytes("again", "1") == bytes, "{source}");
        }
        assert_eq!(registry.bytes("again", &amd64.digest), amd64.manifest);
    }
}
