//! Running `create`.

use manifest_core::Reference;

use super::args::Args;
use super::from_files;
use super::resolve::{NamedList, ResolvedList, resolve};
use crate::assembly::{compose_draft, refuse_repeated};
use crate::compose;
use crate::context::Context;
use crate::failure::Failure;
use crate::preflight::{self, DuplicatesReport};
use crate::publishing::{self, Freshness, Publisher, publish_draft};
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
    };
    if args.push.is_on() {
        if args.amend.is_on() {
            return Err(Failure::AmendAndPush);
        }
        return push(context, args, named).await;
    }
    if let Some(flag) = args.publish.needs_push() {
        return Err(Failure::NeedsPush { flag });
    }
    let may_change = args.amend.is_on() || args.list.replace.is_on();
    let store = context.store()?;
    if !may_change && store.contains(&list)? {
        return Err(Failure::RefusingToAmend { list });
    }
    // A draft that cannot be read counts as one without records. The store reports the error when it changes the draft.
    let existing = if may_change {
        store.load(&list).ok().flatten()
    } else {
        None
    };
    let named = NamedList {
        existing: existing.as_ref(),
        ..named
    };
    let ResolvedList {
        mut resolution,
        options,
        ..
    } = resolve(context, args, &named).await?;
    let observed_tag = resolution.observed_tag.take();
    let report = store.update(&list, |existing| match existing {
        Some(_) if !may_change => Err(Failure::RefusingToAmend { list: list.clone() }),
        existing => {
            let base = existing.filter(|_| !args.list.replace.is_on());
            let (mut draft, report) = compose_draft(&list, base, &resolution, &options)?;
            if template.is_some() {
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
    })?;
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
    let publisher = Publisher {
        context,
        client: &resolved.client,
        flags: &flags,
    };
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
