//! Templates of image names, as `manifest-tool push from-args` has them: `you/app-OS-ARCH-VARIANT:1.0`.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use manifest_core::printable::printable;
use manifest_core::settings::Order;
use manifest_core::{NamedPlatform, Reference};

use crate::error::{Problem, SpecErrors, quoted};
use crate::model::{ImageSpec, ListSpec, PlatformSpec};
use crate::names;
use crate::position::Position;
use crate::report::Report;

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

/// A list of images whose names follow a template, as the command line describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateArgs {
    /// The template (`--template`).
    pub template: String,
    /// The platforms (`--platforms`), in the syntax `os[(version)]/arch[/variant]`.
    pub platforms: Vec<String>,
    /// The name of the list (`--target`).
    pub target: String,
    /// Its further names (`--tags`): tags of the same repository, or whole references.
    pub tags: Vec<String>,
    /// The annotations of the list (`--annotations`).
    pub annotations: BTreeMap<String, String>,
    /// Whether images that do not exist are left out (`--ignore-missing`).
    pub ignores_missing: bool,
}

/// Returns the list that a template describes. The entries are in the order of the platforms.
///
/// # Errors
/// Returns an error for a template without placeholders, no platforms, platforms that do not exist or are there twice, and names
/// that are no references or are there twice. The place of an error is the flag.
pub fn from_template(args: &TemplateArgs) -> Result<ListSpec, SpecErrors> {
    let mut report = Report::default();
    let mut error = |flag: &str, problem: Problem| {
        report.error(problem.at(Position::of_file(&Arc::from(flag))));
    };
    let target = names::target(&args.target).map_err(|problem| error("--target", problem));
    let mut tags: Vec<Reference> = Vec::new();
    if let Ok((list, by_digest)) = &target {
        for text in &args.tags {
            match names::tag(list, text) {
                Ok(tag) if (tag == *list && !by_digest) || tags.contains(&tag) => {
                    let message = format!("{tag} is published twice");
                    error("--tags", Problem::new(message, "name each tag once"));
                }
                Ok(tag) => tags.push(tag),
                Err(problem) => error("--tags", problem),
            }
        }
    }
    if let Err(problem) = check_placeholders(&args.template) {
        error("--template", problem);
    }
    if args.platforms.is_empty() {
        let hint = "name them: `--platforms linux/amd64,linux/arm/v7`";
        error("--platforms", Problem::new("there are no platforms", hint));
    }
    let position = Position::of_file(&Arc::from("--template"));
    let mut images: Vec<ImageSpec> = Vec::with_capacity(args.platforms.len());
    for name in &args.platforms {
        let platform = match NamedPlatform::parse(name) {
            Ok(named) => PlatformSpec::of(&named.platform, &mut |text| Arc::from(text)),
            Err(reason) => {
                let message = printable(&reason.to_string());
                error("--platforms", Problem::new(message, PLATFORM_HINT));
                continue;
            }
        };
        if images.iter().any(|image| image.platform == platform) {
            let message = format!("the platform {} is there twice", quoted(name));
            error(
                "--platforms",
                Problem::new(message, "name each platform once"),
            );
        }
        let image = fill(&args.template, Words::of(name));
        if let Err(problem) = names::check_image(&image) {
            error("--template", problem);
        }
        images.push(ImageSpec {
            position: position.clone(),
            image,
            platform,
            annotations: BTreeMap::new(),
        });
    }
    report.finish()?;
    let Ok((list, by_digest)) = target else {
        unreachable!("a name that is no reference is an error, and errors have been returned")
    };
    Ok(ListSpec {
        position,
        list,
        by_digest,
        tags,
        images,
        list_type: None,
        order: Order::Given,
        annotations: args.annotations.clone(),
        artifact_type: None,
        subject: None,
        platforms: Vec::new(),
        require: Vec::new(),
        drops_attestations: false,
        ignores_missing: args.ignores_missing,
    })
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
    let separators = ["-VARIANT", "_VARIANT", ".VARIANT", "/VARIANT"];
    let Some(found) = separators.iter().find(|part| template.contains(**part)) else {
        return filled;
    };
    let without = replace(&template.replacen(found, "", 1), words);
    if Reference::parse(&without).is_ok() {
        without
    } else {
        filled
    }
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
