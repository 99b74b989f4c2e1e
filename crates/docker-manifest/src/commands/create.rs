//! `create`: makes a draft of images that are in a registry, or adds to one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use manifest_core::{Descriptor, Digest, Draft, Entry, Platform, Reference, Source, TagState};
use manifest_registry::{Client, RegistryError};
use manifest_store::in_storage_order;

use super::for_all;
use crate::cli::{
    AnnotationFlag, AnyPlatformList, Attestations, Help, MirrorFlags, OrderChoice, Patience,
    PlatformList, Reach, Switch, TypeChoice,
};
use crate::context::Context;
use crate::drafting::{self, source_of};
use crate::failure::Failure;
use crate::publishing;
use crate::publishing::flags::PublishFlags;
use crate::review::{self, Settled};
use crate::sources::flatten::Choice;
use crate::sources::words::{Named, Words, refuse_cut_digest};
use crate::sources::{Resolved, Resolver, resolve_all};

/// What stands below the flags in the help.
const MORE_HELP: &str = "\
Sources (MANIFEST):
  NAME[:TAG|@DIGEST]    Image in a registry; of an index, the images in it
  sha256:HEX            Image in the list's own repository
  @FILE, -              Sources that a file or standard input names; # starts a comment
  oci-layout://DIR      OCI image layout; DIR:TAG or DIR@DIGEST for one of several images
  oci-archive:FILE      Tar archive of an OCI image layout
  docker-archive:FILE   Archive that `docker save` wrote

Examples:
  {command} create example.com/app:1.0 example.com/app:1.0-amd64 example.com/app:1.0-arm64
  {command} create example.com/app:1.0 sha256:4bcff63911fc... sha256:1f9c1f3a9f2e...
  {command} create --push -t example.com/app:latest example.com/app:1.0 @images.txt
  {command} create --amend example.com/app:1.0 oci-layout://build/arm64";

/// Create a local manifest list for annotating and pushing to a registry
#[derive(Debug, clap::Args)]
#[command(
    override_usage = "create MANIFEST_LIST MANIFEST [MANIFEST...]",
    after_help = MORE_HELP
)]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: Help,
    /// Amend an existing manifest list
    #[arg(short, long)]
    amend: Switch,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    mirrors: MirrorFlags,
    #[command(flatten)]
    sources: SourceFlags,
    #[command(flatten)]
    shape: ShapeFlags,
    /// Push at once, and keep no draft
    #[arg(long, help_heading = "Pushing")]
    push: Switch,
    #[command(flatten)]
    publish: PublishFlags,
    #[arg(value_name = "MANIFEST_LIST MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// What is taken of the sources.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Source options")]
struct SourceFlags {
    /// What to do with attestations in an index: "keep" or "drop" (default "keep")
    #[arg(long, value_name = "string")]
    attestations: Option<Attestations>,
    /// Add images by digest, one file name each, as CI artifacts hold them (folders in it, up to 3 levels, too)
    #[arg(long, value_name = "dir", action = clap::ArgAction::Append)]
    digests_dir: Vec<PathBuf>,
    /// Add what a metadata file of BuildKit says was pushed
    #[arg(long, value_name = "file", action = clap::ArgAction::Append)]
    from_metadata: Vec<PathBuf>,
    /// Take a --platform that does not exist
    #[arg(long)]
    force: Switch,
    /// Leave out images that do not exist
    #[arg(long)]
    ignore_missing: Switch,
    /// Refuse images of other registries, which a push would copy
    #[arg(long)]
    no_copy: Switch,
    /// Put an index into the list as it is, instead of its images
    #[arg(long)]
    no_flatten: Switch,
    /// Take only what is for these platforms
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    platform: Vec<AnyPlatformList>,
}

/// What the list is to be.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "List options")]
struct ShapeFlags {
    /// Annotate the list ("k=v", "index:k=v"), its images ("entry:k=v") or some ("entry[linux/arm64]:k=v")
    #[arg(long, value_name = "annotation", action = clap::ArgAction::Append)]
    annotation: Vec<AnnotationFlag>,
    /// Annotate the list with what all images say of themselves
    #[arg(long)]
    annotation_from_source: Switch,
    /// Set the artifact type of the list
    #[arg(long, value_name = "string")]
    artifact_type: Option<String>,
    /// Order of the images: "name" (as Docker), "given" or "platform" (default "name")
    #[arg(long, value_name = "string")]
    order: Option<OrderChoice>,
    /// Start over where the list is there already
    #[arg(long)]
    replace: Switch,
    /// Refer to this image as the subject of the list
    #[arg(long, value_name = "image")]
    subject: Option<String>,
    /// Form of the list: "auto" (by its images), "docker" or "oci" (default "auto")
    #[arg(long = "type", value_name = "string")]
    list_type: Option<TypeChoice>,
}

impl Args {
    /// Returns how many arguments there must be: the list alone where flags name the images.
    pub(crate) fn least_arguments(&self) -> usize {
        let SourceFlags {
            digests_dir,
            from_metadata,
            ..
        } = &self.sources;
        if digests_dir.is_empty() && from_metadata.is_empty() {
            2
        } else {
            1
        }
    }
}

/// Resolves all images first, all at once, then puts the draft on disk as a whole.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text, images @ ..] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for manifest list {list_text}")),
        source,
    })?;
    if args.push.is_on() {
        if args.amend.is_on() {
            return Err(Failure::AmendAndPush);
        }
        return push(context, args, list, images).await;
    }
    if let Some(flag) = args.publish.needs_push() {
        return Err(Failure::NeedsPush { flag });
    }
    let may_change = args.amend.is_on() || args.shape.replace.is_on();
    let store = context.store()?;
    if !may_change && store.contains(&list)? {
        return Err(Failure::RefusingToAmend { list });
    }
    // A draft that cannot be read remembers nothing; what is wrong with it is said when it is changed.
    let existing = if may_change {
        store.load(&list).ok().flatten()
    } else {
        None
    };
    let mut resolved = resolve(context, args, (&list, &[]), images, existing.as_ref()).await?;
    let tag_now = resolved.tag_now.take();
    let said = store.update(&list, |existing| match existing {
        Some(_) if !may_change => Err(Failure::RefusingToAmend { list: list.clone() }),
        existing => {
            let base = existing.filter(|_| !args.shape.replace.is_on());
            let (mut draft, said) = make(&list, base, &resolved, args)?;
            let settings = &mut draft.settings;
            settings.observed_tag = settings.observed_tag.take().or(tag_now);
            if draft.entries.is_empty() {
                return Err(Failure::NothingLeft { list: list.clone() });
            }
            review::require(&draft, &PlatformList::all(&args.publish.require))?;
            let change = if args.shape.replace.is_on() {
                drafting::replacement(draft)
            } else {
                drafting::change(existing, draft)
            };
            Ok((change, said))
        }
    })?;
    say(&said, args, context);
    Ok(context
        .output
        .result(format!("Created manifest list {list}"))?)
}

/// Publishes what was resolved at once. There is no draft, and no folder for one.
async fn push(
    context: &Context<'_>,
    args: &Args,
    list: Reference,
    images: &[String],
) -> Result<(), Failure> {
    args.publish.check()?;
    let names = args
        .publish
        .tag
        .iter()
        .filter_map(|text| Reference::parse(text).ok());
    let mut elsewhere = names.filter(|name| name.domain() != list.domain());
    if let Some(name) = elsewhere.next()
        && args.sources.no_copy.is_on()
    {
        return Err(Failure::Elsewhere {
            image: name.into(),
            list: list.into(),
        });
    }
    let targets = publishing::ahead(&list, &args.publish);
    let resolved = resolve(context, args, (&list, &targets), images, None).await?;
    let (draft, said) = make(&list, None, &resolved, args)?;
    say(&said, args, context);
    let pushed = publishing::publish(context, &resolved.client, draft, &args.publish, None).await?;
    if let Some(pushed) = pushed {
        publishing::warn_of_draft(context, &list, &pushed);
    }
    Ok(())
}

fn say(said: &Settled, args: &Args, context: &Context<'_>) {
    for line in &said.done {
        args.publish.say(line, context.output);
    }
    for warning in &said.warnings {
        context.output.warning(warning);
    }
}

/// Refuses entries that a push to `target` would have to copy from another registry.
fn check_no_copy(entries: &[Entry], target: &Reference) -> Result<(), Failure> {
    let is_elsewhere = |entry: &&Entry| {
        let is_on_disk = matches!(entry.source(), Some(Source::Disk(_)));
        !is_on_disk && entry.reference.domain() != target.domain()
    };
    match entries.iter().find(is_elsewhere) {
        None => Ok(()),
        Some(entry) => Err(Failure::Elsewhere {
            image: entry.reference.clone().into(),
            list: target.clone().into(),
        }),
    }
}

/// What was asked of registries.
struct Sources {
    resolved: Vec<Resolved>,
    /// What the images that stay in the draft say of themselves, where that is to be lifted.
    staying: Vec<BTreeMap<String, String>>,
    subject: Option<Descriptor>,
    /// What the list's tag shows now, where a draft is to remember that and it is known.
    tag_now: Option<TagState>,
    client: Client,
}

/// Asks for all images, and for the subject, at once. What the targets of a push show is looked at beside that.
async fn resolve(
    context: &Context<'_>,
    args: &Args,
    (list, targets): (&Reference, &[Reference]),
    images: &[String],
    existing: Option<&Draft>,
) -> Result<Sources, Failure> {
    let SourceFlags {
        attestations,
        digests_dir,
        from_metadata,
        force,
        ignore_missing,
        no_copy,
        no_flatten,
        platform,
    } = &args.sources;
    let platforms = AnyPlatformList::checked(platform, force.is_on())?;
    let attestations = attestations.unwrap_or_default();
    let chooses = [
        (!platforms.is_empty(), "--platform"),
        (attestations == Attestations::Drop, "--attestations drop"),
    ];
    if let Some((_, flag)) = chooses.into_iter().find(|(is_given, _)| *is_given)
        && no_flatten.is_on()
    {
        return Err(Failure::NotFlattened { flag });
    }
    let words = Words {
        arguments: images,
        digest_folders: digests_dir,
        metadata: from_metadata,
        here: &context.here()?,
    };
    let images = words.sources(list)?;
    let mut references = images.iter().filter_map(Named::reference);
    if let Some(image) = references.find(|image| image.domain() != list.domain())
        && no_copy.is_on()
    {
        return Err(Failure::Elsewhere {
            image: image.clone().into(),
            list: list.clone().into(),
        });
    }
    for named in &platforms {
        if let Some(alias) = &named.alias {
            let platform = &named.platform;
            context.output.status(&format!("{alias} is {platform}"));
        }
    }
    let choice = Choice {
        platforms: platforms.into_iter().map(|named| named.platform).collect(),
        attestations: attestations == Attestations::Keep,
    };
    let subject = args.shape.subject.as_deref();
    let subject = subject.map(|text| subject_of(text, list)).transpose()?;
    let insecure = args.insecure.is_on();
    let reach = args.reach.mirrored(&args.mirrors);
    let reach = reach.remembering(existing);
    let client = context.client(insecure, &args.patience, &reach)?;
    let references = images.iter().filter_map(Named::reference);
    let client = client.for_publishing(targets, references.chain(&subject));
    client.probe_tags_early(publishing::looked_at_ahead(targets, &args.publish));
    let resolver = Resolver {
        client: &client,
        choice: &choice,
        list,
        flatten: !no_flatten.is_on(),
        now: context.now(),
    };
    let may_miss = ignore_missing.is_on();
    let resolver = &resolver;
    let resolve = |image: Named| async move {
        match resolver.resolve(image.clone()).await {
            Err(Failure::Registry(error)) if may_miss && is_missing(&error, &image) => {
                let image = image.source();
                let message = format!("{image} does not exist, so it is left out");
                context.output.warning(&message);
                Ok(None)
            }
            Err(Failure::Registry(error)) if is_missing(&error, &image) => {
                Err(Failure::NoSources(vec![error]))
            }
            result => result.map(Some),
        }
    };
    let subject = async {
        match &subject {
            Some(subject) => Ok(Some(client.manifest(subject).await?.descriptor())),
            None => Ok::<_, Failure>(None),
        }
    };
    let staying = existing
        .iter()
        .flat_map(|draft| &draft.entries)
        .filter(|entry| {
            let is_named = || {
                images
                    .iter()
                    .any(|image| image.source() == source_of(entry))
            };
            args.shape.annotation_from_source.is_on()
                && !args.shape.replace.is_on()
                && entry.is_image()
                && !is_named()
        });
    let staying: Vec<&Entry> = staying.collect();
    let staying = for_all(staying.into_iter().map(|entry| resolver.sayings_of(entry)));
    let resolved = resolve_all(images.into_iter().map(resolve));
    let all = async {
        let (resolved, subject, staying) = tokio::join!(resolved, subject, staying);
        Ok::<_, Failure>((resolved?, subject, staying))
    };
    let is_remembered = existing.is_some_and(|draft| draft.settings.observed_tag.is_some());
    let forgets = !is_remembered || args.shape.replace.is_on();
    let tag = publishing::own_tag(list).filter(|_| forgets && !args.push.is_on());
    let ((resolved, subject, staying), tag_now) = match &tag {
        Some(tag) => client.with_tag_state(tag, all).await?,
        None => (all.await?, None),
    };
    let mut resolved: Vec<Resolved> = resolved.into_iter().flatten().collect();
    for entry in resolved.iter_mut().flat_map(|source| &mut source.entries) {
        if insecure || reach.remembers(&entry.reference) {
            entry.mark_insecure();
        }
    }
    if resolved.is_empty() {
        return Err(Failure::NothingLeft { list: list.clone() });
    }
    check_platforms(&choice.platforms, &resolved)?;
    Ok(Sources {
        resolved,
        staying: staying?,
        subject: subject?,
        tag_now,
        client,
    })
}

/// Reads the name of a subject: a reference, or a digest in the repository of `list`.
fn subject_of(text: &str, list: &Reference) -> Result<Reference, Failure> {
    if let Ok(digest) = text.parse::<Digest>() {
        return Ok(list.repository().at(digest));
    }
    refuse_cut_digest(text, Some("subject"))?;
    Reference::parse(text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for subject {text}")),
        source,
    })
}

/// Tells whether the registry says, beyond doubt, that there is no such image. That an index is there and something in it is
/// not is another matter: what is broken is not left out.
fn is_missing(error: &RegistryError, image: &Named) -> bool {
    match error {
        RegistryError::NoSuchManifest { reference, .. } => image.reference() == Some(reference),
        _ => false,
    }
}

/// A platform that is asked for, and that nothing is for, is a slip rather than a wish.
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
    Err(Failure::NothingFor {
        missing: missing.join(", "),
    })
}

/// Makes the draft that is to be: what is in `base`, with what was resolved now. Returns it with what is to be said.
fn make(
    list: &Reference,
    base: Option<&Draft>,
    sources: &Sources,
    args: &Args,
) -> Result<(Draft, Settled), Failure> {
    let mut draft = Draft {
        list: list.clone(),
        entries: in_storage_order(drafting::merged(&sources.resolved, base)),
        settings: base.map(|draft| draft.settings.clone()).unwrap_or_default(),
    };
    if args.sources.no_copy.is_on() {
        check_no_copy(&draft.entries, list)?;
    }
    args.shape.apply(&mut draft, sources)?;
    draft.settings.type_for(&draft.entries)?;
    let resolved = || sources.resolved.iter();
    let mut warnings: Vec<String> = resolved()
        .flat_map(|source| source.oddities.clone())
        .collect();
    // What was annotated may be meant to differ, and is looked at by `push`.
    let is_new = |entry: &Entry| resolved().any(|source| source.source == source_of(entry));
    let children = draft.entries.iter().filter(|entry| entry.is_child());
    let children = children.filter(|entry| is_new(entry));
    warnings.extend(children.filter_map(review::disagreement));
    warnings.extend(review::lone_attestations(&draft.entries));
    let mut said = match args.publish.on_duplicate {
        Some(wanted) => review::settle_duplicates(&mut draft, wanted, is_new)?,
        None => Settled::default(),
    };
    warnings.append(&mut said.warnings);
    said.warnings = review::strictly(args.publish.strict.is_on(), warnings)?;
    Ok((draft, said))
}

impl ShapeFlags {
    /// Puts what the flags say into a draft. What they do not say stays.
    fn apply(&self, draft: &mut Draft, sources: &Sources) -> Result<(), Failure> {
        let settings = &mut draft.settings;
        if let Some(TypeChoice(list_type)) = self.list_type {
            settings.list_type = list_type;
        }
        if let Some(OrderChoice(order)) = self.order {
            settings.order = order;
        }
        if let Some(artifact_type) = &self.artifact_type {
            settings.artifact_type = Some(artifact_type.clone()).filter(|text| !text.is_empty());
        }
        if let Some(subject) = &sources.subject {
            settings.subject = Some(subject.clone());
        }
        if self.annotation_from_source.is_on() {
            settings.annotations.extend(drafting::shared_sayings(
                &sources.resolved,
                &sources.staying,
            ));
        }
        drafting::annotate(draft, &self.annotation)
    }
}
