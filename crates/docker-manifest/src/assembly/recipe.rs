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
