//! The target of a draft, which may have changed since the draft was made. A push would then replace a newer list with an older one. It
//! warns, or is refused.

use manifest_core::{Digest, Draft, ListSettings, PublishedList, Reference, TagState};
use manifest_registry::{ObservedTag, Precondition};
use manifest_store::{Change, Store};

use super::job::{JobSource, PublishJob};
use super::publisher::Publisher;
use crate::context::Context;
use crate::failure::Failure;
use crate::values::OnMoved;

/// Checks that the draft's own tag, which is among `tags`, points to the digest that the draft has recorded, or to the pushed one. Warns
/// otherwise, except if the user sets a condition for the tag and so knows its state.
///
/// # Errors
/// Fails if it points to another one and the policy is [`OnMoved::Error`].
pub(super) fn check(
    job: &PublishJob<'_>,
    tags: &[ObservedTag],
    publisher: &Publisher<'_>,
) -> Result<(), Failure> {
    let (JobSource::Draft(draft, _), Some(on_moved)) = (job.source, job.on_moved) else {
        return Ok(());
    };
    let Some(then) = &draft.settings.observed_tag else {
        return Ok(());
    };
    if publisher.flags.precondition() != Precondition::None {
        return Ok(());
    }
    let own = list_tag(&draft.list);
    let now = tags.iter().find(|(name, _)| Some(name) == own.as_ref());
    let Some((list, Some(now))) = now else {
        return Ok(());
    };
    if now.matches(job.bytes) || *then == TagState::At(now.clone()) {
        return Ok(());
    }
    let moved = Failure::TargetMoved {
        list: list.clone().into(),
        then: then.clone(),
        now: now.clone().into(),
    };
    if on_moved == OnMoved::Error {
        return Err(moved);
    }
    publisher.warn(&format!("{moved}; the push replaces it"));
    Ok(())
}

/// Returns the tag that a draft is pushed to, if its reference has one.
pub(crate) fn list_tag(list: &Reference) -> Option<Reference> {
    list.repository().tagged(list.tag()?)
}

/// Records the pushed digest with a draft that has recorded the state of its tag, so that the next push does not see it as a change.
pub(crate) fn record_pushed(store: &Store, list: &Reference, pushed: Digest) {
    // The push has succeeded even where this cannot be written.
    let _ = store.update(list, |draft| {
        let settings = draft.map(|draft| draft.settings.clone());
        let settings = settings.filter(|settings| settings.observed_tag.is_some());
        let change = Change {
            settings: settings.map(|settings| ListSettings {
                observed_tag: Some(TagState::At(pushed)),
                ..settings
            }),
            ..Change::default()
        };
        Ok::<_, Failure>((change, ()))
    });
}

/// Warns of an older draft of a list that was just published without one: `inspect` shows the draft instead, and pushing it would
/// replace the list.
pub(crate) fn warn_of_stale_draft(context: &Context<'_>, list: &Reference, pushed: &Digest) {
    let Ok(store) = context.store() else {
        return;
    };
    let is_other = match store.load(list) {
        Ok(None) => false,
        Ok(Some(draft)) => published_digest(&draft).as_ref() != Some(pushed),
        // A damaged draft exists. Where none can be read, no command uses one either.
        Err(_) => store.contains(list).unwrap_or_default(),
    };
    if is_other {
        context.output.warning(&format!(
            "an older draft of {list} was left alone: `docker-manifest push {list}` would replace the list that was just pushed, `docker-manifest rm {list}` removes the draft"
        ));
    }
}

fn published_digest(draft: &Draft) -> Option<Digest> {
    Some(PublishedList::from_draft(draft).ok()?.digest)
}
