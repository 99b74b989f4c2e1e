//! The tag that a draft is pushed to may have changed since the draft was made: then the push puts something older in the place
//! of something newer, and says so, or is refused.

use manifest_core::{Digest, Draft, ListSettings, PublishedList, Reference, TagState};
use manifest_registry::Precondition;
use manifest_store::{Change, Store};

use super::flags::PublishFlags;
use super::{What, Work};
use crate::cli::Moved;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Looks whether the draft's own tag, which is among `tags`, shows what neither the draft remembers nor what is pushed. Who sets
/// a condition for the tag has looked.
pub(super) fn look(
    work: &Work<'_>,
    tags: &[(Reference, Option<Digest>)],
    flags: &PublishFlags,
    output: &Output,
) -> Result<(), Failure> {
    let (What::Draft(draft, _), Some(wanted)) = (work.what, work.drafted) else {
        return Ok(());
    };
    let Some(then) = &draft.settings.observed_tag else {
        return Ok(());
    };
    if flags.precondition() != Precondition::None {
        return Ok(());
    }
    let own = own_tag(&draft.list);
    let now = tags.iter().find(|(name, _)| Some(name) == own.as_ref());
    let Some((list, Some(now))) = now else {
        return Ok(());
    };
    if now.matches(work.bytes) || *then == TagState::At(now.clone()) {
        return Ok(());
    }
    let moved = Failure::TargetMoved {
        list: list.clone().into(),
        then: then.clone(),
        now: now.clone().into(),
    };
    if wanted == Moved::Error {
        return Err(moved);
    }
    output.warning(&format!("{moved}; pushing replaces it"));
    Ok(())
}

/// Returns the tag that a draft is pushed to, where it is one.
pub(crate) fn own_tag(list: &Reference) -> Option<Reference> {
    list.repository().tagged(list.tag()?)
}

/// Notes beside a draft that remembers its tag what was pushed there, so that the next push of it is no surprise.
pub(crate) fn note(store: &Store, list: &Reference, pushed: Digest) {
    // Where that cannot be written, it was pushed all the same.
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

/// Warns of a draft of what was just published without one: it hides what is live, and a push of it would replace that.
pub(crate) fn warn_of_draft(context: &Context<'_>, list: &Reference, pushed: &Digest) {
    let Ok(store) = context.store() else {
        return;
    };
    // One that cannot be read is there as well.
    let is_other = match store.load(list) {
        Ok(None) => false,
        Ok(Some(draft)) => publishes(&draft).as_ref() != Some(pushed),
        Err(_) => true,
    };
    if is_other {
        context.output.warning(&format!(
            "there is an older draft of {list}, which was left alone: `docker-manifest push {list}` replaces what was pushed now, \
             `docker-manifest rm {list}` removes the draft"
        ));
    }
}

fn publishes(draft: &Draft) -> Option<Digest> {
    Some(PublishedList::from_draft(draft).ok()?.digest)
}
