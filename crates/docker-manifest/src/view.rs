//! A manifest, list or draft as `inspect` shows it: one model, as JSON and as a table.
//!
//! | module | holds |
//! | --- | --- |
//! | `model` | the fields, which are those of the JSON form (`docs/schemas/inspect.schema.json`) |
//! | `build` | the model of a manifest |
//! | `changes` | the changes that a draft makes to the list in the registry |
//! | `config` | the parts of an image's configuration that are shown |
//! | `table` | the model as a table |
//! | `sections` | layers, history and attestations as tables |
//! | `age` | the time since an image was built |

mod age;
mod build;
mod changes;
mod config;
mod model;
mod sections;
mod table;

pub(crate) use build::{Details, predicate_type};
pub(crate) use config::ConfigFile;
pub(crate) use model::{Attestation, LiveState, LiveView, ManifestView, Origin, Selection};
pub(crate) use table::Layout;

#[cfg(test)]
mod tests;
