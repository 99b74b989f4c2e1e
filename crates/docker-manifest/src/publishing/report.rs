//! What is reported of a list that was pushed: to people, to scripts, and to the next step of a pipeline.

use std::fs;
use std::io::Write as _;
use std::path::Path;

use manifest_core::reference::Repository;
use manifest_core::{
    Content, Descriptor, Digest, Draft, Manifest, MediaType, PublishedList, Reference, Source,
};
use serde::Serialize;
use serde_json::json;

use super::flags::PublishFlags;
use crate::context::Context;
use crate::failure::Failure;

/// What is in a list.
#[derive(Clone, Debug)]
pub struct Report {
    reference: String,
    digest: Digest,
    media_type: &'static str,
    size: usize,
    manifests: Vec<ManifestReport>,
}

/// One manifest in a list.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ManifestReport {
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<String>,
    digest: Digest,
    size: u64,
    media_type: String,
    reference: String,
    /// The digest of the image that an attestation is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    about: Option<String>,
}

/// What is reported of what was written.
#[derive(Debug, Default)]
pub(crate) struct Written {
    /// The digest that the registry gave it, where that says.
    pub(crate) digest: Option<Digest>,
    /// The list's names in registries, the first of them its own.
    pub(crate) names: Vec<Reference>,
    /// Where it was written to.
    pub(crate) targets: Vec<TargetReport>,
    /// The tags of single images.
    pub(crate) child_tags: Vec<TargetReport>,
}

/// What became of a name that was to be written.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TargetReport {
    pub(crate) reference: String,
    pub(crate) state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Digest>,
}

impl Report {
    pub(crate) fn new(draft: &Draft, list: &PublishedList) -> Self {
        let entries = draft.settings.order.sorted(&draft.entries);
        Self {
            reference: draft.list.to_string(),
            digest: list.digest.clone(),
            media_type: list.media_type.as_str(),
            size: list.bytes.len(),
            manifests: entries
                .into_iter()
                .map(|entry| ManifestReport::of(&entry.descriptor, &entry.reference))
                .collect(),
        }
    }

    /// Reports a manifest as it is at `source`. Its children are named by `repository`.
    pub(crate) fn of_manifest(
        source: &Source,
        repository: &Repository,
        manifest: &Manifest,
    ) -> Self {
        let children = match manifest.content() {
            Content::List(list) => list.manifests.as_slice(),
            Content::Image(_) => &[],
        };
        let child = |descriptor: &Descriptor| {
            let reference = repository.at(descriptor.digest.clone());
            ManifestReport::of(descriptor, &reference)
        };
        Self {
            reference: source.to_string(),
            digest: manifest.digest().clone(),
            media_type: manifest.media_type().as_str(),
            size: manifest.bytes().len(),
            manifests: children.iter().map(child).collect(),
        }
    }

    /// Returns the digests of the manifests in the list, each once.
    pub(crate) fn digests(&self) -> Vec<Digest> {
        let mut digests: Vec<Digest> = Vec::new();
        for manifest in &self.manifests {
            if !digests.contains(&manifest.digest) {
                digests.push(manifest.digest.clone());
            }
        }
        digests
    }

    pub(crate) fn digest(&self) -> &Digest {
        &self.digest
    }

    /// Says what is in the list, a line each, for a person.
    pub(crate) fn lines(&self) -> Vec<String> {
        let line = |manifest: &ManifestReport| {
            let platform = manifest.platform.as_deref().unwrap_or("-");
            format!("{:12} {platform:20} {}", manifest.kind, manifest.digest)
        };
        let first = format!("{} {} ({} bytes)", self.media_type, self.digest, self.size);
        std::iter::once(first)
            .chain(self.manifests.iter().map(line))
            .collect()
    }

    /// Returns the whole of it as JSON, with more fields.
    pub(crate) fn json(&self, more: serde_json::Value) -> Vec<u8> {
        let mut object = json!({
            "reference": self.reference,
            "digest": self.digest,
            "mediaType": self.media_type,
            "size": self.size,
            "manifests": self.manifests,
        });
        if let (Some(object), serde_json::Value::Object(more)) = (object.as_object_mut(), more) {
            object.extend(more);
        }
        serde_json::to_vec_pretty(&object).unwrap_or_default()
    }

    /// Reports what was pushed, now that it was.
    pub(crate) fn write(
        &self,
        written: &Written,
        flags: &PublishFlags,
        context: &Context<'_>,
    ) -> Result<(), Failure> {
        let digest = written.digest.as_ref().unwrap_or(&self.digest);
        if let Some(path) = &flags.digestfile {
            write_file(path, digest.as_str().as_bytes())?;
        }
        if let Some(path) = &flags.metadata_file {
            let mut metadata = json!({
                "containerimage.descriptor": {
                    "mediaType": self.media_type,
                    "digest": digest,
                    "size": self.size,
                },
                "containerimage.digest": digest,
            });
            if !written.names.is_empty() {
                let names: Vec<String> = written.names.iter().map(ToString::to_string).collect();
                metadata["image.name"] = json!(names.join(","));
            }
            let bytes = serde_json::to_vec_pretty(&metadata).unwrap_or_default();
            write_file(path, &bytes)?;
        }
        if flags.github_output.is_on() {
            let path = context
                .environment()
                .var("GITHUB_OUTPUT")
                .ok_or(Failure::NoGithubOutput)?;
            append(Path::new(path), &github_output(digest, &written.names))?;
        }
        if flags.format.is_some() {
            let mut more = json!({ "targets": written.targets });
            if !written.child_tags.is_empty() {
                more["childTags"] = json!(written.child_tags);
            }
            return Ok(context.output.result(self.json(more))?);
        }
        Ok(context.output.result(digest.as_str())?)
    }
}

impl ManifestReport {
    fn of(descriptor: &Descriptor, reference: &Reference) -> Self {
        let kind = if descriptor.is_attestation() {
            "attestation"
        } else if MediaType::recognise(&descriptor.media_type).is_some_and(MediaType::is_list) {
            "index"
        } else if descriptor.is_image() {
            "image"
        } else {
            "artifact"
        };
        let platform = descriptor.platform.as_ref();
        Self {
            kind,
            platform: platform
                .filter(|platform| platform.is_stated())
                .map(ToString::to_string),
            digest: descriptor.digest.clone(),
            size: descriptor.size,
            media_type: descriptor.media_type.clone(),
            reference: reference.to_string(),
            about: descriptor.attested_digest().map(str::to_owned),
        }
    }
}

/// Renders what later steps of a workflow read as `steps.ID.outputs`: the digest, the image, and all images, one a line. GitHub's
/// delimiter for values of several lines cannot be a line of these.
fn github_output(digest: &Digest, names: &[Reference]) -> String {
    let mut images: Vec<String> = Vec::new();
    for name in names {
        let image = format!("{}@{digest}", name.repository());
        if !images.contains(&image) {
            images.push(image);
        }
    }
    let mut text = format!("digest={digest}\n");
    if let Some(first) = images.first() {
        let all = images.join("\n");
        text.push_str(&format!("image={first}\nimages<<EOF\n{all}\nEOF\n"));
    }
    text
}

fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    fs::write(path, bytes).map_err(|source| Failure::Write {
        path: path.to_owned(),
        source,
    })
}

fn append(path: &Path, text: &str) -> Result<(), Failure> {
    let append = || {
        let mut file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .open(path)?;
        file.write_all(text.as_bytes())
    };
    append().map_err(|source| Failure::Write {
        path: path.to_owned(),
        source,
    })
}

/// Writes a number of bytes for people: `1.5 MB`.
#[must_use]
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let (mut whole, mut tenths, mut unit) = (bytes, 0, 0);
    while whole >= 1000 && unit + 1 < UNITS.len() {
        tenths = whole % 1000 / 100;
        whole /= 1000;
        unit += 1;
    }
    if unit == 0 {
        format!("{whole} B")
    } else {
        format!("{whole}.{tenths} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn github_outputs() {
        let digest = Digest::sha256(b"");
        let names = ["a.io/app:1", "b.io/app:1", "a.io/app:2"];
        let names = names.map(|name| Reference::parse(name).unwrap());
        assert_eq!(
            github_output(&digest, &names),
            format!(
                "digest={digest}\nimage=a.io/app@{digest}\nimages<<EOF\na.io/app@{digest}\nb.io/app@{digest}\nEOF\n"
            )
        );
        assert_eq!(github_output(&digest, &[]), format!("digest={digest}\n"));
    }

    #[test]
    fn sizes() {
        for (bytes, text) in [
            (0, "0 B"),
            (999, "999 B"),
            (1500, "1.5 kB"),
            (2_000_000_000, "2.0 GB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), text);
        }
    }
}
