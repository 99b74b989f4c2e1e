//! The registry's state under the name of a draft.

use manifest_core::{Digest, Draft, Manifest};
use manifest_registry::Client;

use super::args::Args;
use super::limits::LIVE_TIMEOUT;
use super::lookup;
use super::target::Target;

use crate::context::Context;
use crate::failure::Failure;
use crate::terminal::is_stderr_terminal;
use crate::view::{LiveState, LiveView, Origin};

/// Reads the manifest that the registry has under the name of a draft, whose own list is `own`. The outer `None` says that this
/// cannot be known.
///
/// A mirror may be behind, so the registry itself says by HEAD where the tag points. The same list is not read again.
pub(super) async fn manifest(
    client: &Client,
    draft: &Draft,
    own: &Manifest,
) -> Option<Option<Manifest>> {
    let read = async {
        let digest = client.manifest_digest(&draft.list).await.ok()?;
        match digest {
            None => Some(None),
            Some(digest) if digest == *own.digest() => Some(Some(own.clone())),
            Some(digest) => {
                let there = draft.list.pinned(digest);
                client.manifest(&there).await.ok().map(Some)
            }
        }
    };
    tokio::time::timeout(LIVE_TIMEOUT, read)
        .await
        .ok()
        .flatten()
}

/// Compares the digest that the registry has under the name of a draft, by HEAD.
pub(super) async fn digest(client: Option<&Client>, draft: &Draft, own: &Digest) -> LiveView {
    let Some(client) = client else {
        return LiveView::new(LiveState::Unknown);
    };
    let read = client.manifest_digest(&draft.list);
    let Ok(Ok(found)) = tokio::time::timeout(LIVE_TIMEOUT, read).await else {
        return LiveView::new(LiveState::Unknown);
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
        (Origin::Registry, _) => format!("{name} is in the registry: {digest}"),
        (Origin::Disk, _) => format!("{name} is on this machine: {digest}"),
        (Origin::Draft, None) => format!("{name} is in a draft on this machine: {digest}"),
        (Origin::Draft, Some(live)) => describe_draft(name, digest, live),
    };
    context.output.status(&line);
}

fn describe_draft(name: &str, digest: &Digest, live: &LiveView) -> String {
    let there = match live.state {
        LiveState::Unknown => "the registry was not asked, or gave no clear response".to_owned(),
        _ => format!("the registry {}", live.describe()),
    };
    format!("{name} is a draft: {digest}; {there}")
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
        Shown::Registry(name, digest) => format!("{name} is in the registry: {digest}"),
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
    /// A draft, with the digest of its list.
    Draft(&'a Draft, &'a Digest),
}
