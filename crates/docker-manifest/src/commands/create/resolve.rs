//! Resolving all sources that a `create` names.

use std::collections::BTreeMap;

use manifest_core::{
    Descriptor, Digest, Draft, Entry, NamedPlatform, Platform, Reference, TagState,
};
use manifest_registry::{Client, RegistryError};

use super::args::{Args, SourceFlags};
use crate::compose::source_of;
use crate::concurrency::try_join_all;
use crate::context::Context;
use crate::failure::Failure;
use crate::publishing;
use crate::sources::{
    ChildFilter, Resolved, Resolver, SourceArgs, SourceSpec, refuse_truncated_digest, resolve_all,
};
use crate::values::{AnyPlatformList, Attestations};

/// The list to create, and its surroundings.
pub(super) struct ResolveRequest<'a> {
    pub(super) list: &'a Reference,
    /// The targets of a push.
    pub(super) targets: &'a [Reference],
    /// The arguments after the list.
    pub(super) images: &'a [String],
    /// The existing draft.
    pub(super) existing: Option<&'a Draft>,
}

/// The responses of the registries.
pub(super) struct Resolution {
    pub(super) resolved: Vec<Resolved>,
    /// The annotations of each image that stays in the draft, if the list gets those that all images share.
    pub(super) kept_annotations: Vec<BTreeMap<String, String>>,
    pub(super) subject: Option<Descriptor>,
    /// The state of the list's tag, if it is known and a draft is to record it.
    pub(super) observed_tag: Option<TagState>,
    pub(super) client: Client,
}

/// Resolves all images and the subject concurrently. The tags of the targets are probed at the same time.
pub(super) async fn resolve(
    context: &Context<'_>,
    args: &Args,
    request: &ResolveRequest<'_>,
) -> Result<Resolution, Failure> {
    let ResolveRequest {
        list,
        targets,
        existing,
        ..
    } = *request;
    let platforms = args.sources.wanted_platforms()?;
    let sources = args.sources.named_sources(context, request)?;
    report_aliases(&platforms, context);
    let filter = ChildFilter {
        platforms: platforms.into_iter().map(|named| named.platform).collect(),
        attestations: args.sources.attestations() == Attestations::Keep,
    };
    let subject = args.list.subject.as_deref();
    let subject = subject.map(|text| parse_subject(text, list)).transpose()?;
    let registry = args.registry.with_mirrors(&args.mirrors);
    let registry = registry.with_insecure_hosts(existing);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let references = sources.iter().filter_map(SourceSpec::reference);
    let client = client.for_publishing(targets, references.chain(&subject));
    client.probe_tags_early(publishing::early_probes(targets, &args.publish));
    let resolver = Resolver {
        client: &client,
        filter: &filter,
        list,
        flatten: !args.sources.no_flatten.is_on(),
        now: context.now(),
    };
    let kept = kept_images(args, request, &sources);
    let kept = kept
        .iter()
        .map(|entry| resolver.annotations_of_entry(entry));
    let kept = try_join_all(kept);
    let resolve = |source| resolve_or_skip(context, args, &resolver, source);
    let resolved = resolve_all(sources.into_iter().map(resolve));
    let all = async {
        let subject = fetch_descriptor(&client, subject.as_ref());
        let (resolved, subject, kept) = tokio::join!(resolved, subject, kept);
        Ok::<_, Failure>((resolved?, subject, kept))
    };
    let ((resolved, subject, kept), observed_tag) = match tag_to_observe(args, request) {
        Some(tag) => client.with_tag_state(&tag, all).await?,
        None => (all.await?, None),
    };
    let mut resolved: Vec<Resolved> = resolved.into_iter().flatten().collect();
    for entry in resolved.iter_mut().flat_map(|source| &mut source.entries) {
        if args.insecure.is_on() || registry.is_insecure_host_of(&entry.reference) {
            entry.mark_insecure();
        }
    }
    if resolved.is_empty() {
        return Err(Failure::NoImages { list: list.clone() });
    }
    check_platforms(&filter.platforms, &resolved)?;
    Ok(Resolution {
        resolved,
        kept_annotations: kept?,
        subject: subject?,
        observed_tag,
        client,
    })
}

impl SourceFlags {
    /// Returns the platforms of `--platform`.
    ///
    /// # Errors
    /// Fails if one does not exist, or a flag chooses among the children of an index that is not flattened.
    fn wanted_platforms(&self) -> Result<Vec<NamedPlatform>, Failure> {
        let platforms = AnyPlatformList::checked(&self.platform, self.force.is_on())?;
        let drops_attestations = self.attestations() == Attestations::Drop;
        let choosing = [
            (!platforms.is_empty(), "--platform"),
            (drops_attestations, "--attestations drop"),
        ];
        if let Some((_, flag)) = choosing.into_iter().find(|(is_given, _)| *is_given)
            && self.no_flatten.is_on()
        {
            return Err(Failure::NeedsFlattening { flag });
        }
        Ok(platforms)
    }

    fn attestations(&self) -> Attestations {
        self.attestations.unwrap_or_default()
    }

    /// Returns the sources that arguments and flags name.
    ///
    /// # Errors
    /// Fails if one is malformed, or in another registry in spite of `--no-copy`.
    fn named_sources(
        &self,
        context: &Context<'_>,
        request: &ResolveRequest<'_>,
    ) -> Result<Vec<SourceSpec>, Failure> {
        let list = request.list;
        let source_args = SourceArgs {
            arguments: request.images,
            digest_folders: &self.digests_dir,
            metadata: &self.from_metadata,
            current_dir: &context.current_dir()?,
        };
        let sources = source_args.sources(list)?;
        let mut references = sources.iter().filter_map(SourceSpec::reference);
        if let Some(image) = references.find(|image| image.domain() != list.domain())
            && self.no_copy.is_on()
        {
            return Err(Failure::OtherRegistry {
                image: image.clone().into(),
                list: list.clone().into(),
            });
        }
        Ok(sources)
    }
}

/// Reports the platforms behind aliases.
fn report_aliases(platforms: &[NamedPlatform], context: &Context<'_>) {
    for named in platforms {
        if let Some(alias) = &named.alias {
            let platform = &named.platform;
            context.output.status(&format!("{alias} is {platform}"));
        }
    }
}

/// Resolves a source. With `--ignore-missing`, a source that does not exist gives a warning and `None`.
async fn resolve_or_skip(
    context: &Context<'_>,
    args: &Args,
    resolver: &Resolver<'_>,
    source: SourceSpec,
) -> Result<Option<Resolved>, Failure> {
    match resolver.resolve(source.clone()).await {
        Err(Failure::Registry(error)) if is_missing(&error, &source) => {
            if !args.sources.ignore_missing.is_on() {
                return Err(Failure::NoSources(vec![error]));
            }
            let image = source.source();
            let message = format!("{image} does not exist, so it is left out");
            context.output.warning(&message);
            Ok(None)
        }
        result => result.map(Some),
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

/// Returns the images that stay in the draft without being resolved again, if their annotations are needed.
fn kept_images<'a>(
    args: &Args,
    request: &ResolveRequest<'a>,
    sources: &[SourceSpec],
) -> Vec<&'a Entry> {
    if !args.list.annotation_from_source.is_on() || args.list.replace.is_on() {
        return Vec::new();
    }
    let is_named = |entry: &Entry| {
        sources
            .iter()
            .any(|source| source.source() == source_of(entry))
    };
    let entries = request.existing.iter().flat_map(|draft| &draft.entries);
    entries
        .filter(|entry| entry.is_image() && !is_named(entry))
        .collect()
}

/// Returns the list's tag if the draft is to record its state: it has not recorded one yet, or starts over.
fn tag_to_observe(args: &Args, request: &ResolveRequest<'_>) -> Option<Reference> {
    let existing = request.existing;
    let is_recorded = existing.is_some_and(|draft| draft.settings.observed_tag.is_some());
    let replaces_all = !is_recorded || args.list.replace.is_on();
    publishing::list_tag(request.list).filter(|_| replaces_all && !args.push.is_on())
}

/// Parses the name of a subject: a reference, or a digest in the repository of `list`.
fn parse_subject(text: &str, list: &Reference) -> Result<Reference, Failure> {
    if let Ok(digest) = text.parse::<Digest>() {
        return Ok(list.repository().at(digest));
    }
    refuse_truncated_digest(text, Some("subject"))?;
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for subject {text}")),
        source,
    })
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
