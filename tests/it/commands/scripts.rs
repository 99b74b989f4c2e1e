//! Shell scripts in the styles that people use, with the shim as their `docker`.

use std::path::Path;

use manifest_testkit::sha256;
use serde_json::Value;

use super::Shell;
use super::watched::{self, Watched};
use crate::harness::home::OURS;
use crate::harness::ran::{NOTHING_WRITTEN, OF_IMAGES};
use crate::harness::{Ran, world};

/// A script that publishes a list as `app:1`.
struct Script {
    name: &'static str,
    /// `$R` is the registry.
    text: &'static str,
    /// Images of the world, each with its platform in the list.
    published: &'static [(&'static str, &'static str)],
    /// The number of lines on standard error, and a text in each.
    errors: &'static [&'static str],
}

const SCRIPTS: &[Script] = &[
    Script {
        name: "an --amend before each image",
        text: "
            docker manifest create $R/app:1 --amend $R/app:amd64 --amend $R/app:arm64 --amend $R/app:armv7
            docker manifest push $R/app:1",
        published: &[("app:amd64", "linux/amd64"), ("app:arm64", "linux/arm64/v8"), ("app:armv7", "linux/arm/v7")],
        errors: &[],
    },
    Script {
        name: "one platform at a time, all built on one machine",
        text: "
            docker manifest rm $R/app:1 || true
            for pair in built-1:amd64 built-2:arm64 built-3:arm; do
                tag=${pair%%:*} arch=${pair##*:}
                docker manifest create -a $R/app:1 $R/app:$tag
                case $arch in
                arm) docker manifest annotate $R/app:1 $R/app:$tag --os linux --arch arm --variant armv7 ;;
                arm64) docker manifest annotate --arch=$arch --variant=armv8 $R/app:1 $R/app:$tag ;;
                *) docker manifest annotate $R/app:1 $R/app:$tag --arch $arch ;;
                esac
            done
            docker manifest inspect $R/app:1
            docker manifest push --purge $R/app:1",
        published: &[("app:built-1", "linux/amd64"), ("app:built-2", "linux/arm64/armv8"), ("app:built-3", "linux/arm/armv7")],
        errors: &["No such manifest: REGISTRY/app:1", "hint: "],
    },
    Script {
        name: "the switch of old, twice over",
        text: "
            export DOCKER_CLI_EXPERIMENTAL=enabled
            for round in 1 2; do
                docker manifest rm $R/app:1 2>/dev/null || true
                docker -D manifest create $R/app:1 $R/app@{app:oci-amd64} $R/app@{app:oci-arm64}
                docker manifest push $R/app:1 >/dev/null
            done
            docker manifest inspect -v $R/app:1 | grep -c Platform || true
            docker manifest push -p $R/app:1",
        published: &[("app:oci-amd64", "linux/amd64"), ("app:oci-arm64", "linux/arm64")],
        errors: &[],
    },
    Script {
        name: "only where the release is not there yet",
        text: "
            if docker manifest inspect $R/app:1 >/dev/null 2>&1; then exit 9; fi
            docker manifest create --amend $R/app:1 $R/app:amd64 $R/other:s390x
            digest=$(docker manifest push --purge $R/app:1 | tail -n 1)
            docker manifest inspect $R/app@$digest >by-digest
            docker manifest inspect $R/app:1 | cmp - by-digest
            echo $digest",
        published: &[("app:amd64", "linux/amd64"), ("other:s390x", "linux/s390x")],
        errors: &[],
    },
    Script {
        name: "a configuration folder of its own",
        text: "
            docker --config ./ci manifest create $R/app:1 $R/app:amd64
            docker --config=./ci manifest create $R/app:1 -a $R/app:windows
            docker --config ./ci manifest annotate $R/app:1 $R/app:windows --os-version 10.0.1 --os-features win32k
            docker manifest inspect $R/app:1 >/dev/null 2>&1 && exit 9
            docker --config ./ci manifest push $R/app:1
            ls ci/manifests",
        published: &[("app:amd64", "linux/amd64"), ("app:windows", "windows/amd64")],
        errors: &[],
    },
];

#[test]
fn scripts_work() {
    for script in SCRIPTS {
        for registry in watched::each() {
            let mut shell = Shell::new(&registry);
            let folder = shell.home.path().join("shims");
            shell
                .home
                .ours(&["install", "--shim", folder.to_str().unwrap()])
                .succeeds();
            let path = [folder.as_path(), Path::new("/usr/bin"), Path::new("/bin")];
            shell.home.set("PATH", std::env::join_paths(path).unwrap());
            shell.home.set("R", registry.host());
            let mut text = script.text.to_owned();
            while let Some((before, rest)) = text.split_once("@{") {
                let (name, after) = rest.split_once('}').unwrap();
                text = format!("{before}@{}{after}", world::digest(name));
            }
            let ran = shell.run_command(shell.home.command("sh").args(["-euc", &text]));
            check(script, &registry, &ran);
        }
    }
}

/// Keeps the digest as the guide recommends: `push | tail -n 1` would hide a failed push.
#[test]
fn a_script_that_keeps_the_digest_stops_where_the_push_fails() {
    let registry = watched::each().next().unwrap();
    let shell = Shell::new(&registry);
    shell
        .run("create @/app:1 @/app:amd64 @/other:s390x")
        .succeeds();
    let script = |list: &str| {
        let text = format!(
            "digest=$($OURS push -q {}/{list}); echo \"<$digest>\"",
            registry.host()
        );
        let mut command = shell.home.command("sh");
        shell.run_command(command.env("OURS", OURS).args(["-ec", &text]))
    };
    script("app:none")
        .fails(1)
        .prints("")
        .says("No such manifest: ");
    let pushed = script("app:1");
    let digest = sha256(&registry.bytes("app", "1"));
    pushed.succeeds().prints(&format!("<{digest}>\n"));
}

fn check(script: &Script, registry: &Watched<'_>, ran: &Ran) {
    ran.succeeds();
    let said = ran.stderr.lines();
    // One of them has `-D`, like old scripts.
    let said: Vec<&str> = said
        .filter(|line| !line.ends_with(NOTHING_WRITTEN) && !line.starts_with("debug: "))
        .filter(|line| !OF_IMAGES.iter().any(|said| line.contains(said)))
        .collect();
    assert_eq!(said.len(), script.errors.len(), "{}\n{ran}", script.name);
    for (line, expected) in said.iter().zip(script.errors) {
        assert!(line.contains(expected), "{}: {line}", script.name);
    }
    let published = registry.bytes("app", "1");
    assert!(
        ran.stdout.contains(&format!("{}\n", sha256(&published))),
        "{}\n{ran}",
        script.name
    );
    let published: Value = serde_json::from_slice(&published).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut found: Vec<(String, String)> = published["manifests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|child| {
            let platform = &child["platform"];
            let parts = ["os", "architecture", "variant"].map(|field| text(&platform[field]));
            (
                text(&child["digest"]),
                parts.join("/").trim_end_matches('/').to_owned(),
            )
        })
        .collect();
    let expected = script.published.iter();
    let mut expected: Vec<(String, String)> = expected
        .map(|(image, platform)| (world::digest(image).to_owned(), (*platform).to_owned()))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected, "{}", script.name);
}
