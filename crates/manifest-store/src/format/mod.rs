//! The forms of our own files. What Docker's files hold is [`manifest_core::entry_json`]'s.

mod extras;
mod settings;

pub(crate) use extras::{Extras, ExtrasError, FolderId, Note, State, VERSION};
