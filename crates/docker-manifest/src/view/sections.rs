//! Layers, history and attestations as tables.

use super::model::{Attestation, ManifestView, StepView};
use super::table::{Layout, PLATFORM_CHARS, predicate_name};
use crate::byte_size::byte_size;
use crate::excerpt::excerpt;
use crate::table::Table;

/// The longest command of a step, in characters.
const COMMAND_CHARS: usize = 120;

impl ManifestView {
    /// Renders the parts that flags asked for.
    pub(super) fn sections(&self, layout: &Layout) -> String {
        let mut text = String::new();
        if self.shows_layers {
            text.push('\n');
            text.push_str(&self.layers_table(layout));
        }
        if let Some(history) = &self.history {
            text.push('\n');
            text.push_str(&match history.is_empty() {
                true => "The configuration has no history.\n".to_owned(),
                false => history_table(history, layout),
            });
        }
        if let Some(attestations) = &self.attestations {
            text.push('\n');
            text.push_str(&match attestations.is_empty() {
                true => "There are no attestations.\n".to_owned(),
                false => attestations_table(attestations, layout),
            });
        }
        if let Some(configuration) = &self.configuration {
            text.push('\n');
            text.push_str(&serde_json::to_string_pretty(configuration).unwrap_or_default());
            text.push('\n');
        }
        text
    }

    fn layers_table(&self, layout: &Layout) -> String {
        let table = Table::new(&["LAYER", "DIGEST", "SIZE", "TYPE"]);
        let mut table = table.with_least_widths(&[0, layout.digest_width()]);
        for (place, layer) in self.layers.iter().enumerate() {
            table.row([
                (place + 1).to_string(),
                layout.digest(layer.digest.as_str()),
                byte_size(layer.size),
                layer.media_type.clone(),
            ]);
        }
        table.render(layout.terminal)
    }
}

fn history_table(history: &[StepView], layout: &Layout) -> String {
    let mut table = Table::new(&["STEP", "AGE", "SIZE", "CREATED BY"]);
    for (place, step) in history.iter().enumerate() {
        let command = step
            .created_by
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ");
        let cut = excerpt(&command, COMMAND_CHARS);
        let size = match (step.size, &step.layer) {
            (Some(size), _) => byte_size(size),
            _ => String::new(),
        };
        table.row([
            (place + 1).to_string(),
            layout.age(step.created.as_deref()),
            size,
            cut,
        ]);
    }
    table.render(layout.terminal)
}

fn attestations_table(attestations: &[Attestation], layout: &Layout) -> String {
    let table = Table::new(&["PLATFORM", "ATTESTATION", "SIZE", "DIGEST", "CONTENT"]);
    let mut table = table.with_least_widths(&[PLATFORM_CHARS, 11, 0, layout.digest_width()]);
    for attestation in attestations {
        let platform = attestation.platform.as_ref();
        table.row([
            platform.map(ToString::to_string).unwrap_or_default(),
            predicate_name(&attestation.predicate_type).to_owned(),
            byte_size(attestation.size),
            layout.digest(attestation.digest.as_str()),
            summary(attestation),
        ]);
    }
    table.render(layout.terminal)
}

/// Names the content of a predicate: the number of packages of an SBOM, the builder of a provenance.
fn summary(attestation: &Attestation) -> String {
    let predicate = &attestation.predicate;
    let count = |pointer: &str| predicate.pointer(pointer)?.as_array().map(Vec::len);
    let text = |pointer: &str| {
        predicate
            .pointer(pointer)?
            .as_str()
            .filter(|text| !text.is_empty())
    };
    if let Some(packages) = count("/packages").or_else(|| count("/components")) {
        return format!("{packages} packages");
    }
    // Version 1 of SLSA's provenance, then the versions before.
    let builder = text("/runDetails/builder/id").or_else(|| text("/builder/id"));
    let build_type = text("/buildDefinition/buildType").or_else(|| text("/buildType"));
    builder.or(build_type).unwrap_or_default().to_owned()
}
