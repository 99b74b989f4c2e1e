//! Flags with comma-separated values, as pflag parses them.

use std::str::FromStr;

/// One value of a repeatable flag with comma-separated values: a CSV record, as pflag's `StringSlice` reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommaList(pub Vec<String>);

impl FromStr for CommaList {
    type Err = String;

    /// Parses one record as Go's `encoding/csv` does, with its errors: a field in quotes may hold commas.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut fields = Vec::new();
        let mut rest = Some(text).filter(|text| !text.is_empty());
        while let Some(field) = rest {
            let wrong = |at: usize, what: &str| {
                let column = text.len() - field.len() + at + 1;
                format!("parse error on line 1, column {column}: {what}")
            };
            let (value, length) = match field.strip_prefix('"') {
                Some(quoted) => {
                    const STRAY: &str = "extraneous or missing \" in quoted-field";
                    let (value, end) = unquote(quoted).ok_or_else(|| wrong(field.len(), STRAY))?;
                    if !matches!(quoted.as_bytes().get(end), None | Some(b',' | b'\n')) {
                        return Err(wrong(end, STRAY));
                    }
                    (value, 1 + end)
                }
                None => {
                    let end = field.find([',', '\n']).unwrap_or(field.len());
                    if let Some(at) = field[..end].find('"') {
                        return Err(wrong(at, "bare \" in non-quoted-field"));
                    }
                    (field[..end].to_owned(), end)
                }
            };
            fields.push(value);
            rest = field[length..].strip_prefix(',');
        }
        Ok(Self(fields))
    }
}

/// Reads up to the quote that ends a field; two quotes stand for one. Returns the value and the length read, that quote included;
/// `None` if there is no such quote.
fn unquote(text: &str) -> Option<(String, usize)> {
    let mut value = String::new();
    let mut at = 0;
    loop {
        let next = text[at..].find('"')?;
        value.push_str(&text[at..at + next]);
        at += next + 1;
        if !text[at..].starts_with('"') {
            return Some((value, at));
        }
        value.push('"');
        at += 1;
    }
}
