//! Publishing a draft: to one tag as Docker's `push` does, or to many; what is looked at before, and what is reported after.
//!
//! | module | holds |
//! | --- | --- |
//! | [`flags`] | the flags of `push` and of `create --push` |
//! | `children` | the manifests that a target may lack |
//! | `referrers` | what refers to them |
//! | [`report`] | digest, files and JSON for scripts |
//! | `moved_target` | a tag that has changed since the draft was made, which a push would replace |
//! | `plan` | `--dry-run` |
//! | `targets` | the names that are written, those of single images included, and what became of them |
//! | `to_layout` | `--to`: an image layout on this machine in place of a registry |

mod children;
pub mod flags;
mod moved_target;
mod plan;
mod referrers;
pub mod report;
mod targets;
mod to_layout;

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest_core::draft::Origin;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, Entry, Manifest, MediaType, PublishedList, Reference, Source};
use manifest_registry::{Child, Client, Precondition, Publication, TransferEstimate, WatchedTags};

use crate::cli::{Moved, OnDuplicate, PlatformList};
use crate::commands::for_all;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::review;
use crate::sources::Disk;
use crate::sources::words::Named;
use children::Disks;
use flags::PublishFlags;
pub(crate) use moved_target::{note, own_tag, warn_of_draft};
use report::Report;
use targets::{ChildTag, Outcome};

/// Publishes a draft as the flags say, and returns the digest under which a registry has it now. One that was drafted before comes
/// with what is done about sources that have moved since; of one that was made just now nothing can have. Two images for one
/// platform are refused unless the flags say otherwise, or it is what scripts do that were written for Docker's `push`.
pub(crate) async fn publish(
    context: &Context<'_>,
    client: &Client,
    mut draft: Draft,
    flags: &PublishFlags,
    drafted: Option<Moved>,
) -> Result<Option<Digest>, Failure> {
    let usual = match drafted {
        Some(_) if !flags.is_new_form() => OnDuplicate::Warn,
        _ => OnDuplicate::Error,
    };
    let drafted = drafted.map(|wanted| match wanted {
        Moved::Warn if flags.strict.is_on() => Moved::Error,
        wanted => wanted,
    });
    examine(&mut draft, flags, usual, context.output)?;
    let list = PublishedList::from_draft(&draft)?;
    let report = Report::new(&draft, &list);
    let disks = Disks::new(&draft);
    if let Some(text) = &flags.to {
        let place = to_layout::place(text, &draft.list, flags, context)?;
        if let Some(wanted) = drafted {
            all_moved(context, client, &draft, &disks, wanted).await?;
        }
        let written = to_layout::Written {
            report: &report,
            draft: &draft,
            list: &list,
            disks: &disks,
        };
        to_layout::write(context, client, &written, &place, flags).await?;
        return Ok(None);
    }
    let targets = targets::of_list(&draft.list, &list.digest, flags)?;
    let child_tags = match &flags.child_tags {
        Some(template) => targets::of_children(&draft, &targets, template)?,
        None => Vec::new(),
    };
    let work = Work {
        report,
        media_type: list.media_type,
        bytes: &list.bytes,
        what: What::Draft(&draft, &disks),
        drafted,
        child_tags,
    };
    send(context, client, &work, &targets, flags).await
}

/// Publishes what a registry has, or what is on this machine, under other names, byte for byte.
pub(crate) async fn copy(
    context: &Context<'_>,
    client: &Client,
    source: &Named,
    targets: &[Reference],
    flags: &PublishFlags,
) -> Result<(), Failure> {
    flags.check()?;
    let copied = match source {
        Named::Registry(image) => Copied {
            repository: image.repository(),
            manifest: client.manifest(image).await?,
            disk: None,
        },
        Named::Disk(location) => {
            let [target, ..] = targets else {
                unreachable!("the number was checked")
            };
            let disk = Disk::new(location.clone());
            Copied {
                repository: target.repository(),
                manifest: disk.root()?,
                disk: Some(Arc::new(disk)),
            }
        }
    };
    let manifest = &copied.manifest;
    let targets = &targets::checked(targets, manifest.digest())?;
    let work = Work {
        report: Report::of_manifest(&source.source(), copied.repository, manifest),
        media_type: manifest.media_type(),
        bytes: manifest.bytes(),
        what: What::Copy(&copied),
        drafted: None,
        child_tags: Vec::new(),
    };
    send(context, client, &work, targets, flags).await?;
    Ok(())
}

/// Returns what will be written, as far as that is known before the list is: nothing where it goes to this machine.
pub(crate) fn ahead(list: &Reference, flags: &PublishFlags) -> Vec<Reference> {
    if flags.to.is_some() {
        return Vec::new();
    }
    let more = flags
        .tag
        .iter()
        .filter_map(|name| Reference::parse(name).ok());
    std::iter::once(list.clone()).chain(more).collect()
}

/// Returns the tags among the targets that may be looked at while it is found out what they will show. What a condition is about is
/// looked at as late as possible.
pub(crate) fn looked_at_ahead(targets: &[Reference], flags: &PublishFlags) -> Vec<Reference> {
    if flags.by_digest.is_on() || flags.precondition() != Precondition::None {
        return Vec::new();
    }
    let tagged = |target: &Reference| target.repository().tagged(target.tag()?);
    targets.iter().filter_map(tagged).collect()
}

/// What is published.
struct Work<'a> {
    report: Report,
    media_type: MediaType,
    bytes: &'a [u8],
    what: What<'a>,
    /// What is done about sources that have moved since it was drafted.
    drafted: Option<Moved>,
    child_tags: Vec<ChildTag>,
}

impl Work<'_> {
    /// Returns the tags that may have moved since they were drafted, and what they showed then.
    fn sources(&self) -> BTreeMap<Reference, Digest> {
        match (self.what, self.drafted) {
            (What::Draft(draft, _), Some(_)) => sources(draft),
            _ => BTreeMap::new(),
        }
    }
}

/// What is published is made of.
#[derive(Clone, Copy)]
enum What<'a> {
    Draft(&'a Draft, &'a Disks),
    Copy(&'a Copied<'a>),
}

/// A manifest that is published as it is.
struct Copied<'a> {
    /// Where it is; of one on this machine, what it and its children are named by.
    repository: &'a Repository,
    manifest: Manifest,
    /// Where it is on this machine.
    disk: Option<Arc<Disk>>,
}

/// Publishes to all targets, then tags the children, and reports. Returns the digest under which it is published.
async fn send(
    context: &Context<'_>,
    client: &Client,
    work: &Work<'_>,
    targets: &[Reference],
    flags: &PublishFlags,
) -> Result<Option<Digest>, Failure> {
    let output = context.output;
    flags.files(context)?;
    let groups = targets::by_repository(targets);
    let repositories = groups.iter().map(|(repository, _)| *repository);
    let mut children = match work.what {
        What::Draft(draft, disks) => children::of(client, draft, repositories, disks).await?,
        What::Copy(copied) => children::whole(client, copied, repositories).await?,
    };
    if flags.referrers.is_on() {
        referrers::add(client, &work.what, &mut children, output).await?;
    }
    let sources = work.sources();
    let mut watched: Vec<Reference> = sources.keys().cloned().collect();
    if flags.if_not_exists.is_on() {
        watched.extend(work.child_tags.iter().map(|tag| tag.target.clone()));
    }
    let verified = work.report.digests();
    let publications: Vec<Publication<'_>> = groups
        .iter()
        .map(|(repository, targets)| Publication {
            targets,
            media_type: work.media_type,
            bytes: work.bytes,
            children: &children[repository],
            push_foreign: flags.push_foreign.is_on(),
            precondition: flags.precondition(),
            verified: (!flags.no_verify.is_on()).then_some(&verified),
        })
        .collect();
    let wanted = work.drafted.unwrap_or_default();
    let looked_at = |watched: &[_]| {
        moved(&sources, watched, wanted, output)?;
        targets::must_not_exist(&work.child_tags, watched)
    };
    if let (What::Draft(draft, disks), Some(wanted)) = (work.what, work.drafted) {
        disks_moved(draft, disks, wanted, output)?;
    }
    if flags.dry_run.is_on() {
        let mut plan = client.dry_run(&publications, &watched).await?;
        looked_at(&plan.watched)?;
        moved_target::look(work, &plan.tags, flags, output)?;
        targets::in_order(&mut plan.tags, targets);
        let look = |tag: &ChildTag| {
            let target = tag.target.clone();
            async move {
                let now = client.manifest_digest(&target).await?;
                Ok::<_, Failure>((target, now))
            }
        };
        let of_children = for_all(work.child_tags.iter().map(look)).await?;
        let of_children = work.child_tags.iter().zip(of_children);
        let of_children: Vec<_> = of_children
            .map(|(tag, (target, now))| (target, now, tag.digest()))
            .collect();
        plan::show(&work.report, work.bytes, &plan, &of_children, flags, output)?;
        return Ok(None);
    }
    let say = |line: &str| flags.say(line, output);
    let check = |estimate: &TransferEstimate| {
        moved_target::look(work, &estimate.tags, flags, output)?;
        if estimate.copies > 0 {
            say(&format!(
                "copying {} blobs ({}) from other registries",
                estimate.copies,
                report::size(estimate.copied_bytes)
            ));
        }
        if estimate.local > 0 {
            say(&format!(
                "uploading {} blobs ({}) from this machine",
                estimate.local,
                report::size(estimate.local_bytes)
            ));
        }
        Ok::<_, Failure>(())
    };
    let is_plain = !flags.quiet.is_on() && flags.format.is_none();
    let mut said = Ok(());
    let arrived = |publication: &Publication<'_>, child: &Child| {
        if is_plain && said.is_ok() {
            let (target, digest) = (publication.repository(), child.digest());
            let line = format!("Pushed ref {target}@{digest} with digest: {digest}");
            said = context.aside(|| output.result(line));
        }
    };
    let watching = (!flags.quiet.is_on()).then(|| context.watch_copying());
    // What is only said need not be known before anything is written: it costs no round trip.
    let watch = WatchedTags {
        names: &watched,
        is_first: wanted == Moved::Error || flags.if_not_exists.is_on(),
    };
    let looked_at = |shown: &[_]| context.aside(|| looked_at(shown));
    let released = client
        .release(&publications, watch, check, looked_at, arrived)
        .await;
    drop(watching);
    let mut released = match released {
        Ok(released) => released,
        Err(error) => {
            // Without tags some may be there already.
            if !flags.by_digest.is_on() {
                targets::none_written(targets, say);
            }
            return Err(error);
        }
    };
    said?;
    targets::in_order(&mut released.tags, targets);
    let mut outcome = Outcome::of(&released);
    if outcome.is_good() {
        // Where its registry does not say what a tag shows, that was not seen before.
        let expected = match flags.if_not_exists.is_on() {
            true => Precondition::Absent,
            false => Precondition::None,
        };
        outcome.add(targets::put(client, &work.child_tags, expected).await);
    }
    outcome.tell(work.media_type, flags, output)?;
    let written = outcome.written();
    work.report.write(&written, flags, context)?;
    Ok(written.digest)
}

/// Looks at what is to be published, and says or refuses what may not be meant.
fn examine(
    draft: &mut Draft,
    flags: &PublishFlags,
    usual: OnDuplicate,
    output: &Output,
) -> Result<(), Failure> {
    if draft.entries.is_empty() && !flags.allow_empty.is_on() {
        let list = draft.list.clone();
        return Err(Failure::EmptyDraft { list });
    }
    if let Some(entry) = draft
        .entries
        .iter()
        .find(|entry| is_named_itself(entry) && !entry.has_platform())
    {
        let image = entry.reference.clone();
        return Err(Failure::NoPlatform { image });
    }
    let settled = review::settle_duplicates(draft, flags.on_duplicate.unwrap_or(usual), |_| false)?;
    let mut warnings = settled.warnings;
    warnings.extend(review::oddities(draft));
    review::require(draft, &PlatformList::all(&flags.require))?;
    for line in settled.done {
        flags.say(&line, output);
    }
    for warning in review::strictly(flags.strict.is_on(), warnings)? {
        output.warning(&warning);
    }
    Ok(())
}

/// Tells whether an entry was named itself, rather than being a child of what was named.
fn is_named_itself(entry: &Entry) -> bool {
    let is_root = |origin: &Origin| origin.digest == entry.descriptor.digest;
    match entry.source() {
        None => true,
        Some(Source::Registry(_)) => false,
        Some(Source::Disk(_)) => entry.is_image() && entry.origin.as_ref().is_some_and(is_root),
    }
}

/// Returns the tags that the draft was made of, with the digests that they had then.
fn sources(draft: &Draft) -> BTreeMap<Reference, Digest> {
    let mut sources = BTreeMap::new();
    for entry in &draft.entries {
        let Some(origin) = &entry.origin else {
            continue;
        };
        let source = match &origin.source {
            Some(Source::Registry(reference)) => reference,
            Some(Source::Disk(_)) => continue,
            None => &entry.reference,
        };
        if source.digest().is_none() && *source != draft.list {
            sources.insert(source.clone(), origin.digest.clone());
        }
    }
    sources
}

/// Says, or refuses, what has moved since the draft was made.
fn moved(
    sources: &BTreeMap<Reference, Digest>,
    watched: &[(Reference, Option<Digest>)],
    wanted: Moved,
    output: &Output,
) -> Result<(), Failure> {
    for (source, now) in watched {
        if let (Some(then), Some(now)) = (sources.get(source), now) {
            compare(&Source::Registry(source.clone()), then, now, wanted, output)?;
        }
    }
    Ok(())
}

/// As [`moved`] and [`disks_moved`], where no registry is looked at anyway.
async fn all_moved(
    context: &Context<'_>,
    client: &Client,
    draft: &Draft,
    disks: &Disks,
    wanted: Moved,
) -> Result<(), Failure> {
    disks_moved(draft, disks, wanted, context.output)?;
    let sources = sources(draft);
    let look = |source: &Reference| {
        let source = source.clone();
        async move {
            // One that cannot be asked says nothing of whether it moved.
            let now = client.manifest_digest(&source).await.ok().flatten();
            Ok((source, now))
        }
    };
    let watched = for_all(sources.keys().map(look)).await?;
    moved(&sources, &watched, wanted, context.output)
}

/// As [`moved`], of what is on this machine.
fn disks_moved(
    draft: &Draft,
    disks: &Disks,
    wanted: Moved,
    output: &Output,
) -> Result<(), Failure> {
    for (source, now) in disks.shown() {
        let is_of = |entry: &&Entry| entry.source() == Some(source);
        let origin = draft.entries.iter().find(is_of);
        let origin = origin.and_then(|entry| entry.origin.as_ref());
        if let (Some(origin), Some(now)) = (origin, now) {
            compare(source, &origin.digest, &now, wanted, output)?;
        }
    }
    Ok(())
}

fn compare(
    source: &Source,
    then: &Digest,
    now: &Digest,
    wanted: Moved,
    output: &Output,
) -> Result<(), Failure> {
    if then == now {
        return Ok(());
    }
    if wanted == Moved::Error {
        return Err(Failure::Moved {
            source_image: source.clone().into(),
            then: then.clone().into(),
            now: now.clone().into(),
        });
    }
    output.warning(&format!(
        "{source} has moved since the list was made: it is {now} now, and what is published is {then}"
    ));
    Ok(())
}
