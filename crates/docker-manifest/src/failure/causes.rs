//! Errors with their causes, as text.

use std::error::Error;

use manifest_registry::redact;

/// Returns the text of an error and of its causes. `mark` precedes the first cause. A cause that the text contains already is left out.
pub(super) fn with_causes(error: &dyn Error, mut mark: &'static str) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = redact::printable(&error.to_string());
        if !text.contains(&reason) {
            text = format!("{text}{mark}{reason}");
            mark = ": ";
        }
        cause = error.source();
    }
    text
}
