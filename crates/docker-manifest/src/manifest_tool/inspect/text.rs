//! The lines of `inspect`. Each part of a registry's content is escaped, so that it stays on its line.

use std::fmt::{Display, Write as _};

use manifest_core::manifest::ImageManifest;
use manifest_core::{Manifest, Platform};
use manifest_registry::redact::printable;

use super::found::{Child, Config, Found, Shown};
use crate::terminal::Terminal;

/// The colours of `manifest-tool` (ECMA-48, "Select Graphic Rendition").
#[derive(Clone, Copy)]
enum Colour {
    Red = 31,
    Green = 32,
    Yellow = 33,
    Blue = 34,
}

/// Paints values, where text may have colours.
#[derive(Clone, Copy)]
struct Paint(Terminal);

impl Paint {
    fn red(self, value: impl Display) -> String {
        self.in_colour(Colour::Red, value)
    }

    fn green(self, value: impl Display) -> String {
        self.in_colour(Colour::Green, value)
    }

    fn yellow(self, value: impl Display) -> String {
        self.in_colour(Colour::Yellow, value)
    }

    fn blue(self, value: impl Display) -> String {
        self.in_colour(Colour::Blue, value)
    }

    fn in_colour(self, colour: Colour, value: impl Display) -> String {
        let value = printable(&value.to_string());
        if self.0.has_colours {
            format!("\u{1b}[1;{}m{value}\u{1b}[0m", colour as u8)
        } else {
            value
        }
    }
}

/// Renders a manifest that is called `name`.
pub(super) fn render(name: &str, found: &Found, terminal: Terminal) -> String {
    let paint = Paint(terminal);
    match found.shown() {
        Shown::Image(image, config) => render_image(name, found.manifest(), image, config, paint),
        Shown::List(_, children) => render_list(name, found.manifest(), children, paint),
    }
}

fn render_image(
    name: &str,
    manifest: &Manifest,
    image: &ImageManifest,
    config: Option<&Config>,
    paint: Paint,
) -> String {
    let platform = config.map(|config| config.platform.clone());
    let platform = platform.unwrap_or_default();
    let mut text = format!(
        "Name: {} (Type: {})\n      Digest: {}\n        Size: {}\n          OS: {}\n        Arch: {}\n    # Layers: {}\n",
        paint.green(name),
        paint.green(manifest.media_type()),
        paint.yellow(manifest.digest()),
        paint.blue(manifest.bytes().len()),
        paint.green(platform.os),
        paint.green(platform.architecture),
        paint.red(image.layers.len()),
    );
    for (number, layer) in (1..).zip(&image.layers) {
        let number: usize = number;
        let _ = writeln!(
            text,
            "      layer {}: digest = {}",
            paint.red(format!("{number:02}")),
            paint.yellow(&layer.digest)
        );
    }
    text
}

fn render_list(name: &str, manifest: &Manifest, children: &[Child], paint: Paint) -> String {
    let is_attestation = |child: &&Child| child.descriptor.is_attestation();
    let attestations = children.iter().filter(is_attestation).count();
    let images = children.len() - attestations;
    let plural = |count: usize| if count > 1 { "s" } else { "" };
    let mut text = format!(
        "Name:   {} (Type: {})\nDigest: {}\n * Contains {} manifest references ({} image{}, {} attestation{}):\n",
        paint.green(name),
        paint.green(manifest.media_type()),
        paint.yellow(manifest.digest()),
        paint.red(children.len()),
        paint.red(images),
        plural(images),
        paint.red(attestations),
        plural(attestations),
    );
    for (number, child) in (1..).zip(children) {
        render_child(&mut text, number, child, paint);
    }
    text
}

fn render_child(text: &mut String, number: usize, child: &Child, paint: Paint) {
    let descriptor = &child.descriptor;
    let detail = match descriptor.is_attestation() {
        true => " (vnd.docker.reference.type=attestation-manifest)",
        false => "",
    };
    let _ = write!(
        text,
        "[{number}]     Type: {}{}\n[{number}]   Digest: {}\n[{number}]   Length: {}\n",
        paint.green(&descriptor.media_type),
        paint.green(detail),
        paint.yellow(&descriptor.digest),
        paint.blue(descriptor.size),
    );
    let Some(image) = child.image() else {
        let media_type = printable(&descriptor.media_type);
        let _ = writeln!(text, "Unknown media type for further display: {media_type}");
        return;
    };
    if descriptor.is_attestation() {
        let about = descriptor.attested_digest().unwrap_or_default();
        let about = paint.yellow(about);
        let _ = writeln!(
            text,
            "[{number}]       >>> Attestation for digest: {about}\n"
        );
        return;
    }
    let _ = writeln!(text, "[{number}] Platform:");
    for line in platform_lines(descriptor.platform.as_ref(), paint) {
        let _ = writeln!(text, "[{number}]    - {line}");
    }
    let layers = paint.red(image.layers.len());
    let _ = writeln!(text, "[{number}] # Layers: {layers}");
    for (number, layer) in (1..).zip(&image.layers) {
        let number: usize = number;
        let _ = write!(
            text,
            "     layer {}: digest = {}\n                 type = {}\n",
            paint.red(format!("{number:02}")),
            paint.yellow(&layer.digest),
            paint.green(&layer.media_type)
        );
    }
    text.push('\n');
}

fn platform_lines(platform: Option<&Platform>, paint: Paint) -> Vec<String> {
    let Some(platform) = platform else {
        return vec!["     (no platform specified)".to_owned()];
    };
    let Platform {
        os,
        architecture,
        variant,
        os_version,
        os_features,
        ..
    } = platform;
    let features = format!("[{}]", os_features.join(" "));
    [
        ("     OS", os, true),
        ("OS Vers", os_version, !os_version.is_empty()),
        ("OS Feat", &features, !os_features.is_empty()),
        ("   Arch", architecture, true),
        ("Variant", variant, !variant.is_empty()),
    ]
    .into_iter()
    .filter(|(.., is_shown)| *is_shown)
    .map(|(label, value, _)| format!("{label}: {}", paint.green(value)))
    .collect()
}
