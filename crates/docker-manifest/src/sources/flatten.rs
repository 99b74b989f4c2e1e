//! Flattening: the choice of the children of a list that become entries.

use std::collections::HashSet;

use manifest_core::{Descriptor, MediaType, Platform};

/// The choice among the children of a list.
#[derive(Clone, Debug)]
pub(crate) struct ChildFilter {
    /// The wanted platforms; empty means all.
    pub(crate) platforms: Vec<Platform>,
    /// Whether the attestations of chosen images are chosen too.
    pub(crate) attestations: bool,
}

impl ChildFilter {
    /// Returns the wanted children, in their order, with unchanged descriptors. They include lists that may contain wanted images, and
    /// children without a platform.
    pub(crate) fn select<'a>(&self, children: &'a [Descriptor]) -> Vec<&'a Descriptor> {
        let images: HashSet<&str> = children
            .iter()
            .filter(|child| child.attested_digest().is_none() && self.wants(child))
            .map(|child| child.digest.as_str())
            .collect();
        let all: HashSet<&str> = children.iter().map(|child| child.digest.as_str()).collect();
        let is_wanted = |child: &&Descriptor| {
            if child.is_attestation() && !self.attestations {
                return false;
            }
            match child.attested_digest() {
                // An attestation about an image outside the list is chosen only if all platforms are wanted.
                Some(about) if !all.contains(about) => self.platforms.is_empty(),
                Some(about) => images.contains(about),
                None => self.wants(child),
            }
        };
        children.iter().filter(is_wanted).collect()
    }

    /// Tells whether an image for this platform is wanted.
    #[must_use]
    pub(crate) fn serves(&self, platform: &Platform) -> bool {
        self.platforms.is_empty()
            || self
                .platforms
                .iter()
                .any(|wanted| platform.satisfies(wanted))
    }

    fn wants(&self, child: &Descriptor) -> bool {
        let platform = child.platform.as_ref();
        match platform.filter(|platform| platform.is_stated()) {
            Some(platform) => self.serves(platform),
            None => true,
        }
    }
}

/// Tells whether a descriptor is of a list.
#[must_use]
pub(crate) fn is_list(child: &Descriptor) -> bool {
    MediaType::recognise(&child.media_type).is_some_and(MediaType::is_list)
}

#[cfg(test)]
mod tests {
    use manifest_core::NamedPlatform;
    use manifest_core::media_type::OCI_MANIFEST;

    use super::*;

    fn child(place: usize, platform: &str, about: Option<usize>) -> Descriptor {
        let digest = |place: usize| format!("sha256:{place:064}");
        let mut child = Descriptor::new(OCI_MANIFEST, digest(place).parse().unwrap(), 1);
        if !platform.is_empty() {
            child.platform = Some(NamedPlatform::parse_any(platform).unwrap().platform);
        }
        if let Some(about) = about {
            child.annotations.extend([
                ("vnd.docker.reference.digest".to_owned(), digest(about)),
                (
                    "vnd.docker.reference.type".to_owned(),
                    "attestation-manifest".to_owned(),
                ),
            ]);
        }
        child
    }

    #[test]
    fn attestations_follow_their_image() {
        let children = [
            child(0, "linux/amd64", None),
            child(1, "linux/arm64/v8", None),
            child(2, "unknown/unknown", Some(0)),
            child(3, "unknown/unknown", Some(1)),
            child(4, "unknown/unknown", Some(99)),
            child(5, "", None),
        ];
        for (platforms, attestations, expected) in [
            (&[][..], true, &[0, 1, 2, 3, 4, 5][..]),
            (&[], false, &[0, 1, 5]),
            (&["linux/arm64"], true, &[1, 3, 5]),
            (&["linux/arm64"], false, &[1, 5]),
            (&["linux/arm64", "linux/amd64"], true, &[0, 1, 2, 3, 5]),
            (&["linux/s390x"], true, &[5]),
        ] {
            let parse = |text: &&str| NamedPlatform::parse(text).unwrap().platform;
            let filter = ChildFilter {
                platforms: platforms.iter().map(parse).collect(),
                attestations,
            };
            let place = |found: &&Descriptor| children.iter().position(|child| child == *found);
            let found: Vec<_> = filter.select(&children).iter().filter_map(place).collect();
            assert_eq!(found, expected, "{platforms:?} {attestations}");
        }
    }
}
