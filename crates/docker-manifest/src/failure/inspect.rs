//! The reasons why `inspect` cannot show a manifest, or a part of it.

use std::collections::BTreeSet;

use manifest_core::{Digest, ManifestError, Reference};
use manifest_registry::redact;

use crate::excerpt::excerpt;
use crate::go_template::TemplateError;

/// The most platforms that a hint names.
const HINTED_PLATFORMS: usize = 20;

/// The longest reason why a template cannot be rendered, in characters. It may quote a part of the manifest.
const REASON_CHARS: usize = 300;

/// A manifest, or a part of it, cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// The list of a draft is not a usable manifest.
    #[error("the draft of {list} cannot be shown")]
    UnusableDraft {
        /// The list.
        list: Box<Reference>,
        /// The reason.
        source: ManifestError,
    },
    /// A part of a draft is in a registry, and none is asked.
    #[error("{} is only in a registry", redact::printable(name))]
    OnlyInRegistry {
        /// The image.
        name: String,
    },
    /// An engine would run no image of a list.
    #[error("{image} has no image that {engine} runs")]
    NoImageForEngine {
        /// The list.
        image: String,
        /// The platform of the engine.
        engine: String,
        /// The platforms of the list, each with the reason.
        found: Vec<String>,
    },
    /// A part of one image is asked for, and the list has several, or none.
    #[error("{image} is a list of {} images, and one is needed", platforms.len())]
    NeedsOneImage {
        /// The list.
        image: String,
        /// The platforms of the images.
        platforms: Vec<String>,
    },
    /// The statement of an attestation is malformed.
    #[error("the attestation {digest} cannot be read")]
    Statement {
        /// The statement.
        digest: Digest,
        /// The reason.
        source: serde_json::Error,
    },
    /// A template cannot be rendered.
    #[error("the template cannot be rendered: {}", excerpt(&redact::printable(&.0.to_string()), REASON_CHARS))]
    Template(#[from] TemplateError),
}

impl InspectError {
    /// Returns the remedy.
    pub(super) fn hint(&self) -> Option<String> {
        let platforms = |platforms: &[String]| {
            let mut seen = BTreeSet::new();
            let platforms = platforms.iter();
            let platforms: Vec<&String> = platforms.filter(|name| seen.insert(*name)).collect();
            let shown = platforms.iter().take(HINTED_PLATFORMS);
            let shown: Vec<String> = shown.map(|platform| redact::printable(platform)).collect();
            let more = platforms.len().saturating_sub(HINTED_PLATFORMS);
            let more = if more == 0 {
                String::new()
            } else {
                format!(" and {more} more")
            };
            format!("{}{more}", shown.join(", "))
        };
        Some(match self {
            Self::NoImageForEngine { found, .. } if found.is_empty() => {
                "it has no images with a platform".to_owned()
            }
            Self::NoImageForEngine { found, .. } => format!("it has {}", platforms(found)),
            Self::NeedsOneImage {
                platforms: found, ..
            } if !found.is_empty() => {
                format!("choose one with `--platform`: {}", platforms(found))
            }
            Self::OnlyInRegistry { .. } => "leave out `--local`".to_owned(),
            Self::Template(_) => {
                "`--format json` shows the fields; in templates their names begin with a capital letter"
                    .to_owned()
            }
            _ => return None,
        })
    }
}
