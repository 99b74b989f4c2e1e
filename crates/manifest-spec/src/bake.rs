//! The targets of `docker buildx bake --print` as lists.
//!
//! A target has one list: its tags are the names of the list, and a template names the image of each of its platforms. Compose files
//! and bake files in HCL are not read; `docker buildx bake --print -f FILE` makes JSON of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::error::{self, Problem, SpecError, SpecErrors, quoted};
use crate::model::ListSpec;
use crate::names;
use crate::position::{Mark, Position};
use crate::report::Report;
use crate::source;
use crate::targets::Targets;
use crate::template::{self, Words};

/// The lists of bake targets, and what the targets have besides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BakeLists {
    /// The lists, sorted by the names of their targets.
    pub lists: Vec<ListSpec>,
    /// The names of the fields of targets that are not used, sorted: `args`, `context`.
    pub unused_fields: Vec<String>,
    /// The targets without a list, each with the field that it lacks: `tags` or `platforms`.
    pub skipped: Vec<(String, &'static str)>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object with the targets")]
struct BakeFile {
    target: BTreeMap<String, Target>,
}

#[derive(Deserialize)]
#[serde(expecting = "an object for each target")]
struct Target {
    tags: Option<Vec<String>>,
    platforms: Option<Vec<String>>,
    #[serde(flatten)]
    others: BTreeMap<String, IgnoredAny>,
}

/// Returns the lists of the targets in the JSON of `docker buildx bake --print`.
///
/// `template` names the image of each platform. Besides `OS`, `ARCH` and `VARIANT`, it may have `IMAGE`, the first tag of the target
/// in full, and `TARGET`, the name of the target: `IMAGE-ARCH-VARIANT` names `docker.io/you/app:1.0-arm-v7`. Without a variant, the
/// separator before `VARIANT` goes with it.
///
/// # Errors
/// Returns all errors, up to a bound: JSON of another kind, names that are no references or are there twice, platforms that do not
/// exist, a template without placeholders, and no target with tags and platforms.
pub fn from_bake(name: &str, bytes: &[u8], template: &str) -> Result<BakeLists, SpecErrors> {
    let file: Arc<str> = Arc::from(name);
    let position = Position::of_file(&file);
    let bake = parse(&position, bytes)?;
    let mut report = Report::default();
    if let Err(problem) = template::check_placeholders(template) {
        report.error(problem.at(Position::of_file(&Arc::from("--template"))));
    }
    let mut targets = Targets::default();
    let mut found = BakeLists {
        lists: Vec::new(),
        unused_fields: Vec::new(),
        skipped: Vec::new(),
    };
    let mut unused = BTreeSet::new();
    for (name, target) in bake.target {
        unused.extend(target.others.into_keys());
        let (tags, platforms) = (
            target.tags.unwrap_or_default(),
            target.platforms.unwrap_or_default(),
        );
        let lacks = [
            (tags.is_empty(), "tags"),
            (platforms.is_empty(), "platforms"),
        ];
        if let Some((_, field)) = lacks.into_iter().find(|(lacks, _)| *lacks) {
            found.skipped.push((name, field));
            continue;
        }
        let mut error = |problem: Problem| {
            let message = format!("target {}: {}", quoted(&name), problem.message);
            report.error(Problem { message, ..problem }.at(position.clone()));
        };
        let described = Described {
            name: &name,
            tags: &tags,
            platforms: &platforms,
            template,
        };
        if let Some(list) = described.list(&position, &mut targets, &mut error) {
            found.lists.push(list);
        }
    }
    report.finish()?;
    if found.lists.is_empty() {
        let hint = "a target needs `tags` and `platforms`; set them in the bake file, or with `bake --set`";
        let problem = Problem::new("no target has tags and platforms", hint);
        return Err(problem.at(position).into());
    }
    found.unused_fields = unused.into_iter().collect();
    Ok(found)
}

fn parse(position: &Position, bytes: &[u8]) -> Result<BakeFile, SpecError> {
    source::check_size(bytes)
        .map_err(|error| Problem::new(error.to_string(), error.hint()).at(position.clone()))?;
    serde_json::from_slice(bytes).map_err(|error| {
        let hint = "make it with `docker buildx bake --print > bake.json`, which reads Compose files and HCL too";
        let text = error.to_string();
        let reason = text.split(" at line ").next().unwrap_or_default();
        let message = format!("not the JSON of `bake --print`: {}", error::reason(&reason));
        // Its columns are bytes.
        let line = bytes.split(|byte| *byte == b'\n').nth(error.line().saturating_sub(1));
        let before = line.and_then(|line| line.get(..error.column().saturating_sub(1)));
        let column = String::from_utf8_lossy(before.unwrap_or_default()).chars().count() + 1;
        let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let mark = (error.line() > 0).then(|| Mark {
            line: number(error.line()),
            column: number(column),
        });
        Problem::new(message, hint).at(Position {
            mark,
            ..position.clone()
        })
    })
}

/// A target that has a list.
struct Described<'t> {
    name: &'t str,
    tags: &'t [String],
    platforms: &'t [String],
    template: &'t str,
}

impl Described<'_> {
    /// Returns the list. `None` means errors, which have been given to `error`.
    fn list(
        &self,
        position: &Position,
        targets: &mut Targets,
        error: &mut dyn FnMut(Problem),
    ) -> Option<ListSpec> {
        let mut references = Vec::with_capacity(self.tags.len());
        for tag in self.tags {
            let reference = names::target(tag).map(|(reference, _)| reference);
            match reference.and_then(|tag| targets.add(&tag, position).map(|()| tag)) {
                Ok(reference) => references.push(reference),
                Err(problem) => error(problem),
            }
        }
        if references.len() < self.tags.len() {
            return None;
        }
        let list = references.remove(0);
        let image = list.to_string();
        let mut images = Vec::with_capacity(self.platforms.len());
        for platform in self.platforms {
            let fill = |words: Words<'_>| self.image_name(&image, words);
            match template::image(platform, position, fill) {
                Ok(image) => images.push(image),
                Err(problem) => error(problem),
            }
        }
        Some(ListSpec {
            tags: references,
            images,
            ..ListSpec::named(position.clone(), list)
        })
    }

    /// Returns the name of the image for one platform.
    fn image_name(&self, image: &str, words: Words<'_>) -> String {
        let template = match words.variant {
            "" => template::without_variant(self.template),
            _ => self.template.into(),
        };
        // Last, so that placeholders in the names of images and targets stay as they are.
        let filled = template::fill(&template, words);
        let mut parts = filled
            .split("IMAGE")
            .map(|part| part.replace("TARGET", self.name));
        let first = parts.next().unwrap_or_default();
        parts.fold(first, |text, part| [&text, image, &part].concat())
    }
}

#[cfg(test)]
mod tests;
