//! `--to`: writes a list with all its content into an image layout on this machine. No registry is written to.

use std::collections::BTreeSet;

use manifest_core::media_type::is_foreign_layer;
use manifest_core::referrers::{Overlap, descriptor as descriptor_of, overlap};
use manifest_core::{Descriptor, Draft, PublishedList, Reference};
use manifest_layout::{ImageSelector, Layout, LayoutWriter, Location, LocationKind};
use manifest_registry::{Child, Downloads};

use super::local_layouts::LocalLayouts;
use super::publisher::Publisher;
use super::report::{Report, TargetReport, WrittenReferences};
use super::target_state::TargetState;
use super::{children, dry_run, referrers, report_files};
use crate::byte_size::byte_size;
use crate::concurrency::try_join_all;
use crate::failure::Failure;
use crate::flags::PublishFlags;

/// A list to write to a layout.
pub(super) struct LayoutJob<'a> {
    pub(super) report: &'a Report,
    pub(super) draft: &'a Draft,
    pub(super) list: &'a PublishedList,
    /// The layouts on this machine that the draft has entries from.
    pub(super) layouts: &'a LocalLayouts,
}

/// Parses the value of `--to`. If it names no tag, the layout gets the tag of the list.
pub(super) fn location(
    publisher: &Publisher<'_>,
    text: &str,
    list: &Reference,
) -> Result<Location, Failure> {
    if let Some(flag) = publisher.flags.needs_registry() {
        return Err(Failure::NeedsRegistry { flag });
    }
    let no_layout = || Failure::NotALayout {
        text: text.to_owned(),
    };
    let location = Location::parse(text).ok_or_else(no_layout)??;
    if location.kind != LocationKind::OciLayout || matches!(location.name, ImageSelector::Digest(_))
    {
        return Err(no_layout());
    }
    let location = location.absolute(&publisher.context.current_dir()?)?;
    Ok(match (&location.name, list.tag()) {
        (ImageSelector::Only, Some(tag)) => Location {
            name: ImageSelector::Tag(tag.to_owned()),
            ..location
        },
        _ => location,
    })
}

/// Writes the blobs, then the manifests, then the list, and last the name of the list.
pub(super) async fn write(
    publisher: &Publisher<'_>,
    job: &LayoutJob<'_>,
    location: &Location,
) -> Result<(), Failure> {
    report_files::check_writable(publisher)?;
    let children = children_of(publisher, job, location).await?;
    let is_dry = publisher.flags.dry_run.is_on();
    let writer = match is_dry {
        true => LayoutWriter::existing(&location.path),
        false => LayoutWriter::open(&location.path)?,
    };
    let missing = missing_blobs(&writer, &children, publisher.flags)?;
    let bytes = missing.iter().map(|(_, blob)| blob.size).sum();
    let copying = format!(
        "{} blobs ({}) to {location}",
        missing.len(),
        byte_size(bytes)
    );
    if is_dry {
        if publisher.flags.format.is_none() {
            publisher.status(&format!("would copy {copying}"));
        }
        return dry_run::show_without_registries(job.report, &job.list.bytes, publisher);
    }
    if !missing.is_empty() {
        publisher.status(&format!("copying {copying}"));
    }
    copy_blobs(publisher, &writer, &missing).await?;
    put_manifests(&writer, &children, job.list, location)?;
    publisher.status(&format!("written to {location}"));
    let target = TargetReport {
        reference: location.to_string(),
        state: TargetState::Written,
        before: None,
        digest: None,
    };
    let written = WrittenReferences {
        targets: vec![target],
        ..WrittenReferences::default()
    };
    report_files::write(job.report, &written, publisher)
}

/// Returns all manifests below the list, with their referrers if requested.
async fn children_of(
    publisher: &Publisher<'_>,
    job: &LayoutJob<'_>,
    location: &Location,
) -> Result<Vec<Child>, Failure> {
    let client = publisher.client;
    let mut children = children::of_draft(client, job.draft, job.layouts).await?;
    if publisher.flags.referrers.is_on() {
        let output = publisher.context.output;
        referrers::add_all(client, job.draft, job.layouts, &mut children, output).await?;
        drop_known_signatures(location, &mut children)?;
    }
    Ok(children)
}

/// Copies blobs into the layout, and shows progress.
async fn copy_blobs(
    publisher: &Publisher<'_>,
    writer: &LayoutWriter,
    blobs: &[(&Child, &Descriptor)],
) -> Result<(), Failure> {
    let progress = (!publisher.flags.quiet.is_on()).then(|| publisher.context.show_progress());
    let downloads = publisher
        .client
        .downloads(blobs.iter().map(|(_, blob)| *blob));
    let copies = blobs
        .iter()
        .map(|(child, blob)| copy_blob(&downloads, writer, child, blob));
    let copied = try_join_all(copies).await;
    drop(progress);
    copied?;
    Ok(())
}

/// Puts the children and the list into the layout, and names the list last.
fn put_manifests(
    writer: &LayoutWriter,
    children: &[Child],
    list: &PublishedList,
    location: &Location,
) -> Result<(), Failure> {
    let mut listed = Vec::new();
    for child in children {
        let manifest = child.manifest();
        let mut descriptor = manifest.descriptor();
        descriptor.digest = manifest.digest().clone();
        writer.put(&descriptor, manifest.bytes())?;
        if child.is_referrer() {
            listed.push((descriptor_of(manifest), None));
        } else if let Some(tag) = child.tag() {
            listed.push((descriptor, Some(tag.to_owned())));
        }
    }
    let own = Descriptor::new(
        list.media_type.as_str(),
        list.digest.clone(),
        list.bytes.len() as u64,
    );
    writer.put(&own, &list.bytes)?;
    let name = match &location.name {
        ImageSelector::Tag(name) => Some(name.clone()),
        _ => None,
    };
    listed.push((own, name));
    Ok(writer.list(&listed)?)
}

/// Leaves out signatures that the layout has already under cosign's tag.
///
/// # Errors
/// Fails if signatures in the layout would be lost.
fn drop_known_signatures(location: &Location, children: &mut Vec<Child>) -> Result<(), Failure> {
    let mut kept = Vec::new();
    for child in children.drain(..) {
        let existing = child.tag().and_then(|tag| {
            let name = ImageSelector::Tag(tag.to_owned());
            let tagged = Location {
                name,
                ..location.clone()
            };
            // A layout that does not exist yet has no signatures.
            Layout::open(&tagged).and_then(|layout| layout.root()).ok()
        });
        match existing
            .as_ref()
            .map(|existing| overlap(child.manifest(), existing))
        {
            Some(Overlap::Keep) => {}
            Some(Overlap::Conflict) => {
                return Err(Failure::SignaturesDiffer {
                    place: location.path.clone(),
                    tag: child.tag().unwrap_or_default().to_owned(),
                });
            }
            Some(Overlap::Replace) | None => kept.push(child),
        }
    }
    *children = kept;
    Ok(())
}

/// Returns the blobs that the layout lacks, each once, with a child that has it.
fn missing_blobs<'a>(
    writer: &LayoutWriter,
    children: &'a [Child],
    flags: &PublishFlags,
) -> Result<Vec<(&'a Child, &'a Descriptor)>, Failure> {
    let mut seen = BTreeSet::new();
    let mut missing = Vec::new();
    for child in children {
        for blob in child.blobs() {
            let is_copied = flags.push_foreign.is_on() || !is_foreign_layer(&blob.media_type);
            if is_copied && seen.insert(&blob.digest) && !writer.has(blob)? {
                missing.push((child, blob));
            }
        }
    }
    Ok(missing)
}

/// Copies a blob into the layout.
async fn copy_blob(
    downloads: &Downloads<'_>,
    writer: &LayoutWriter,
    child: &Child,
    blob: &Descriptor,
) -> Result<(), Failure> {
    let mut file = writer.begin(blob)?;
    let take = |offset: u64, bytes: &[u8]| {
        if offset == 0 {
            file = writer.begin(blob)?;
        }
        Ok::<_, Failure>(file.write(bytes)?)
    };
    downloads.get(child, blob, take).await?;
    Ok(file.finish()?)
}
