//! `--to`: writes a list, and all that it leads to, into an image layout on this machine. No registry is written to.

use std::collections::BTreeSet;

use manifest_core::media_type::is_foreign_layer;
use manifest_core::referrers::{Overlap, descriptor as descriptor_of, overlap};
use manifest_core::{Descriptor, Draft, PublishedList, Reference};
use manifest_layout::{ImageSelector, Layout, LayoutWriter, Location, LocationKind};
use manifest_registry::{Child, Client, Downloads, DryRun};

use super::children::{self, Disks};
use super::flags::PublishFlags;
use super::report::{self, Report, TargetReport};
use super::{plan, referrers};
use crate::commands::for_all;
use crate::context::Context;
use crate::failure::Failure;

/// What is written.
pub(super) struct Written<'a> {
    pub(super) report: &'a Report,
    pub(super) draft: &'a Draft,
    pub(super) list: &'a PublishedList,
    pub(super) disks: &'a Disks,
}

/// Reads where a list is to be written to. What gives it no tag gets that of the list.
pub(super) fn place(
    text: &str,
    list: &Reference,
    flags: &PublishFlags,
    context: &Context<'_>,
) -> Result<Location, Failure> {
    if let Some(flag) = flags.needs_registry() {
        return Err(Failure::NeedsRegistry { flag });
    }
    let no_layout = || Failure::NoLayout {
        text: text.to_owned(),
    };
    let location = Location::parse(text).ok_or_else(no_layout)??;
    if location.kind != LocationKind::OciLayout || matches!(location.name, ImageSelector::Digest(_))
    {
        return Err(no_layout());
    }
    let location = location.absolute(&context.here()?)?;
    Ok(match (&location.name, list.tag()) {
        (ImageSelector::Only, Some(tag)) => Location {
            name: ImageSelector::Tag(tag.to_owned()),
            ..location
        },
        _ => location,
    })
}

/// Writes blobs, then manifests, then the list, and names that last.
pub(super) async fn write(
    context: &Context<'_>,
    client: &Client,
    written: &Written<'_>,
    place: &Location,
    flags: &PublishFlags,
) -> Result<(), Failure> {
    let Written {
        report,
        draft,
        list,
        disks,
    } = written;
    flags.files(context)?;
    let mut children = children::all(client, draft, disks).await?;
    if flags.referrers.is_on() {
        referrers::add_to_all(client, draft, disks, &mut children, context.output).await?;
        drop_known_signatures(place, &mut children)?;
    }
    let is_dry = flags.dry_run.is_on();
    let writer = match is_dry {
        true => LayoutWriter::existing(&place.path),
        false => LayoutWriter::open(&place.path)?,
    };
    let missing = missing(&writer, &children, flags)?;
    let bytes = missing.iter().map(|(_, blob)| blob.size).sum();
    let copying = format!(
        "{} blobs ({}) to {place}",
        missing.len(),
        report::size(bytes)
    );
    let say = |line: &str| flags.say(line, context.output);
    if is_dry {
        if flags.format.is_none() {
            say(&format!("would copy {copying}"));
        }
        let nothing = DryRun {
            tags: Vec::new(),
            watched: Vec::new(),
            manifests: Vec::new(),
            blobs: Vec::new(),
        };
        return plan::show(report, &list.bytes, &nothing, &[], flags, context.output);
    }
    if !missing.is_empty() {
        say(&format!("copying {copying}"));
    }
    let watching = (!flags.quiet.is_on()).then(|| context.watch_copying());
    let downloads = client.downloads(missing.iter().map(|(_, blob)| *blob));
    let copies = missing
        .iter()
        .map(|(child, blob)| bring(&downloads, &writer, child, blob));
    let copied = for_all(copies).await;
    drop(watching);
    copied?;
    let mut listed = Vec::new();
    for child in &children {
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
    let name = match &place.name {
        ImageSelector::Tag(name) => Some(name.clone()),
        _ => None,
    };
    listed.push((own, name));
    writer.list(&listed)?;
    say(&format!("written to {place}"));
    let target = TargetReport {
        reference: place.to_string(),
        state: "written",
        before: None,
    };
    let written = report::Written {
        targets: vec![target],
        ..report::Written::default()
    };
    report.write(&written, flags, context)
}

/// Leaves out what cosign keeps under a tag that has all of it in the layout already.
///
/// # Errors
/// Where something in the layout would be lost.
fn drop_known_signatures(place: &Location, children: &mut Vec<Child>) -> Result<(), Failure> {
    let mut kept = Vec::new();
    for child in children.drain(..) {
        let there = child.tag().and_then(|tag| {
            let name = ImageSelector::Tag(tag.to_owned());
            let location = Location {
                name,
                ..place.clone()
            };
            // What is no layout yet has none of it.
            Layout::open(&location)
                .and_then(|layout| layout.root())
                .ok()
        });
        match there.as_ref().map(|there| overlap(child.manifest(), there)) {
            Some(Overlap::Keep) => {}
            Some(Overlap::Conflict) => {
                return Err(Failure::SignaturesDiffer {
                    place: place.path.clone(),
                    tag: child.tag().unwrap_or_default().to_owned(),
                });
            }
            Some(Overlap::Replace) | None => kept.push(child),
        }
    }
    *children = kept;
    Ok(())
}

/// Returns the blobs that the layout does not have, each once, with whose they are.
fn missing<'a>(
    writer: &LayoutWriter,
    children: &'a [Child],
    flags: &PublishFlags,
) -> Result<Vec<(&'a Child, &'a Descriptor)>, Failure> {
    let mut seen = BTreeSet::new();
    let mut missing = Vec::new();
    for child in children {
        for blob in child.blobs() {
            let brings = flags.push_foreign.is_on() || !is_foreign_layer(&blob.media_type);
            if brings && seen.insert(&blob.digest) && !writer.has(blob)? {
                missing.push((child, blob));
            }
        }
    }
    Ok(missing)
}

/// Copies a blob into the layout.
async fn bring(
    downloads: &Downloads<'_>,
    writer: &LayoutWriter,
    child: &Child,
    blob: &Descriptor,
) -> Result<(), Failure> {
    let mut file = writer.begin(blob)?;
    let take = |place: u64, bytes: &[u8]| {
        if place == 0 {
            file = writer.begin(blob)?;
        }
        Ok::<_, Failure>(file.write(bytes)?)
    };
    downloads.get(child, blob, take).await?;
    Ok(file.finish()?)
}
