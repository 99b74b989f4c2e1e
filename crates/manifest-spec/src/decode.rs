//! Documents as lists.
//!
//! | module | holds |
//! | --- | --- |
//! | `run` | the state of a run: lists, their names, errors |
//! | `decoder` | the state while one file is read |
//! | `fields` | the keys of a mapping |
//! | `scalars` | texts, words and lists of them, with variables filled in |
//! | `options` | the values of the keys that lists and defaults share |
//! | `option_keys` | these keys |
//! | `list` | a list |
//! | `image` | an image of a list, and its platform |
//! | `document` | a document: one list or many, defaults, variables |

mod decoder;
mod document;
mod fields;
mod image;
mod list;
mod option_keys;
mod options;
mod run;
mod scalars;

pub(crate) use decoder::{Decoder, FileScope};
pub(crate) use run::{Dialect, Run};
