//! Spec files, templates and bake targets as lists, for the commands that take them.

use std::path::{Path, PathBuf};

use manifest_spec::{
    ListSpec, SpecInput, TemplateArgs, VariableName, Variables, from_bake, from_template, limits,
    load,
};

use crate::context::Context;
use crate::failure::Failure;
use crate::input_files;
use crate::values::{CommaList, VariableFlag};

/// The flags for spec files.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Spec file options")]
pub(super) struct SpecFileFlags {
    /// Let spec files use this variable of the environment
    #[arg(long, value_name = "name", action = clap::ArgAction::Append)]
    pub(super) env: Vec<VariableName>,
    /// Read lists from this spec file, from the files of this folder, or from standard input ("-")
    #[arg(short = 'f', long = "file", value_name = "file", action = clap::ArgAction::Append)]
    pub(super) files: Vec<PathBuf>,
    /// Set a variable of spec files
    #[arg(long, value_name = "name=value", action = clap::ArgAction::Append)]
    pub(super) set: Vec<VariableFlag>,
}

/// The flags for templates.
#[derive(Clone, Debug, Default, clap::Args)]
#[command(next_help_heading = "Template options")]
pub(super) struct TemplateFlags {
    /// Platforms of the images that --template names, such as linux/amd64,linux/arm/v7
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    pub(super) platforms: Vec<CommaList>,
    /// Further tags of the list that --template describes
    #[arg(long, value_name = "list", action = clap::ArgAction::Append)]
    pub(super) tags: Vec<CommaList>,
    /// Name the images by a template with the words OS, ARCH and VARIANT, such as app:1.0-OS-ARCH-VARIANT
    #[arg(long, value_name = "template")]
    pub(super) template: Option<String>,
}

impl SpecFileFlags {
    /// Reads the lists of all files. `more` are files besides those of `--file`.
    ///
    /// # Errors
    /// Fails if something in the files is wrong.
    pub(super) fn load(
        &self,
        context: &Context<'_>,
        more: &[PathBuf],
    ) -> Result<Vec<ListSpec>, Failure> {
        let mut variables = Variables::default();
        for name in &self.env {
            let value = context.environment().var(name.as_str());
            let value = value.and_then(|value| value.to_str()).map(str::to_owned);
            variables.allow(name.clone(), value);
        }
        for VariableFlag { name, value } in &self.set {
            variables.set(name.clone(), value);
        }
        let files = self.files.iter().chain(more);
        if files.clone().filter(|path| *path == Path::new("-")).count() > 1 {
            return Err(Failure::ConflictingFlags {
                first: "-",
                second: "-",
                reason: "standard input can be read once",
            });
        }
        let inputs = files
            .map(|path| input(path))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(load(&inputs, &variables)?)
    }

    /// Returns a flag that is given.
    pub(super) fn given(&self) -> Option<&'static str> {
        let given = [
            (!self.files.is_empty(), "--file"),
            (!self.set.is_empty(), "--set"),
            (!self.env.is_empty(), "--env"),
        ];
        given
            .into_iter()
            .find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

impl TemplateFlags {
    /// Returns the list that the template describes.
    ///
    /// # Errors
    /// Fails if the template, a platform or a name is wrong.
    pub(super) fn list(&self, target: &str) -> Result<ListSpec, Failure> {
        Ok(from_template(&TemplateArgs {
            template: self.template.clone().unwrap_or_default(),
            platforms: values(&self.platforms),
            target: target.to_owned(),
            tags: values(&self.tags),
            ..TemplateArgs::default()
        })?)
    }

    /// Reads the lists of bake targets from the JSON of `docker buildx bake --print`.
    ///
    /// # Errors
    /// Fails if the file or the template is wrong.
    pub(super) fn bake(
        &self,
        context: &Context<'_>,
        path: &Path,
    ) -> Result<Vec<ListSpec>, Failure> {
        let bytes = input_files::read_beyond(path, limits::FILE_BYTES)?;
        let template = self.template.as_deref().unwrap_or_default();
        let bake = from_bake(&input_files::name(path), &bytes, template)?;
        for (target, field) in &bake.skipped {
            let message = format!("target {target:?} has no {field}, so it is left out");
            context.output.warning(&message);
        }
        if !bake.unused_fields.is_empty() {
            let fields = bake.unused_fields.join(", ");
            let message = format!("not used of the targets: {fields}");
            context.output.status(&message);
        }
        Ok(bake.lists)
    }

    /// Tells whether any of the flags is given.
    pub(super) fn is_given(&self) -> bool {
        self.template.is_some() || self.needs_template().is_some()
    }

    /// Checks that there are platforms for the template. `command` is the name of the command.
    ///
    /// # Errors
    /// Fails if there are none.
    pub(super) fn check_platforms(&self, command: &'static str) -> Result<(), Failure> {
        if !self.platforms.is_empty() {
            return Ok(());
        }
        Err(Failure::MissingFlag {
            command,
            flag: "--platforms",
            example: "linux/amd64,linux/arm/v7",
        })
    }

    /// Returns a flag that is given and has no effect without a template.
    pub(super) fn needs_template(&self) -> Option<&'static str> {
        let given = [
            (!self.platforms.is_empty(), "--platforms"),
            (!self.tags.is_empty(), "--tags"),
        ];
        given
            .into_iter()
            .find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

fn values(lists: &[CommaList]) -> Vec<String> {
    let values = lists
        .iter()
        .flat_map(|list| &list.0)
        .map(|text| text.trim());
    let values = values.filter(|text| !text.is_empty());
    values.map(str::to_owned).collect()
}

/// Returns the input that an argument names: a file, a folder, or standard input.
///
/// # Errors
/// Fails if standard input cannot be read.
pub(crate) fn input(path: &Path) -> Result<SpecInput, Failure> {
    Ok(match path.to_str() {
        Some("-") => SpecInput::Text {
            name: input_files::name(path),
            bytes: input_files::read_beyond(path, limits::FILE_BYTES)?,
        },
        _ => SpecInput::File(path.to_owned()),
    })
}
