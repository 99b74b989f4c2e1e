//! A document as a tree. A document may have ten thousand lists of eight images, so texts that repeat are shared.

use std::rc::Rc;

use crate::position::Mark;

/// A value, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// The place of its first character. The copy of an anchored value has the place of the alias.
    pub(crate) mark: Mark,
    /// The value.
    pub(crate) value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    /// Nothing, `~` or `null`.
    Null,
    /// A text without quotes: a text, a number, or `true` and `false`.
    Plain(Rc<str>),
    /// A text in quotes, or in a block.
    Quoted(Rc<str>),
    /// A list.
    Sequence(Box<[Node]>),
    /// Keys with values, in the order of the file. No key is there twice.
    Mapping(Box<[(Key, Node)]>),
}

/// A key of a mapping, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    /// The place of its first character.
    pub(crate) mark: Mark,
    /// The key.
    pub(crate) name: Rc<str>,
}

impl Node {
    /// Returns the number of values in the tree, and the number of its levels. The depth is bounded by the builder.
    pub(super) fn extent(&self) -> (usize, usize) {
        let below = |(size, depth): (usize, usize), node: &Self| {
            let (more, levels) = node.extent();
            (size + more, depth.max(levels))
        };
        let (size, depth) = match &self.value {
            Value::Null | Value::Plain(_) | Value::Quoted(_) => (0, 0),
            Value::Sequence(nodes) => nodes.iter().fold((0, 0), below),
            Value::Mapping(entries) => entries.iter().map(|(_, node)| node).fold((0, 0), below),
        };
        (size + 1, depth + 1)
    }

    /// Takes the items out of the list that is the value of a key, so that each can be dropped once it is read.
    pub(crate) fn take_items(&mut self, key: &str) -> Vec<Self> {
        let Value::Mapping(entries) = &mut self.value else {
            return Vec::new();
        };
        let entry = entries.iter_mut().find(|(name, _)| &*name.name == key);
        match entry.map(|(_, node)| &mut node.value) {
            Some(Value::Sequence(nodes)) => std::mem::take(nodes).into_vec(),
            _ => Vec::new(),
        }
    }

    /// Describes the value for messages: "a list".
    pub(crate) fn kind(&self) -> &'static str {
        match &self.value {
            Value::Null => "nothing",
            Value::Plain(_) | Value::Quoted(_) => "a text",
            Value::Sequence(_) => "a list",
            Value::Mapping(_) => "a mapping",
        }
    }
}
