//! `inspect`: shows a draft, an entry of one, or a manifest in a registry or layout.
//!
//! | module | holds |
//! | --- | --- |
//! | `args` | the arguments |
//! | `run` | Docker's form, or another one |
//! | `docker` | the output of Docker's command, which is the default |
//! | `show` | the forms that Docker's command does not have |
//! | `form` | the choice of the form |
//! | `platform` | `--platform`: the choice of an engine |
//! | `live` | the registry's state under the name of a draft |
//! | `target` | the manifest that is shown, and the place that it is read from |
//! | `lookup` | drafts and their entries by name, and the registry client |
//! | `details` | the properties of entries that their own manifests state |
//! | `attestations` | the statements about images |
//! | `imagetools` | the fields that BuildKit's templates have |
//! | `reader` | reads of children and blobs |
//! | `flags` | the values of flags |
//! | `limits` | bounds |

mod args;
mod attestations;
mod details;
mod docker;
mod flags;
mod form;
mod imagetools;
mod limits;
mod live;
mod lookup;
mod platform;
mod reader;
mod run;
mod show;
mod target;

pub use args::Args;
pub(crate) use run::run;
