//! The sources of a list: from arguments to entries.
//!
//! | module | holds |
//! | --- | --- |
//! | `resolve` | resolving sources, by registries and layouts |
//! | `flatten` | the choice among the children of a list |
//! | `lazy_layout` | image layouts on this machine, opened on first use |
//! | `source_args` | the arguments and flags that name sources |
//! | `buildkit_metadata` | BuildKit's metadata files |
//! | `source_spec` | a source |
//! | `tag_pattern` | a pattern for the tags of a repository |
//! | `tag_search` | the search for the tags that patterns name |
//! | `wait` | waiting for sources that do not exist yet |
//! | `limits` | bounds |

mod buildkit_metadata;
mod flatten;
mod lazy_layout;
mod limits;
mod resolve;
mod source_args;
mod source_spec;
mod tag_pattern;
mod tag_search;
mod wait;

pub(crate) use flatten::{ChildFilter, is_list};
pub(crate) use lazy_layout::LazyLayout;
pub(crate) use limits::MATCHED_TAGS;
pub(crate) use resolve::{Resolved, Resolver, resolve_all};
pub(crate) use source_args::SourceArgs;
pub(crate) use source_spec::{SourceSpec, refuse_truncated_digest};
pub(crate) use tag_search::{FoundSources, NamedSource, TagSearch};
pub(crate) use wait::{Wait, WaitLimit, WaitState, names_of};
