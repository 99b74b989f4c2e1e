//! The remedy for each failure.

use manifest_core::{Platform, PlatformNameError, Reference};
use manifest_registry::RegistryError;

use super::error::{DraftLookup, Failure};
use super::place::DraftPlace;

impl Failure {
    /// Returns the remedies, one sentence each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Multiple(failures) => {
                let mut hints: Vec<String> = failures.iter().flat_map(Self::hints).collect();
                hints.dedup();
                hints
            }
            Self::Spec(errors) => errors.hints().into_iter().map(str::to_owned).collect(),
            Self::Usage(error) => error.hint().map(str::to_owned).into_iter().collect(),
            Self::Store(error) => error.hint().into_iter().collect(),
            Self::Registry(error) => error.hint().into_iter().collect(),
            Self::NoSources(errors) => {
                let own = errors.first().and_then(RegistryError::hint);
                own.into_iter().chain(local_image_hint(errors)).collect()
            }
            Self::Sources(error) => error.hints(),
            Self::NeitherDraftNorPublished {
                error,
                list,
                searched,
            } => {
                let no_draft =
                    format!("there is no draft of {list} either; drafts are in {searched}");
                error.hint().into_iter().chain([no_draft]).collect()
            }
            Self::Inspect(error) => error.hint().into_iter().collect(),
            Self::Install(error) => error.hint().into_iter().collect(),
            Self::ManifestTool(error) => error.hint().into_iter().collect(),
            Self::Stage(error) => error.hints(),
            Self::Exchange(error) => error.hint().into_iter().collect(),
            Self::Layout(error) => error.hint().into_iter().collect(),
            Self::Rollback(error) => error.hint().into_iter().collect(),
            Self::PartlyPublished { failed, .. } => {
                let mut hints: Vec<String> = Vec::new();
                for hint in failed.iter().filter_map(RegistryError::hint) {
                    if !hints.contains(&hint) {
                        hints.push(hint);
                    }
                }
                hints
            }
            failure => failure.own_hint().into_iter().collect(),
        }
    }

    fn own_hint(&self) -> Option<String> {
        self.source_hint()
            .or_else(|| self.draft_hint())
            .or_else(|| self.publish_hint())
            .or_else(|| self.setup_hint())
    }

    /// Returns the remedy for a failure of sources and their flags.
    fn source_hint(&self) -> Option<String> {
        Some(match self {
            Self::NotARepository { repository, .. } => {
                format!("leave the tag or digest out: {repository}; --tags chooses tags")
            }
            Self::NoTags {
                pattern: Some(_), ..
            } => "* in a pattern stands for any characters, ? for one; without patterns all tags are shown".to_owned(),
            Self::NoSinceTag { repository, .. } => {
                format!("--since takes a tag that --tags does not exclude; `docker-manifest matrix --limit 0 {repository}` shows all")
            }
            Self::TooMuchContent { .. } => {
                "show fewer tags with --limit, or choose some with --tags".to_owned()
            }
            Self::RefusingToAmend { list } => {
                format!("`--amend` adds to the draft, `docker-manifest rm {list}` removes it")
            }
            Self::TruncatedDigest { name, .. } => {
                format!("if it is an image on Docker Hub: docker.io/library/{name}")
            }
            Self::NotADigest { .. } | Self::NoDigests { .. } => {
                "name each file by the digest of an image: `sha256:<hex>`, or only the hex; subfolders are read up to 3 levels deep"
                    .to_owned()
            }
            Self::NoImageForPlatform { .. } => {
                "`docker-manifest inspect --verbose IMAGE` shows the platform of an image".to_owned()
            }
            Self::PlatformName(PlatformNameError::Form(_)) => return None,
            Self::PlatformName(_) => "`--force` accepts it".to_owned(),
            Self::Payload(_) | Self::NoPayload { .. } => {
                "look the image up again: `docker-manifest create --amend LIST IMAGE`".to_owned()
            }
            _ => return None,
        })
    }

    /// Returns the remedy for a failure of drafts and their entries.
    fn draft_hint(&self) -> Option<String> {
        Some(match self {
            Self::NoDraftToRemove { searched, .. } => {
                format!("drafts are in {searched}")
            }
            Self::NoDraft {
                reference,
                searched,
            } => no_draft(reference, searched),
            Self::NotInDraft { lookup, .. } | Self::NoEntry { lookup, .. } => lookup.hint(),
            Self::EmptyDraft { list } => {
                format!("add images with `docker-manifest create --amend {list} IMAGE...`")
            }
            Self::AmbiguousEntry { .. } => {
                "name one of them, by its reference, digest or platform".to_owned()
            }
            Self::NoPlatform { image } => {
                format!("set them: `docker-manifest annotate --os OS --arch ARCH LIST {image}`")
            }
            Self::UnsupportedPair(pair) => {
                let Platform {
                    os,
                    architecture,
                    variant,
                    ..
                } = pair.meant()?;
                let os = (os != pair.os).then(|| format!("--os {os} "));
                let variant = (!variant.is_empty()).then(|| format!(" --variant {variant}"));
                let (os, variant) = (os.unwrap_or_default(), variant.unwrap_or_default());
                format!("platforms have Go's names: `{os}--arch {architecture}{variant}`")
            }
            _ => return None,
        })
    }

    /// Returns the remedy for a failure to publish.
    fn publish_hint(&self) -> Option<String> {
        Some(match self {
            Self::DuplicatePlatform { .. } => {
                "`--on-duplicate replace` takes the later one, `keep` publishes both".to_owned()
            }
            Self::NeedsPush { flag } => {
                let of_push = if *flag == "--tags" { "--tag" } else { flag };
                format!("add --push, or give {of_push} to `push`")
            }
            Self::DigestMismatch { .. } => {
                "a digest cannot be chosen: name a tag, or only the repository with `--by-digest`"
                    .to_owned()
            }
            Self::SourceMoved { .. } => {
                "`--moved refresh` publishes the new image, `--moved warn` without `--strict` the old one"
                    .to_owned()
            }
            Self::TargetMoved { list, .. } => format!(
                "`--moved warn` without `--strict` replaces it anyway, `docker-manifest rm {list}` removes the draft"
            ),
            Self::NeedsOciIndex(_) => {
                "publish it as an image index: `create --type oci`, also with `--amend`"
                    .to_owned()
            }
            Self::PlatformsLost {
                source_image, list, ..
            } => format!(
                "`docker-manifest create --amend {list} {source_image}` takes the new images, `--moved warn` publishes the old ones"
            ),
            _ => return None,
        })
    }

    /// Returns the remedy for a failure of the installation.
    fn setup_hint(&self) -> Option<String> {
        Some(match self {
            Self::Check(failure) => return failure.hint(),
            Self::List(failure) => return failure.hint(),
            Self::NoHome => "set HOME, DOCKER_CONFIG, or --config".to_owned(),
            Self::NoDocker => {
                "install Docker's CLI, or remove the shim: `docker-manifest uninstall`".to_owned()
            }
            _ => return None,
        })
    }
}

impl DraftLookup {
    fn hint(&self) -> String {
        let Self {
            list,
            has_draft,
            searched,
        } = self;
        if *has_draft {
            format!("name the image as `create` did; drafts are in {searched}")
        } else {
            no_draft(list, searched)
        }
    }
}

fn no_draft(list: &Reference, searched: &DraftPlace) -> String {
    let flag = searched.flag();
    format!(
        "there is no draft of {list}: `docker-manifest create{flag} {list} IMAGE...` makes one; drafts are in {searched}"
    )
}

/// Returns the remedy for an image that may exist only in the local engine. One example is enough for several.
fn local_image_hint(errors: &[RegistryError]) -> Option<String> {
    let tagged = |error: &RegistryError| match error {
        RegistryError::NoSuchManifest { reference, .. } if reference.tag().is_some() => {
            Some(reference.to_string())
        }
        _ => None,
    };
    let reference = errors.iter().find_map(tagged)?;
    Some(format!(
        "if it is only in the local engine: `docker push` it first, or `docker save -o FILE {reference}` and name it as docker-archive:FILE"
    ))
}
