//! Running `create`.

use manifest_core::{Draft, Reference};

use super::args::Args;
use super::from_files;
use super::resolve::{NamedList, ResolvedList, resolve};
use crate::assembly::{compose_draft, refuse_repeated};
use crate::compose;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess, refuse_stage};
use crate::failure::Failure;
use crate::preflight::{self, DuplicatesReport};
use crate::publishing::{self, Freshness, Publisher, publish_draft};
use crate::staging::Scope;
use crate::values::PlatformList;

/// Resolves all images first, concurrently, then writes the draft as a whole.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    if !args.files.files.is_empty() {
        return from_files::run(context, args).await;
    }
    args.check_without_files()?;
    let [list_text, images @ ..] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for manifest list {list_text}")),
        source,
    })?;
    let template = args.template.template.as_ref();
    let template = template
        .map(|_| args.template.list(list_text))
        .transpose()?;
    let named = NamedList {
        list: &list,
        targets: &[],
        images,
        template: template.as_ref(),
        existing: None,
        store: None,
    };
    if args.push.is_on() {
        if args.amend.is_on() {
            return Err(Failure::AmendAndPush);
        }
        refuse_stage(&args.stage, "--push", "no draft is kept")?;
        return push(context, args, named).await;
    }
    if let Some(flag) = args.publish.needs_push() {
        return Err(Failure::NeedsPush { flag });
    }
    keep(context, args, named).await
}

/// Writes the resolved images to a draft.
async fn keep(context: &Context<'_>, args: &Args, named: NamedList<'_>) -> Result<(), Failure> {
    let list = named.list;
    let may_change = args.amend.is_on() || args.list.replace.is_on();
    let registry = args.registry.with_mirrors(&args.mirrors);
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    if !may_change && store.contains(list).await? {
        return Err(store.refusing_to_amend(list));
    }
    // A draft that cannot be read counts as one without records. The store reports the error when it changes the draft.
    let existing = match may_change && (store.local().is_some() || args.needs_whole_draft()) {
        true => store.load(list).await.ok().flatten(),
        false => None,
    };
    let named = NamedList {
        existing: existing.as_ref(),
        store: Some(&store),
        ..named
    };
    let ResolvedList {
        mut resolution,
        options,
        ..
    } = resolve(context, args, &named).await?;
    let observed_tag = resolution.observed_tag.take();
    let sources = resolution.sources();
    let scope = match args.needs_whole_draft() {
        true => Scope::Draft,
        false => Scope::Sources(&sources),
    };
    let change = |existing: Option<&Draft>| match existing {
        Some(_) if !may_change => Err(store.refusing_to_amend(list)),
        existing => {
            let base = existing.filter(|_| !args.list.replace.is_on());
            let (mut draft, report) = compose_draft(list, base, &resolution, &options)?;
            if named.template.is_some() {
                refuse_repeated(&draft)?;
            }
            let settings = &mut draft.settings;
            settings.observed_tag = settings.observed_tag.take().or(observed_tag);
            if draft.entries.is_empty() {
                return Err(Failure::NoImages { list: list.clone() });
            }
            preflight::require_platforms(&draft, &PlatformList::all(&args.publish.require))?;
            let change = if args.list.replace.is_on() {
                compose::replacement(draft)
            } else {
                compose::change(existing, draft)
            };
            Ok((change, report))
        }
    };
    let report = store.update(list, scope, change).await?;
    show(&report, args, context);
    Ok(context
        .output
        .result(format!("Created manifest list {list}"))?)
}

/// Publishes the resolved images immediately. There is no draft, and no folder for one.
async fn push(context: &Context<'_>, args: &Args, named: NamedList<'_>) -> Result<(), Failure> {
    let list = named.list;
    let flags = named.with_template_tags(&args.publish);
    flags.check()?;
    let names = flags
        .tag
        .iter()
        .filter_map(|text| Reference::parse(text).ok());
    let mut elsewhere = names.filter(|name| name.domain() != list.domain());
    if let Some(name) = elsewhere.next()
        && args.sources.no_copy.is_on()
    {
        return Err(Failure::OtherRegistry {
            image: name.into(),
            list: list.clone().into(),
        });
    }
    let targets = publishing::known_targets(list, &flags);
    let named = NamedList {
        targets: &targets,
        ..named
    };
    let resolved = resolve(context, args, &named).await?;
    let (draft, report) = compose_draft(list, None, &resolved.resolution, &resolved.options)?;
    show(&report, args, context);
    let publisher = Publisher::new(context, &resolved.client, &flags);
    let pushed = publish_draft(&publisher, draft, Freshness::JustResolved).await?;
    if let Some(pushed) = pushed {
        publishing::warn_of_stale_draft(context, list, &pushed.digest);
    }
    Ok(())
}

/// Shows the results of the pre-publish checks.
fn show(report: &DuplicatesReport, args: &Args, context: &Context<'_>) {
    for line in &report.messages {
        args.publish.status(line, context.output);
    }
    for warning in &report.warnings {
        context.output.warning(warning);
    }
}
