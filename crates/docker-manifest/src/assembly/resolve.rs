//! Resolving all sources of a list.

use std::collections::BTreeMap;

use manifest_core::{Descriptor, Draft, Entry, Platform, Reference, TagState};
use manifest_registry::{Client, RegistryError};

use super::options::AssemblyOptions;
use crate::compose::source_of;
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::output::Output;
use crate::sources::{Resolved, Resolver, SourceSpec, resolve_all};

/// Resolves the sources of lists.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Assembler<'a> {
    /// The registry client.
    pub(crate) client: &'a Client,
    /// The output for warnings.
    pub(crate) output: &'a Output,
    /// The choices that do not come from the sources.
    pub(crate) options: &'a AssemblyOptions,
    /// The time, in seconds since 1970 (UTC).
    pub(crate) now: u64,
}

/// The sources of a list, and its surroundings.
#[derive(Debug)]
pub(crate) struct ResolveRequest<'a> {
    /// The list.
    pub(crate) list: &'a Reference,
    /// The sources, in the order given, each once.
    pub(crate) sources: Vec<SourceSpec>,
    /// The subject of the list.
    pub(crate) subject: Option<&'a Reference>,
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
    /// The state of the observed tag, if it is known.
    pub(crate) observed_tag: Option<TagState>,
}

impl Assembler<'_> {
    /// Resolves all sources and the subject concurrently. The observed tag is probed at the same time.
    ///
    /// # Errors
    /// Fails if a source cannot be resolved, if no images are left, or if a wanted platform has no image.
    pub(crate) async fn resolve(&self, request: ResolveRequest<'_>) -> Result<Resolution, Failure> {
        let ResolveRequest { list, base, .. } = request;
        let Self {
            client, options, ..
        } = self;
        let resolver = Resolver {
            client,
            filter: &options.filter,
            list,
            flatten: options.flattens,
            now: self.now,
        };
        let kept = self.kept_images(base, &request.sources);
        let kept = kept
            .iter()
            .map(|entry| resolver.annotations_of_entry(entry));
        let kept = try_join_all(kept);
        let resolve = |source| self.resolve_or_skip(&resolver, source);
        let resolved = resolve_all(request.sources.into_iter().map(resolve));
        let all = async {
            let subject = fetch_descriptor(client, request.subject);
            let (resolved, subject, kept) = tokio::join!(resolved, subject, kept);
            Ok::<_, Failure>((resolved?, subject, kept))
        };
        let ((resolved, subject, kept), observed_tag) = match request.observed_tag {
            Some(tag) => client.with_tag_state(tag, all).await?,
            None => (all.await?, None),
        };
        let resolved: Vec<Resolved> = resolved.into_iter().flatten().collect();
        if resolved.is_empty() {
            return Err(Failure::NoImages { list: list.clone() });
        }
        check_platforms(&options.filter.platforms, &resolved)?;
        Ok(Resolution {
            resolved,
            kept_annotations: kept?,
            subject: subject?,
            observed_tag,
        })
    }

    /// Resolves a source. If missing sources are ignored, one that does not exist gives a warning and `None`.
    async fn resolve_or_skip(
        &self,
        resolver: &Resolver<'_>,
        source: SourceSpec,
    ) -> Result<Option<Resolved>, Failure> {
        match resolver.resolve(source.clone()).await {
            Err(Failure::Registry(error)) if is_missing(&error, &source) => {
                if !self.options.ignores_missing {
                    return Err(Failure::NoSources(vec![error]));
                }
                let image = source.source();
                let message = format!("{image} does not exist, so it is left out");
                self.output.warning(&message);
                Ok(None)
            }
            result => result.map(Some),
        }
    }

    /// Returns the images that stay in the draft without being resolved again, if their annotations are needed.
    fn kept_images<'b>(&self, base: Option<&'b Draft>, sources: &[SourceSpec]) -> Vec<&'b Entry> {
        if !self.options.list.copies_annotations {
            return Vec::new();
        }
        let is_named = |entry: &Entry| {
            sources
                .iter()
                .any(|source| source.source() == source_of(entry))
        };
        let entries = base.iter().flat_map(|draft| &draft.entries);
        entries
            .filter(|entry| entry.is_image() && !is_named(entry))
            .collect()
    }
}

impl Resolution {
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
    image: Option<&Reference>,
) -> Result<Option<Descriptor>, Failure> {
    match image {
        Some(image) => Ok(Some(client.manifest(image).await?.descriptor())),
        None => Ok(None),
    }
}

/// Tells whether the registry states beyond doubt that the image does not exist. An index with a missing child does exist: it is
/// broken, and must not be left out.
fn is_missing(error: &RegistryError, image: &SourceSpec) -> bool {
    match error {
        RegistryError::NoSuchManifest { reference, .. } => image.reference() == Some(reference),
        _ => false,
    }
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
