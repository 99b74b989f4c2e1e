//! A document as a tree.

use std::borrow::Cow;

use crate::position::Mark;

/// A value, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node<'a> {
    /// The place of its first character. The copy of an anchored value has the place of the alias.
    pub(crate) mark: Mark,
    /// The value.
    pub(crate) value: Value<'a>,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// Nothing, `~` or `null`.
    Null,
    /// A text without quotes: a text, a number, or `true` and `false`.
    Plain(Cow<'a, str>),
    /// A text in quotes, or in a block.
    Quoted(Cow<'a, str>),
    /// A list.
    Sequence(Vec<Node<'a>>),
    /// Keys with values, in the order of the file. No key is there twice.
    Mapping(Vec<(Key<'a>, Node<'a>)>),
}

/// A key of a mapping, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Key<'a> {
    /// The place of its first character.
    pub(crate) mark: Mark,
    /// The key.
    pub(crate) name: Cow<'a, str>,
}

impl Node<'_> {
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
