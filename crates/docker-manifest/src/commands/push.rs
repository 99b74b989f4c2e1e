//! `push`: publishes a draft.

use std::sync::Arc;

use manifest_core::{Draft, Reference};
use manifest_registry::Client;
use manifest_store::{Outline, Removal, Store};

use crate::cli::{Help, Moved, Patience, Reach, Switch};
use crate::context::Context;
use crate::drafting;
use crate::failure::Failure;
use crate::publishing;
use crate::publishing::flags::PublishFlags;

/// Push a manifest list to a repository
#[derive(Debug, clap::Args)]
#[command(override_usage = "push [OPTIONS] MANIFEST_LIST")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: Help,
    /// Allow push to an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    patience: Patience,
    #[command(flatten)]
    reach: Reach,
    #[command(flatten)]
    publish: PublishFlags,
    /// What to do about tags, of the images or of the list, that have moved since the list was made: "warn", "error" or "refresh" (default "warn")
    #[arg(long, value_name = "string", help_heading = "Pushing")]
    moved: Option<Moved>,
    /// Remove the local manifest list after push
    #[arg(short, long)]
    purge: Switch,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// Reads the draft, and meanwhile begins to talk to the registry about what the draft will be pushed to: connection, login and the
/// first look take longer than reading, but for drafts of hundreds of images. Returns the client as well, unless it has to be made anew
/// for what is in the draft.
async fn load(
    context: &Context<'_>,
    args: &Args,
    store: &Arc<Store>,
    list: &Reference,
) -> Result<(Option<Client>, Option<Draft>), Failure> {
    let targets = publishing::ahead(list, &args.publish);
    // That a host needs no checked TLS is believed of the draft only: a login is sent to it.
    let is_of_use = |outline: &Outline| !targets.is_empty() && !outline.is_insecure;
    let Some(outline) = store.outline(list).filter(is_of_use) else {
        return Ok((None, store.load(list)?));
    };
    let client = context.client(args.insecure.is_on(), &args.patience, &args.reach)?;
    let client = client.for_publishing(&targets, &outline.images);
    client.probe_tags_early(publishing::looked_at_ahead(&targets, &args.publish));
    let loaded = tokio::task::spawn_blocking({
        let (store, list) = (store.clone(), list.clone());
        move || store.load(&list)
    });
    let draft = loaded.await.map_err(std::io::Error::other)??;
    // What Docker's CLI has done to it since may need other settings.
    let is_right = draft
        .as_ref()
        .is_some_and(|draft| draft.insecure_hosts().is_empty());
    Ok((is_right.then_some(client), draft))
}

/// Checks everything that can be checked here, then has the registry client publish it.
pub(super) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text] = args.lists.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    args.publish.check()?;
    let store = Arc::new(context.store()?);
    let missing = || Failure::NoDraft {
        reference: Box::new(list.clone()),
        searched: store.root().to_owned(),
    };
    let (client, draft) = load(context, args, &store, &list).await?;
    let mut draft = draft.ok_or_else(missing)?;
    let client = match client {
        Some(client) => client,
        None => {
            let reach = args.reach.remembering(Some(&draft));
            context.client(args.insecure.is_on(), &args.patience, &reach)?
        }
    };
    let moved = args.moved.unwrap_or_default();
    let is_pushed = !args.publish.dry_run.is_on();
    if moved == Moved::Refresh {
        let resolved = drafting::resolved_again(context, &client, &draft).await?;
        if is_pushed {
            store.update(&list, |existing| {
                let existing = existing.ok_or_else(missing)?;
                let refreshed = drafting::refreshed(&resolved, existing);
                Ok::<_, Failure>((drafting::change(Some(existing), refreshed), ()))
            })?;
            draft = store.load(&list)?.ok_or_else(missing)?;
        } else {
            draft = drafting::refreshed(&resolved, &draft);
        }
    }
    let purged = (is_pushed && args.purge.is_on()).then(|| draft.clone());
    let remembers = draft.settings.observed_tag.is_some();
    let pushed = publishing::publish(context, &client, draft, &args.publish, Some(moved)).await?;
    let removal = purged.map(|purged| store.remove_unchanged(&purged));
    let removal = removal.transpose()?;
    if removal == Some(Removal::Changed) {
        context.output.warning(&format!(
            "the draft of {list} was changed while it was pushed, so it was not removed"
        ));
    }
    if let Some(pushed) = pushed
        && remembers
        && removal != Some(Removal::Removed)
        && !args.publish.by_digest.is_on()
    {
        publishing::note(&store, &list, pushed);
    }
    Ok(())
}
