//! Publishing: a draft to one tag as Docker's `push` does, or to many; a manifest under other names; a list to a layout.
//!
//! | module | holds |
//! | --- | --- |
//! | `draft` | publishing a draft: the checks of the draft itself, then `send` or `layout` |
//! | `copy` | publishing a manifest under other names, byte for byte |
//! | `restore` | putting tags back to the manifests that they pointed to before |
//! | `send` | publishing to registries, step by step |
//! | `layout` | `--to`: an image layout on this machine instead of a registry |
//! | `dry_run` | `--dry-run` |
//! | `checks` | the checks against the current content of the registries |
//! | `moved_target` | a target that has changed since the draft was made |
//! | `referrers` | `--referrers` |
//! | `children` | the manifests that a target repository may lack |
//! | `job` | the manifest that is published |
//! | `moved_sources` | sources that have moved since the draft was made |
//! | `local_layouts` | the layouts on this machine that a draft has entries from |
//! | `notes` | the notes of written tags in the journal |
//! | `outcome` | the result for each target |
//! | `report_files` | the files that a report is written to |
//! | `report` | the report of a list, as text and as JSON |
//! | `child_tags` | `--child-tags` |
//! | `target_state` | the states of targets, as texts and reports name them |
//! | `targets` | the references that a list is published under |
//! | `freshness` | whether sources may have moved at all |
//! | `publisher` | client, flags and context |
//! | `published` | the result of a publication |

mod checks;
mod child_tags;
mod children;
mod copy;
mod draft;
mod dry_run;
mod freshness;
mod job;
mod layout;
mod local_layouts;
mod moved_sources;
mod moved_target;
mod notes;
mod outcome;
mod published;
mod publisher;
mod referrers;
mod report;
mod report_files;
mod restore;
mod send;
mod target_state;
mod targets;

pub(crate) use copy::copy;
pub(crate) use draft::{CheckedDraft, publish_checked, publish_draft};
pub(crate) use freshness::Freshness;
pub(crate) use moved_sources::drafted_tags;
pub(crate) use moved_target::{list_tag, record_pushed, warn_of_stale_draft};
pub(crate) use published::Published;
pub(crate) use publisher::Publisher;
pub(crate) use report::TargetReport;
pub(crate) use report_files::TARGETS_KEY;
pub(crate) use restore::{Restoration, restore};
pub(crate) use target_state::TargetState;
pub(crate) use targets::{early_probes, known_targets};
