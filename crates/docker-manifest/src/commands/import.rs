//! `import`: makes a draft of a file that `export` wrote.

use std::path::{Path, PathBuf};

use manifest_core::limits::DRAFT_DOCUMENT_BYTES;
use manifest_core::{Draft, DraftDocument, Reference, Source};
use manifest_layout::Location;

use crate::compose;
use crate::context::Context;
use crate::drafts::{DraftStore, RegistryAccess};
use crate::failure::{ExchangeError, Failure};
use crate::flags::{HelpFlag, RegistryFlags, RetryFlags, StageFlag};
use crate::input_files;
use crate::output::Output;
use crate::staging::Scope;
use crate::values::Switch;

/// Make a draft of a file that `export` wrote
#[derive(Debug, clap::Args)]
#[command(override_usage = "import [OPTIONS] FILE|-")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Add to an existing draft; sources that it has already are replaced
    #[arg(short, long)]
    amend: Switch,
    /// Import under this name
    #[arg(long = "as", value_name = "name")]
    name: Option<String>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    /// Replace an existing draft
    #[arg(long)]
    replace: Switch,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    stage: StageFlag,
    #[arg(value_name = "FILE", hide = true)]
    pub(crate) files: Vec<String>,
}

/// Reads and checks the whole file, then changes the draft in one step.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [file] = args.files.as_slice() else {
        unreachable!("the number was checked")
    };
    let (is_amending, is_replacing) = (args.amend.is_on(), args.replace.is_on());
    if is_amending && is_replacing {
        return Err(Failure::ConflictingFlags {
            first: "--amend",
            second: "--replace",
            reason: "one keeps the existing draft, the other does not",
        });
    }
    let imported = read(Path::new(file))?;
    let imported = renamed(imported, args.name.as_deref())?;
    report_local_sources(&imported, context.output);
    let access = RegistryAccess {
        insecure: args.insecure.is_on(),
        retry: &args.retry,
        registry: &args.registry,
    };
    let store = DraftStore::open(context, &args.stage, access)?;
    let list = imported.list.clone();
    let change = |existing: Option<&Draft>| match existing {
        Some(_) if is_replacing => Ok((compose::replacement(imported), ())),
        Some(existing) if is_amending => {
            let joined = compose::join(existing, imported);
            Ok((compose::change(Some(existing), joined), ()))
        }
        Some(_) => {
            let list = imported.list.into();
            Err(ExchangeError::Exists { list }.into())
        }
        None => Ok((compose::replacement(imported), ())),
    };
    store.update(&list, Scope::Draft, change).await?;
    let message = format!("Imported manifest list {list}");
    Ok(context.output.result(message)?)
}

/// Reads a file, or standard input if its name is `-`.
fn read(path: &Path) -> Result<Draft, Failure> {
    let bytes = input_files::read_beyond(path, DRAFT_DOCUMENT_BYTES as u64)?;
    let name = PathBuf::from(input_files::name(path));
    let invalid = |source| ExchangeError::NotADraft {
        path: name.clone(),
        source,
    };
    let document = DraftDocument::decode(&bytes).map_err(invalid)?;
    let DraftDocument {
        list,
        settings,
        entries,
        changed_at: _,
    } = document;
    if entries.is_empty() {
        return Err(ExchangeError::Empty { path: name }.into());
    }
    for entry in &entries {
        if let Some(Source::Disk(location)) = entry.source()
            && !matches!(Location::parse(location), Some(Ok(_)))
        {
            return Err(ExchangeError::Location {
                path: name,
                location: location.clone(),
            }
            .into());
        }
    }
    Ok(Draft {
        list,
        entries,
        settings,
    })
}

/// Returns the draft under another name. The state of a tag that it has recorded is that of the old name.
fn renamed(mut draft: Draft, name: Option<&str>) -> Result<Draft, Failure> {
    let Some(name) = name else {
        return Ok(draft);
    };
    let list = Reference::parse(name).map_err(|source| Failure::Reference {
        prefix: Some(format!("error parsing name for manifest list {name}")),
        source,
    })?;
    if list != draft.list {
        draft.list = list;
        draft.settings.observed_tag = None;
    }
    Ok(draft)
}

/// Names the files on this machine that a push of the draft reads.
fn report_local_sources(draft: &Draft, output: &Output) {
    for entry in &draft.entries {
        if let Some(Source::Disk(location)) = entry.source() {
            output.warning(&format!(
                "a push of the draft reads {location} on this machine"
            ));
        }
    }
}
