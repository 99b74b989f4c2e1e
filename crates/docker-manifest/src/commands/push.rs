//! `push`: publishes a draft.

use std::collections::BTreeMap;

use manifest_core::{Draft, Platform, PublishedList, Reference};
use manifest_registry::{Child, Publication, Published};
use manifest_store::Removal;

use crate::cli::{Help, Patience, Reach, Switch};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

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
    /// Remove the local manifest list after push
    #[arg(short, long)]
    purge: Switch,
    /// Copy layers too that registries need not hold (foreign, non-distributable)
    #[arg(long)]
    push_foreign: Switch,
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
    let store = context.store()?;
    let missing = || Failure::NoDraft {
        reference: Box::new(list.clone()),
        searched: store.root().to_owned(),
    };
    let draft = store.load(&list)?.ok_or_else(missing)?;
    if draft.entries.is_empty() {
        return Err(Failure::EmptyDraft { list });
    }
    let children = checked(&draft)?;
    warn_of_duplicates(&draft, context.output);
    let published = PublishedList::of_entries(&draft.entries);
    let reach = args.reach.remembering(Some(&draft));
    let client = context.client(args.insecure.is_on(), &args.patience, &reach)?;
    let publication = Publication {
        target: &list,
        media_type: published.media_type,
        bytes: &published.bytes,
        children: &children,
        push_foreign: args.push_foreign.is_on(),
    };
    let mut said = Ok(());
    let arrived = |child: &Child| {
        let (target, digest) = (list.repository(), child.digest());
        if said.is_ok() {
            let line = format!("Pushed ref {target}@{digest} with digest: {digest}");
            said = context.output.result(line);
        }
    };
    let pushed = client.publish(&publication, arrived).await?;
    said?;
    context.output.result(pushed.digest.as_str())?;
    say_what_happened(&list, &pushed, context.output);
    if args.purge.is_on() && store.remove_unchanged(&draft)? == Removal::Changed {
        context.output.warning(&format!(
            "the draft of {list} was changed while it was pushed, so it was not removed"
        ));
    }
    Ok(())
}

/// Checks the entries before anything is sent, and returns those of other repositories with their bytes.
fn checked(draft: &Draft) -> Result<Vec<Child>, Failure> {
    let mut children = Vec::new();
    for entry in &draft.entries {
        let image = || entry.reference.clone();
        if !entry.has_platform() {
            return Err(Failure::NoPlatform { image: image() });
        }
        let source = entry.reference.repository();
        if source == draft.list.repository() {
            continue;
        }
        let media_type = entry
            .media_type()
            .ok_or_else(|| Failure::NoPayload { image: image() })?;
        let digest = &entry.descriptor.digest;
        children.push(Child::new(source, digest, media_type, &entry.payload()?)?);
    }
    Ok(children)
}

/// Says what scripts need not know. Standard output stays as Docker's.
fn say_what_happened(list: &Reference, pushed: &Published, output: &Output) {
    if pushed.written == 0 {
        output.status(&format!("{list} is there already: nothing was written"));
    }
    if let Some(error) = &pushed.unconfirmed {
        output.warning(&format!(
            "{list} was written, and could not be read back: {error}"
        ));
    }
}

/// Two entries of one platform go live, for scripts rely on it; but not in silence.
fn warn_of_duplicates(draft: &Draft, output: &Output) {
    let mut first: BTreeMap<String, &Reference> = BTreeMap::new();
    for entry in &draft.entries {
        let Some(platform) = &entry.descriptor.platform else {
            continue;
        };
        if let Some(other) = first.insert(comparable(platform), &entry.reference) {
            output.warning(&format!(
                "{other} and {} are both for {platform}: most clients will only ever see the first",
                entry.reference
            ));
        }
    }
}

/// Returns a text that two platforms share if engines cannot tell them apart: `arm64` is `arm64/v8`, `arm` is `arm/v7`.
fn comparable(platform: &Platform) -> String {
    let variant = match (platform.architecture.as_str(), platform.variant.as_str()) {
        ("arm64", "v8") => "",
        ("arm", "") => "v7",
        (_, variant) => variant,
    };
    let Platform {
        os,
        architecture,
        os_version,
        os_features,
        ..
    } = platform;
    format!("{os}/{architecture}/{variant}({os_version}){os_features:?}")
}
