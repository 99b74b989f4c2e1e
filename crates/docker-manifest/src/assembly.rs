//! Assembly: a draft of sources, in one way for all commands, so that a list has one digest, whichever way it is made.
//!
//! | module | holds |
//! | --- | --- |
//! | `draft` | composing the draft of resolved sources |
//! | `resolve` | resolving all sources, the subject, and what stays of an existing draft |
//! | `subject` | the name of a subject |
//! | `options` | the choices that do not come from the sources |

mod draft;
mod options;
mod resolve;
mod subject;

pub(crate) use draft::compose_draft;
pub(crate) use options::{AssemblyOptions, ListOptions};
pub(crate) use resolve::{Assembler, Resolution, ResolveRequest, refuse_other_registries};
pub(crate) use subject::parse_subject;
