//! Templates of image names, as `manifest-tool push from-args` has them: `you/app-OS-ARCH-VARIANT:1.0`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use manifest_core::{NamedPlatform, Reference};

use crate::error::{Problem, quoted, reason};
use crate::model::{ImageSpec, PlatformSpec};
use crate::names;
use crate::position::Position;

/// The placeholders, in the order in which they are filled in. The order is `manifest-tool`'s, and matters if the value of one
/// contains another.
const PLACEHOLDERS: [&str; 3] = ["ARCH", "OS", "VARIANT"];

/// The words that placeholders stand for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words<'t> {
    /// The operating system.
    pub(crate) os: &'t str,
    /// The architecture.
    pub(crate) architecture: &'t str,
    /// The variant, or an empty text.
    pub(crate) variant: &'t str,
}

impl<'t> Words<'t> {
    /// Returns the words of a platform as it is written, `os[(version)]/arch[/variant]`. An architecture that engines spell
    /// otherwise stays as it is, because names of images do.
    pub(crate) fn of(platform: &'t str) -> Self {
        let (os, rest) = platform.split_once('/').unwrap_or((platform, ""));
        let (architecture, variant) = rest.split_once('/').unwrap_or((rest, ""));
        Self {
            os: os.split('(').next().unwrap_or(os),
            architecture,
            variant,
        }
    }
}

/// The advice for a platform that does not exist.
pub(crate) const PLATFORM_HINT: &str =
    "use Go's names, such as linux/amd64, linux/arm/v7 or windows/amd64";

/// Checks that a template has a placeholder.
///
/// # Errors
/// Returns an error if it has none, because all platforms would have the same image.
pub(crate) fn check_placeholders(template: &str) -> Result<(), Problem> {
    if PLACEHOLDERS.iter().any(|word| template.contains(word)) {
        return Ok(());
    }
    Err(Problem::new(
        format!("the template {} has no placeholder", quoted(template)),
        "put OS, ARCH or VARIANT into the name: `you/app-OS-ARCH:1.0`",
    ))
}

/// Returns the image of a template for one platform, which is written `os[(version)]/arch[/variant]`. `name` makes the image's
/// name.
///
/// # Errors
/// Returns an error if the platform does not exist, or the name is no reference.
pub(crate) fn image(
    platform: &str,
    position: &Position,
    name: impl FnOnce(Words<'_>) -> String,
) -> Result<ImageSpec, Problem> {
    let named = NamedPlatform::parse(platform)
        .map_err(|error| Problem::new(reason(&error), PLATFORM_HINT))?;
    let image = name(Words::of(platform));
    names::check_image(&image)?;
    Ok(ImageSpec {
        position: position.clone(),
        image,
        platform: PlatformSpec::of(&named.platform, &mut |text| Arc::from(text)),
        annotations: BTreeMap::new(),
    })
}

/// Tells whether the name of an image in a file has placeholders: a whole run of letters that consists of them, so that the tag
/// `RHOSP` has none.
pub(crate) fn has_placeholder_words(image: &str) -> bool {
    let mut words = image.split(|c: char| !c.is_ascii_alphabetic());
    words.any(|word| !word.is_empty() && consists_of_placeholders(word))
}

fn consists_of_placeholders(word: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let Some(next) = PLACEHOLDERS.iter().find_map(|p| rest.strip_prefix(p)) else {
            return false;
        };
        rest = next;
    }
    true
}

/// Fills in a template as [`from_template`] does. A variant may be empty.
#[must_use]
pub fn fill_template(template: &str, os: &str, architecture: &str, variant: &str) -> String {
    let words = Words {
        os,
        architecture,
        variant,
    };
    fill(template, words)
}

/// Fills in the first placeholder of each kind, as `manifest-tool` does.
///
/// Without a variant, `VARIANT` is nothing. If the name is no reference then, because a separator is left at the end of a part
/// (`you/app-amd64-:1.0`), the separator goes with it. Where `manifest-tool`'s result is a reference, it is the result here too:
/// `app:1.0-amd64-` keeps its dash.
pub(crate) fn fill(template: &str, words: Words<'_>) -> String {
    let filled = replace(template, words);
    if !words.variant.is_empty() || Reference::parse(&filled).is_ok() {
        return filled;
    }
    let without = replace(&without_variant(template), words);
    if Reference::parse(&without).is_ok() {
        without
    } else {
        filled
    }
}

/// Removes the first `VARIANT` with the separator before it.
pub(crate) fn without_variant(template: &str) -> Cow<'_, str> {
    let Some(at) = template.find("VARIANT") else {
        return Cow::Borrowed(template);
    };
    let (before, rest) = template.split_at(at);
    let before = before.strip_suffix(['-', '_', '.']).unwrap_or(before);
    Cow::Owned([before, &rest["VARIANT".len()..]].concat())
}

fn replace(template: &str, words: Words<'_>) -> String {
    let values = [words.architecture, words.os, words.variant];
    let mut text = Cow::Borrowed(template);
    for (placeholder, value) in PLACEHOLDERS.iter().zip(values) {
        if text.contains(placeholder) {
            text = Cow::Owned(text.replacen(placeholder, value, 1));
        }
    }
    text.into_owned()
}

#[cfg(test)]
mod tests;
