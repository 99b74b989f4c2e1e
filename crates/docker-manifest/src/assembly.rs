//! Assembly: a draft of sources, in one way for all commands, so that a list has one digest, whichever way it is made.
//!
//! | module | holds |
//! | --- | --- |
//! | `spec_list` | a list that a spec file describes, as sources and options |
//! | `recipe` | everything that decides the digest of such a list |
//! | `draft` | composing the draft of resolved sources |
//! | `resolve` | resolving all sources, the subject, and what stays of an existing draft |
//! | `shared_sources` | sources that several lists have, each of which is read once |
//! | `listed_image` | a source with the platform and annotations that its entries get |
//! | `subject` | the name of a subject |
//! | `options` | the choices that do not come from the sources |

mod draft;
mod listed_image;
mod options;
mod recipe;
mod resolve;
mod shared_sources;
mod spec_list;
mod subject;

pub(crate) use draft::{compose_draft, refuse_repeated};
pub(crate) use listed_image::ListedImage;
pub(crate) use options::{AssemblyOptions, ListOptions};
pub(crate) use resolve::{Assembler, Resolution, ResolveRequest, refuse_other_registries};
pub(crate) use shared_sources::{SharedSources, SourceCounter};
pub(crate) use spec_list::{SpecList, SpecOptions};
pub(crate) use subject::parse_subject;
