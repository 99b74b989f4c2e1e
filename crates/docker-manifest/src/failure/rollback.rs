//! The reasons why a tag cannot be put back.

use std::path::PathBuf;

use manifest_core::{Digest, Reference};
use manifest_registry::redact;

use crate::exit::Exit;

/// The most tags or manifests that an error names.
const NAMED: usize = 20;

/// The reason why a tag cannot be put back.
#[derive(Debug, thiserror::Error)]
pub enum RollbackError {
    /// The journal has no record of a tag.
    #[error("the journal has no record of {tag}")]
    NoRecord {
        /// The tag.
        tag: Box<Reference>,
        /// The journal.
        journal: PathBuf,
    },
    /// The journal has no run with this identifier.
    #[error("the journal has no run {:?}", redact::printable(run))]
    NoRun {
        /// The identifier, or its start.
        run: String,
    },
    /// Several runs have an identifier that starts like this.
    #[error("{run:?} is the start of several runs: {}", redact::printable(&found.join(", ")))]
    AmbiguousRun {
        /// The start of the identifier.
        run: String,
        /// The runs.
        found: Vec<String>,
    },
    /// The journal has lost records of a run.
    #[error(
        "the oldest records of run {run} were dropped, because the journal had become too long"
    )]
    IncompleteRun {
        /// The run.
        run: String,
    },
    /// A name has no tag.
    #[error("{} is not a tag", redact::printable(name))]
    NotATag {
        /// The name, as typed.
        name: String,
    },
    /// A run, or a report, has no such tag.
    #[error("{place} did not write {tag}")]
    NotWritten {
        /// The tag.
        tag: Box<Reference>,
        /// The run or the file.
        place: String,
    },
    /// A file is not the report of a publication.
    #[error("{path} is not a report of this program: {reason}")]
    NotAReport {
        /// The file.
        path: String,
        /// The reason.
        reason: String,
    },
    /// Tags that did not exist before.
    #[error("{}", lines(tags, |tag| format!("{tag} did not exist before, and writing a tag cannot delete it")))]
    DidNotExist {
        /// The tags.
        tags: Vec<Reference>,
    },
    /// It is not known where tags pointed before.
    #[error("{}", lines(tags, |tag| format!("{place} does not say where {tag} pointed before")))]
    UnknownBefore {
        /// The tags.
        tags: Vec<Reference>,
        /// The journal, or the file.
        place: String,
    },
    /// Manifests that the registry no longer has.
    #[error("{}", lines(gone, ToString::to_string))]
    Gone {
        /// The manifests.
        gone: Vec<GoneManifest>,
    },
    /// Tags that no longer point to the digest that was written.
    #[error("{}", lines(moved, ToString::to_string))]
    Moved {
        /// The tags.
        moved: Vec<MovedTag>,
    },
    /// More tags than are put back at once.
    #[error("{found} tags are more than are rolled back at once: {limit}")]
    TooMany {
        /// Their number.
        found: usize,
        /// The limit.
        limit: usize,
    },
}

/// A manifest that the registry no longer has.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{tag} cannot be put back: the registry no longer has {manifest}{}", of_list(list.as_ref()))]
pub struct GoneManifest {
    /// The tag that would point to it, or to its list.
    pub tag: Reference,
    /// The manifest.
    pub manifest: Reference,
    /// The list that it is a part of, if it is not the one that the tag pointed to.
    pub list: Option<Digest>,
}

/// A tag that has moved since it was written.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{tag} has moved since it was written: it was {live}, {}", now(found.as_ref()))]
pub struct MovedTag {
    /// The tag.
    pub tag: Reference,
    /// The digest that it was to point to.
    pub live: Digest,
    /// The digest that it points to. `None` if it no longer exists.
    pub found: Option<Digest>,
    /// The digest that it would be put back to.
    pub to: Digest,
}

fn of_list(list: Option<&Digest>) -> String {
    list.map(|list| format!(", an image of {list}"))
        .unwrap_or_default()
}

fn now(found: Option<&Digest>) -> String {
    match found {
        Some(found) => format!("it is now {found}"),
        None => "it no longer exists".to_owned(),
    }
}

/// Returns a line for each of the first items, and one for the number of the others.
fn lines<T>(items: &[T], text: impl Fn(&T) -> String) -> String {
    let mut lines: Vec<String> = items.iter().take(NAMED).map(text).collect();
    if let Some(more) = items.len().checked_sub(NAMED).filter(|more| *more > 0) {
        lines.push(format!("... and {more} more"));
    }
    lines.join("\n")
}

impl RollbackError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Moved { .. } => Exit::Conflict,
            _ => Exit::Failure,
        }
    }

    pub(super) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoRecord { journal, .. } => format!(
                "the journal is {}; without a record, `--from` takes the report of the push, and `--to OLD --expect-digest LIVE` names both digests",
                journal.display()
            ),
            Self::NoRun { .. } => "`docker-manifest history` shows the runs".to_owned(),
            Self::AmbiguousRun { .. } => "add more characters of its ID".to_owned(),
            Self::IncompleteRun { run } => format!(
                "name the tags that are to be put back: `docker-manifest rollback --run {run} TAG...`"
            ),
            Self::NotATag { .. } => {
                "name tags: `docker-manifest history` shows those that were written".to_owned()
            }
            Self::NotWritten { .. } => {
                "`docker-manifest history TAG` shows which runs wrote a tag".to_owned()
            }
            Self::DidNotExist { tags } if tags.len() == 1 => format!(
                "delete it in the registry, or point it to another manifest: `docker-manifest rollback --to DIGEST {}`; with `--run` and `--from`, `--skip-new` leaves it alone",
                tags[0]
            ),
            Self::DidNotExist { .. } => {
                "`--skip-new` leaves them alone and puts the others back; delete them in the registry if they must go".to_owned()
            }
            Self::UnknownBefore { .. } => {
                "name the digest: `docker-manifest rollback --to DIGEST TAG`; a report has none of a tag that did not exist, which `--skip-new` leaves alone".to_owned()
            }
            Self::Gone { .. } => {
                "nothing was written; `docker-manifest history TAG` shows older digests, and `--to DIGEST` puts one of them back"
                    .to_owned()
            }
            Self::Moved { moved } => return moved.first().map(MovedTag::hint),
            Self::TooMany { .. } => "name the tags that are to be put back, in several steps".to_owned(),
            Self::NotAReport { .. } => {
                "--from takes the report of `apply`, the output of `push --format json`, and the file of `push --metadata-file`"
                    .to_owned()
            }
        })
    }
}

impl MovedTag {
    fn hint(&self) -> String {
        let Self { tag, found, to, .. } = self;
        match found {
            Some(found) => format!(
                "nothing was written; `docker-manifest rollback --expect-digest {found} --to {to} {tag}` replaces it anyway"
            ),
            None => format!(
                "nothing was written; `docker-manifest tag {}@{to} {tag}` makes it again",
                tag.repository()
            ),
        }
    }
}
