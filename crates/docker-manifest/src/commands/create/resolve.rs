//! Resolving the sources that the arguments and flags of `create` name.

use manifest_core::{Draft, NamedPlatform, Reference};
use manifest_registry::Client;
use manifest_spec::ListSpec;

use super::args::{Args, ListFlags, SourceFlags};
use super::named_images::NamedImages;
use crate::assembly::{
    Assembler, AssemblyOptions, ListOptions, ListedImage, Resolution, ResolveRequest, SpecList,
    SpecOptions, parse_subject, refuse_other_registries,
};
use crate::context::Context;
use crate::drafts::DraftStore;
use crate::failure::Failure;
use crate::flags::PublishFlags;
use crate::publishing;
use crate::sources::{
    ChildFilter, MATCHED_TAGS, SourceArgs, SourceSpec, TagSearch, Wait, WaitLimit,
};
use crate::values::{AnyPlatformList, Attestations};

/// The list to create, and its surroundings.
pub(super) struct NamedList<'a> {
    pub(super) list: &'a Reference,
    /// The targets of a push.
    pub(super) targets: &'a [Reference],
    /// The arguments after the list.
    pub(super) images: &'a [String],
    /// The list that `--template` describes.
    pub(super) template: Option<&'a ListSpec>,
    /// The existing draft.
    pub(super) existing: Option<&'a Draft>,
    /// The place of the draft. `None` if none is kept.
    pub(super) store: Option<&'a DraftStore<'a>>,
}

impl NamedList<'_> {
    /// Returns the flags for publishing, with the further tags that come with the template.
    pub(super) fn with_template_tags(&self, flags: &PublishFlags) -> PublishFlags {
        let tags = self.template.iter().flat_map(|template| &template.tags);
        let mut flags = flags.clone();
        flags.tag.extend(tags.map(ToString::to_string));
        flags
    }
}

/// The resolved sources, with the client that read them and the options for the draft.
pub(super) struct ResolvedList {
    pub(super) resolution: Resolution,
    pub(super) options: AssemblyOptions,
    pub(super) client: Client,
}

/// Resolves all sources. The tags of the targets are probed at the same time.
pub(super) async fn resolve(
    context: &Context<'_>,
    args: &Args,
    named: &NamedList<'_>,
) -> Result<ResolvedList, Failure> {
    let NamedList {
        list,
        targets,
        existing,
        ..
    } = *named;
    let platforms = args.sources.wanted_platforms()?;
    let images = args.sources.named_images(context, named)?;
    let wait = args.sources.wait.and_then(WaitLimit::starting_now);
    report_aliases(&platforms, context);
    let subject = args.list.subject.as_deref();
    let subject = subject.map(|text| parse_subject(text, list)).transpose()?;
    let subject = subject.map(SourceSpec::Registry);
    if args.sources.wait.is_some() && subject.is_none() {
        images.require_source()?;
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let registry = registry.with_insecure_hosts(existing);
    let client = match named.store.and_then(DraftStore::client) {
        Some(client) => client.clone(),
        None => context.client(args.insecure.is_on(), &args.retry, &registry)?,
    };
    let subject_reference = subject.as_ref().and_then(SourceSpec::reference);
    let references = images.references().chain(subject_reference);
    let client = client.for_publishing(targets, references);
    let report = |line: &str| args.publish.status(line, context.output);
    if let Some(limit) = wait {
        let wait = Wait {
            client: &client,
            limit,
            ignore_missing: args.sources.ignore_missing.is_on(),
            report: &|state| report(&state.to_string()),
        };
        wait.for_all(images.sources().chain(&subject)).await?;
    }
    client.probe_tags_early(publishing::early_probes(targets, &args.publish));
    let search = TagSearch {
        client: &client,
        max: args.sources.max.map_or(MATCHED_TAGS, |max| max.0 as usize),
        list,
        targets,
        report: &report,
    };
    let found = images.find(&search).await?;
    let mut options = args.options(platforms);
    // As `apply` does. A draft that exists keeps its order.
    if let (None, Some(template), None) = (options.list.order, named.template, existing) {
        options.list.order = Some(template.order);
    }
    let assembler = Assembler {
        client: &client,
        output: context.output,
        options: &options,
        shared: None,
        now: context.now(),
    };
    let observed_tag = tag_to_observe(args, named);
    let request = ResolveRequest {
        list,
        images: found.images(),
        subject: subject.map(ListedImage::from),
        base: existing.filter(|_| !args.list.replace.is_on()),
        observed_tag: observed_tag.as_ref(),
    };
    let resolved = assembler.resolve(request).await;
    let mut resolution = resolved.map_err(|failure| found.explain(failure))?;
    let is_insecure = args.insecure.is_on();
    resolution.mark_insecure(|image| is_insecure || registry.is_insecure_host_of(image));
    Ok(ResolvedList {
        resolution,
        options,
        client,
    })
}

impl Args {
    /// Returns the choices that do not come from the sources.
    fn options(&self, platforms: Vec<NamedPlatform>) -> AssemblyOptions {
        AssemblyOptions {
            filter: ChildFilter {
                platforms: platforms.into_iter().map(|named| named.platform).collect(),
                attestations: self.sources.attestations() == Attestations::Keep,
            },
            filters_images: true,
            flattens: !self.sources.no_flatten.is_on(),
            ignores_missing: self.sources.ignore_missing.is_on(),
            refuses_copies: self.sources.no_copy.is_on(),
            is_strict: self.publish.strict.is_on(),
            on_duplicate: self.publish.on_duplicate,
            list: self.list.options(),
        }
    }
}

impl ListFlags {
    fn options(&self) -> ListOptions {
        ListOptions {
            list_type: self.list_type.map(|choice| choice.0),
            order: self.order.map(|choice| choice.0),
            artifact_type: self.artifact_type.clone(),
            annotations: self.annotation.clone(),
            copies_annotations: self.annotation_from_source.is_on(),
        }
    }
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

    /// Returns the images that the template, arguments and flags name.
    ///
    /// # Errors
    /// Fails if one is malformed, or in another registry in spite of `--no-copy`.
    fn named_images(
        &self,
        context: &Context<'_>,
        named: &NamedList<'_>,
    ) -> Result<NamedImages, Failure> {
        let source_args = SourceArgs {
            arguments: named.images,
            patterns: &self.patterns,
            digest_folders: &self.digests_dir,
            metadata: &self.from_metadata,
            current_dir: &context.current_dir()?,
        };
        let images = match named.template {
            Some(template) => {
                let options = SpecOptions::default();
                SpecList::new(template, &options, source_args.current_dir)?.images
            }
            None => Vec::new(),
        };
        let images = NamedImages {
            template: images,
            sources: source_args.sources(named.list)?,
        };
        if self.no_copy.is_on() {
            refuse_other_registries(images.references(), named.list)?;
        }
        Ok(images)
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

/// Returns the list's tag if the draft is to record its state: it has not recorded one yet, or starts over. Staged drafts record none.
fn tag_to_observe(args: &Args, named: &NamedList<'_>) -> Option<Reference> {
    let existing = named.existing;
    let is_recorded = existing.is_some_and(|draft| draft.settings.observed_tag.is_some());
    let replaces_all = !is_recorded || args.list.replace.is_on();
    let is_local = named.store.is_some_and(|store| store.local().is_some());
    publishing::list_tag(named.list).filter(|_| replaces_all && is_local)
}
