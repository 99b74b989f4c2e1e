//! `create --file`: drafts of the lists that spec files describe.

use std::collections::BTreeSet;

use manifest_core::Draft;
use manifest_registry::{Client, concurrent};

use super::args::Args;
use crate::assembly::{
    Assembler, ResolveRequest, SpecList, SpecOptions, compose_draft, refuse_repeated,
};
use crate::compose;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::{Failure, ListFailure};
use crate::preflight;
use crate::publishing;
use crate::sources::{Wait, WaitLimit};
use crate::staging::Scope;

/// The number of lists that are resolved at once.
const LISTS_AT_ONCE: usize = 32;

/// Resolves the images of all lists first. If all lists can be made, writes their drafts, one after the other.
///
/// # Errors
/// Fails with the errors of all lists, and without writing a draft, if one of them cannot be made.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    args.check_with_files()?;
    let wait = args.sources.wait.and_then(WaitLimit::starting_now);
    let specs = args.files.load(context, &[])?;
    let registry = args.registry.with_mirrors(&args.mirrors);
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let replaces = args.list.replace.is_on();
    let options = SpecOptions {
        ignores_missing: args.sources.ignore_missing.is_on(),
        refuses_copies: args.sources.no_copy.is_on(),
        is_strict: args.publish.strict.is_on(),
    };
    let current_dir = context.current_dir()?;
    let lists = specs
        .iter()
        .map(|spec| SpecList::new(spec, &options, &current_dir));
    let lists = lists.collect::<Result<Vec<SpecList>, _>>()?;
    let mut names = BTreeSet::new();
    for SpecList { list, .. } in &lists {
        if !names.insert(list) {
            let list = list.clone().into();
            return Err(ListFailure::SameDraft { list }.into());
        }
        if !replaces && store.contains(list).await? {
            return Err(store.refusing_to_amend(list));
        }
    }
    let client = match store.client() {
        Some(client) => client.clone(),
        None => context.client(args.insecure.is_on(), &args.retry, &registry)?,
    };
    let client = client.for_reading(lists.iter().flat_map(SpecList::sources));
    if let Some(limit) = wait {
        wait_for_all(context, &client, limit, &lists).await?;
    }
    let observes_tags = store.local().is_some();
    let drafts = lists
        .iter()
        .map(|list| draft(context, args, &client, list, observes_tags));
    let drafts = all(concurrent(LISTS_AT_ONCE, drafts).await)?;
    for (draft, warnings) in drafts {
        warnings
            .iter()
            .for_each(|warning| context.output.warning(warning));
        let list = draft.list.clone();
        let change = |existing: Option<&Draft>| match existing {
            Some(_) if !replaces => Err(store.refusing_to_amend(&list)),
            Some(_) => Ok((compose::replacement(draft), ())),
            None => Ok((compose::change(None, draft), ())),
        };
        store.update(&list, Scope::Draft, change).await?;
        context
            .output
            .result(format!("Created manifest list {list}"))?;
    }
    Ok(())
}

/// Waits until the images and subjects of all lists exist. Lists that leave out missing images do so at the end of the wait.
async fn wait_for_all(
    context: &Context<'_>,
    client: &Client,
    limit: WaitLimit,
    lists: &[SpecList],
) -> Result<(), Failure> {
    let wait = async |ignore_missing| {
        let lists = lists.iter();
        let lists = lists.filter(|list| list.options.ignores_missing == ignore_missing);
        let wait = Wait {
            client,
            limit,
            ignore_missing,
            report: &|state| context.output.status(&state.to_string()),
        };
        wait.for_all(lists.flat_map(SpecList::specs)).await
    };
    let (strict, lenient) = tokio::join!(wait(false), wait(true));
    strict.and(lenient)
}

/// Makes the draft of a list. Returns it with warnings about it. Staged drafts do not record the state of the list's tag.
async fn draft(
    context: &Context<'_>,
    args: &Args,
    client: &Client,
    list: &SpecList,
    observes_tags: bool,
) -> Result<(Draft, Vec<String>), Failure> {
    let assembler = Assembler {
        client,
        output: context.output,
        options: &list.options,
        shared: None,
        now: context.now(),
    };
    let tag = publishing::list_tag(&list.list).filter(|_| observes_tags);
    let request = ResolveRequest {
        observed_tag: tag.as_ref(),
        ..list.request()
    };
    let mut resolution = assembler.resolve(request).await?;
    resolution.mark_insecure(|_| args.insecure.is_on());
    let observed_tag = resolution.observed_tag.take();
    let (mut draft, report) = compose_draft(&list.list, None, &resolution, &list.options)?;
    refuse_repeated(&draft)?;
    preflight::require_platforms(&draft, &list.require)?;
    draft.settings.observed_tag = observed_tag;
    let mut warnings = report.warnings;
    if list.by_digest {
        warnings.push(format!(
            "the list has no tag, and the draft of it is {0}: push it with --by-digest, or {0} is written",
            list.list
        ));
    }
    if !list.tags.is_empty() {
        let tags = list.tags.iter().map(|tag| format!(" --tag {tag}"));
        warnings.push(format!(
            "the draft of {} does not have the list's other names: push it with{}",
            list.list,
            tags.collect::<String>()
        ));
    }
    Ok((draft, warnings))
}

/// Returns all results, or all failures.
fn all<T>(results: Vec<Result<T, Failure>>) -> Result<Vec<T>, Failure> {
    let mut values = Vec::new();
    let mut failures = Vec::new();
    for result in results {
        match result {
            Ok(value) => values.push(value),
            Err(failure) => failures.push(failure),
        }
    }
    match failures.len() {
        0 => Ok(values),
        1 => Err(failures.remove(0)),
        _ => Err(Failure::Multiple(failures)),
    }
}
