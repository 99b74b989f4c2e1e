//! `export`: writes a draft to standard output, as one JSON document.

use manifest_core::limits::DRAFT_DOCUMENT_BYTES;
use manifest_core::{Draft, DraftDocument, Reference, Source};

use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::{ExchangeError, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::output::Output;
use crate::values::Switch;

/// Write a draft to standard output, for another machine
#[derive(Debug, clap::Args)]
#[command(override_usage = "export [OPTIONS] MANIFEST_LIST")]
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
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// Writes the whole draft, or nothing.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [list] = args.lists.as_slice() else {
        unreachable!("the number was checked")
    };
    let list = Reference::parse(list).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let draft = store.load(&list).await?;
    let draft = draft.ok_or_else(|| Failure::NoDraft {
        reference: list.clone().into(),
        searched: store.place(),
    })?;
    warn_of_other_machine(&draft, context.output);
    let document = DraftDocument {
        list: draft.list,
        settings: draft.settings,
        entries: draft.entries,
        changed_at: None,
    };
    let bytes = document.encode()?;
    if bytes.len() > DRAFT_DOCUMENT_BYTES {
        return Err(ExchangeError::TooLarge { list: list.into() }.into());
    }
    Ok(context.output.bytes(&bytes)?)
}

/// Warns of settings of the draft that are of use on this machine only.
fn warn_of_other_machine(draft: &Draft, output: &Output) {
    let local = draft
        .entries
        .iter()
        .filter_map(|entry| match entry.source() {
            Some(Source::Disk(location)) => Some(location),
            _ => None,
        });
    for location in local {
        output.warning(&format!(
            "{location} is on this machine: a push from another one needs it at the same path there"
        ));
    }
    for host in draft.insecure_hosts() {
        output.warning(&format!(
            "the draft allows {host} to be insecure, and its file does not: name --insecure again where it is pushed"
        ));
    }
}
