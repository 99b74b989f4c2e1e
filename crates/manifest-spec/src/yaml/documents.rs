//! The documents of a text.

use std::sync::Arc;

use saphyr_parser::{Event, Parser, ScanError, StrInput};

use super::builder::{Builder, UNKNOWN_ANCHOR};
use super::node::Node;
use crate::error::{SpecError, reason};
use crate::position::{Mark, Position};
use crate::report::Report;

/// Reads a text, document by document, so that one tree is in memory at a time.
pub(crate) struct Documents<'a> {
    file: Arc<str>,
    text: &'a str,
    parser: Parser<'a, StrInput<'a>>,
    has_ended: bool,
}

impl<'a> Documents<'a> {
    /// Starts with the first document of `text`.
    pub(crate) fn new(file: &Arc<str>, text: &'a str) -> Self {
        Self {
            file: Arc::clone(file),
            text,
            parser: Parser::new_from_str(text),
            has_ended: false,
        }
    }

    /// Returns the next document, or nothing at the end. An error ends the text, because the places of what follows are not
    /// known. Errors that leave the structure known are reported, and reading goes on.
    pub(crate) fn next(&mut self, report: &mut Report) -> Option<Node> {
        if self.has_ended {
            return None;
        }
        match self.read(report) {
            Ok(Some(node)) => Some(node),
            Ok(None) => {
                self.has_ended = true;
                None
            }
            Err(error) => {
                self.has_ended = true;
                report.error(error);
                None
            }
        }
    }

    fn read(&mut self, report: &mut Report) -> Result<Option<Node>, SpecError> {
        let mut builder = Builder::new(&self.file, report);
        while let Some(event) = self.parser.next_event() {
            let (event, span) = event.map_err(|error| self.syntax(&error))?;
            match event {
                Event::StreamEnd => return Ok(None),
                Event::DocumentEnd => return Ok(builder.root()),
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) => {}
                event => builder.add(event, mark(span.start))?,
            }
        }
        Ok(None)
    }

    /// Translates an error of the parser.
    fn syntax(&self, error: &ScanError) -> SpecError {
        let at = mark(*error.marker());
        let line = self.text.lines().nth(at.line as usize - 1).unwrap_or("");
        let before = line.chars().take(at.column as usize);
        let tab = before.enumerate().find(|(_, c)| *c == '\t');
        let (message, hint, column) = match tab {
            Some((tab, _)) => (
                "a tab where YAML needs spaces".to_owned(),
                "replace the tab by spaces",
                u32::try_from(tab + 1).unwrap_or(u32::MAX),
            ),
            None => {
                let (message, hint) = translate(error.info());
                (message, hint, at.column)
            }
        };
        SpecError {
            position: Position {
                file: Arc::clone(&self.file),
                mark: Some(Mark { column, ..at }),
            },
            message,
            hint: Some(hint.to_owned()),
        }
    }
}

/// The beginnings of the parser's messages that have a better wording, the wording, and the advice.
const MESSAGES: &[(&str, &str, &str)] = &[
    (
        "while parsing node, found unknown anchor",
        UNKNOWN_ANCHOR.0,
        UNKNOWN_ANCHOR.1,
    ),
    (
        "mapping values are not allowed",
        "a key is not allowed here",
        "check the indentation, and put texts with a colon and a space in quotes",
    ),
    (
        "recursion limit exceeded",
        "values are nested too deeply",
        "a spec file needs no more than ten levels",
    ),
];

/// Returns the message for one of the parser, and the advice.
fn translate(info: &str) -> (String, &'static str) {
    let known = MESSAGES.iter().find(|(start, ..)| info.starts_with(start));
    known.map_or_else(
        || {
            let message = format!("not YAML: {}", reason(&info));
            (message, "correct the syntax at this place")
        },
        |(_, message, hint)| ((*message).to_owned(), hint),
    )
}

/// Returns the place of a marker, whose columns are counted from 0.
fn mark(marker: saphyr_parser::Marker) -> Mark {
    Mark {
        line: u32::try_from(marker.line().max(1)).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col() + 1).unwrap_or(u32::MAX),
    }
}
