//! The registry's state under the name of a draft.

use manifest_core::{Digest, Draft, Manifest};
use manifest_registry::{Client, RegistryError};

use super::args::Args;
use super::limits::LIVE_TIMEOUT;
use super::lookup;
use super::target::Target;

use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::is_stderr_terminal;
use crate::view::{LiveState, LiveView, Origin};

/// Reads the manifest that the registry has under the name of a draft, whose own list is `own`.
///
/// A mirror may be behind, so the registry itself says by HEAD where the tag points. The same list is not read again.
pub(super) async fn manifest(
    client: &Client,
    draft: &Draft,
    own: &Manifest,
) -> Result<Option<Manifest>, LiveView> {
    let read = async {
        match client.manifest_digest(&draft.list).await? {
            None => Ok(None),
            Some(digest) if digest == *own.digest() => Ok(Some(own.clone())),
            Some(digest) => {
                let there = draft.list.pinned(digest);
                client.manifest(&there).await.map(Some)
            }
        }
    };
    in_time(read).await
}

/// Waits for a response of the registry.
///
/// # Errors
/// Returns an unknown state, with the reason, if there is no clear response in time.
async fn in_time<T>(read: impl Future<Output = Result<T, RegistryError>>) -> Result<T, LiveView> {
    let unclear = |reason: String| LiveView::unknown(format!("gave no clear response: {reason}"));
    match tokio::time::timeout(LIVE_TIMEOUT, read).await {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(error)) => Err(unclear(error.to_string())),
        Err(_) => {
            let seconds = LIVE_TIMEOUT.as_secs();
            Err(unclear(format!("nothing came within {seconds} seconds")))
        }
    }
}

/// Compares the digest that the registry has under the name of a draft, by HEAD.
pub(super) async fn digest(client: Option<&Client>, draft: &Draft, own: &Digest) -> LiveView {
    let Some(client) = client else {
        return LiveView::unknown("was not asked".to_owned());
    };
    let found = match in_time(client.manifest_digest(&draft.list)).await {
        Ok(found) => found,
        Err(unknown) => return unknown,
    };
    let state = match &found {
        None => LiveState::Absent,
        Some(digest) if digest == own => LiveState::Same,
        Some(_) => LiveState::Different,
    };
    LiveView {
        digest: found,
        ..LiveView::new(state)
    }
}

/// Says on standard error where the shown manifest is from.
pub(super) fn report(context: &Context<'_>, target: &Target, live: Option<&LiveView>) {
    let digest = target.manifest.digest();
    let name = &target.name;
    let line = match (target.origin, live) {
        (Origin::Draft | Origin::StagedDraft, Some(live)) => describe_draft(name, digest, live),
        (origin, _) => describe(name, origin, digest),
    };
    context.output.status(&line);
}

/// `origin` is that of a draft for one image of it.
fn describe(name: &str, origin: Origin, digest: &Digest) -> String {
    let place = match origin {
        Origin::Registry => "in the registry",
        Origin::Disk => "on this machine",
        Origin::Draft => "in a draft on this machine",
        Origin::StagedDraft => "in a draft in a repository for drafts",
    };
    format!("{name} is {place}: {digest}")
}

fn describe_draft(name: &str, digest: &Digest, live: &LiveView) -> String {
    format!(
        "{name} is a draft: {digest}; the registry {}",
        live.describe()
    )
}

/// Says where the output of Docker's command is from, if standard error is a terminal. A script that joins it to standard output
/// gets Docker's output and no more.
///
/// # Errors
/// Fails if the registry client cannot be set up.
pub(super) async fn report_to_terminal(
    context: &Context<'_>,
    args: &Args,
    shown: &Shown<'_>,
) -> Result<(), Failure> {
    if !is_stderr_terminal() {
        return Ok(());
    }
    let line = match shown {
        Shown::Registry(name, digest) => describe(name, Origin::Registry, digest),
        Shown::Entry(name, digest) => describe(name, args.draft_origin(context)?, digest),
        Shown::Disk(name, digest) => describe(name, Origin::Disk, digest),
        Shown::Draft(draft, digest) => {
            let client = lookup::client(context, args, Some(draft))?;
            let live = self::digest(client.as_ref(), draft, digest).await;
            describe_draft(&draft.list.to_string(), digest, &live)
        }
    };
    context.output.status(&line);
    Ok(())
}

/// The manifest that Docker's form shows.
pub(super) enum Shown<'a> {
    /// A manifest in a registry.
    Registry(String, &'a Digest),
    /// One image of a draft.
    Entry(String, &'a Digest),
    /// A manifest in a layout or archive.
    Disk(String, &'a Digest),
    /// A draft, with the digest of its list.
    Draft(&'a Draft, &'a Digest),
}
