//! `rm`: deletes drafts. Registries are not asked.

use manifest_core::Reference;

use crate::context::Context;
use crate::failure::Failure;
use crate::flags::HelpFlag;
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
    #[arg(value_name = "MANIFEST_LIST", hide = true)]
    pub(crate) lists: Vec<String>,
}

/// Removes every draft that can be removed. The error names all the others.
pub(crate) fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let mut removed = Vec::new();
    let mut failures = Vec::new();
    for list in &args.lists {
        match remove(context, list) {
            Ok(list) => removed.push(list.to_string()),
            Err(Failure::NoDraftToRemove { .. }) if args.force.is_on() => {}
            Err(failure) => failures.push(failure),
        }
    }
    // Docker's command writes nothing, and scripts that join both outputs may compare that.
    let is_seen = args.force.is_on() || is_stderr_terminal();
    if is_seen && !removed.is_empty() {
        let removed = removed.join(", ");
        context.output.status(&format!(
            "deleted from this machine, and not from any registry: {removed}"
        ));
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::Multiple(failures))
    }
}

fn remove(context: &Context<'_>, list: &str) -> Result<Reference, Failure> {
    let list = Reference::parse(list).map_err(|source| Failure::Reference {
        prefix: None,
        source,
    })?;
    let store = context.store()?;
    if store.remove(&list)? {
        return Ok(list);
    }
    Err(Failure::NoDraftToRemove {
        reference: Box::new(list),
        searched: store.root().to_owned(),
    })
}
