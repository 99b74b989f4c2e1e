//! `remove`: takes images out of a draft.

use std::collections::BTreeSet;

use manifest_core::duplicates::without;
use manifest_core::{Draft, Reference};
use manifest_store::Change;

use super::select;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::{DraftLookup, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::staging::Scope;
use crate::values::Switch;

/// Remove images from a local manifest list, by name, digest or platform
#[derive(Debug, clap::Args)]
#[command(override_usage = "remove MANIFEST_LIST MANIFEST [MANIFEST...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(value_name = "MANIFEST_LIST MANIFEST", hide = true)]
    pub(crate) images: Vec<String>,
}

/// Removes all named images and the attestations about them, or nothing. Prints each removed entry.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list_text, images @ ..] = args.images.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list_text).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for manifest list {list_text}")),
        source,
    })?;
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let current_dir = context.current_dir().ok();
    let change = |existing: Option<&Draft>| {
        let Some(draft) = existing else {
            return Err(Failure::NoDraft {
                reference: Box::new(list.clone()),
                searched: store.place(),
            });
        };
        let mut selected = BTreeSet::new();
        for text in images {
            let found = select::indices(draft, text, current_dir.as_deref());
            if found.is_empty() {
                return Err(Failure::NoEntry {
                    image: text.clone(),
                    list: list_text.clone(),
                    lookup: DraftLookup {
                        list: list.clone().into(),
                        has_draft: true,
                        searched: store.place(),
                    },
                });
            }
            selected.extend(found);
        }
        let selected: Vec<usize> = selected.into_iter().collect();
        let stays = without(&draft.entries, &selected);
        let removed: Vec<Reference> = draft
            .entries
            .iter()
            .zip(stays)
            .filter(|(_, stays)| !stays)
            .map(|(entry, _)| entry.reference.clone())
            .collect();
        let change = Change {
            remove: removed.clone(),
            ..Change::default()
        };
        Ok((change, removed))
    };
    let removed = store.update(&list, Scope::Draft, change).await?;
    for reference in removed {
        context.output.result(format!("Removed {reference}"))?;
    }
    Ok(())
}
