//! `cargo xtask sizes`: checks the length of files and functions, and the number of parameters of a function.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::visit::{self, Visit};
use syn::{Block, FnArg, ImplItemFn, ItemFn, Signature, TraitItemFn};

use crate::task::{TaskResult, workspace};

#[cfg(test)]
mod tests;

/// Check the length of files and functions, and the number of parameters
#[derive(clap::Args)]
pub(crate) struct Args {}

/// The most lines of a file.
const FILE_LINES: usize = 500;

/// The most lines of a function, from `fn` to its last brace.
const FUNCTION_LINES: usize = 80;

/// The most parameters of a function, `self` not counted.
const PARAMETERS: usize = 6;

/// A file or function that may exceed a limit.
struct Exception {
    /// The file.
    file: &'static str,
    /// The function: none for the file as a whole.
    function: Option<&'static str>,
    /// The reason for its size.
    reason: &'static str,
}

/// The exceptions are tables of data: another row makes nothing harder to read.
const EXCEPTIONS: &[Exception] = &[
    Exception {
        file: "crates/manifest-registry/tests/it/fault_rows.rs",
        function: Some("rows"),
        reason: "a table of responses and their expected errors",
    },
    Exception {
        file: "crates/docker-manifest/src/manual.rs",
        function: None,
        reason: "the manual of each command",
    },
    Exception {
        file: "crates/manifest-registry/src/error/hint/table.rs",
        function: None,
        reason: "the table of hints",
    },
];

pub(crate) fn run(_args: &Args) -> TaskResult {
    let root = workspace();
    let files = files(&root)?;
    let mut found = Vec::new();
    for file in &files {
        let path = file.strip_prefix(&root).unwrap_or(file);
        let path = path.display().to_string().replace('\\', "/");
        let text =
            fs::read_to_string(file).map_err(|error| format!("cannot read {path}: {error}"))?;
        found.extend(measure(&path, &text)?);
    }
    let breaches = without_exceptions(&found, EXCEPTIONS);
    if breaches.is_empty() {
        let (files, exceptions) = (files.len(), EXCEPTIONS.len());
        println!("sizes: {files} files are within the limits, with {exceptions} exceptions");
        return Ok(());
    }
    Err(format!("larger than allowed:\n  {}", breaches.join("\n  ")))
}

/// A file or function that exceeds a limit.
#[derive(Debug)]
struct Breach {
    /// The file.
    file: String,
    /// The function: none for the file as a whole.
    function: Option<String>,
    /// The message: its place and its size.
    message: String,
}

/// Returns the breaches in a file.
fn measure(file: &str, text: &str) -> Result<Vec<Breach>, String> {
    let syntax = syn::parse_file(text).map_err(|error| {
        let line = error.span().start().line;
        format!("cannot parse {file}:{line}: {error}")
    })?;
    let mut functions = Functions {
        file,
        found: Vec::new(),
    };
    let lines = text.lines().count();
    if lines > FILE_LINES {
        functions.found.push(Breach {
            file: file.to_owned(),
            function: None,
            message: format!("{file}: {lines} lines, more than {FILE_LINES}"),
        });
    }
    functions.visit_file(&syntax);
    Ok(functions.found)
}

/// The visitor that collects the breaches of a file.
struct Functions<'a> {
    file: &'a str,
    found: Vec<Breach>,
}

impl Functions<'_> {
    fn add(&mut self, signature: &Signature, body: Option<&Block>) {
        let start = signature.fn_token.span.start().line;
        let end = |body: &Block| -> Span { body.brace_token.span.close() };
        let lines = body.map_or(1, |body| end(body).end().line + 1 - start);
        let arguments = signature.inputs.iter();
        let parameters = arguments.filter(|argument| matches!(argument, FnArg::Typed(_)));
        let parameters = parameters.count();
        let mut push = |size: String| {
            let (file, name) = (self.file, signature.ident.to_string());
            self.found.push(Breach {
                file: file.to_owned(),
                message: format!("{file}:{start}: function `{name}` has {size}"),
                function: Some(name),
            });
        };
        if lines > FUNCTION_LINES {
            push(format!("{lines} lines, more than {FUNCTION_LINES}"));
        }
        if parameters > PARAMETERS {
            push(format!("{parameters} parameters, more than {PARAMETERS}"));
        }
    }
}

impl<'ast> Visit<'ast> for Functions<'_> {
    fn visit_item_fn(&mut self, item: &'ast ItemFn) {
        self.add(&item.sig, Some(&item.block));
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast ImplItemFn) {
        self.add(&item.sig, Some(&item.block));
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast TraitItemFn) {
        self.add(&item.sig, item.default.as_ref());
        visit::visit_trait_item_fn(self, item);
    }
}

/// Returns messages for the breaches without an exception, and for the exceptions without a breach.
fn without_exceptions(found: &[Breach], exceptions: &[Exception]) -> Vec<String> {
    let matches = |breach: &Breach, exception: &Exception| {
        breach.file == exception.file && breach.function.as_deref() == exception.function
    };
    let is_exception = |breach: &&Breach| {
        exceptions
            .iter()
            .any(|exception| matches(breach, exception))
    };
    let mut breaches: Vec<String> = found
        .iter()
        .filter(|breach| !is_exception(breach))
        .map(|breach| breach.message.clone())
        .collect();
    let is_needed = |exception: &&Exception| found.iter().any(|breach| matches(breach, exception));
    let unneeded = exceptions.iter().filter(|exception| !is_needed(exception));
    breaches.extend(unneeded.map(|exception| {
        let Exception {
            file,
            function,
            reason,
        } = exception;
        let function = function.map_or_else(String::new, |name| format!(", function `{name}`"));
        format!("{file}{function}: no exception is needed any more ({reason})")
    }));
    breaches
}

/// Returns all source files of the workspace, those of tests included.
fn files(root: &Path) -> Result<Vec<PathBuf>, String> {
    let mut folders = vec![root.join("tests"), root.join("xtask/src")];
    for entry in entries(&root.join("crates"))? {
        folders.extend(["src", "tests"].map(|name| entry.join(name)));
    }
    let mut files = BTreeSet::new();
    folders.retain(|folder| folder.is_dir());
    while let Some(folder) = folders.pop() {
        for entry in entries(&folder)? {
            if entry.is_dir() {
                folders.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                files.insert(entry);
            }
        }
    }
    Ok(files.into_iter().collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let failed = |error: std::io::Error| format!("cannot list {}: {error}", folder.display());
    let entries = fs::read_dir(folder).map_err(failed)?;
    entries
        .map(|entry| entry.map(|entry| entry.path()).map_err(failed))
        .collect()
}
