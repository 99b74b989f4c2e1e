//! JSON with ordered keys, for byte-exact output.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;
use serde_json::ser::PrettyFormatter;

/// A JSON value with ordered keys.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// A value whose keys need no order.
    Value(Value),
    /// An object.
    Object(Vec<(String, Node)>),
    /// An array.
    Array(Vec<Node>),
}

impl Node {
    /// Makes an object of pairs.
    pub(super) fn object(pairs: Vec<(&str, Node)>) -> Self {
        Self::Object(
            pairs
                .into_iter()
                .map(|(key, node)| (key.to_owned(), node))
                .collect(),
        )
    }

    /// Reverses the order of all keys, in this object and all below.
    pub(super) fn reversed(self) -> Self {
        match self {
            Self::Object(pairs) => {
                let pairs = pairs.into_iter().rev();
                Self::Object(pairs.map(|(key, node)| (key, node.reversed())).collect())
            }
            Self::Array(items) => Self::Array(items.into_iter().map(Self::reversed).collect()),
            value @ Self::Value(_) => value,
        }
    }

    /// Renders the value: compact, or with this many spaces per level.
    pub(super) fn render(&self, indent: Option<usize>) -> Vec<u8> {
        let mut bytes = Vec::new();
        let done = match indent {
            None => serde_json::to_writer(&mut bytes, self),
            Some(width) => {
                let spaces = " ".repeat(width);
                let formatter = PrettyFormatter::with_indent(spaces.as_bytes());
                let mut to = serde_json::Serializer::with_formatter(&mut bytes, formatter);
                self.serialize(&mut to)
            }
        };
        done.expect("strings as keys and a vector as the target cannot fail");
        bytes
    }
}

impl<T: Into<Value>> From<T> for Node {
    fn from(value: T) -> Self {
        Self::Value(value.into())
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Value(value) => value.serialize(serializer),
            Self::Object(pairs) => {
                let mut map = serializer.serialize_map(Some(pairs.len()))?;
                for (key, node) in pairs {
                    map.serialize_entry(key, node)?;
                }
                map.end()
            }
            Self::Array(items) => {
                let mut seq = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    seq.serialize_element(item)?;
                }
                seq.end()
            }
        }
    }
}
