//! Several tags, repositories and registries at once, and conditions on tags.

use std::fs;

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::suite::Kind;

use super::{built, entries, entries_of};
use crate::commands::{Shell, Watched, watched};

#[test]
fn all_targets_get_the_same_bytes_and_tags_come_last() {
    for registry in watched::each() {
        let far = Watched::empty(Kind::Embedded);
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        registry.lines();
        let pushed = shell.run(&format!(
            "push @/app:1 -t @/app:latest --tag @/mirror:1 -t {}/copy:1 -t @/app:latest",
            far.host()
        ));
        pushed.succeeds().says("app:latest");
        let digest = pushed.stdout.lines().last().unwrap().to_owned();
        for (registry, repository, tag) in [
            (&registry, "app", "1"),
            (&registry, "app", "latest"),
            (&registry, "mirror", "1"),
            (&far, "copy", "1"),
        ] {
            let bytes = registry.bytes(repository, tag);
            assert_eq!(manifest_testkit::sha256(&bytes), digest);
            assert_eq!(entries(registry, repository, tag), entries_of(&one));
        }
        // No tag is written before all content is in all targets.
        let writes = registry.writes();
        let is_tag = |line: &String| {
            line.starts_with("PUT ")
                && line.contains("/manifests/")
                && !line.contains("/manifests/sha256:")
        };
        let first = writes.iter().position(is_tag).unwrap();
        assert!(writes[first..].iter().all(is_tag), "{writes:#?}");
        assert_eq!(writes[first..].len(), 3);
        // Again: nothing was written.
        far.lines();
        let again = shell.run(&format!(
            "push -q @/app:1 -t @/app:latest -t @/mirror:1 -t {}/copy:1",
            far.host()
        ));
        again
            .succeeds()
            .prints(&format!("{digest}\n"))
            .does_not_say("there already");
        assert!(registry.writes().is_empty());
        assert!(far.writes().is_empty());
    }
}

#[test]
fn nothing_is_written_if_one_target_refuses() {
    for registry in watched::each() {
        let far = Watched::empty(Kind::Embedded);
        far.fault(Fault::on("POST", "/v2/copy/blobs/uploads/").respond(Response::status(403)));
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:amd64").succeeds();
        registry.lines();
        let pushed = shell.run(&format!("push @/app:1 -t {}/copy:1", far.host()));
        pushed
            .fails(4)
            .says(&format!("failed to start an upload in {}/copy", far.host()))
            .says("nothing was written")
            .says("/app:1   not written");
        let puts = registry
            .writes()
            .into_iter()
            .filter(|line| line.starts_with("PUT "));
        assert_eq!(puts.count(), 0);
        assert!(registry.manifest("app", "1").is_none());
    }
}

#[test]
fn a_failed_tag_is_reported_together_with_the_written_ones() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("app", "one", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:one").succeeds();
        registry.fault(Fault::on("PUT", "/v2/app/manifests/held").respond(Response::status(409)));
        let pushed = shell.run("push @/app:1 -t @/app:held -t @/app:latest");
        pushed.says("live: ").says("app:1").says("failed");
        assert_ne!(pushed.code, 0);
        assert_eq!(entries(&registry, "app", "latest"), entries_of(&one));
        assert!(registry.manifest("app", "held").is_none());
    }
}

#[test]
fn conditions_on_tags() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:amd64").succeeds();
        let first = shell.run("push -q --if-not-exists @/app:1");
        first.succeeds();
        let first = first.stdout.trim().to_owned();
        // The same list again is no conflict.
        shell.run("push --if-not-exists @/app:1").succeeds();
        shell.run("create --amend @/app:1 @/app:arm64").succeeds();
        registry.lines();
        shell
            .run("push --if-not-exists @/app:1")
            .fails(7)
            .says("it already points to");
        let other = format!("sha256:{}", "0".repeat(64));
        shell
            .run(&format!("push --expect-digest {other} @/app:1"))
            .fails(7)
            .says(&first);
        assert!(registry.writes().is_empty());
        shell
            .run(&format!("push --expect-digest {first} @/app:1"))
            .succeeds();
        assert_eq!(entries(&registry, "app", "1").len(), 2);
        shell
            .run(&format!("push --expect-digest {first} @/new:1"))
            .fails(1);
    }
}

#[test]
fn push_by_digest_then_tag() {
    for registry in watched::each() {
        let far = Watched::empty(Kind::Embedded);
        let (_, one) = built("linux/amd64", "1");
        registry.push("base", "1", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/base:1").succeeds();
        let dry = shell.run("push --dry-run -q @/app:1");
        let pushed = shell.run("push --by-digest -q @/app:1");
        pushed.succeeds();
        assert_eq!(pushed.stdout, dry.stdout);
        assert!(registry.tags("app").iter().all(|tag| tag != "1"));
        let digest = pushed.stdout.trim();
        registry.lines();
        let tagged = shell.run(&format!(
            "tag @/app@{digest} @/app:1 @/app:2 @/other:1 {}/far:1",
            far.host()
        ));
        tagged.succeeds();
        assert!(tagged.stdout.ends_with(&format!("{digest}\n")), "{tagged}");
        for (registry, repository, tag) in [
            (&registry, "app", "2"),
            (&registry, "other", "1"),
            (&far, "far", "1"),
        ] {
            assert_eq!(
                manifest_testkit::sha256(&registry.bytes(repository, tag)),
                digest
            );
            for child in &one.children {
                assert!(registry.manifest(repository, child).is_some());
            }
        }
        // A single image is tagged byte for byte as well.
        shell.run("tag @/app:arm64 @/lone:1").succeeds();
        assert_eq!(registry.bytes("lone", "1"), registry.bytes("app", "arm64"));
        shell
            .run("tag @/app:gone @/lone:2")
            .fails(1)
            .says("no such manifest");
        shell
            .run("tag --if-not-exists @/app:amd64 @/lone:1")
            .fails(7);
    }
}

#[test]
fn a_child_missing_after_the_push_is_reported() {
    for registry in watched::each() {
        let (_, one) = built("linux/amd64", "1");
        registry.push("app", "one", &one);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:one").succeeds();
        let gone = &one.children[0];
        let path = format!("/v2/app/manifests/{gone}");
        registry.fault(Fault::on("HEAD", &path).respond(Response::status(404)));
        shell
            .run("push @/app:1")
            .fails(1)
            .says("is published, but the registry does not have")
            .says(gone);
        // The list exists already, and is still incomplete.
        let again = shell.run("push @/app:1");
        again.fails(1).says("does not have").says(gone);
        registry.lines();
        let tags = shell.run("push -t @/app:2 -t @/app:3 @/app:1");
        tags.fails(1)
            .says("REGISTRY/app:2  incomplete")
            .says("live: REGISTRY/app:1 (incomplete), REGISTRY/app:2 (incomplete)");
        assert_eq!(tags.stderr.matches("\nhint: ").count(), 1, "{tags}");
        // However many tags there are, their content is verified once.
        let looks = registry.lines();
        let looks = looks
            .iter()
            .filter(|line| line.starts_with(&format!("HEAD {path} ")));
        assert_eq!(looks.count(), 1);
        // With `--no-verify`, neither images nor tag are verified.
        shell.run("push --no-verify -t @/app:4 @/app:1").succeeds();
        let lines = registry.lines();
        let after = lines
            .iter()
            .skip_while(|line| !line.contains("PUT /v2/app/manifests/4"));
        assert_eq!(after.count(), 1, "{lines:#?}");
    }
}

#[test]
fn images_of_an_existing_list_are_verified_once() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("base", "1", &one);
    let shell = Shell::new(&registry);
    shell.run("create @/app:1 @/base:1").succeeds();
    shell.run("push @/app:1").succeeds();
    registry.lines();
    shell.run("push @/app:1").succeeds();
    let lines = registry.lines();
    for child in &one.children {
        let looks = lines.iter().filter(|line| line.contains(child.as_str()));
        assert_eq!(looks.count(), 1, "{lines:#?}");
    }
}

#[test]
fn targets_are_reported_in_given_order() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/m:1 @/app:amd64").succeeds();
        let file = |name: &str| shell.home.path().join(name);
        let (metadata, output) = (file("metadata"), file("output"));
        let line = format!(
            "GITHUB_OUTPUT={} push --github-output --metadata-file {} @/m:1 -t @/z:1 -t @/a:1 -t @/m:2",
            output.display(),
            metadata.display()
        );
        let dry = shell.run(&format!("{line} --dry-run --format json"));
        let dry: serde_json::Value = serde_json::from_str(&dry.stdout).unwrap();
        let pushed = shell.run(&line);
        pushed.succeeds().says(
            "REGISTRY/m:1  written\nREGISTRY/z:1  written\nREGISTRY/a:1  written\nREGISTRY/m:2  written\n",
        );
        let names = ["m:1", "z:1", "a:1", "m:2"];
        let of = |value: &serde_json::Value| value["reference"].as_str().map(str::to_owned);
        let planned: Vec<_> = dry["targets"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(of)
            .collect();
        assert_eq!(planned, names.map(|name| format!("REGISTRY/{name}")));
        let metadata: serde_json::Value =
            serde_json::from_slice(&fs::read(metadata).unwrap()).unwrap();
        let host = registry.host();
        let expected = names.map(|name| format!("{host}/{name}")).join(",");
        assert_eq!(metadata["image.name"], expected);
        let output = fs::read_to_string(output).unwrap();
        let digest = metadata["containerimage.digest"].as_str().unwrap();
        let image = |name: &str| format!("{host}/{name}@{digest}\n");
        let images = ["m", "z", "a"].map(image).concat();
        assert_eq!(
            output,
            format!(
                "digest={digest}\nimage={}images<<EOF\n{images}EOF\n",
                image("m")
            )
        );
    }
}

#[test]
fn by_digest_in_several_repositories() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        let pushed = shell.run("create --push --by-digest -q -t @/other @/app:1 @/app:amd64");
        pushed.succeeds();
        let digest = pushed.stdout.trim();
        for repository in ["app", "other"] {
            assert!(
                registry.manifest(repository, digest).is_some(),
                "{repository}"
            );
        }
        assert!(registry.manifest("other", "latest").is_none());
    }
}

#[test]
fn a_target_digest_must_match_the_published_list() {
    for registry in watched::each() {
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:amd64").succeeds();
        let digest = shell
            .run("push --dry-run -q @/app:1")
            .stdout
            .trim()
            .to_owned();
        let other = format!("sha256:{}", "0".repeat(64));
        registry.lines();
        for line in [
            format!("push @/app:1 -t @/x@{other}"),
            format!("push @/app:1 -t @/x:1@{other}"),
            format!("push @/app:1 --by-digest -t @/x@{other}"),
            format!("tag @/app:amd64 @/x@{other}"),
            format!("tag @/app:amd64 @/x:1@{digest}"),
        ] {
            shell
                .run(&line)
                .fails(1)
                .says("names a digest, but the published digest is sha256:");
        }
        assert!(registry.writes().is_empty());
        shell
            .run(&format!("push @/app:1 -t @/app:2@{digest} -t @/app:2"))
            .succeeds()
            .says("REGISTRY/app:1  written\nREGISTRY/app:2  written\n");
        assert_eq!(registry.bytes("app", "2"), registry.bytes("app", "1"));
    }
}

#[test]
fn conflicting_flags() {
    for registry in watched::each() {
        let digest = format!("sha256:{}", "0".repeat(64));
        registry.push("app", "one", &built("linux/amd64", "1").1);
        let shell = Shell::new(&registry);
        shell.run("create @/app:1 @/app:one").succeeds();
        registry.lines();
        for (flags, said) in [
            ("--by-digest --child-tags x", "--by-digest and --child-tags"),
            ("--by-digest -t @/app:2", "--by-digest and --tag"),
            (
                "--by-digest --if-not-exists",
                "--by-digest and --if-not-exists",
            ),
            (
                &format!("--by-digest --expect-digest {digest}"),
                "--by-digest and --expect-digest",
            ),
            (
                &format!("--if-not-exists --expect-digest {digest}"),
                "--if-not-exists and --expect",
            ),
        ] {
            for line in ["push @/app:1", "create --push @/app:1 @/app:one"] {
                shell.run(&format!("{line} {flags}")).fails(125).says(said);
            }
        }
        shell
            .run(&format!(
                "tag --if-not-exists --expect-digest {digest} @/app:one @/app:two"
            ))
            .fails(125);
        assert!(registry.lines().is_empty());
        // Nothing goes to another registry under another name either.
        shell
            .run("create --push --no-copy @/app:1 @/app:one -t q.io/app:1")
            .fails(1)
            .says("q.io/app:1 is not in the registry of REGISTRY/app:1 (--no-copy)");
    }
}

#[test]
fn children_are_requested_once() {
    let registry = Watched::empty(Kind::Embedded);
    let (_, one) = built("linux/amd64", "1");
    registry.push("base", "1", &one);
    let shell = Shell::new(&registry);
    registry.lines();
    shell.run("tag @/base:1 @/a:1 @/b:1 @/c:1").succeeds();
    let gets = registry.lines().into_iter();
    let gets = gets.filter(|line| line.starts_with("GET /v2/base/manifests/"));
    // The list, the image, the attestation.
    assert_eq!(gets.count(), 3);
    // Content that is published immediately cannot have moved.
    shell.run("create --push @/d:1 @/base:1").succeeds();
    let lines = registry.lines();
    assert!(
        !lines.iter().any(|line| line.starts_with("HEAD /v2/base/")),
        "{lines:#?}"
    );
}
