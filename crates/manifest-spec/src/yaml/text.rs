//! Bytes as text.

use std::sync::Arc;

use crate::error::SpecError;
use crate::position::{Mark, Position};

/// Returns the text of a file, without its byte order mark.
///
/// # Errors
/// Returns an error if the bytes are not UTF-8, or have a character that YAML forbids (YAML 1.2.2, section 5.1).
pub(crate) fn decode<'a>(file: &Arc<str>, bytes: &'a [u8]) -> Result<&'a str, SpecError> {
    let error = |before: &[u8], message: String, hint: &str| SpecError {
        position: Position {
            file: Arc::clone(file),
            mark: Some(mark_after(before)),
        },
        message,
        hint: Some(hint.to_owned()),
    };
    if is_utf16(bytes) {
        let hint = "save the file as UTF-8: `iconv -f utf-16 -t utf-8 FILE`";
        return Err(error(&[], "the file is in UTF-16".to_owned(), hint));
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let text = std::str::from_utf8(bytes).map_err(|invalid| {
        let (before, rest) = bytes.split_at(invalid.valid_up_to());
        let byte = rest.first().copied().unwrap_or_default();
        let message = format!("the byte 0x{byte:02x} is not UTF-8");
        error(before, message, "save the file as UTF-8")
    })?;
    match text.char_indices().find(|(_, c)| is_forbidden(*c)) {
        None => Ok(text),
        Some((at, c)) => {
            let message = format!("the control character U+{:04X}", u32::from(c));
            let hint = "delete the character, or write it as an escape in double quotes: \"\\x1b\"";
            Err(error(&bytes[..at], message, hint))
        }
    }
}

/// Tells whether a text begins as UTF-16 does: by its byte order mark, or an ASCII character of two bytes.
fn is_utf16(bytes: &[u8]) -> bool {
    matches!(bytes, [0xff, 0xfe, ..] | [0xfe, 0xff, ..])
        || matches!(bytes, [0, b, ..] | [b, 0, ..] if b.is_ascii_graphic() || b.is_ascii_whitespace())
}

/// Tells whether a character is not in YAML's printable set.
fn is_forbidden(c: char) -> bool {
    matches!(c, '\0'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{7f}'..='\u{84}')
        || matches!(c, '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Returns the place behind a text.
fn mark_after(before: &[u8]) -> Mark {
    let text = String::from_utf8_lossy(before);
    let line = text.rfind('\n').map_or(0, |end| end + 1);
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Mark {
        line: number(text[..line].matches('\n').count() + 1),
        column: number(text[line..].chars().count() + 1),
    }
}
