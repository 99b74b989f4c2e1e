//! `push`: publishes a draft.

use manifest_core::{Draft, Reference};
use manifest_registry::Client;
use manifest_store::{Outline, Removal};

use crate::compose;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::Failure;
use crate::flags::PublishFlags;
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::publishing::{self, Freshness, Publisher, publish_draft};
use crate::sources::Resolved;
use crate::staging::Scope;
use crate::values::{OnMoved, Switch};

/// Push a manifest list to a repository
#[derive(Debug, clap::Args)]
#[command(override_usage = "push [OPTIONS] MANIFEST_LIST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Allow push to an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    publish: PublishFlags,
    /// Action if a tag of a source or of the list has moved since the draft was created: "warn", "error" or "refresh" (default "warn")
    #[arg(long, value_name = "string", help_heading = "Push options")]
    moved: Option<OnMoved>,
    /// Remove the local manifest list after push
    #[arg(short, long)]
    purge: Switch,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// Reads the draft, and meanwhile connects to the registry and probes the targets: connection, login and probe take longer than reading,
/// except for drafts of hundreds of images. Returns the client as well, unless the draft needs one with other settings.
async fn load(
    context: &Context<'_>,
    args: &Args,
    drafts: &DraftStore<'_>,
    list: &Reference,
) -> Result<(Option<Client>, Option<Draft>), Failure> {
    let targets = publishing::known_targets(list, &args.publish);
    let store = match (drafts.client(), drafts.local()) {
        (None, Some(store)) => store,
        (client, _) => {
            let client = client.map(|client| client.for_publishing(&targets, []));
            if let Some(client) = &client {
                client.probe_tags_early(publishing::early_probes(&targets, &args.publish));
            }
            return Ok((client, drafts.load(list).await?));
        }
    };
    // Only the draft itself is trusted to tell that a host is insecure: credentials are sent to it.
    let is_of_use = |outline: &Outline| !targets.is_empty() && !outline.is_insecure;
    let Some(outline) = store.outline(list).filter(is_of_use) else {
        return Ok((None, store.load(list)?));
    };
    let client = context.client(args.insecure.is_on(), &args.retry, &args.registry)?;
    let client = client.for_publishing(&targets, &outline.images);
    client.probe_tags_early(publishing::early_probes(&targets, &args.publish));
    let loaded = tokio::task::spawn_blocking({
        let (store, list) = (store.clone(), list.clone());
        move || store.load(&list)
    });
    let draft = loaded.await.map_err(std::io::Error::other)??;
    // Docker's CLI may have changed the draft since, so that it needs other settings.
    let is_right = draft
        .as_ref()
        .is_some_and(|draft| draft.insecure_hosts().is_empty());
    Ok((is_right.then_some(client), draft))
}

/// Refreshes the stored draft, and returns it.
async fn refresh_stored(
    store: &DraftStore<'_>,
    list: &Reference,
    resolved: &[Resolved],
    missing: impl Fn() -> Failure,
) -> Result<Draft, Failure> {
    let change = |existing: Option<&Draft>| {
        let existing = existing.ok_or_else(&missing)?;
        let refreshed = compose::refresh(resolved, existing);
        Ok((compose::change(Some(existing), refreshed), ()))
    };
    store.update(list, Scope::Draft, change).await?;
    store.load(list).await?.ok_or_else(missing)
}

/// Loads the draft, refreshes it if requested, publishes it, and removes it if requested.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text] = args.lists.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    args.publish.check()?;
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let missing = || Failure::NoDraft {
        reference: Box::new(list.clone()),
        searched: store.place(),
    };
    let (client, draft) = load(context, args, &store, &list).await?;
    let mut draft = draft.ok_or_else(missing)?;
    let client = match client {
        Some(client) => client,
        None => {
            let registry = args.registry.with_insecure_hosts(Some(&draft));
            context.client(args.insecure.is_on(), &args.retry, &registry)?
        }
    };
    let on_moved = args.moved.unwrap_or_default();
    let is_pushed = !args.publish.dry_run.is_on();
    if on_moved == OnMoved::Refresh {
        let resolved = compose::resolve_again(&client, &draft, context.now()).await?;
        draft = match is_pushed {
            true => refresh_stored(&store, &list, &resolved, missing).await?,
            false => compose::refresh(&resolved, &draft),
        };
    }
    let purged = (is_pushed && args.purge.is_on()).then(|| draft.clone());
    let remembers = draft.settings.observed_tag.is_some();
    let publisher = Publisher::new(context, &client, &args.publish);
    let pushed = publish_draft(&publisher, draft, Freshness::Stored { on_moved }).await?;
    let removal = match purged {
        Some(purged) => Some(store.remove_unchanged(&purged).await?),
        None => None,
    };
    if removal == Some(Removal::Changed) {
        let rest = match store.local() {
            Some(_) => "so it was not removed",
            None => "so its new parts were not removed",
        };
        context.output.warning(&format!(
            "the draft of {list} was changed while it was pushed, {rest}"
        ));
    }
    if let (Some(pushed), Some(store)) = (pushed, store.local())
        && remembers
        && removal != Some(Removal::Removed)
        && !args.publish.by_digest.is_on()
    {
        publishing::record_pushed(store, &list, pushed.digest);
    }
    Ok(())
}
