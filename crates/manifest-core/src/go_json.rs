//! Go's `encoding/json` where it differs from `serde_json` and Docker's bytes depend on it.
//!
//! Docker's drafts and lists are written by Go's encoder: it escapes `<`, `>`, `&`, U+2028 and U+2029. Go's decoder matches keys
//! in any case, and the last of equal keys wins. These functions work on bytes, so that the spelling of numbers and strings
//! survives.

use std::borrow::Cow;
use std::fmt;

use serde::de::{DeserializeOwned, Error as _, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::limits::JSON_DEPTH;

/// Removes white space between tokens and escapes as Go's encoder does. The content of strings is otherwise unchanged.
///
/// # Errors
/// Returns an error if `bytes` is not one JSON value.
pub fn compact(bytes: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    serde_json::from_slice::<IgnoredAny>(bytes)?;
    let mut compact = Vec::with_capacity(bytes.len());
    let mut scanner = Scanner::default();
    compact.extend(bytes.iter().copied().filter(|&byte| {
        let outside = scanner.is_outside_string(byte);
        !(outside && byte.is_ascii_whitespace())
    }));
    Ok(escape_html(&compact).into_owned())
}

/// Lays out one JSON value over lines as Go's `json.Indent` does, without changing any token. White space after the value stays,
/// as in Go.
///
/// `bytes` must be JSON. Anything else gives some other text, never a panic.
#[must_use]
pub fn indent(bytes: &[u8], unit: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() * 2);
    let mut scanner = Scanner::default();
    let mut depth = 0usize;
    let mut opened = false;
    let (value, trailing) = bytes.split_at(bytes.trim_ascii_end().len());
    for &byte in value {
        let outside = scanner.is_outside_string(byte);
        if outside && byte.is_ascii_whitespace() {
            continue;
        }
        let closes = outside && matches!(byte, b'}' | b']');
        if opened && !closes {
            depth += 1;
            new_line(&mut out, unit, depth);
        }
        if closes && !opened {
            depth = depth.saturating_sub(1);
            new_line(&mut out, unit, depth);
        }
        opened = outside && matches!(byte, b'{' | b'[');
        out.push(byte);
        if outside && byte == b',' {
            new_line(&mut out, unit, depth);
        } else if outside && byte == b':' {
            out.push(b' ');
        }
    }
    out.extend_from_slice(trailing);
    out
}

/// Encodes a value as Go's `json.Marshal` does.
///
/// # Panics
/// Never for the types of this crate, whose maps have text keys.
#[must_use]
pub fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    let plain = serde_json::to_vec(value).expect("maps of this crate have text keys");
    match escape_html(&plain) {
        Cow::Borrowed(_) => plain,
        Cow::Owned(escaped) => escaped,
    }
}

/// Escapes the five characters that Go's encoder escapes for HTML. In JSON they occur only in strings.
fn escape_html(bytes: &[u8]) -> Cow<'_, [u8]> {
    let separator = |window: &[u8]| matches!(window, [0xE2, 0x80, 0xA8 | 0xA9]);
    let special = |byte: &u8| matches!(byte, b'<' | b'>' | b'&');
    if !bytes.iter().any(special) && !bytes.windows(3).any(separator) {
        return Cow::Borrowed(bytes);
    }
    let mut escaped = Vec::with_capacity(bytes.len() + 32);
    let mut rest = bytes;
    while let Some((&byte, tail)) = rest.split_first() {
        if special(&byte) {
            escaped.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
            rest = tail;
        } else if let Some(window) = rest.get(..3).filter(|window| separator(window)) {
            escaped.extend_from_slice(if window[2] == 0xA8 {
                b"\\u2028"
            } else {
                b"\\u2029"
            });
            rest = &rest[3..];
        } else {
            escaped.push(byte);
            rest = tail;
        }
    }
    Cow::Owned(escaped)
}

fn new_line(out: &mut Vec<u8>, unit: &str, depth: usize) {
    out.push(b'\n');
    for _ in 0..depth {
        out.extend_from_slice(unit.as_bytes());
    }
}

/// Tells whether Go matches `key` with the field `name`.
///
/// Go compares with Unicode's simple case folding, which maps two more letters to ASCII. A reader that misses them would see
/// another manifest than Go's programs do.
fn is_key(key: &str, name: &str) -> bool {
    let folded = |c: char| match c {
        '\u{17f}' => 's',
        '\u{212a}' => 'k',
        c => c.to_ascii_lowercase(),
    };
    key.chars().map(folded).eq(name.chars().map(folded))
}

/// Tells whether a JSON text is nested deeper than [`JSON_DEPTH`]. Skipping a value has no bound of its own.
fn is_too_deep(bytes: &[u8]) -> bool {
    let mut scanner = Scanner::default();
    let mut depth = 0usize;
    bytes.iter().any(|&byte| {
        if scanner.is_outside_string(byte) {
            match byte {
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        depth > JSON_DEPTH
    })
}

/// Follows a JSON text byte by byte and tracks strings.
#[derive(Default)]
struct Scanner {
    in_string: bool,
    escaped: bool,
}

impl Scanner {
    /// Takes the next byte and tells whether it is outside of strings. The quotes themselves count as inside.
    fn is_outside_string(&mut self, byte: u8) -> bool {
        if !self.in_string {
            self.in_string = byte == b'"';
            return !self.in_string;
        }
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_string = false;
        }
        false
    }
}

/// A JSON object, decoded as Go decodes into a struct: keys match in any case, the last of equal keys wins, null counts as
/// absent.
#[derive(Debug)]
pub struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'a> Object<'a> {
    /// Parses one object.
    ///
    /// # Errors
    /// Returns an error if `bytes` is not one JSON object, or is nested deeper than [`JSON_DEPTH`].
    pub fn parse(bytes: &'a [u8]) -> Result<Self, serde_json::Error> {
        if is_too_deep(bytes) {
            let what = format!("it is nested deeper than {JSON_DEPTH} levels");
            return Err(serde_json::Error::custom(what));
        }
        serde_json::from_slice(bytes)
    }

    /// Returns the value of a field, verbatim.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let field =
            |(key, value): &&(String, &RawValue)| is_key(key, name) && value.get() != "null";
        self.0.iter().rfind(field).map(|(_, value)| *value)
    }

    /// Tells whether the field is present and not null.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Returns the value of a field as a `T`, or `None` if it is absent or null.
    ///
    /// # Errors
    /// Returns an error, which names the field, if the value has another type.
    pub fn get<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>, serde_json::Error> {
        let read = |value: &RawValue| {
            serde_json::from_str(value.get())
                .map_err(|error| serde_json::Error::custom(format!("field {name:?}: {error}")))
        };
        self.raw(name).map(read).transpose()
    }

    /// Returns the value of a text field. An absent field is empty, like Go's zero value.
    ///
    /// # Errors
    /// As [`Object::get`].
    pub fn text(&self, name: &str) -> Result<String, serde_json::Error> {
        Ok(self.get(name)?.unwrap_or_default())
    }

    /// Returns the elements of an array field, verbatim.
    ///
    /// # Errors
    /// As [`Object::get`].
    pub fn array(&self, name: &str) -> Result<Option<Vec<&'a RawValue>>, serde_json::Error> {
        let read = |value: &'a RawValue| {
            serde_json::from_str(value.get())
                .map_err(|error| serde_json::Error::custom(format!("field {name:?}: {error}")))
        };
        self.raw(name).map(read).transpose()
    }

    /// Returns the object in a field.
    ///
    /// # Errors
    /// As [`Object::get`].
    pub fn object(&self, name: &str) -> Result<Option<Object<'a>>, serde_json::Error> {
        let read = |value: &'a RawValue| {
            Object::parse(value.get().as_bytes())
                .map_err(|error| serde_json::Error::custom(format!("field {name:?}: {error}")))
        };
        self.raw(name).map(read).transpose()
    }
}

impl<'a> Object<'a> {
    /// Returns the fields with other names than these, verbatim. Of equal names the last wins.
    #[must_use]
    pub fn others(&self, known: &[&str]) -> Vec<(&str, &'a RawValue)> {
        let is_known = |key: &str| known.iter().any(|name| key.eq_ignore_ascii_case(name));
        let mut others: Vec<(&str, &RawValue)> = Vec::new();
        for (key, value) in self.0.iter().filter(|(key, _)| !is_known(key)) {
            match others.iter_mut().find(|(other, _)| other == key) {
                Some(other) => other.1 = value,
                None => others.push((key, value)),
            }
        }
        others
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Vec<(String, &'de RawValue)>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(members)
            }
        }
        deserializer.deserialize_map(Members).map(Object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, compacted: &str, indented: &str) {
        let bytes = compact(input.as_bytes()).unwrap();
        assert_eq!(String::from_utf8_lossy(&bytes), compacted);
        assert_eq!(
            String::from_utf8_lossy(&indent(input.as_bytes(), "  ")),
            indented
        );
    }

    #[test]
    fn layouts() {
        check("1", "1", "1");
        check(" { } \n", "{}", "{} \n");
        check("[ [ ] , {\n} ]", "[[],{}]", "[\n  [],\n  {}\n]");
        check(
            r#"{"a" : [1.0e2, "x : , \" { y\\" ], "b":{"c":null}}"#,
            r#"{"a":[1.0e2,"x : , \" { y\\"],"b":{"c":null}}"#,
            "{\n  \"a\": [\n    1.0e2,\n    \"x : , \\\" { y\\\\\"\n  ],\n  \"b\": {\n    \"c\": null\n  }\n}",
        );
    }

    #[test]
    fn escapes_for_html_only_when_it_encodes() {
        check(
            "\"<&>\u{2028}\u{2029}é\"",
            r#""\u003c\u0026\u003e\u2028\u2029é""#,
            "\"<&>\u{2028}\u{2029}é\"",
        );
        assert_eq!(
            encode(&"a<b\u{8}\u{c}\u{1}\n"),
            br#""a\u003cb\b\f\u0001\n""#
        );
    }

    #[test]
    fn refuses_invalid_json() {
        for bytes in [&b""[..], b"{", b"{} {}", b"[1,]", b"nul"] {
            assert!(compact(bytes).is_err());
        }
    }

    #[test]
    fn objects_are_read_as_go_reads_them() {
        let object = Object::parse(br#"{"os":"plan9","OS":"Z","Os":null,"n":1}"#).unwrap();
        assert_eq!(object.text("os").unwrap(), "Z");
        assert_eq!(object.text("absent").unwrap(), "");
        assert!(object.text("n").unwrap_err().to_string().contains("\"n\""));
        assert!(Object::parse(b"[]").is_err() && Object::parse(b"null").is_err());
    }

    #[test]
    fn depth_is_bounded() {
        let nested = |levels: usize| {
            let (open, close) = ("[".repeat(levels), "]".repeat(levels));
            format!("{{\"[[\":\"[\",\"a\":{open}{close}}}").into_bytes()
        };
        assert!(Object::parse(&nested(JSON_DEPTH - 1)).is_ok());
        let error = Object::parse(&nested(JSON_DEPTH)).unwrap_err();
        assert!(error.to_string().contains("deeper than 64"), "{error}");
    }
}
