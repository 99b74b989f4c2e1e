//! Properties that hold for any input: one function for each, which panics if the property is violated. The tests beside this
//! file run them with bounds, the targets in `fuzz/` without end.

use std::collections::HashSet;

use manifest_core::Reference;

use crate::bake::from_bake;
use crate::error::SpecErrors;
use crate::limits::ERRORS;
use crate::load::{SpecInput, load_for_manifest_tool, load_without_files};
use crate::model::ListSpec;
use crate::position::Mark;
use crate::variables::{VariableName, Variables};

fn name(text: &str) -> VariableName {
    text.parse()
        .unwrap_or_else(|error| panic!("{text} is {error}"))
}

/// Spec files, by the rules of this program and of `manifest-tool`, and the JSON of bake: each is lists that can be published, or
/// errors that have a place in the text, a remedy, and nothing that a terminal obeys.
pub fn spec_files(data: &[u8]) {
    let mut variables = Variables::default();
    variables.set(name("A"), "${A}$");
    variables.allow(name("B"), None);
    match load_without_files("a\u{1b}", data, &variables) {
        Ok(lists) => check_lists(&lists, true),
        Err(errors) => check_errors(&errors, data),
    }
    let input = SpecInput::Text {
        name: "a".to_owned(),
        bytes: data.to_vec(),
    };
    match load_for_manifest_tool(&input) {
        Ok(loaded) => {
            check_lists(&loaded.lists, false);
            for warning in loaded.warnings {
                check_text(&warning.to_string());
            }
        }
        Err(errors) => check_errors(&errors, data),
    }
    match from_bake("a", data, "IMAGE-OS-ARCH-VARIANT") {
        Ok(found) => check_lists(&found.lists, true),
        Err(errors) => check_errors(&errors, data),
    }
}

fn check_lists(lists: &[ListSpec], are_checked: bool) {
    let mut targets: HashSet<&Reference> = HashSet::new();
    for list in lists {
        assert!(!list.images.is_empty() && list.list.digest().is_none());
        let name = (!list.by_digest).then_some(&list.list);
        for target in name.into_iter().chain(&list.tags) {
            assert!(
                targets.insert(target) || !are_checked,
                "{target} is there twice"
            );
        }
        for image in &list.images {
            let is_local = ["oci", "docker-archive"]
                .iter()
                .any(|start| image.image.starts_with(start));
            assert!(is_local || Reference::parse(&image.image).is_ok());
        }
    }
}

fn check_errors(errors: &SpecErrors, data: &[u8]) {
    let found = errors.errors();
    assert!(!found.is_empty() && found.len() <= ERRORS);
    assert!(errors.omitted() == 0 || found.len() == ERRORS);
    let text = String::from_utf8_lossy(data);
    // YAML has carriage returns for line ends, too.
    let lines = text.split(['\n', '\r']).count();
    for error in found {
        check_text(&error.to_string());
        check_text(
            error
                .hint
                .as_deref()
                .unwrap_or_else(|| panic!("{error} has a hint")),
        );
        if let Some(Mark { line, column }) = error.position.mark {
            assert!(
                line >= 1 && line as usize <= lines + 1,
                "{error} of {lines}"
            );
            assert!(
                column >= 1 && column as usize <= text.chars().count() + 2,
                "{error}"
            );
        }
    }
}

/// Checks that a text is one line that a terminal can show.
fn check_text(text: &str) {
    assert!(
        !text
            .chars()
            .any(manifest_core::printable::is_terminal_control),
        "{text:?}"
    );
    assert!(text.len() < 4096, "{text}");
}

#[cfg(test)]
mod tests;
