//! Publishing: children and blobs first, then the tags, then verification.
//!
//! | file | holds |
//! | --- | --- |
//! | `release` | `Client::release` to several repositories, `Client::publish` to one |
//! | `dry_run` | `Client::dry_run`: the writes that a release would make |
//! | `push_plan` | the content that the target lacks, and the steps to push it |
//! | `transfer_children` | blobs, then the manifests of children |
//! | `referrers_index` | the referrers tag schema of registries without the referrers API |
//! | `cosign_tag` | the tags of cosign, which must not lose signatures |
//! | `verify`, `diagnose` | verification after a push; the reason of a refused manifest |
//! | `probes` | HEAD requests for tags and children in the target |
//! | `push` | the context of one publication that all steps share |
//! | `mount_sources` | the repositories that blobs can be mounted from |
//! | `referrers` | `Client::referrers`: the referrers of manifests |
//! | `publication`, `child` | a manifest to publish; the manifests that it needs |

mod child;
mod cosign_tag;
mod diagnose;
mod dry_run;
mod mount_sources;
mod probes;
mod publication;
mod push;
mod push_plan;
mod referrers;
mod referrers_index;
mod release;
mod transfer_children;
mod verify;

pub use child::Child;
pub use dry_run::DryRun;
pub use publication::{
    ObservedTag, Precondition, Publication, Published, ReleaseStep, TagWrite, Tagged,
    TransferEstimate, WatchedTags,
};
pub use push_plan::PlannedBlob;
pub use referrers::{Referrers, SkipReason, SkippedReferrer};
pub use release::{Released, TagResult};
