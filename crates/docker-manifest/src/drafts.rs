//! The drafts that a command works on: in the folder on this machine, or in a repository of a registry.
//!
//! | module | holds |
//! | --- | --- |
//! | `draft_store` | [`DraftStore`], the one choice between the two |
//! | `listed_draft` | one draft in a listing |
//! | `stage` | the repository of `--stage` and `DOCKER_MANIFEST_STAGE` |

mod draft_store;
mod listed_draft;
mod stage;

pub(crate) use draft_store::{DraftStore, RegistryAccess};
pub(crate) use listed_draft::{ListedDraft, ListedResult, listed_name};
pub(crate) use stage::refuse_stage;
