//! The names of images in an `index.json`, and the tags in them.

use manifest_core::{Descriptor, Reference};

/// The annotation with an image's name in a layout (OCI image specification, "Pre-Defined Annotation Keys").
pub(crate) const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// The annotation with an image's full reference, which containerd and `docker save` write.
const FULL_NAME: &str = "io.containerd.image.name";

/// Returns the names of an image in an `index.json`, the full reference first.
pub(crate) fn names(image: &Descriptor) -> Vec<&str> {
    let name = |key: &str| image.annotations.get(key).map(String::as_str);
    [name(FULL_NAME), name(REF_NAME)]
        .into_iter()
        .flatten()
        .collect()
}

/// Tells whether an image's name matches the requested one: the same text, or the same reference.
pub(crate) fn matches(name: &str, requested: &str) -> bool {
    let parse = |text| Reference::parse(text).ok();
    // A tag alone would be read as a repository.
    let is_reference = name.contains(['/', ':']);
    name == requested
        || is_reference && parse(name).is_some_and(|name| parse(requested) == Some(name))
}

/// Returns the tag in an image's name: the part after the repository, or the whole name if it has no repository.
pub(crate) fn tag_of(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, tag)| tag)
}
