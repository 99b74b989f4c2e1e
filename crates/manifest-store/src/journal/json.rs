//! The JSON form of a record: one line.

use manifest_core::{Digest, Reference};
use serde::{Deserialize, Serialize};

use super::record::{JournalRecord, WriteState};
use crate::limits::{RECORD_BYTES, TEXT_CHARS};

/// The version of the format that this program writes, and the only one that it reads.
const VERSION: u64 = 1;

/// The last second of the year 9999, in seconds since 1970 (UTC): the last time that RFC 3339 can state.
const LAST_TIME: u64 = 253_402_300_799;

/// The content of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Line {
    /// One write of a tag.
    Record(Box<JournalRecord>),
    /// The oldest records of the run with this identifier were dropped.
    Incomplete(String),
}

/// The reason why a line cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LineError {
    /// It is of another version.
    Version,
    /// It is cut off, or something else.
    Damaged,
}

#[derive(Serialize, Deserialize)]
struct RecordJson {
    version: u64,
    time: u64,
    run: String,
    command: String,
    source: String,
    tag: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    before: Option<BeforeJson>,
    after: Digest,
    state: StateJson,
}

/// A line that says that the oldest records of a run were dropped.
#[derive(Serialize, Deserialize)]
struct IncompleteJson {
    version: u64,
    incomplete: String,
}

/// The state of the tag before. Without a digest, the tag did not exist.
#[derive(Serialize, Deserialize)]
struct BeforeJson {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<Digest>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum StateJson {
    Begun,
    Written,
    NotWritten,
}

/// The part of a line of any version.
#[derive(Deserialize)]
struct VersionJson {
    version: u64,
}

/// Returns a record as a line, with its line break.
pub(crate) fn encode(record: &JournalRecord) -> Vec<u8> {
    let json = RecordJson {
        version: VERSION,
        time: record.time,
        run: short(&record.run),
        command: short(&record.command),
        source: short(&record.source),
        tag: record.tag.to_string(),
        before: record.before.as_ref().map(|before| BeforeJson {
            digest: before.digest().cloned(),
        }),
        after: record.after.clone(),
        state: match record.state {
            WriteState::Begun => StateJson::Begun,
            WriteState::Written => StateJson::Written,
            WriteState::NotWritten => StateJson::NotWritten,
        },
    };
    to_line(&json)
}

/// Returns the line that says that the oldest records of a run were dropped.
pub(super) fn encode_incomplete(run: &str) -> Vec<u8> {
    to_line(&IncompleteJson {
        version: VERSION,
        incomplete: short(run),
    })
}

fn to_line(json: &impl Serialize) -> Vec<u8> {
    // serde_json escapes line breaks, so an object is one line.
    let mut line = serde_json::to_vec(json).expect("text and numbers always serialise");
    line.push(b'\n');
    line
}

/// Reads a line without its line break.
pub(crate) fn decode(line: &[u8]) -> Result<Line, LineError> {
    if line.len() > RECORD_BYTES {
        return Err(LineError::Damaged);
    }
    match serde_json::from_slice::<RecordJson>(line) {
        Ok(json) if json.version == VERSION => {
            record(json).map(|record| Line::Record(record.into()))
        }
        _ => other_line(line),
    }
}

fn record(json: RecordJson) -> Result<JournalRecord, LineError> {
    if json.time > LAST_TIME {
        return Err(LineError::Damaged);
    }
    let tag = Reference::parse(&json.tag).map_err(|_| LineError::Damaged)?;
    if tag.tag().is_none() {
        return Err(LineError::Damaged);
    }
    Ok(JournalRecord {
        time: json.time,
        run: json.run,
        command: json.command,
        source: json.source,
        tag,
        before: json.before.map(|before| before.digest.into()),
        after: json.after,
        state: match json.state {
            StateJson::Begun => WriteState::Begun,
            StateJson::Written => WriteState::Written,
            StateJson::NotWritten => WriteState::NotWritten,
        },
    })
}

/// Reads a line that is not a record of this version. The other fields of another version may be different.
fn other_line(line: &[u8]) -> Result<Line, LineError> {
    match serde_json::from_slice(line) {
        Ok(VersionJson { version }) if version != VERSION => return Err(LineError::Version),
        _ => {}
    }
    let json: IncompleteJson = serde_json::from_slice(line).map_err(|_| LineError::Damaged)?;
    Ok(Line::Incomplete(json.incomplete))
}

fn short(text: &str) -> String {
    text.chars().take(TEXT_CHARS).collect()
}

#[cfg(test)]
mod tests {
    use manifest_core::TagState;

    use super::*;

    fn record(before: Option<TagState>, state: WriteState) -> JournalRecord {
        JournalRecord {
            time: 1_764_225_453,
            run: "0123456789ab".into(),
            command: "push".into(),
            source: "q.io/app:1".into(),
            tag: Reference::parse("q.io/app:latest").unwrap(),
            before,
            after: Digest::sha256(b"after"),
            state,
        }
    }

    #[test]
    fn records_survive_the_round_trip() {
        for before in [
            None,
            Some(TagState::Absent),
            Some(TagState::At(Digest::sha256(b"before"))),
        ] {
            for state in [
                WriteState::Begun,
                WriteState::Written,
                WriteState::NotWritten,
            ] {
                let record = record(before.clone(), state);
                let line = encode(&record);
                assert_eq!(line.iter().filter(|byte| **byte == b'\n').count(), 1);
                let read = decode(line.strip_suffix(b"\n").unwrap());
                assert_eq!(read, Ok(Line::Record(record.into())));
            }
        }
        let line = encode_incomplete("a");
        let read = decode(line.strip_suffix(b"\n").unwrap());
        assert_eq!(read, Ok(Line::Incomplete("a".into())));
    }

    #[test]
    fn texts_are_cut_to_fit_into_a_line() {
        let hostile = JournalRecord {
            source: "\u{1}\n".repeat(5000),
            ..record(None, WriteState::Written)
        };
        let line = encode(&hostile);
        assert!(line.len() < RECORD_BYTES, "{}", line.len());
        let read = decode(line.strip_suffix(b"\n").unwrap());
        let Ok(Line::Record(read)) = read else {
            panic!("{read:?}")
        };
        assert_eq!(read.source.chars().count(), TEXT_CHARS);
    }

    #[test]
    fn fields_that_were_added_later_are_ignored() {
        let line = encode(&record(None, WriteState::Written));
        let text = String::from_utf8(line).unwrap();
        let more = text
            .trim_end()
            .replace("{\"version\"", "{\"new\":[1],\"version\"");
        assert_ne!(more, text.trim_end());
        assert!(decode(more.as_bytes()).is_ok());
    }

    #[test]
    fn other_lines() {
        let line = String::from_utf8(encode(&record(None, WriteState::Written))).unwrap();
        let line = line.trim_end();
        let long = format!("{}{line}", " ".repeat(RECORD_BYTES));
        for (text, expected) in [
            (r#"{"version":2}"#, LineError::Version),
            (
                r#"{"version":2,"state":"flown","tag":7}"#,
                LineError::Version,
            ),
            (r#"{"version":1}"#, LineError::Damaged),
            (r#"{"version":"2"}"#, LineError::Damaged),
            (r#"{"version":1,"incomplete":7}"#, LineError::Damaged),
            ("", LineError::Damaged),
            ("{}", LineError::Damaged),
            ("\0\0\0", LineError::Damaged),
            (&line[..line.len() - 1], LineError::Damaged),
            (
                &line.replace("q.io/app:latest", "q.io/APP"),
                LineError::Damaged,
            ),
            (
                &line.replace(
                    "q.io/app:latest",
                    &format!("q.io/app@{}", Digest::sha256(b"")),
                ),
                LineError::Damaged,
            ),
            (&line.replace("sha256:", "sha256:x"), LineError::Damaged),
            (&line.replace("written", "flown"), LineError::Damaged),
            (
                &line.replace("1764225453", "253402300800"),
                LineError::Damaged,
            ),
            (&long, LineError::Damaged),
        ] {
            assert_eq!(decode(text.as_bytes()), Err(expected), "{text}");
        }
    }
}
