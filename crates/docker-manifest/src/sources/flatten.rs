//! Which children of a list become entries.

use std::collections::HashSet;

use manifest_core::{Descriptor, MediaType, Platform};

/// What is taken of a list.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The platforms that are wanted; all where there are none.
    pub platforms: Vec<Platform>,
    /// Whether attestations come along with their images.
    pub attestations: bool,
}

impl Choice {
    /// Returns the children that are wanted, in their order, with their descriptors as they are. Lists among them are
    /// returned if they may hold what is wanted; so is what states no platform.
    pub fn of<'a>(&self, children: &'a [Descriptor]) -> Vec<&'a Descriptor> {
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
                // What is about nothing in here goes where everything goes.
                Some(about) if !all.contains(about) => self.platforms.is_empty(),
                Some(about) => images.contains(about),
                None => self.wants(child),
            }
        };
        children.iter().filter(is_wanted).collect()
    }

    /// Tells whether an image for this platform is wanted.
    #[must_use]
    pub fn serves(&self, platform: &Platform) -> bool {
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

/// Tells whether a child is a list itself.
#[must_use]
pub fn is_list(child: &Descriptor) -> bool {
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
            let choice = Choice {
                platforms: platforms.iter().map(parse).collect(),
                attestations,
            };
            let place = |found: &&Descriptor| children.iter().position(|child| child == *found);
            let found: Vec<_> = choice.of(&children).iter().filter_map(place).collect();
            assert_eq!(found, expected, "{platforms:?} {attestations}");
        }
    }
}
