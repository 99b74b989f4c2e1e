//! The model as a table: the properties of the manifest, then its entries, each image with its attestations.

use std::collections::{BTreeMap, BTreeSet};

use manifest_registry::redact;

use super::age::age;
use super::model::{Change, ChildKind, ChildView, Kind, LiveState, LiveView, ManifestView, Origin};
use crate::byte_size::byte_size;
use crate::excerpt::{SHORT_DIGITS, excerpt, short_digest_text};
use crate::table::Table;
use crate::terminal::Terminal;

/// The number of columns from which digests are shown whole.
const WIDE: u16 = 150;

/// The number of columns below which as little as possible is shown.
const NARROW: u16 = 100;

/// The number of columns below which a table with changes has no ages.
const NARROW_WITH_CHANGES: u16 = 70;

/// The least width of a column of platforms: that of `linux/arm/v7`.
pub(super) const PLATFORM_CHARS: u16 = 12;

/// The width of `sha256:`.
const ALGORITHM_CHARS: u16 = 7;

/// The longest value of a property, in characters.
const VALUE_CHARS: usize = 200;

/// The most annotations that are shown.
const ANNOTATIONS: usize = 20;

/// The layout of tables.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    /// The terminal.
    pub(crate) terminal: Terminal,
    /// The time, in seconds since 1970 (UTC).
    pub(crate) now: u64,
}

impl Layout {
    /// Returns a digest as it fits: whole, cut, or cut and without its algorithm, as Docker shows the IDs of images.
    pub(super) fn digest(&self, digest: &str) -> String {
        if self.is_wide() {
            return digest.to_owned();
        }
        let short = short_digest_text(digest);
        match short.split_once(':') {
            Some((_, hex)) if self.is_narrow() => hex.to_owned(),
            _ => short,
        }
    }

    /// Returns the least width of a column of digests, so that none is broken.
    pub(super) fn digest_width(&self) -> u16 {
        if self.is_narrow() {
            SHORT_DIGITS
        } else {
            SHORT_DIGITS + ALGORITHM_CHARS
        }
    }

    fn is_narrow(&self) -> bool {
        self.is_below(NARROW)
    }

    fn is_below(&self, columns: u16) -> bool {
        self.terminal.columns.is_some_and(|own| own < columns)
    }

    pub(super) fn is_wide(&self) -> bool {
        self.terminal.columns.is_none_or(|columns| columns >= WIDE)
    }

    pub(super) fn age(&self, created: Option<&str>) -> String {
        created
            .and_then(|created| age(created, self.now))
            .unwrap_or_default()
    }
}

impl ManifestView {
    /// Renders the model.
    pub(crate) fn to_table(&self, layout: &Layout) -> String {
        let mut text = self.properties(layout);
        if matches!(self.kind, Kind::Index | Kind::Draft) {
            text.push('\n');
            text.push_str(&self.entries(layout));
        }
        text.push_str(&self.sections(layout));
        text
    }

    fn properties(&self, layout: &Layout) -> String {
        let mut lines = Properties::default();
        lines.add("Name", &self.name);
        lines.add(
            "Kind",
            &format!("{}, {}", self.kind.name(), self.media_type),
        );
        lines.add("Digest", self.digest.as_str());
        lines.add("Origin", self.origin.name());
        if let Some(live) = &self.live {
            lines.add("Registry", &live.describe());
        }
        if let Some(selection) = &self.selection {
            lines.add("Chosen", &selection.reason);
            if let Some(list) = &selection.list {
                lines.add("List", list.as_str());
            }
        }
        if let Some(artifact_type) = &self.artifact_type {
            lines.add("Type", artifact_type);
        }
        if let Some(platform) = &self.platform {
            lines.add("Platform", &platform.to_string());
            if !platform.os_features.is_empty() {
                lines.add("Features", &platform.os_features.join(", "));
            }
        }
        if let Some(size) = self.compressed_size {
            lines.add("Size", &size_in_layers(size, self.layers.len()));
        }
        if let Some(created) = &self.created {
            let age = layout.age(Some(created));
            let age = if age.is_empty() {
                age
            } else {
                format!(" ({age} ago)")
            };
            lines.add("Created", &format!("{created}{age}"));
        }
        if let Some(config) = &self.config {
            lines.add("Config", config.digest.as_str());
        }
        if let Some(subject) = &self.subject {
            lines.add("Subject", subject.digest.as_str());
        }
        for (key, value) in self.annotations.iter().take(ANNOTATIONS) {
            lines.add("Annotation", &format!("{key}={value}"));
        }
        if self.annotations.len() > ANNOTATIONS {
            let more = self.annotations.len() - ANNOTATIONS;
            lines.add("Annotation", &format!("{more} more, with --format json"));
        }
        lines.text
    }

    fn entries(&self, layout: &Layout) -> String {
        let images = self
            .manifests
            .iter()
            .filter(|child| child.kind == ChildKind::Image);
        let images: BTreeSet<&str> = images.map(|image| image.digest.as_str()).collect();
        let mut about: BTreeMap<&str, Vec<&ChildView>> = BTreeMap::new();
        let mut rows: Vec<&ChildView> = Vec::new();
        for child in &self.manifests {
            let image = child
                .about
                .as_deref()
                .filter(|_| child.kind == ChildKind::Attestation);
            match image.filter(|image| images.contains(image)) {
                Some(image) => about.entry(image).or_default().push(child),
                None => rows.push(child),
            }
        }
        let live = self.live.as_ref();
        let has_changes = live.is_some_and(|live| live.state != LiveState::Unknown);
        let columns = Columns {
            has_changes,
            has_ages: !has_changes || !layout.is_below(NARROW_WITH_CHANGES),
            has_names: self.kind == Kind::Draft && layout.is_wide(),
        };
        let mut cells: Vec<Vec<String>> = Vec::new();
        for child in rows {
            let attestations = about.remove(child.digest.as_str()).unwrap_or_default();
            cells.push(columns.cells(child, &attestations, layout));
        }
        let removed = self.live.iter().flat_map(|live| &live.removed);
        for child in removed.filter(|child| child.kind != ChildKind::Attestation) {
            let mut row = columns.cells(child, &[], layout);
            "removed".clone_into(&mut row[0]);
            cells.push(row);
        }
        render(&columns.headings(), cells, layout)
    }
}

/// Renders a table. Where it is narrow, columns without content are left out.
fn render(headings: &[&str], rows: Vec<Vec<String>>, layout: &Layout) -> String {
    let is_shown = |place: usize| {
        let is_empty = rows.iter().all(|row| row[place].is_empty());
        !is_empty || rows.is_empty() || !layout.is_narrow()
    };
    let shown: Vec<usize> = (0..headings.len())
        .filter(|&place| is_shown(place))
        .collect();
    let headings: Vec<&str> = shown.iter().map(|&place| headings[place]).collect();
    let least = |heading: &&str| match *heading {
        PLATFORM => PLATFORM_CHARS,
        DIGEST => layout.digest_width(),
        _ => 0,
    };
    let least_widths: Vec<u16> = headings.iter().map(least).collect();
    let mut table = Table::new(&headings).with_least_widths(&least_widths);
    for row in &rows {
        table.row(shown.iter().map(|&place| &row[place]));
    }
    table.render(layout.terminal)
}

/// The columns of the entries.
#[derive(Clone, Copy, Debug)]
struct Columns {
    has_changes: bool,
    has_ages: bool,
    has_names: bool,
}

const PLATFORM: &str = "PLATFORM";
const DIGEST: &str = "DIGEST";

impl Columns {
    fn headings(self) -> Vec<&'static str> {
        let all = [
            self.has_changes.then_some("CHANGE"),
            Some(PLATFORM),
            Some(DIGEST),
            Some("SIZE"),
            self.has_ages.then_some("AGE"),
            Some("ATTESTATIONS"),
            self.has_names.then_some("IMAGE"),
        ];
        all.into_iter().flatten().collect()
    }

    fn cells(self, child: &ChildView, attestations: &[&ChildView], layout: &Layout) -> Vec<String> {
        let mut cells = Vec::new();
        if self.has_changes {
            cells.push(child.describe_change(layout));
        }
        cells.push(child.platform_cell());
        cells.push(layout.digest(child.digest.as_str()));
        cells.push(child.compressed_size.map(byte_size).unwrap_or_default());
        if self.has_ages {
            cells.push(layout.age(child.created.as_deref()));
        }
        cells.push(attestation_cell(child, attestations, layout));
        if self.has_names {
            cells.push(child.reference.clone().unwrap_or_default());
        }
        cells
    }
}

impl ChildView {
    fn describe_change(&self, layout: &Layout) -> String {
        match (self.change, &self.replaces) {
            (Some(Change::Added), _) => "added".to_owned(),
            (Some(Change::Same), _) => "same".to_owned(),
            (Some(Change::Changed), Some(_)) if layout.is_narrow() => "changed".to_owned(),
            (Some(Change::Changed), Some(old)) => {
                format!("changed from {}", short_digest_text(old.as_str()))
            }
            (Some(Change::Changed), None) => "changed descriptor".to_owned(),
            (None, _) => String::new(),
        }
    }

    /// Returns the platform, or the kind of an entry that is not an image.
    fn platform_cell(&self) -> String {
        let platform = self
            .platform
            .as_ref()
            .filter(|platform| platform.is_stated());
        match (self.kind, platform) {
            (ChildKind::Image, None) => "(none)".to_owned(),
            (ChildKind::Image, Some(platform)) => platform.to_string(),
            (ChildKind::Attestation, _) => "(attestation)".to_owned(),
            (ChildKind::Index, _) => "(index)".to_owned(),
            (ChildKind::Artifact, _) => match &self.artifact_type {
                Some(artifact_type) => format!("({artifact_type})"),
                None => "(artifact)".to_owned(),
            },
        }
    }
}

/// Names the attestations of an image. An attestation without its image names the image.
fn attestation_cell(child: &ChildView, attestations: &[&ChildView], layout: &Layout) -> String {
    if child.kind == ChildKind::Attestation {
        let about = child.about.as_deref().map(|about| layout.digest(about));
        return format!(
            "of {}, not in the list",
            about.as_deref().unwrap_or("an image")
        );
    }
    let mut names: Vec<&str> = Vec::new();
    for attestation in attestations {
        let types = attestation.predicate_types.iter();
        names.extend(types.map(|predicate_type| predicate_name(predicate_type)));
        if attestation.predicate_types.is_empty() {
            names.push("attestation");
        }
    }
    names.dedup();
    names.join(", ")
}

/// Returns a short name for the type of a predicate.
pub(super) fn predicate_name(predicate_type: &str) -> &str {
    if predicate_type.starts_with("https://slsa.dev/provenance/") {
        "provenance"
    } else if predicate_type.starts_with("https://spdx.dev/")
        || predicate_type.starts_with("https://cyclonedx.org/")
    {
        "SBOM"
    } else {
        predicate_type
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Image => "image",
            Self::Artifact => "artifact",
            Self::Index => "list",
            Self::Draft => "draft of a list",
        }
    }
}

impl Origin {
    /// Returns the origin as text.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft on this machine",
            Self::StagedDraft => "draft in a repository for drafts",
            Self::Registry => "registry",
            Self::Disk => "image layout on this machine",
        }
    }
}

impl LiveView {
    /// Returns the state of the registry as text.
    pub(crate) fn describe(&self) -> String {
        match (self.state, &self.digest) {
            (LiveState::Unknown, _) => self
                .reason
                .clone()
                .unwrap_or_else(|| "is unknown".to_owned()),
            (LiveState::Absent, _) => "has nothing under this name".to_owned(),
            (LiveState::Same, _) => "has the same list".to_owned(),
            (LiveState::Different, Some(digest)) => format!("has something else: {digest}"),
            (LiveState::Different, None) => "has something else".to_owned(),
        }
    }
}

/// Lines of the form `Name:  value`.
#[derive(Debug, Default)]
struct Properties {
    text: String,
}

impl Properties {
    fn add(&mut self, name: &str, value: &str) {
        let value = excerpt(&redact::printable(value), VALUE_CHARS);
        let name = format!("{name}:");
        self.text.push_str(&format!("{name:<12}{value}\n"));
    }
}

fn size_in_layers(size: u64, layers: usize) -> String {
    let plural = if layers == 1 { "" } else { "s" };
    format!("{} in {layers} layer{plural}", byte_size(size))
}
