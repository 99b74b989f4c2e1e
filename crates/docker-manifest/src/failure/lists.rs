//! Failures of lists that spec files describe.

use manifest_core::{Platform, Reference, Source};
use manifest_registry::redact;

use crate::exit::Exit;

/// A failure of a list that a spec file describes, or of a run over many of them.
#[derive(Debug, thiserror::Error)]
pub enum ListFailure {
    /// A list has no image for the platform that is stated for it.
    #[error("{image} is a list, and has no image for {}", redact::printable(&platform.to_string()))]
    NoImageInList {
        /// The list.
        image: Box<Source>,
        /// The platform.
        platform: Box<Platform>,
    },
    /// A part of a platform that cannot choose among the images of a list is stated for one.
    #[error("{image} is a list: its images have platforms of their own")]
    ListWithPlatform {
        /// The list.
        image: Box<Source>,
    },
    /// Two lists of spec files would have the same draft.
    #[error("two lists have the draft {list}")]
    SameDraft {
        /// The name of the draft.
        list: Box<Reference>,
    },
    /// A draft is to have an image for several platforms.
    #[error("the draft of {list} cannot have {image} twice")]
    RepeatedInDraft {
        /// The list.
        list: Box<Reference>,
        /// The image.
        image: Box<Source>,
    },
    /// A list of a run is made of another one, so that the result would depend on which of them is published first.
    #[error(
        "{image}, which the list at {user} is made of, is itself published by this run, at {publisher}"
    )]
    SourceIsTarget {
        /// The image.
        image: Box<Reference>,
        /// The place of the list that is made of it.
        user: String,
        /// The place of the list that is published under its name.
        publisher: String,
    },
    /// A published list would lose images, because their sources do not exist any more.
    #[error("{target} would lose {platforms}, because an image does not exist any more")]
    WouldPrune {
        /// The target.
        target: Box<Reference>,
        /// The platforms.
        platforms: String,
    },
    /// A signal stopped the run before all lists were published.
    #[error("interrupted: {unfinished} of {lists} lists were not published")]
    Interrupted {
        /// The number of lists that were not published.
        unfinished: usize,
        /// The number of all lists.
        lists: usize,
    },
    /// Some lists of a run were not published. The error of each was reported.
    #[error("{failed} of {lists} lists failed")]
    SomeFailed {
        /// The number of lists that failed.
        failed: usize,
        /// The number of all lists.
        lists: usize,
        /// Whether the run was to publish, and not only to check or to plan.
        publishes: bool,
        /// The exit code.
        exit: Exit,
    },
}

impl ListFailure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::SomeFailed { exit, .. } => *exit,
            Self::WouldPrune { .. } => Exit::Conflict,
            _ => Exit::Failure,
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NoImageInList { image, .. } => {
                return Some(format!(
                    "`docker-manifest inspect {image}` shows its platforms"
                ));
            }
            Self::ListWithPlatform { .. } => {
                "`os` and `architecture`, with `variant` and `osversion` if needed, choose among its images"
            }
            Self::SameDraft { .. } => "give each list a tag of its own",
            Self::RepeatedInDraft { .. } => "`apply` publishes such a list, without a draft",
            Self::SourceIsTarget { .. } => "publish one after the other, in two runs of `apply`",
            Self::WouldPrune { .. } => "`--prune-missing` publishes the list without these images",
            Self::SomeFailed {
                publishes: false, ..
            } => return None,
            Self::SomeFailed { .. } | Self::Interrupted { .. } => {
                "run the command again: lists that are published already cost one request for each tag"
            }
        };
        Some(hint.to_owned())
    }
}
