//! A list that a spec file describes, as sources and options.

use std::path::Path;

use manifest_core::{Platform, Reference, Source};
use manifest_registry::{Client, RegistryError};
use manifest_spec::{ImageSpec, ListSpec};

use super::listed_image::ListedImage;
use super::options::{AssemblyOptions, ListOptions};
use super::resolve::{ResolveRequest, refuse_other_registries, warn_of_missing};
use super::shared_sources::SharedSources;
use super::subject::parse_subject;
use crate::concurrency::PARALLEL_IMAGES;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{ChildFilter, SourceSpec};
use crate::values::{AnnotationFlag, AnnotationTarget};

/// The choices of a command for all lists of its spec files.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpecOptions {
    /// Whether images that do not exist are left out of each list.
    pub(crate) ignores_missing: bool,
    /// Whether images in other registries than their list are refused.
    pub(crate) refuses_copies: bool,
    /// Whether warnings are errors.
    pub(crate) is_strict: bool,
}

/// A list that a spec file describes, as sources and options.
#[derive(Clone, Debug)]
pub(crate) struct SpecList {
    /// Its name, the first of its targets.
    pub(crate) list: Reference,
    /// Whether it is published by its digest, without a tag.
    pub(crate) by_digest: bool,
    /// Its further names.
    pub(crate) tags: Vec<Reference>,
    /// Its images, in the order given.
    pub(crate) images: Vec<ListedImage>,
    /// Its subject.
    pub(crate) subject: Option<ListedImage>,
    /// The platforms that it has to have an image for.
    pub(crate) require: Vec<Platform>,
    /// The choices for it that do not come from its images.
    pub(crate) options: AssemblyOptions,
    /// The sources that do not exist and were left out when the others were pinned.
    pub(crate) left_out: Vec<Source>,
}

impl SpecList {
    /// Reads the names in a description. Relative paths of layouts start from `current_dir`.
    ///
    /// # Errors
    /// Fails if a name is malformed, or an option forbids it.
    pub(crate) fn new(
        spec: &ListSpec,
        options: &SpecOptions,
        current_dir: &Path,
    ) -> Result<Self, Failure> {
        let mut names: Vec<Reference> = Vec::new();
        let own = (!spec.by_digest || spec.tags.is_empty()).then_some(&spec.list);
        for name in own.into_iter().chain(&spec.tags) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        let list = names.remove(0);
        let image = |image: &ImageSpec| {
            let place = Some(image.position.to_string());
            Ok::<_, Failure>(ListedImage {
                platform: image.platform.clone(),
                annotations: image.annotations.clone(),
                ..SourceSpec::parse(&image.image, place, &list, current_dir)?.into()
            })
        };
        let images = spec.images.iter().map(image);
        let images = images.collect::<Result<Vec<ListedImage>, _>>()?;
        if options.refuses_copies {
            let sources = images.iter().filter_map(|image| image.spec.reference());
            refuse_other_registries(sources.chain(&names), &list)?;
        }
        let subject = spec.subject.as_deref();
        let subject = subject.map(|text| parse_subject(text, &list)).transpose()?;
        Ok(Self {
            by_digest: spec.by_digest && spec.tags.is_empty(),
            tags: names,
            images,
            subject: subject.map(|subject| SourceSpec::Registry(subject).into()),
            require: spec.require.clone(),
            options: assembly_options(spec, options),
            left_out: Vec::new(),
            list,
        })
    }

    /// Returns the tags that the list is written to. None with a list that is published by its digest.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Reference> {
        let own = (!self.by_digest).then_some(&self.list);
        own.into_iter().chain(&self.tags)
    }

    /// Returns its name and its further names. A name without a tag, of a list that is published by its digest, is among them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &Reference> {
        std::iter::once(&self.list).chain(&self.tags)
    }

    /// Returns the references that are read.
    pub(crate) fn sources(&self) -> impl Iterator<Item = &Reference> {
        self.specs().filter_map(SourceSpec::reference)
    }

    /// Returns its images and its subject.
    pub(crate) fn specs(&self) -> impl Iterator<Item = &SourceSpec> {
        let images = self.images.iter().chain(&self.subject);
        images.map(|image| &image.spec)
    }

    /// Looks up the digests of all sources in registries. Images that do not exist are left out if that is allowed.
    ///
    /// # Errors
    /// Fails if there is no such image, or if a registry gives no clear response.
    pub(crate) async fn pin(
        &mut self,
        client: &Client,
        output: &Output,
        shared: &SharedSources,
    ) -> Result<(), Failure> {
        let pins = self.images.iter().chain(&self.subject).map(|image| async {
            match image.spec.reference() {
                Some(reference) => shared.pin(client, reference).await.map(Some),
                None => Ok(None),
            }
        });
        let pins = manifest_registry::concurrent(PARALLEL_IMAGES, pins).await;
        let mut missing: Vec<RegistryError> = Vec::new();
        let mut pinned = Vec::new();
        let mut pins = pins.into_iter();
        for (mut image, pin) in std::mem::take(&mut self.images).into_iter().zip(&mut pins) {
            match pin {
                Ok(digest) => {
                    image.pinned = digest;
                    pinned.push(image);
                }
                Err(error) if !image.is_missing(&error) => return Err(error.into()),
                Err(_) if self.options.ignores_missing => {
                    let source = image.spec.source();
                    warn_of_missing(&source, output);
                    self.left_out.push(source);
                }
                Err(error) => missing.push(error),
            }
        }
        if !missing.is_empty() {
            return Err(Failure::NoSources(missing));
        }
        if let (Some(subject), Some(pin)) = (&mut self.subject, pins.next()) {
            subject.pinned = pin?;
        }
        self.images = pinned;
        if self.images.is_empty() {
            let list = self.list.clone();
            return Err(Failure::NoImages { list });
        }
        Ok(())
    }

    /// Returns the request to resolve the images.
    pub(crate) fn request(&self) -> ResolveRequest<'_> {
        ResolveRequest {
            list: &self.list,
            images: self.images.clone(),
            subject: self.subject.clone(),
            base: None,
            observed_tag: None,
        }
    }
}

fn assembly_options(spec: &ListSpec, options: &SpecOptions) -> AssemblyOptions {
    let annotations = spec.annotations.iter();
    let annotations = annotations.map(|(key, value)| AnnotationFlag {
        on: AnnotationTarget::Index,
        key: key.clone(),
        value: value.clone(),
    });
    AssemblyOptions {
        filter: ChildFilter {
            platforms: spec.platforms.clone(),
            attestations: !spec.drops_attestations,
        },
        filters_images: false,
        flattens: true,
        ignores_missing: options.ignores_missing || spec.ignores_missing,
        refuses_copies: options.refuses_copies,
        is_strict: options.is_strict,
        on_duplicate: None,
        list: ListOptions {
            list_type: Some(spec.list_type),
            order: Some(spec.order),
            artifact_type: spec.artifact_type.clone(),
            annotations: annotations.collect(),
            copies_annotations: false,
        },
    }
}
