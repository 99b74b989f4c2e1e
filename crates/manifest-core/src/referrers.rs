//! The tags under which a registry without a referrers API keeps the referrers of a manifest, made of its digest (distribution
//! specification, "Referrers Tag Schema"; cosign).

use serde::Serialize;
use serde::ser::SerializeMap as _;
use serde_json::value::RawValue;

use crate::descriptor::Descriptor;
use crate::digest::Digest;
use crate::go_json::Object;
use crate::manifest::{Content, Manifest, ManifestError};
use crate::media_type::{MediaType, OCI_INDEX};

/// The suffixes of cosign's tags: signatures, attestations, SBOMs.
const COSIGN_SUFFIXES: [&str; 3] = ["sig", "att", "sbom"];

/// The maximum characters of a digest's algorithm and of its value in a referrers tag.
const TAG_CHARS: (usize, usize) = (32, 64);

/// Returns the tag of the referrers index of a digest.
#[must_use]
pub fn fallback_tag(subject: &Digest) -> String {
    let (algorithm, hex) = (subject.algorithm().name(), subject.hex());
    let of = |text: &str, most: usize| text.chars().take(most).collect::<String>();
    format!("{}-{}", of(algorithm, TAG_CHARS.0), of(hex, TAG_CHARS.1))
}

/// Returns the tags under which cosign stores its data about a digest.
pub fn cosign_tags(subject: &Digest) -> impl Iterator<Item = String> {
    let name = format!("{}-{}", subject.algorithm().name(), subject.hex());
    COSIGN_SUFFIXES
        .into_iter()
        .map(move |suffix| format!("{name}.{suffix}"))
}

/// Returns the digest in a referrers tag or one of cosign's tags, or `None` if it is neither, or has only a part of a digest.
#[must_use]
pub fn subject_of(tag: &str) -> Option<Digest> {
    let is_suffix = |suffix: &str| COSIGN_SUFFIXES.contains(&suffix);
    let name = match tag.split_once('.') {
        Some((name, suffix)) if is_suffix(suffix) => name,
        Some(_) => return None,
        None => tag,
    };
    let (algorithm, hex) = name.split_once('-')?;
    format!("{algorithm}:{hex}").parse().ok()
}

/// Returns the descriptor of a manifest in a referrers index: with its annotations and its artifact type. An image without an
/// artifact type has the media type of its configuration instead.
#[must_use]
pub fn descriptor(manifest: &Manifest) -> Descriptor {
    let (artifact_type, annotations) = match manifest.content() {
        Content::Image(image) => {
            let stated = image.artifact_type.as_ref();
            let artifact_type = stated.unwrap_or(&image.config.media_type);
            (Some(artifact_type), &image.annotations)
        }
        Content::List(list) => (list.artifact_type.as_ref(), &list.annotations),
    };
    let mut descriptor = manifest.descriptor();
    descriptor.artifact_type = artifact_type.filter(|text| !text.is_empty()).cloned();
    descriptor.annotations.clone_from(annotations);
    descriptor
}

/// The action for a cosign tag that already points to another manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// The existing manifest has everything that the new one has: it stays.
    Keep,
    /// The new manifest has everything that the existing one has: it may replace it.
    Replace,
    /// Each has something that the other lacks: writing either would lose something.
    Conflict,
}

/// Compares a new manifest for a cosign tag with the existing one, by their layers or manifests.
#[must_use]
pub fn overlap(new: &Manifest, there: &Manifest) -> Overlap {
    let parts = |manifest: &Manifest| -> Vec<Digest> {
        let parts = match manifest.content() {
            Content::Image(image) => &image.layers,
            Content::List(list) => &list.manifests,
        };
        parts.iter().map(|part| part.digest.clone()).collect()
    };
    let (new, there) = (parts(new), parts(there));
    if new.iter().all(|part| there.contains(part)) {
        Overlap::Keep
    } else if there.iter().all(|part| new.contains(part)) {
        Overlap::Replace
    } else {
        Overlap::Conflict
    }
}

/// Adds referrers to the index under a referrers tag, or creates one. Existing entries stay as they are, to the byte. Returns
/// `None` if the index already has all of them.
///
/// # Errors
/// Returns an error if the existing manifest is not an OCI index.
pub fn with_referrers(
    there: Option<&Manifest>,
    referrers: &[Descriptor],
) -> Result<Option<Vec<u8>>, ManifestError> {
    let known: &[Descriptor] = match there {
        Some(manifest) => match manifest.content() {
            Content::List(list) if manifest.media_type() == MediaType::OciIndex => &list.manifests,
            _ => {
                let found = manifest.media_type().as_str().to_owned();
                return Err(ManifestError::UnsupportedType(found));
            }
        },
        None => &[],
    };
    let mut missing: Vec<&Descriptor> = Vec::new();
    for referrer in referrers {
        let is_same = |other: &Descriptor| other.digest == referrer.digest;
        if !known.iter().any(is_same) && !missing.iter().any(|other| is_same(other)) {
            missing.push(referrer);
        }
    }
    if missing.is_empty() {
        return Ok(None);
    }
    let object = there
        .map(|manifest| Object::parse(manifest.bytes()))
        .transpose()?;
    let known = object
        .as_ref()
        .map(|object| object.array("manifests"))
        .transpose()?;
    let index = Index {
        known: known.flatten().unwrap_or_default(),
        missing,
        others: object
            .as_ref()
            .map(|object| object.others(&["schemaVersion", "mediaType", "manifests"]))
            .unwrap_or_default(),
    };
    Ok(Some(serde_json::to_vec(&index)?))
}

/// An index with its existing and its new entries.
struct Index<'a> {
    known: Vec<&'a RawValue>,
    missing: Vec<&'a Descriptor>,
    others: Vec<(&'a str, &'a RawValue)>,
}

/// An existing entry, or a new one.
#[derive(Serialize)]
#[serde(untagged)]
enum Referrer<'a> {
    Known(&'a RawValue),
    Added(&'a Descriptor),
}

impl Serialize for Index<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let known = self.known.iter().copied().map(Referrer::Known);
        let added = self.missing.iter().copied().map(Referrer::Added);
        let manifests: Vec<Referrer<'_>> = known.chain(added).collect();
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("schemaVersion", &2)?;
        map.serialize_entry("mediaType", OCI_INDEX)?;
        map.serialize_entry("manifests", &manifests)?;
        for (name, value) in &self.others {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::Algorithm;
    use crate::media_type::{DOCKER_MANIFEST_LIST, OCI_MANIFEST};

    fn digest(text: &str) -> Digest {
        Digest::sha256(text.as_bytes())
    }

    #[test]
    fn tags() {
        let hex = digest("x").hex().to_owned();
        assert_eq!(fallback_tag(&digest("x")), format!("sha256-{hex}"));
        let cosign: Vec<String> = cosign_tags(&digest("x")).collect();
        let expected = ["sig", "att", "sbom"].map(|end| format!("sha256-{hex}.{end}"));
        assert_eq!(cosign, expected);
        let long = Digest::compute(Algorithm::Sha512, b"x");
        let expected = format!("sha512-{}", &long.hex()[..64]);
        assert_eq!(fallback_tag(&long), expected);
        for tag in cosign.iter().chain([&fallback_tag(&digest("x"))]) {
            assert_eq!(subject_of(tag), Some(digest("x")), "{tag}");
        }
        for tag in [
            "1.0",
            "sha256-ab",
            "latest",
            &expected,
            &format!("sha256-{hex}.x"),
        ] {
            assert_eq!(subject_of(tag), None, "{tag}");
        }
    }

    #[test]
    fn a_referrers_descriptor() {
        let config = format!(
            r#"{{"mediaType":"application/x.config","digest":"{}","size":2}}"#,
            digest("{}")
        );
        for (json, media_type, artifact_type) in [
            (
                format!(r#"{{"schemaVersion":2,"config":{config},"annotations":{{"k":"v"}}}}"#),
                OCI_MANIFEST,
                Some("application/x.config"),
            ),
            (
                format!(r#"{{"artifactType":"a/b","config":{config},"annotations":{{"k":"v"}}}}"#),
                OCI_MANIFEST,
                Some("a/b"),
            ),
            (
                r#"{"artifactType":"a/b","manifests":[],"annotations":{"k":"v"}}"#.to_owned(),
                OCI_INDEX,
                Some("a/b"),
            ),
            (
                r#"{"manifests":[],"annotations":{"k":"v"}}"#.to_owned(),
                OCI_INDEX,
                None,
            ),
        ] {
            let manifest = Manifest::parse(media_type, json.as_bytes()).unwrap();
            let found = descriptor(&manifest);
            assert_eq!(found.artifact_type.as_deref(), artifact_type, "{json}");
            assert_eq!(found.annotations["k"], "v");
            assert_eq!(&found.digest, manifest.digest());
            assert_eq!(found.media_type, media_type);
        }
    }

    #[test]
    fn overlap_of_cosign_manifests() {
        let config = format!(
            r#"{{"mediaType":"a/b","digest":"{}","size":2}}"#,
            digest("{}")
        );
        let image = |layers: &[&str]| {
            let layer = |text: &&str| {
                let digest = digest(text);
                format!(r#"{{"mediaType":"a/b","digest":"{digest}","size":1}}"#)
            };
            let layers: Vec<String> = layers.iter().map(layer).collect();
            let layers = layers.join(",");
            let json = format!(r#"{{"schemaVersion":2,"config":{config},"layers":[{layers}]}}"#);
            Manifest::parse(OCI_MANIFEST, json.into_bytes()).unwrap()
        };
        for (new, there, expected) in [
            (&["a"][..], &["a", "b"][..], Overlap::Keep),
            (&["a"], &["a"], Overlap::Keep),
            (&["a", "b"], &["b"], Overlap::Replace),
            (&["a", "b"], &["b", "c"], Overlap::Conflict),
        ] {
            assert_eq!(
                overlap(&image(new), &image(there)),
                expected,
                "{new:?} {there:?}"
            );
        }
    }

    #[test]
    fn existing_referrers_stay_to_the_byte() {
        let [a, b] = ["a", "b"].map(|text| Descriptor::new(OCI_MANIFEST, digest(text), 1));
        let new = with_referrers(None, &[a.clone(), a.clone()])
            .unwrap()
            .unwrap();
        assert_eq!(
            String::from_utf8(new.clone()).unwrap(),
            format!(
                r#"{{"schemaVersion":2,"mediaType":"{OCI_INDEX}","manifests":[{{"mediaType":"{OCI_MANIFEST}","digest":"{}","size":1}}]}}"#,
                a.digest
            )
        );
        let there = Manifest::parse(OCI_INDEX, new).unwrap();
        assert!(with_referrers(Some(&there), &[a]).unwrap().is_none());
        let odd = format!(
            r#"{{ "size" : 1, "digest": "{}", "x": [1 , "<"] }}"#,
            digest("c")
        );
        let json = format!(r#"{{"new":{{"y": 1.50}},"manifests":[ {odd} ],"schemaVersion":2}}"#);
        let there = Manifest::parse(OCI_INDEX, json.as_bytes()).unwrap();
        let longer = with_referrers(Some(&there), std::slice::from_ref(&b))
            .unwrap()
            .unwrap();
        let text = String::from_utf8(longer.clone()).unwrap();
        assert!(
            text.contains(&odd) && text.ends_with(r#""new":{"y": 1.50}}"#),
            "{text}"
        );
        let longer = Manifest::parse(OCI_INDEX, longer).unwrap();
        let Content::List(list) = longer.content() else {
            panic!("an index")
        };
        let digests: Vec<&Digest> = list.manifests.iter().map(|entry| &entry.digest).collect();
        assert_eq!(digests, [&digest("c"), &b.digest]);
        // Another kind of manifest has the tag: it is not overwritten.
        let json = format!(r#"{{"mediaType":"{DOCKER_MANIFEST_LIST}","manifests":[]}}"#);
        let other = Manifest::parse(DOCKER_MANIFEST_LIST, json.as_bytes()).unwrap();
        assert!(with_referrers(Some(&other), &[b]).is_err());
    }
}
