//! Inputs as lists.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::decode::{Decoder, Dialect, FileScope, Run};
use crate::error::{SpecError, SpecErrors, SpecWarning};
use crate::limits::{FILES, INCLUDE_DEPTH};
use crate::model::ListSpec;
use crate::position::Position;
use crate::source::{self, SourceError};
use crate::variables::Variables;
use crate::yaml::{self, Documents, Value};

/// One input of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SpecInput {
    /// A file. A folder is taken as [`Self::Folder`].
    File(PathBuf),
    /// The files `*.yaml` and `*.yml` of a folder, sorted by name. Folders in it are not searched, and hidden files are left out.
    Folder(PathBuf),
    /// A text, such as that of standard input. Its includes are relative to the working directory.
    Text {
        /// The name in messages.
        name: String,
        /// The text.
        bytes: Vec<u8>,
    },
}

/// The lists of an input, and what has no effect in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loaded {
    /// The lists.
    pub lists: Vec<ListSpec>,
    /// Keys that are ignored, and names that are there twice.
    pub warnings: Vec<SpecWarning>,
}

/// Reads all lists of the inputs, in the order of the inputs. Each input has variables and defaults of its own.
///
/// # Errors
/// Returns all that is wrong, up to a bound: unreadable files, syntax, keys, values, references, platforms, variables without a
/// value, names that are published twice, and inputs without any list.
pub fn load(inputs: &[SpecInput], variables: &Variables) -> Result<Vec<ListSpec>, SpecErrors> {
    let mut run = Run::new(Dialect::Full, variables);
    let mut files = Files::default();
    for input in inputs {
        load_input(&mut run, &mut files, input);
    }
    if let (Some(input), 0, false) = (inputs.first(), run.list_count(), run.report.has_errors()) {
        let hint = "describe a list: `image:` with its name, and `manifests:` with its images";
        let name = Arc::from(input.name());
        run.report.error(SpecError {
            position: Position::of_file(&name),
            message: "there are no lists".to_owned(),
            hint: Some(hint.to_owned()),
        });
    }
    check_set_names(&mut run, variables);
    let (lists, report) = run.into_parts();
    report.finish().map(|_| lists)
}

/// Reads a list as `manifest-tool` does: its keys only, one document, no variables and no placeholders. What it ignores without a
/// word is a warning here. Platforms are not checked: that tool does so after it has read the images.
///
/// # Errors
/// As [`load`], but unknown keys and names that are there twice are none.
pub fn load_for_manifest_tool(input: &SpecInput) -> Result<Loaded, SpecErrors> {
    let variables = Variables::default();
    let mut run = Run::new(Dialect::ManifestTool, &variables);
    load_input(&mut run, &mut Files::default(), input);
    let (lists, report) = run.into_parts();
    let warnings = report.finish()?;
    Ok(Loaded { lists, warnings })
}

/// Reads a text as [`load`] does, and opens no file for it: each include is an error.
///
/// # Errors
/// As [`load`].
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn load_without_files(
    name: &str,
    bytes: &[u8],
    variables: &Variables,
) -> Result<Vec<ListSpec>, SpecErrors> {
    let mut run = Run::new(Dialect::Full, variables);
    let mut files = Files {
        count: FILES,
        ..Files::default()
    };
    load_text(&mut run, &mut files, &Arc::from(name), bytes);
    let (lists, report) = run.into_parts();
    report.finish().map(|_| lists)
}

impl SpecInput {
    fn name(&self) -> String {
        match self {
            Self::File(path) | Self::Folder(path) => path.to_string_lossy().into_owned(),
            Self::Text { name, .. } => name.clone(),
        }
    }
}

/// The files of a run.
#[derive(Default)]
struct Files {
    /// The number of files so far.
    count: usize,
    /// The files that are being read: each is included by the one before it.
    open: Vec<OpenFile>,
}

struct OpenFile {
    shown: Arc<str>,
    /// The path without links. `None` for a text that is no file.
    canonical: Option<PathBuf>,
}

fn load_input(run: &mut Run<'_>, files: &mut Files, input: &SpecInput) {
    let at = Position::of_file(&Arc::from(input.name()));
    match input {
        SpecInput::File(path) if !path.is_dir() => {
            load_file(run, files, path, &at, FileScope::default());
        }
        SpecInput::File(path) | SpecInput::Folder(path) => {
            for path in files_of(run, path, &at) {
                let at = Position::of_file(&Arc::from(path.to_string_lossy()));
                load_found_file(run, files, &path, &at, FileScope::default());
            }
        }
        SpecInput::Text { bytes, .. } => {
            load_text(run, files, &at.file, bytes);
        }
    }
}

fn load_text(run: &mut Run<'_>, files: &mut Files, name: &Arc<str>, bytes: &[u8]) {
    if let Err(error) = source::check_size(bytes) {
        return refuse(run, &Position::of_file(name), name, &error);
    }
    files.open.push(OpenFile {
        shown: Arc::clone(name),
        canonical: None,
    });
    load_bytes(run, files, Path::new(""), bytes, FileScope::default());
    files.open.pop();
}

fn files_of(run: &mut Run<'_>, folder: &Path, at: &Position) -> Vec<PathBuf> {
    source::files_of(folder).unwrap_or_else(|error| {
        refuse(run, at, &Arc::from(folder.to_string_lossy()), &error);
        Vec::new()
    })
}

/// Reports a file that cannot be used. `at` is the place that names it.
fn refuse(run: &mut Run<'_>, at: &Position, file: &Arc<str>, error: &SourceError) {
    let message = if at.file == *file {
        error.to_string()
    } else {
        format!("{}: {error}", Position::of_file(file))
    };
    run.report.error(SpecError {
        position: at.clone(),
        message,
        hint: Some(error.hint().to_owned()),
    });
}

/// Reads a file that the command line does not name itself, as [`load_file`] does, if it has the ending of spec files.
fn load_found_file(
    run: &mut Run<'_>,
    files: &mut Files,
    path: &Path,
    at: &Position,
    scope: FileScope,
) -> FileScope {
    if let Err(error) = source::check_ending(path) {
        refuse(run, at, &Arc::from(path.to_string_lossy()), &error);
        return scope;
    }
    load_file(run, files, path, at, scope)
}

/// Reads a file, and returns the variables and defaults at its end. `at` is the place that names it.
fn load_file(
    run: &mut Run<'_>,
    files: &mut Files,
    path: &Path,
    at: &Position,
    scope: FileScope,
) -> FileScope {
    if run.is_over() {
        return scope;
    }
    let shown: Arc<str> = Arc::from(path.to_string_lossy());
    let canonical = fs::canonicalize(path).ok();
    if let Some(error) = files.refusal(&shown, canonical.as_deref(), at) {
        run.report.error(error);
        return scope;
    }
    files.count += 1;
    let bytes = match source::read(path) {
        Ok(bytes) => bytes,
        Err(error) => {
            refuse(run, at, &shown, &error);
            return scope;
        }
    };
    let folder = path.parent().unwrap_or(Path::new(""));
    files.open.push(OpenFile { shown, canonical });
    let scope = load_bytes(run, files, folder, &bytes, scope);
    files.open.pop();
    scope
}

impl Files {
    /// Returns the error if a file cannot be opened now.
    fn refusal(
        &self,
        shown: &Arc<str>,
        canonical: Option<&Path>,
        at: &Position,
    ) -> Option<SpecError> {
        let error = |message: String, hint: &str| SpecError {
            position: at.clone(),
            message,
            hint: Some(hint.to_owned()),
        };
        if self.count >= FILES {
            let message = format!("there are more than {FILES} files");
            return Some(error(message, "use several runs"));
        }
        let is_it = |open: &OpenFile| canonical.is_some() && open.canonical.as_deref() == canonical;
        if let Some(first) = self.open.iter().position(is_it) {
            let chain = self.open[first..].iter().map(|open| &open.shown);
            let chain: Vec<String> = chain
                .chain([shown])
                .map(|file| Position::of_file(file).to_string())
                .collect();
            let message = format!("the files include each other: {}", chain.join(" -> "));
            return Some(error(message, "remove one of the includes"));
        }
        if self.open.len() > INCLUDE_DEPTH {
            let message = format!("includes are more than {INCLUDE_DEPTH} files deep");
            return Some(error(message, "include the files from one file"));
        }
        None
    }
}

/// Reads the documents of the file that was opened last. Its includes are relative to `folder`.
fn load_bytes(
    run: &mut Run<'_>,
    files: &mut Files,
    folder: &Path,
    bytes: &[u8],
    mut scope: FileScope,
) -> FileScope {
    let Some(file) = files.open.last().map(|open| Arc::clone(&open.shown)) else {
        return scope;
    };
    let text = match yaml::decode(&file, bytes) {
        Ok(text) => text,
        Err(error) => {
            run.report.error(error);
            return scope;
        }
    };
    let had_errors = run.report.has_errors();
    let mut documents = Documents::new(&file, text);
    let mut is_empty = true;
    while let Some(node) = documents.next(&mut run.report) {
        if run.is_over() {
            return scope;
        }
        // Nothing between two lines `---` is no list, and no mistake either.
        if node.value == Value::Null {
            continue;
        }
        if run.dialect == Dialect::ManifestTool && !is_empty {
            let position = Position {
                file: Arc::clone(&file),
                mark: Some(node.mark),
            };
            let message = "this document is ignored: manifest-tool reads the first one only";
            run.report.warning(position, message.to_owned());
            break;
        }
        is_empty = false;
        let mut include = |run: &mut Run<'_>, path: &str, at: &Position, scope: FileScope| {
            load_include(run, files, &folder.join(path), at, scope)
        };
        scope = Decoder::new(run, &file, scope).document(node, &mut include);
    }
    if is_empty && (had_errors || !run.report.has_errors()) {
        let hint = "describe a list: `image:` with its name, and `manifests:` with its images";
        run.report.error(SpecError {
            position: Position::of_file(&file),
            message: "the file is empty".to_owned(),
            hint: Some(hint.to_owned()),
        });
    }
    scope
}

/// Reads an included file, or the files of an included folder.
fn load_include(
    run: &mut Run<'_>,
    files: &mut Files,
    path: &Path,
    at: &Position,
    mut scope: FileScope,
) -> FileScope {
    if !path.is_dir() {
        return load_found_file(run, files, path, at, scope);
    }
    for path in files_of(run, path, at) {
        scope = load_found_file(run, files, &path, at, scope);
    }
    scope
}

/// Reports names of `--set` that no file uses, as they are slips that would publish something else than is meant.
fn check_set_names(run: &mut Run<'_>, variables: &Variables) {
    if run.report.has_errors() {
        return;
    }
    for name in variables.set_names() {
        if run.known_variables.contains(name) {
            continue;
        }
        let known: Vec<&str> = run.known_variables.iter().map(String::as_str).collect();
        let hint = if known.is_empty() {
            "write `${NAME}` in a file to use a variable".to_owned()
        } else {
            format!("the files have the variables {}", known.join(", "))
        };
        run.report.error(SpecError {
            position: Position::of_file(&Arc::from("--set")),
            message: format!("no file has the variable {name}"),
            hint: Some(hint),
        });
    }
}

#[cfg(test)]
mod tests;
