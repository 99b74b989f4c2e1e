//! A template on the command line, as a list.

use std::collections::BTreeMap;
use std::sync::Arc;

use manifest_core::Reference;

use crate::error::{Problem, SpecErrors, quoted};
use crate::model::{ImageSpec, ListSpec};
use crate::names;
use crate::position::Position;
use crate::report::Report;
use crate::targets::Targets;
use crate::template;

/// A list of images whose names follow a template, as the command line describes it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TemplateArgs {
    /// The template (`--template`), with `OS`, `ARCH` and `VARIANT` in it.
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
    let list = names_of(args, &mut report);
    let images = images_of(args, &mut report);
    report.finish()?;
    list.map(|list| ListSpec {
        images,
        annotations: args.annotations.clone(),
        ignores_missing: args.ignores_missing,
        ..list
    })
}

/// Returns the place of a flag.
fn flag(name: &str) -> Position {
    Position::of_file(&Arc::from(name))
}

/// Returns a list that has its names only. Errors in further names are reported.
///
/// # Errors
/// Returns an error if the first name is none.
fn names_of(args: &TemplateArgs, report: &mut Report) -> Result<ListSpec, SpecErrors> {
    let (list, by_digest) = names::target(&args.target).map_err(|problem| {
        let error = problem.at(flag("--target"));
        report.error(error.clone());
        error
    })?;
    let mut targets = Targets::default();
    let mut tags: Vec<Reference> = Vec::with_capacity(args.tags.len());
    let mut add = |target: &Reference, from: &str| targets.add(target, &flag(from));
    let mut problems: Vec<Problem> = Vec::new();
    if !by_digest {
        problems.extend(add(&list, "--target").err());
    }
    for text in &args.tags {
        let tag =
            names::tag_or_reference(&list, text).and_then(|tag| add(&tag, "--tags").map(|()| tag));
        match tag {
            Ok(tag) => tags.push(tag),
            Err(problem) => problems.push(problem),
        }
    }
    for problem in problems {
        report.error(problem.at(flag("--tags")));
    }
    Ok(ListSpec {
        by_digest,
        tags,
        ..ListSpec::named(flag("--template"), list)
    })
}

/// Returns the images. What is wrong is reported.
fn images_of(args: &TemplateArgs, report: &mut Report) -> Vec<ImageSpec> {
    let position = flag("--template");
    if let Err(problem) = template::check_placeholders(&args.template) {
        report.error(problem.at(position.clone()));
    }
    if args.platforms.is_empty() {
        let hint = "name them: `--platforms linux/amd64,linux/arm/v7`";
        let problem = Problem::new("there are no platforms", hint);
        report.error(problem.at(flag("--platforms")));
    }
    let mut images: Vec<ImageSpec> = Vec::with_capacity(args.platforms.len());
    for name in &args.platforms {
        let fill = |words: template::Words<'_>| template::fill(&args.template, words);
        let image = template::image(name, &position, fill).and_then(|image| {
            if images.iter().any(|other| other.platform == image.platform) {
                let message = format!("the platform {} is there twice", quoted(name));
                return Err(Problem::new(message, "name each platform once"));
            }
            Ok(image)
        });
        match image {
            Ok(image) => images.push(image),
            Err(problem) => report.error(problem.at(flag("--platforms"))),
        }
    }
    images
}

#[cfg(test)]
mod tests;
