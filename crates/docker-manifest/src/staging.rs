//! Drafts in a repository of a registry, on which several machines work at once. `docs/store-format.md` describes the protocol.
//!
//! A staged draft is a set of *parts*: one for each source, with its entries, and one for each setting. Each part is an OCI artifact
//! under a tag of its own, which is made of the names of the list and of the part. So two machines that add different images never
//! write the same tag, and there is nothing that one of them could read, change and write back over the other's change.
//!
//! | module | holds |
//! | --- | --- |
//! | `staged_store` | [`StagedStore`]: drafts as a whole |
//! | `reader` | reading parts: by the list of tags, or by name |
//! | `writer` | writing and removing parts |
//! | `assemble` | a draft from its parts, and the parts of a draft |
//! | `part_key` | the names of parts, and their tags |
//! | `artifact` | the artifact of a part, in each form that registries accept |
//! | `limits` | bounds |

mod artifact;
mod assemble;
mod limits;
mod part_key;
mod reader;
mod staged_store;
mod writer;

pub(crate) use staged_store::{Scope, StagedDraft, StagedStore};
