//! Entries that engines cannot tell apart.

use std::collections::{HashMap, HashSet};

use crate::descriptor::Descriptor;
use crate::entry::Entry;

/// Two entries for one platform, by index. Clients only ever pick the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Duplicate {
    /// The index of the entry that clients pick.
    pub first: usize,
    /// The index of the entry that clients never pick.
    pub second: usize,
}

/// Finds images with the same os, architecture, variant, os version and os features. Descriptors that are not of images and
/// images without a platform are ignored.
#[must_use]
pub fn duplicates<'a>(list: impl IntoIterator<Item = &'a Descriptor>) -> Vec<Duplicate> {
    let mut seen = HashMap::new();
    let mut found = Vec::new();
    for (second, descriptor) in list.into_iter().enumerate() {
        let Some(platform) = descriptor.platform.as_ref() else {
            continue;
        };
        if !descriptor.is_image() || !platform.is_stated() {
            continue;
        }
        let first = *seen.entry(platform.normalized()).or_insert(second);
        if first != second {
            found.push(Duplicate { first, second });
        }
    }
    found
}

/// Tells which entries remain after the entries at the given indexes are removed. Attestations are removed with their image.
#[must_use]
pub fn without(entries: &[Entry], gone: &[usize]) -> Vec<bool> {
    let stays = |place: usize| !gone.contains(&place);
    let is_about_gone = |entry: &Entry| {
        let about = entry.descriptor.attested_digest();
        about.is_some_and(|about| {
            let is_it = |&(_, other): &(usize, &Entry)| other.descriptor.digest.as_str() == about;
            let mut subjects = entries.iter().enumerate().filter(is_it).peekable();
            subjects.peek().is_some() && subjects.all(|(place, _)| !stays(place))
        })
    };
    let entries = entries.iter().enumerate();
    entries
        .map(|(place, entry)| stays(place) && !is_about_gone(entry))
        .collect()
}

/// Finds attestations whose image is not in the list, by index.
#[must_use]
pub fn orphans(list: &[&Descriptor]) -> Vec<usize> {
    let digests: HashSet<&str> = list
        .iter()
        .map(|descriptor| descriptor.digest.as_str())
        .collect();
    let is_orphan = |descriptor: &Descriptor| {
        descriptor
            .attested_digest()
            .is_some_and(|about| !digests.contains(about))
    };
    let places = 0..list.len();
    places.filter(|&place| is_orphan(list[place])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::media_type::{OCI_INDEX, OCI_MANIFEST};
    use crate::{Descriptor, NamedPlatform, Reference};

    /// Builds an entry for a platform. With `about`, it is an attestation of the entry at that index.
    fn entry(place: usize, platform: &str, about: Option<usize>) -> Entry {
        let digest = |place: usize| format!("sha256:{place:064}");
        let mut descriptor = Descriptor::new(OCI_MANIFEST, digest(place).parse().unwrap(), 7);
        descriptor.platform = Some(NamedPlatform::parse_any(platform).unwrap().platform);
        if let Some(about) = about {
            let annotation = |key: &str, value: String| (key.to_owned(), value);
            descriptor.annotations.extend([
                annotation("vnd.docker.reference.digest", digest(about)),
                annotation("vnd.docker.reference.type", "attestation-manifest".into()),
            ]);
        }
        Entry {
            reference: Reference::parse(&format!("localhost:5000/app:{place}")).unwrap(),
            descriptor,
            raw: None,
            shown: None,
            origin: None,
            position: None,
        }
    }

    #[test]
    fn duplicate_platforms_are_found() {
        let platforms = [
            "linux/arm64",
            "linux/arm/v7",
            "windows(10.0.1)/amd64",
            "windows(10.0.2)/amd64",
            "unknown/unknown",
            "unknown/unknown",
            "linux/arm64/v8",
            "linux/arm",
            "linux/arm64",
            "linux/arm/v6",
        ];
        let mut entries: Vec<_> = (0..)
            .zip(platforms)
            .map(|(i, p)| entry(i, p, None))
            .collect();
        let pairs = |entries: &[Entry]| -> Vec<_> {
            let list = entries.iter().map(|entry| &entry.descriptor);
            let found = duplicates(list).into_iter();
            found
                .map(|Duplicate { first, second }| (first, second))
                .collect()
        };
        assert_eq!(pairs(&entries), [(0, 6), (1, 7), (0, 8)]);
        let features = &mut entries[8].descriptor.platform.as_mut().unwrap().os_features;
        features.push("f".into());
        entries[7].descriptor.media_type = OCI_INDEX.into();
        assert_eq!(pairs(&entries), [(0, 6)]);
    }

    #[test]
    fn attestations_go_with_their_image() {
        let entries = [
            entry(0, "linux/amd64", None),
            entry(1, "linux/arm64", None),
            entry(2, "unknown/unknown", Some(0)),
            entry(3, "unknown/unknown", Some(1)),
            entry(4, "unknown/unknown", Some(99)),
        ];
        assert_eq!(without(&entries, &[0]), [false, true, false, true, true]);
        assert_eq!(without(&entries, &[]), [true; 5]);
        let list: Vec<&Descriptor> = entries.iter().map(|entry| &entry.descriptor).collect();
        assert_eq!(orphans(&list), [4]);
    }
}
