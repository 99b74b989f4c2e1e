//! Publishing a draft, to registries or to a layout on this machine.

use manifest_core::draft::Origin;
use manifest_core::{Draft, Entry, PublishedList, Source};

use super::child_tags;
use super::freshness::Freshness;
use super::job::{JobSource, PublishJob};
use super::layout;
use super::local_layouts::LocalLayouts;
use super::moved_sources;
use super::published::Published;
use super::publisher::Publisher;
use super::report::Report;
use super::send::send;
use super::targets;
use crate::failure::Failure;
use crate::preflight;
use crate::values::{OnDuplicate, PlatformList};

/// A draft that has passed its own checks, and the list that it makes.
#[derive(Debug)]
pub(crate) struct CheckedDraft {
    draft: Draft,
    list: PublishedList,
    freshness: Freshness,
}

impl CheckedDraft {
    /// Checks a draft as the flags require, and warns of mistakes.
    ///
    /// # Errors
    /// Fails if the draft cannot be published.
    pub(crate) fn new(
        publisher: &Publisher<'_>,
        mut draft: Draft,
        freshness: Freshness,
    ) -> Result<Self, Failure> {
        let on_duplicate = freshness.default_on_duplicate(publisher.flags);
        check(&mut draft, publisher, on_duplicate)?;
        let list = PublishedList::from_draft(&draft)?;
        Ok(Self {
            draft,
            list,
            freshness,
        })
    }

    /// Returns the draft.
    pub(crate) fn draft(&self) -> &Draft {
        &self.draft
    }

    /// Returns the list that the draft makes.
    pub(crate) fn list(&self) -> &PublishedList {
        &self.list
    }
}

/// Publishes a draft as the flags require. Returns `None` if no registry was written to.
///
/// # Errors
/// Fails if the draft cannot be published, a tag has moved against the policy, or a registry refuses.
pub(crate) async fn publish_draft(
    publisher: &Publisher<'_>,
    draft: Draft,
    freshness: Freshness,
) -> Result<Option<Published>, Failure> {
    let checked = CheckedDraft::new(publisher, draft, freshness)?;
    publish_checked(publisher, &checked).await
}

/// Publishes a draft as [`publish_draft`] does, after its own checks.
///
/// # Errors
/// As [`publish_draft`].
pub(crate) async fn publish_checked(
    publisher: &Publisher<'_>,
    checked: &CheckedDraft,
) -> Result<Option<Published>, Failure> {
    let flags = publisher.flags;
    let CheckedDraft {
        draft,
        list,
        freshness,
    } = checked;
    let on_moved = freshness.on_moved(flags);
    let report = Report::new(draft, list);
    let layouts = LocalLayouts::new(draft);
    if let Some(text) = &flags.to {
        let location = layout::location(publisher, text, &draft.list)?;
        if let Some(on_moved) = on_moved {
            moved_sources::check_all(publisher, draft, &layouts, on_moved).await?;
        }
        let job = layout::LayoutJob {
            report: &report,
            draft,
            list,
            layouts: &layouts,
        };
        layout::write(publisher, &job, &location).await?;
        return Ok(None);
    }
    let targets = targets::of_list(&draft.list, &list.digest, flags)?;
    let child_tags = match &flags.child_tags {
        Some(template) => child_tags::of_draft(draft, &targets, template)?,
        None => Vec::new(),
    };
    let job = PublishJob {
        report,
        media_type: list.media_type,
        bytes: &list.bytes,
        source: JobSource::Draft(draft, &layouts),
        on_moved,
        child_tags,
    };
    send(publisher, &job, &targets).await
}

/// Checks a draft before it is published, and warns of mistakes or refuses them.
fn check(
    draft: &mut Draft,
    publisher: &Publisher<'_>,
    default_on_duplicate: OnDuplicate,
) -> Result<(), Failure> {
    let flags = publisher.flags;
    if draft.entries.is_empty() && !flags.allow_empty.is_on() {
        let list = draft.list.clone();
        return Err(Failure::EmptyDraft { list });
    }
    let lacks_platform = |entry: &&Entry| is_named_itself(entry) && !entry.has_platform();
    if let Some(entry) = draft.entries.iter().find(lacks_platform) {
        let image = entry.reference.clone();
        return Err(Failure::NoPlatform { image });
    }
    let on_duplicate = flags.on_duplicate.unwrap_or(default_on_duplicate);
    let duplicates = preflight::resolve_duplicates(draft, on_duplicate, |_| false)?;
    let mut warnings = duplicates.warnings;
    warnings.extend(preflight::warnings(draft));
    preflight::require_platforms(draft, &PlatformList::all(&flags.require))?;
    for line in duplicates.messages {
        publisher.status(&line);
    }
    for warning in preflight::refuse_if_strict(flags.strict.is_on(), warnings)? {
        publisher.warn(&warning);
    }
    Ok(())
}

/// Tells whether an entry is a source itself, and not a child of one.
fn is_named_itself(entry: &Entry) -> bool {
    let is_root = |origin: &Origin| origin.digest == entry.descriptor.digest;
    match entry.source() {
        None => true,
        Some(Source::Registry(_)) => false,
        Some(Source::Disk(_)) => entry.is_image() && entry.origin.as_ref().is_some_and(is_root),
    }
}
