//! `rm`: deletes drafts. No published list is touched.

use manifest_core::Reference;

use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::{DraftPlace, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::terminal::is_stderr_terminal;
use crate::values::Switch;

/// Delete one or more manifest lists from local storage
#[derive(Debug, clap::Args)]
#[command(override_usage = "rm MANIFEST_LIST [MANIFEST_LIST...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Succeed if there is no such draft
    #[arg(short, long)]
    force: Switch,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// Removes every draft that can be removed. The error names all the others.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let mut removed = Vec::new();
    let mut failures = Vec::new();
    for list in &args.lists {
        match remove(&store, list).await {
            Ok(list) => removed.push(list.to_string()),
            Err(Failure::NoDraftToRemove { .. }) if args.force.is_on() => {}
            Err(failure) => failures.push(failure),
        }
    }
    // Docker's command writes nothing, and scripts that join both outputs may compare that.
    let is_seen = args.force.is_on() || is_stderr_terminal();
    if is_seen && !removed.is_empty() {
        let removed = removed.join(", ");
        context.output.status(&match store.place() {
            DraftPlace::Folder(_) => {
                format!("deleted from this machine, and not from any registry: {removed}")
            }
            DraftPlace::Repository(repository) => {
                format!("deleted the drafts in {repository}, and no published list: {removed}")
            }
        });
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::Multiple(failures))
    }
}

async fn remove(store: &DraftStore<'_>, list: &str) -> Result<Reference, Failure> {
    let list = Reference::parse(list).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    if store.remove(&list).await? {
        return Ok(list);
    }
    Err(Failure::NoDraftToRemove {
        reference: Box::new(list),
        searched: store.place(),
    })
}
