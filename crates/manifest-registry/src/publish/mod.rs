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
    ObservedTag, Precondition, Publication, Published, Tagged, TransferEstimate, WatchedTags,
};
pub use push_plan::PlannedBlob;
pub use referrers::{Referrers, SkipReason, Skipped};
pub use release::{Released, TagResult};
