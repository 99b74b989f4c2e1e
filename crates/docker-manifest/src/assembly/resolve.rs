//! Resolving all sources of a list.

use std::collections::BTreeMap;

use manifest_core::{Descriptor, Draft, Entry, Platform, Reference, Source, TagState};
use manifest_registry::Client;

use super::listed_image::{self, ListedImage};
use super::options::AssemblyOptions;
use super::shared_sources::SharedSources;
use crate::compose::source_of;
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{Resolved, Resolver, resolve_all};

/// Resolves the sources of lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assembler<'a> {
    /// The registry client.
    pub(crate) client: &'a Client,
    /// The output for warnings.
    pub(crate) output: &'a Output,
    /// The choices that do not come from the sources.
    pub(crate) options: &'a AssemblyOptions,
    /// The sources that several lists have.
    pub(crate) shared: Option<&'a SharedSources>,
    /// The time, in seconds since 1970 (UTC).
    pub(crate) now: u64,
}

/// The sources of a list, and its surroundings.
#[derive(Debug)]
pub(crate) struct ResolveRequest<'a> {
    /// The list.
    pub(crate) list: &'a Reference,
    /// The sources, in the order given.
    pub(crate) images: Vec<ListedImage>,
    /// The subject of the list.
    pub(crate) subject: Option<ListedImage>,
    /// The draft that the sources are added to.
    pub(crate) base: Option<&'a Draft>,
    /// The tag whose state is recorded.
    pub(crate) observed_tag: Option<&'a Reference>,
}

/// The responses of the registries.
#[derive(Debug)]
pub(crate) struct Resolution {
    /// The sources that have images, in the order given.
    pub(crate) resolved: Vec<Resolved>,
    /// The annotations of each image that stays in the draft, if the list gets those that all images share.
    pub(super) kept_annotations: Vec<BTreeMap<String, String>>,
    /// The subject of the list.
    pub(super) subject: Option<Descriptor>,
    /// The sources that do not exist and are left out.
    pub(crate) left_out: Vec<Source>,
    /// The state of the observed tag, if it is known.
    pub(crate) observed_tag: Option<TagState>,
}

impl Assembler<'_> {
    /// Resolves all sources and the subject concurrently. The observed tag is probed at the same time.
    ///
    /// # Errors
    /// Fails if a source cannot be resolved, if no images are left, or if a platform that was chosen has no image.
    pub(crate) async fn resolve(&self, request: ResolveRequest<'_>) -> Result<Resolution, Failure> {
        let ResolveRequest { list, base, .. } = request;
        let Self {
            client, options, ..
        } = self;
        let resolver = Resolver {
            client,
            filter: &options.filter,
            filters_images: options.filters_images,
            list,
            flatten: options.flattens,
            now: self.now,
        };
        let kept = self.kept_images(base, &request.images);
        let kept = kept
            .iter()
            .map(|entry| resolver.annotations_of_entry(entry));
        let kept = try_join_all(kept);
        let resolve = |image| self.resolve_or_skip(resolver, image);
        let resolved = resolve_all(request.images.iter().map(resolve));
        let all = async {
            let subject = fetch_descriptor(client, request.subject.as_ref());
            let (resolved, subject, kept) = tokio::join!(resolved, subject, kept);
            Ok::<_, Failure>((resolved?, subject, kept))
        };
        let ((resolved, subject, kept), observed_tag) = match request.observed_tag {
            Some(tag) => client.with_tag_state(tag, all).await?,
            None => (all.await?, None),
        };
        let left_out = request.images.iter().zip(&resolved);
        let left_out = left_out.filter(|(_, resolved)| resolved.is_none());
        let left_out = left_out.map(|(image, _)| image.spec.source()).collect();
        let mut resolved: Vec<Resolved> = resolved.into_iter().flatten().collect();
        listed_image::name_repeated(&mut resolved);
        if resolved.is_empty() {
            return Err(Failure::NoImages { list: list.clone() });
        }
        if options.filters_images || resolved.iter().any(|source| source.is_list) {
            check_platforms(&options.filter.platforms, &resolved)?;
        }
        Ok(Resolution {
            resolved,
            kept_annotations: kept?,
            subject: subject?,
            left_out,
            observed_tag,
        })
    }

    /// Resolves a source. If missing sources are ignored, one that does not exist gives a warning and `None`.
    async fn resolve_or_skip(
        &self,
        resolver: Resolver<'_>,
        image: &ListedImage,
    ) -> Result<Option<Resolved>, Failure> {
        match image.resolve(resolver, self.shared).await {
            Err(Failure::Registry(error)) if image.is_missing(&error) => {
                if !self.options.ignores_missing {
                    return Err(Failure::NoSources(vec![error]));
                }
                warn_of_missing(&image.spec.source(), self.output);
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Returns the images that stay in the draft without being resolved again, if their annotations are needed.
    fn kept_images<'b>(&self, base: Option<&'b Draft>, images: &[ListedImage]) -> Vec<&'b Entry> {
        if !self.options.list.copies_annotations {
            return Vec::new();
        }
        let is_named = |entry: &Entry| {
            images
                .iter()
                .any(|image| image.spec.source() == source_of(entry))
        };
        let entries = base.iter().flat_map(|draft| &draft.entries);
        entries
            .filter(|entry| entry.is_image() && !is_named(entry))
            .collect()
    }
}

impl Resolution {
    /// Returns the sources that have images.
    pub(crate) fn sources(&self) -> Vec<Source> {
        let resolved = self.resolved.iter();
        resolved.map(|resolved| resolved.source.clone()).collect()
    }

    /// Records that the user turned off TLS verification for the registries of these images.
    pub(crate) fn mark_insecure(&mut self, is_insecure: impl Fn(&Reference) -> bool) {
        for entry in self
            .resolved
            .iter_mut()
            .flat_map(|source| &mut source.entries)
        {
            if is_insecure(&entry.reference) {
                entry.mark_insecure();
            }
        }
    }
}

/// Warns of a source that does not exist and is left out.
pub(super) fn warn_of_missing(source: &Source, output: &Output) {
    output.warning(&format!("{source} does not exist, so it is left out"));
}

/// Refuses sources in another registry than `list`.
///
/// # Errors
/// Fails if there is one.
pub(crate) fn refuse_other_registries<'a>(
    sources: impl IntoIterator<Item = &'a Reference>,
    list: &Reference,
) -> Result<(), Failure> {
    let mut references = sources.into_iter();
    match references.find(|image| image.domain() != list.domain()) {
        None => Ok(()),
        Some(image) => Err(Failure::OtherRegistry {
            image: image.clone().into(),
            list: list.clone().into(),
        }),
    }
}

async fn fetch_descriptor(
    client: &Client,
    image: Option<&ListedImage>,
) -> Result<Option<Descriptor>, Failure> {
    let Some((image, reference)) = image.and_then(|image| Some((image, image.spec.reference()?)))
    else {
        return Ok(None);
    };
    let manifest = match &image.pinned {
        Some(digest) => {
            client
                .pinned_manifest(reference.repository(), digest)
                .await?
        }
        None => client.manifest(reference).await?,
    };
    Ok(Some(manifest.descriptor()))
}

/// Checks that there is an image for each wanted platform. A platform without one is a mistake of the user.
fn check_platforms(wanted: &[Platform], resolved: &[Resolved]) -> Result<(), Failure> {
    let entries = || resolved.iter().flat_map(|source| &source.entries);
    let is_served = |wanted: &&Platform| {
        entries().any(|entry| {
            let stated = entry.descriptor.platform.as_ref();
            let stated = stated.filter(|platform| platform.is_stated());
            let own = || Some(entry.origin.as_ref()?.config_platform());
            let platform = stated.or_else(own);
            platform.is_some_and(|platform| platform.satisfies(wanted))
        })
    };
    let missing: Vec<String> = wanted
        .iter()
        .filter(|wanted| !is_served(wanted))
        .map(ToString::to_string)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::NoImageForPlatform {
        missing: missing.join(", "),
    })
}
