//! Everything that decides the digest of a described list, so that a later run knows the digest without reading its images.

use std::fmt::Write as _;

use manifest_core::Digest;

use super::spec_list::SpecList;

impl SpecList {
    /// Returns the digest of everything that decides the content of the list: its images by digest, its options, and `builder`, the
    /// program that assembles it. `None` if a source is on this machine, or not pinned.
    #[must_use]
    pub(crate) fn recipe(&self, builder: &str) -> Option<Digest> {
        let mut text = format!("{builder}\n{}\n", self.list.repository());
        for image in self.images.iter().chain(&self.subject) {
            // The order by name depends on the reference.
            let (reference, digest) = (image.spec.reference()?, image.pinned.as_ref()?);
            let (platform, annotations) = (&image.platform, &image.annotations);
            writeln!(text, "{reference} {digest} {platform:?} {annotations:?}").ok()?;
        }
        let Self {
            subject, require, ..
        } = self;
        let (filter, list) = (&self.options.filter, &self.options.list);
        let has_subject = subject.is_some();
        writeln!(text, "{has_subject} {require:?} {filter:?} {list:?}").ok()?;
        Some(Digest::sha256(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use manifest_spec::{SpecInput, Variables, load};

    use super::*;
    use crate::assembly::SpecOptions;

    const LIST: &str = "\
image: r.io/app:1
tags: [latest]
type: oci
order: given
annotations: {a: b}
artifactType: x/y
subject: r.io/app:subject
require: [linux/amd64]
attestations: keep
manifests:
  - image: r.io/app:a
    platform: {os: linux, architecture: arm, variant: v6}
    annotations: {c: d}
  - image: r.io/app:b
";

    /// Returns the list that a spec file describes. The digests of its images are made of `seed`.
    fn described(text: &str, seed: &str) -> SpecList {
        let input = SpecInput::Text {
            name: "a.yaml".to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let specs = load(&[input], &Variables::default()).unwrap();
        let options = SpecOptions::default();
        let mut list = SpecList::new(&specs[0], &options, Path::new("/")).unwrap();
        for image in list.images.iter_mut().chain(&mut list.subject) {
            let name = image.spec.source();
            image.pinned = Some(Digest::sha256(format!("{seed} {name}").as_bytes()));
        }
        list
    }

    #[test]
    fn everything_that_decides_a_list_is_in_its_recipe() {
        let recipe = |text: &str| described(text, "1").recipe("program").unwrap();
        let mut recipes = BTreeSet::from([recipe(LIST)]);
        let mut is_new = |recipe: Digest, what: &str| {
            assert!(recipes.insert(recipe), "{what} is not in the recipe");
        };
        for (from, to) in [
            ("type: oci", "type: auto"),
            ("order: given", "order: name"),
            ("{a: b}", "{a: c}"),
            ("x/y", "x/z"),
            ("app:subject", "app:other"),
            ("subject: r.io/app:subject\n", ""),
            ("[linux/amd64]", "[linux/arm]"),
            ("keep", "drop"),
            ("variant: v6", "variant: v7"),
            ("{c: d}", "{c: e}"),
            ("r.io/app:b", "r.io/app:c"),
            ("manifests:", "platforms: [linux/amd64]\nmanifests:"),
        ] {
            assert!(LIST.contains(from), "{from}");
            is_new(recipe(&LIST.replace(from, to)), to);
        }
        let (first, second) = LIST.split_once("  - image: r.io/app:a").unwrap();
        let swapped = format!("{first}  - image: r.io/app:b\n  - image: r.io/app:a{second}");
        let swapped = swapped.strip_suffix("  - image: r.io/app:b\n").unwrap();
        is_new(recipe(swapped), "the order of images");
        is_new(
            described(LIST, "2").recipe("program").unwrap(),
            "the digests",
        );
        is_new(described(LIST, "1").recipe("other").unwrap(), "the program");
        // The names of the list are no part of its content.
        let renamed = LIST
            .replace("image: r.io/app:1", "image: r.io/app:2")
            .replace("latest", "new");
        assert_eq!(recipe(&renamed), recipe(LIST));
    }

    #[test]
    fn lists_with_images_on_disk_or_unknown_digests_have_no_recipe() {
        let on_disk = LIST.replace("r.io/app:b", "oci-layout://out");
        assert_eq!(described(&on_disk, "1").recipe("program"), None);
        let mut unknown = described(LIST, "1");
        unknown.images[0].pinned = None;
        assert_eq!(unknown.recipe("program"), None);
    }
}
