mod child;
mod diagnose;
mod push;
mod push_plan;
mod referrers;
mod referrers_index;
mod release;
mod transfer_children;
mod verify;

pub use child::Child;
pub use push::{
    ObservedTag, Precondition, Publication, Published, Tagged, TransferEstimate, WatchedTags,
};
pub use referrers::{Referrers, SkipReason, Skipped};
pub use release::{DryRun, PlannedBlob, Released, TagResult};

pub(crate) use push::Push;
pub(crate) use release::beside;
pub(crate) use verify::{Seen, look_for};
