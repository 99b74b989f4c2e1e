//! `--referrers` copies the referrers of images; `--subject` makes a list refer to something itself.

use std::fs;

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index};
use manifest_testkit::layout::LayoutFiles;
use manifest_testkit::suite::Kind;
use manifest_testkit::{EmbeddedRegistry, sha256};
use serde_json::Value;

use super::built;
use crate::commands::{Shell, Watched, watched};

/// Returns the tag made of a digest.
fn tag_of(digest: &str) -> String {
    digest.replace(':', "-")
}

/// Builds an SBOM that refers to an image.
fn sbom_of(image: &BuiltImage) -> BuiltImage {
    Image::oci()
        .artifact_type("example/sbom")
        .layer(b"what is in it")
        .subject(image)
        .build()
}

/// An index with the referrers of its image and of itself.
struct Signed {
    index: BuiltIndex,
    image: BuiltImage,
    sbom: BuiltImage,
}

/// The manifests that a copy has to write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Copied {
    /// Only the referrers of images: the images are in the target already.
    Referrers,
    /// The images and their referrers.
    ImagesAndReferrers,
    /// The images, their referrers, and the referrers of the list.
    ListAndReferrersOfBoth,
}

impl Signed {
    /// Pushes an index, an SBOM of its image, and cosign's signatures of both to a repository.
    fn seed(registry: &Watched<'_>, repository: &str) -> Self {
        let (image, index) = built("linux/amd64", "signed");
        registry.push(repository, "1", &index);
        let sbom = sbom_of(&image);
        registry.push(repository, "sbom", &sbom);
        if registry.kind() == Kind::Real {
            let list = Index::oci().image_with(&sbom, None, &[]).build();
            registry.push(repository, &tag_of(&image.digest), &list);
        }
        for digest in [&image.digest, &index.digest] {
            let signature = Image::oci().layer(digest.as_bytes()).build();
            registry.push(repository, &format!("{}.sig", tag_of(digest)), &signature);
        }
        registry.lines();
        Self { index, image, sbom }
    }

    /// Returns the sorted names of the manifests that a copy with `--referrers` writes, without the list's tag.
    fn names(&self, kind: Kind, copied: Copied) -> Vec<String> {
        let signature = |digest: &str| format!("{}.sig", tag_of(digest));
        let mut names = vec![self.sbom.digest.clone(), signature(&self.image.digest)];
        if copied != Copied::Referrers {
            names.extend(self.index.children.iter().cloned());
        }
        if copied == Copied::ListAndReferrersOfBoth {
            names.push(signature(&self.index.digest));
        }
        if kind == Kind::Real {
            names.push(tag_of(&self.image.digest));
        }
        names.sort();
        names
    }
}

/// Returns the names of the manifests that were put, in order, from a registry's requests.
fn puts(registry: &Watched<'_>) -> Vec<String> {
    let puts = registry.writes().into_iter().filter_map(|line| {
        let (path, status) = line.strip_prefix("PUT ")?.rsplit_once(' ')?;
        let (rest, name) = path.rsplit_once('/')?;
        assert_eq!(status, "201", "{line}");
        rest.ends_with("/manifests").then(|| name.to_owned())
    });
    puts.collect()
}

/// Tells whether a request is about referrers.
fn is_of_referrers(line: &str) -> bool {
    line.contains("/referrers/") || line.contains("/manifests/sha256-")
}

#[test]
fn push_copies_referrers_of_images_before_the_tag() {
    for source in watched::each() {
        for kind in manifest_testkit::suite::kinds() {
            let target = Watched::empty(kind);
            let signed = Signed::seed(&source, "team/app");
            let shell = Shell::new(&source);
            let list = format!("{}/app:1", target.host());
            shell.run(&format!("create {list} @/team/app:1")).succeeds();
            // Without the flag, there are no requests for referrers.
            shell.run(&format!("push {list}")).succeeds();
            let lines = [source.lines(), target.lines()].concat();
            assert!(
                !lines.iter().any(|line| is_of_referrers(line)),
                "{lines:#?}"
            );
            let dry = shell.run(&format!("push --dry-run --referrers {list}"));
            dry.succeeds();
            for name in signed.names(kind, Copied::Referrers) {
                dry.says(&format!("would put {}/app", target.host()))
                    .says(&name);
            }
            assert!(target.writes().is_empty());
            shell.run(&format!("push --referrers {list}")).succeeds();
            let mut written = puts(&target);
            written.sort();
            assert_eq!(written, signed.names(kind, Copied::Referrers));
            let other = format!("{}/other:1", target.host());
            shell
                .run(&format!("create --push --referrers {other} @/team/app:1"))
                .succeeds()
                .says("copying ");
            let mut written = puts(&target);
            assert_eq!(written.pop().as_deref(), Some("1"));
            written.sort();
            assert_eq!(written, signed.names(kind, Copied::ImagesAndReferrers));
            let sbom = target.bytes("other", &signed.sbom.digest);
            assert_eq!(sbom, signed.sbom.manifest);
            // Again: nothing was written.
            for line in [
                format!("push --referrers {list}"),
                format!("create --push --replace --referrers {other} @/team/app:1"),
            ] {
                shell.run(&line).succeeds().says("nothing was written");
            }
            assert!(target.writes().is_empty());
            assert!(source.writes().is_empty());
        }
    }
}

#[test]
fn tag_copies_referrers_of_the_list_as_well() {
    for registry in watched::each() {
        let signed = Signed::seed(&registry, "team/app");
        let shell = Shell::new(&registry);
        shell
            .run("tag -q --referrers @/team/app:1 @/app:1")
            .succeeds()
            .prints(&format!("{}\n", signed.index.digest));
        let mut written = puts(&registry);
        assert_eq!(written.pop().as_deref(), Some("1"));
        written.sort();
        assert_eq!(
            written,
            signed.names(registry.kind(), Copied::ListAndReferrersOfBoth)
        );
        shell.run("tag --referrers @/team/app:1 @/app:1").succeeds();
        assert!(registry.writes().is_empty());
        // The list's own repository has them already.
        shell
            .run("tag --referrers @/team/app:1 @/team/app:2")
            .succeeds();
        assert_eq!(puts(&registry), ["2"]);
    }
}

/// Checks that a repository has manifests of these names.
#[track_caller]
fn has_manifests(registry: &Watched<'_>, repository: &str, names: &[&str]) {
    for name in names {
        assert!(
            registry.manifest(repository, name).is_some(),
            "{repository} {name}"
        );
    }
}

/// Checks that the referrers index under a tag has a referrer, with its artifact type.
#[track_caller]
fn lists_referrer(registry: &Watched<'_>, repository: &str, tag: &str, sbom: &BuiltImage) {
    let list: Value = serde_json::from_slice(&registry.bytes(repository, tag)).unwrap();
    assert_eq!(list["manifests"][0]["digest"], sbom.digest.as_str());
    assert_eq!(list["manifests"][0]["artifactType"], "example/sbom");
}

#[test]
fn referrers_are_copied_from_and_to_disk() {
    for registry in watched::each() {
        let (image, index) = built("linux/amd64", "on disk");
        let sbom = sbom_of(&image);
        let signature = Image::oci().layer(b"signed").build();
        let cosign = format!("{}.sig", tag_of(&image.digest));
        let shell = Shell::new(&registry);
        let home = shell.home.path().to_owned();
        LayoutFiles::new()
            .image(Some("1"), &index)
            .image(None, &sbom)
            .image(Some(&cosign), &signature)
            .write_folder(&home.join("out"));
        // One of each kind: from disk, and from a registry.
        let signed = Signed::seed(&registry, "team/app");
        let place = |name: &str| format!("oci-layout://{}", home.join(name).display());
        let create = format!("create @/app:1 {}:1 @/team/app:1", place("out"));
        shell.run(&create).succeeds();
        registry.lines();
        let both = "--on-duplicate keep --referrers @/app:1";
        let dry = shell.run(&format!("push --dry-run {both}"));
        for name in [&sbom.digest, &cosign] {
            dry.says("would put REGISTRY/app").says(name);
        }
        assert!(registry.writes().is_empty());
        let push = format!("push {both} -t @/second:1");
        shell.run(&push).succeeds();
        let is_there = |repository: &str, names: &[&str]| {
            has_manifests(&registry, repository, names);
            if registry.kind() == Kind::Real {
                lists_referrer(&registry, repository, &tag_of(&image.digest), &sbom);
            }
        };
        let of_registry = format!("{}.sig", tag_of(&signed.image.digest));
        let all = [&*sbom.digest, &cosign, &signed.sbom.digest, &of_registry];
        is_there("app", &all);
        is_there("second", &all);
        registry.lines();
        shell
            .run(&format!("push {both}"))
            .succeeds()
            .says("nothing was written");
        assert!(registry.writes().is_empty());

        // To a layout, and from there to a third repository, with all referrers.
        let to = format!("push --to {} {both}", place("copy"));
        let written = shell.run(&to);
        written.succeeds();
        shell.run(&to).succeeds();
        let file = fs::read(home.join("copy/index.json")).unwrap();
        let listed: Value = serde_json::from_slice(&file).unwrap();
        let entries = listed["manifests"].as_array().unwrap();
        let of = |digest: &str| entries.iter().filter(|e| e["digest"] == digest).count();
        assert_eq!(
            (of(&sbom.digest), of(&signed.sbom.digest), entries.len()),
            (1, 1, 5)
        );
        // A source without a name means the list.
        let line = "create --push -q --referrers --on-duplicate keep";
        shell
            .run(&format!("{line} @/third:1 {}", place("copy")))
            .succeeds()
            .prints(written.stdout.as_str());
        is_there("third", &all);
        let tag = format!("tag --referrers {}:1 @/tagged:1", place("out"));
        shell.run(&tag).succeeds();
        is_there("tagged", &[&sbom.digest, &cosign]);
        // Nothing in the layout's cosign tag is lost.
        let other = Image::oci().layer(b"signed by others").build();
        LayoutFiles::new()
            .image(Some(&cosign), &other)
            .write_folder(&home.join("copy"));
        shell.run(&to).fails(7).says(&format!(
            "{cosign} in HOME/copy and in the source have different signatures"
        ));
    }
}

#[test]
fn uncopied_referrers_give_a_warning() {
    let registry = EmbeddedRegistry::builder().no_referrers().start();
    let (image, index) = built("linux/amd64", "signed");
    registry.seed("base", "1", &index);
    let lost = Image::oci().seed("lost").subject(&image).build();
    let list = Index::oci().image_with(&lost, None, &[]).build();
    let tag = tag_of(&image.digest);
    registry.put_manifest("base", Some(&tag), &list.media_type, &list.manifest);
    let source = Watched::empty(Kind::Embedded);
    let shell = Shell::new(&source);
    let line = format!(
        "create --push --referrers @/app:1 {}/base:1",
        registry.host()
    );
    shell
        .run(&line)
        .succeeds()
        .says(&format!(
            "warning: {}/base@{}",
            registry.host(),
            lost.digest
        ))
        .says("is not copied: the registry does not have it");
    shell
        .run("create --referrers @/app:2 @/app:1")
        .fails(125)
        .says("--referrers has no effect without --push");
}

#[test]
fn a_list_with_a_subject_is_a_referrer() {
    for registry in watched::each() {
        let (image, index) = built("linux/amd64", "subject");
        registry.push("app", "base", &image);
        registry.push("app", "one", &index);
        let shell = Shell::new(&registry);
        shell
            .run("create --artifact-type example/list --subject @/app:base @/app:1 @/app:one")
            .succeeds();
        registry.lines();
        let pushed = shell.run("push @/app:1");
        pushed.succeeds();
        let digest = sha256(&registry.bytes("app", "1"));
        let tag = tag_of(&image.digest);
        let mut expected = vec![digest.clone()];
        if registry.kind() == Kind::Real {
            expected.push(tag.clone());
            let list: Value = serde_json::from_slice(&registry.bytes("app", &tag)).unwrap();
            assert_eq!(list["manifests"][0]["digest"], digest);
            assert_eq!(list["manifests"][0]["artifactType"], "example/list");
        }
        expected.push("1".to_owned());
        assert_eq!(puts(&registry), expected);
        shell
            .run("push @/app:1")
            .succeeds()
            .says("nothing was written");
        assert!(registry.writes().is_empty());
    }
}
