//! `push`: publishes a draft.

use manifest_core::Reference;
use manifest_store::Removal;

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
    /// What to do about images whose tag has moved since the list was made: "warn", "error" or "refresh" (default "warn")
    #[arg(long, value_name = "string", help_heading = "Pushing")]
    moved: Option<Moved>,
    /// Remove the local manifest list after push
    #[arg(short, long)]
    purge: Switch,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
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
    let store = context.store()?;
    let missing = || Failure::NoDraft {
        reference: Box::new(list.clone()),
        searched: store.root().to_owned(),
    };
    let mut draft = store.load(&list)?.ok_or_else(missing)?;
    let reach = args.reach.remembering(Some(&draft));
    let client = context.client(args.insecure.is_on(), &args.patience, &reach)?;
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
    publishing::publish(context, &client, draft, &args.publish, Some(moved)).await?;
    if let Some(purged) = purged
        && store.remove_unchanged(&purged)? == Removal::Changed
    {
        context.output.warning(&format!(
            "the draft of {list} was changed while it was pushed, so it was not removed"
        ));
    }
    Ok(())
}
