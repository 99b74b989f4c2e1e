//! YAML (version 1.2.2) as a tree whose values know their places.
//!
//! | module | holds |
//! | --- | --- |
//! | `text` | bytes as text: encodings and forbidden characters |
//! | `node` | the tree |
//! | `documents` | the documents of a text, one tree each |
//! | `builder` | the events of the parser as a tree: aliases, merge keys, duplicate keys, bounds |

mod builder;
mod documents;
mod node;
mod text;

pub(crate) use documents::Documents;
pub(crate) use node::{Key, Node, Value};
pub(crate) use text::decode;

#[cfg(test)]
mod tests;
