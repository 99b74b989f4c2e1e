//! `rm`: deletes drafts. Registries are not asked.

use manifest_core::Reference;

use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;

/// Delete one or more manifest lists from local storage
#[derive(Debug, clap::Args)]
#[command(override_usage = "rm MANIFEST_LIST [MANIFEST_LIST...]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// Removes every draft that can be removed. The error names all the others.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let failures = args
        .lists
        .iter()
        .filter_map(|list| remove(context, list).err());
    let failures: Vec<Failure> = failures.collect();
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::Multiple(failures))
    }
}

fn remove(context: &Context<'_>, list: &str) -> Result<(), Failure> {
    let list = Reference::parse(list).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let store = context.store()?;
    if store.remove(&list)? {
        return Ok(());
    }
    Err(Failure::NoDraftToRemove {
        reference: Box::new(list),
        searched: store.root().to_owned(),
    })
}
