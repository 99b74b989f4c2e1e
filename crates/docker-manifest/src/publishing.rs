//! Publishing a draft: to one tag as Docker's `push` does, or to many; what is looked at before, and what is reported after.
//!
//! | module | holds |
//! | --- | --- |
//! | [`flags`] | the flags of `push` and of `create --push` |
//! | `children` | the manifests that a target may lack |
//! | `referrers` | what refers to them |
//! | [`report`] | digest, files and JSON for scripts |
//! | `plan` | `--dry-run` |
//! | `to_layout` | `--to`: an image layout on this machine in place of a registry |

mod children;
pub mod flags;
mod plan;
mod referrers;
pub mod report;
mod to_layout;

use std::collections::BTreeMap;

use manifest_core::draft::Origin;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Draft, Entry, Manifest, MediaType, PublishedList, Reference, Source};
use manifest_registry::{Child, Client, Expected, Outlook, Publication, Released, Watch};

use crate::cli::{Moved, OnDuplicate, PlatformList};
use crate::commands::for_all;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::review;
use children::Disks;
use flags::PublishFlags;
use report::Report;

/// Publishes a draft as the flags say. One that was drafted before comes with what is done about sources that have moved since;
/// of one that was made just now nothing can have. Two images for one platform are refused unless the flags say otherwise, or
/// it is what scripts do that were written for Docker's `push`.
pub(crate) async fn publish(
    context: &Context<'_>,
    client: &Client,
    mut draft: Draft,
    flags: &PublishFlags,
    drafted: Option<Moved>,
) -> Result<(), Failure> {
    let usual = match drafted {
        Some(_) if !flags.is_new_form() => OnDuplicate::Warn,
        _ => OnDuplicate::Error,
    };
    let drafted = drafted.map(|wanted| match wanted {
        Moved::Warn if flags.strict.is_on() => Moved::Error,
        wanted => wanted,
    });
    examine(&mut draft, flags, usual, context.output)?;
    let list = PublishedList::of(&draft)?;
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
        return to_layout::write(context, client, &written, &place, flags).await;
    }
    let targets = targets(&draft.list, &list.digest, flags)?;
    let child_tags = match &flags.child_tags {
        Some(template) => child_tags(&draft, &targets, template)?,
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

/// Publishes what a registry has under other names, byte for byte.
pub(crate) async fn copy(
    context: &Context<'_>,
    client: &Client,
    source: &Reference,
    targets: &[Reference],
    flags: &PublishFlags,
) -> Result<(), Failure> {
    let manifest = client.manifest(source).await?;
    let work = Work {
        report: Report::of_manifest(source, &manifest),
        media_type: manifest.media_type(),
        bytes: manifest.bytes(),
        what: What::Copy(source.repository(), &manifest),
        drafted: None,
        child_tags: Vec::new(),
    };
    send(context, client, &work, targets, flags).await
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
    Copy(&'a Repository, &'a Manifest),
}

/// Publishes to all targets, then tags the children, and reports.
async fn send(
    context: &Context<'_>,
    client: &Client,
    work: &Work<'_>,
    targets: &[Reference],
    flags: &PublishFlags,
) -> Result<(), Failure> {
    let output = context.output;
    flags.files(context)?;
    let groups = group(targets);
    let mut children = match work.what {
        What::Draft(draft, disks) => children::of(client, draft, groups.keys(), disks).await?,
        What::Copy(source, manifest) => {
            children::whole(client, source, manifest, groups.keys()).await?
        }
    };
    if flags.referrers.is_on() {
        referrers::add(client, &work.what, &mut children, output).await?;
    }
    let sources = work.sources();
    let watched: Vec<Reference> = sources.keys().cloned().collect();
    let verified = work.report.digests();
    let publications: Vec<Publication<'_>> = groups
        .iter()
        .map(|(repository, targets)| Publication {
            targets,
            media_type: work.media_type,
            bytes: work.bytes,
            children: &children[repository],
            push_foreign: flags.push_foreign.is_on(),
            expected: flags.expected(),
            verified: if flags.no_verify.is_on() {
                &[]
            } else {
                &verified
            },
        })
        .collect();
    let wanted = work.drafted.unwrap_or_default();
    let moved = |watched: &[_]| moved(&sources, watched, wanted, output);
    if let (What::Draft(draft, disks), Some(wanted)) = (work.what, work.drafted) {
        disks_moved(draft, disks, wanted, output)?;
    }
    if flags.dry_run.is_on() {
        let mut plan = client.plan(&publications, &watched).await?;
        moved(&plan.watched)?;
        let look = |tag: &ChildTag| {
            let target = tag.target.clone();
            async move {
                let now = client.manifest_digest(&target).await?;
                Ok::<_, Failure>((target, now))
            }
        };
        plan.tags
            .extend(for_all(work.child_tags.iter().map(look)).await?);
        return plan::show(&work.report, work.bytes, &plan, flags, output);
    }
    let check = |outlook: &Outlook| {
        if outlook.copies > 0 {
            output.status(&format!(
                "copying {} blobs ({}) from other registries",
                outlook.copies,
                report::size(outlook.copied_bytes)
            ));
        }
        if outlook.local > 0 {
            output.status(&format!(
                "uploading {} blobs ({}) from this machine",
                outlook.local,
                report::size(outlook.local_bytes)
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
    let watch = Watch {
        names: &watched,
        is_first: wanted == Moved::Error,
    };
    let moved = |shown: &[_]| context.aside(|| moved(shown));
    let released = client
        .release(&publications, watch, check, moved, arrived)
        .await;
    drop(watching);
    let released = released?;
    said?;
    let is_shown = targets.len() > 1 || !flags.tag.is_empty();
    finish(&released, is_shown, output)?;
    for_all(work.child_tags.iter().map(|tag| put_tag(client, tag))).await?;
    work.report.write(&released, flags, context)
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
        output.status(&line);
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

/// Returns what is to be written: the list's own name and those of `--tag`, each once; their repositories alone with
/// `--by-digest`.
fn targets(
    list: &Reference,
    digest: &Digest,
    flags: &PublishFlags,
) -> Result<Vec<Reference>, Failure> {
    let mut targets = vec![list.clone()];
    for text in &flags.tag {
        let target = Reference::parse(text).map_err(|source| Failure::Reference {
            prefix: Some(format!("error parsing name for tag {text}")),
            source,
        })?;
        targets.push(target);
    }
    if flags.by_digest.is_on() {
        let pin = |target: &Reference| target.repository().at(digest.clone());
        targets = targets.iter().map(pin).collect();
    }
    let mut once = Vec::new();
    for target in targets {
        if !once.contains(&target) {
            once.push(target);
        }
    }
    Ok(once)
}

/// Parts targets by repository, each in the order given.
fn group(targets: &[Reference]) -> BTreeMap<&Repository, Vec<Reference>> {
    let mut groups: BTreeMap<&Repository, Vec<Reference>> = BTreeMap::new();
    for target in targets {
        groups
            .entry(target.repository())
            .or_default()
            .push(target.clone());
    }
    groups
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

/// Says what scripts need not know, and fails where not every tag was written.
fn finish(released: &Released, is_shown: bool, output: &Output) -> Result<(), Failure> {
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for (target, result) in &released.tags {
        let state = match result {
            Ok(tagged) => {
                if let Some(error) = &tagged.unconfirmed {
                    output.warning(&format!(
                        "{target} was written, and could not be read back: {error}"
                    ));
                }
                if tagged.is_written {
                    "written"
                } else {
                    "there already"
                }
            }
            Err(error) => {
                failed.push(error.clone());
                "failed"
            }
        };
        rows.push((target.to_string(), state));
    }
    let written: usize = released
        .published
        .iter()
        .map(|published| published.written)
        .sum();
    if written == 0
        && failed.is_empty()
        && !is_shown
        && let Some((target, _)) = released.tags.first()
    {
        output.status(&format!("{target} is there already: nothing was written"));
    }
    if is_shown {
        let width = rows
            .iter()
            .map(|(target, _)| target.len())
            .max()
            .unwrap_or_default();
        for (target, state) in &rows {
            output.status(&format!("{target:width$}  {state}"));
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    let live = rows.into_iter().filter(|(_, state)| *state != "failed");
    let live: Vec<String> = live.map(|(target, _)| target).collect();
    if live.is_empty() && failed.len() == 1 {
        return Err(failed.remove(0).into());
    }
    Err(Failure::Partly { live, failed })
}

/// One tag for a child.
struct ChildTag {
    target: Reference,
    bytes: Vec<u8>,
    media_type: MediaType,
}

/// Makes a tag for each image in the list, in each repository and for each tag of the list.
fn child_tags(
    draft: &Draft,
    targets: &[Reference],
    template: &str,
) -> Result<Vec<ChildTag>, Failure> {
    let mut tags: Vec<ChildTag> = Vec::new();
    for target in targets {
        let Some(tag) = target.tag() else {
            continue;
        };
        for entry in draft.entries.iter().filter(|entry| entry.is_image()) {
            let platform = entry.descriptor.platform.clone().unwrap_or_default();
            let name = template
                .replace("{tag}", tag)
                .replace("{os}", &platform.os)
                .replace("{arch}", &platform.architecture)
                .replace("{variant}", &platform.variant)
                .replace("{os.version}", &platform.os_version);
            let wrong = |reason: String| Failure::ChildTag {
                name: name.clone(),
                image: entry.reference.clone().into(),
                reason,
            };
            let Some(reference) = target.repository().tagged(&name) else {
                return Err(wrong("it is no tag".to_owned()));
            };
            let digest = &entry.descriptor.digest;
            let taken = tags.iter().find(|other| other.target == reference);
            if targets.contains(&reference) {
                return Err(wrong("it is the list's own tag".to_owned()));
            }
            if taken.is_some_and(|other| !digest.matches(&other.bytes)) {
                return Err(wrong(
                    "another image has it: use {os}, {variant} or {os.version} too".to_owned(),
                ));
            }
            let image = || entry.reference.clone();
            let media_type = entry
                .media_type()
                .ok_or_else(|| Failure::NoPayload { image: image() })?;
            tags.push(ChildTag {
                target: reference,
                bytes: entry.payload()?,
                media_type,
            });
        }
    }
    Ok(tags)
}

async fn put_tag(client: &Client, tag: &ChildTag) -> Result<(), Failure> {
    let publication = Publication {
        targets: std::slice::from_ref(&tag.target),
        media_type: tag.media_type,
        bytes: &tag.bytes,
        children: &[],
        push_foreign: false,
        expected: Expected::Anything,
        verified: &[],
    };
    client.publish(&publication, |_| ()).await?;
    Ok(())
}
