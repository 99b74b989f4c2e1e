//! The reasons why a draft in a registry cannot be read or written.

use manifest_core::reference::Repository;
use manifest_core::{DocumentError, Reference, Source};
use manifest_registry::{RegistryError, redact};

use crate::exit::Exit;

/// A draft in a registry cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StageError {
    /// The repository for drafts has a tag or digest.
    #[error(
        "{setting} is {}, and a repository is expected",
        redact::printable(text)
    )]
    NotARepository {
        /// The flag or variable.
        setting: &'static str,
        /// The name, as typed.
        text: String,
        /// Its repository.
        repository: Box<Repository>,
    },
    /// A newer version of this program wrote a part of a draft.
    #[error("a newer version of docker-manifest staged {tag}")]
    NewerVersion {
        /// The tag of the part.
        tag: Box<Reference>,
    },
    /// A tag that is reserved for drafts points to something else.
    #[error("{tag} is not a part of a draft: {reason}")]
    Foreign {
        /// The tag.
        tag: Box<Reference>,
        /// The difference.
        reason: &'static str,
    },
    /// The content of a part is damaged.
    #[error("the staged {tag} is damaged")]
    Damaged {
        /// The tag of the part.
        tag: Box<Reference>,
        /// The damage.
        source: DocumentError,
    },
    /// The draft exists, and `create` has no `--amend`.
    #[error("refusing to amend an existing manifest list with no --amend flag")]
    RefusingToAmend {
        /// The list.
        list: Box<Reference>,
        /// The repository.
        repository: Box<Repository>,
    },
    /// There are more parts than are read at once.
    #[error("{repository} has {count} parts of drafts, the limit is {limit}")]
    TooManyParts {
        /// The repository.
        repository: Box<Repository>,
        /// The number of parts.
        count: usize,
        /// The limit.
        limit: usize,
    },
    /// The entries of one source are too large for one part.
    #[error("the entries of {source_image} are too large to be staged")]
    TooLarge {
        /// The source.
        source_image: Box<Source>,
    },
    /// A source is on this machine, where the machine that pushes cannot read it.
    #[error("{location} is on this machine, so it cannot be staged in {repository}")]
    LocalSource {
        /// The location of the source.
        location: String,
        /// The repository.
        repository: Box<Repository>,
    },
    /// The registry does not list the tags of the repository.
    #[error("cannot find the drafts in {repository}")]
    NotListed {
        /// The repository.
        repository: Box<Repository>,
        /// The response of the registry.
        source: RegistryError,
    },
}

impl StageError {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::NotARepository { .. } => Exit::Usage,
            Self::NotListed { source, .. } if source.is_unauthorized() => Exit::Unauthorized,
            Self::NotListed { source, .. } if source.is_rate_limited() => Exit::RateLimited,
            Self::NotListed { source, .. } if source.is_unavailable() => Exit::Unavailable,
            _ => Exit::Failure,
        }
    }

    /// Returns the remedies.
    pub(super) fn hints(&self) -> Vec<String> {
        let own = match self {
            Self::NotARepository { text, .. } if is_host_with_port(text) => {
                format!("name a repository of the registry, such as {text}/drafts")
            }
            Self::NotARepository { repository, .. } => {
                format!("leave the tag or digest out: {repository}")
            }
            Self::NewerVersion { tag } => format!(
                "upgrade docker-manifest on this machine, or remove the draft: `docker-manifest rm --stage {} MANIFEST_LIST`",
                tag.repository()
            ),
            Self::Foreign { .. } => {
                "use a repository for drafts alone, or remove the tag".to_owned()
            }
            Self::Damaged { tag, .. } => format!(
                "add the image again with `create --amend`, or remove the draft: `docker-manifest rm --stage {} MANIFEST_LIST`",
                tag.repository()
            ),
            Self::RefusingToAmend { list, repository } => format!(
                "`--amend` adds to the draft, `docker-manifest rm --stage {repository} {list}` removes it"
            ),
            Self::TooManyParts { .. } => {
                "remove old drafts with `docker-manifest prune --stage`, or use another repository"
                    .to_owned()
            }
            Self::TooLarge { .. } => {
                "name the images of the index one by one".to_owned()
            }
            Self::LocalSource { .. } => {
                "push the image first, such as with `docker-manifest create --push --by-digest`, and stage it by its digest"
                    .to_owned()
            }
            Self::NotListed { source, .. } => {
                // A registry that gave no response, or has to be asked later, refuses nobody.
                let is_transient = source.is_unavailable() || source.is_rate_limited();
                let is_refusal = source.is_unauthorized() || source.status().is_some();
                let is_refusal = is_refusal && !is_transient;
                let own = is_refusal.then(|| {
                    "drafts in a registry are found by the list of its tags, which needs the permission to pull; \
                    of the commands only `create --amend` works without it"
                        .to_owned()
                });
                return source.hint().into_iter().chain(own).collect();
            }
        };
        vec![own]
    }
}

/// Tells whether a text is the name of a registry on a port, which reads as an image with a tag.
fn is_host_with_port(text: &str) -> bool {
    let port = text.rsplit_once(':').map(|(_, port)| port);
    !text.contains('/') && port.is_some_and(|port| port.parse::<u16>().is_ok())
}
