//! Every way in which a command fails: what is said, what can be done about it, and the exit code.

mod hints;

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use manifest_core::draft::PayloadError;
use manifest_core::edit::UnsupportedPair;
use manifest_core::settings::NeedsOciIndex;
use manifest_core::{Digest, PlatformNameError, Reference, ReferenceError, Source, TagState};
use manifest_layout::{LayoutError, LocationError};
use manifest_registry::{RegistryError, redact};
use manifest_store::StoreError;

use crate::cli::usage::UsageError;
use crate::exit::Exit;
use crate::output::Output;
use crate::sources::metadata::MetadataError;

/// Why a command failed. Where Docker's text is right, this says the same.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A reference does not follow the grammar.
    #[error("{}", redact::printable(&format!("{}{source}", prefix.as_ref().map(|prefix| format!("{prefix}: ")).unwrap_or_default())))]
    Reference {
        /// What Docker puts before the reason.
        prefix: Option<String>,
        /// The reason, which is in the text already.
        source: ReferenceError,
    },
    /// A digest that is too short, or too long. To Docker it is a name with a tag.
    #[error("{text} looks like a cut digest: a full one has {digits} lower-case hex characters")]
    CutDigest {
        /// What was given, with the place where it stands if that is a file.
        text: String,
        /// What was given.
        name: String,
        /// How many digits there should be.
        digits: usize,
    },
    /// A draft is there, and `create` was not told to add to it.
    #[error("refusing to amend an existing manifest list with no --amend flag")]
    RefusingToAmend {
        /// The list.
        list: Reference,
    },
    /// Lists in lists, without end.
    #[error("{image} is a list {depth} lists deep, which is not followed further")]
    TooDeep {
        /// The list.
        image: Reference,
        /// How deep it is.
        depth: usize,
    },
    /// A file or folder with names in it cannot be read.
    #[error("cannot read {}", path.display())]
    Input {
        /// The file or folder; `-` is standard input.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file in a folder of digests is named otherwise.
    #[error("{} is not named by a digest", path.display())]
    NoDigest {
        /// The file.
        path: PathBuf,
    },
    /// A folder of digests is empty.
    #[error("there are no digests in {}", folder.display())]
    NoDigests {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is none of BuildKit's metadata files.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// None of the sources has something for a platform that is wanted.
    #[error("no source has an image for {missing}")]
    NothingFor {
        /// The platforms.
        missing: String,
    },
    /// All sources were skipped, or have nothing in them.
    #[error("nothing is left for {list}: there is no image in what was named")]
    NothingLeft {
        /// The list.
        list: Reference,
    },
    /// A list lacks a platform that it has to have.
    #[error("{list} has no image for {missing}")]
    Required {
        /// The list.
        list: Box<Reference>,
        /// The platforms.
        missing: String,
    },
    /// Two images are for one platform.
    #[error("{first} and {second} are both for {platform}")]
    Duplicate {
        /// The image that clients would see.
        first: Box<Reference>,
        /// The one that they would not.
        second: Box<Reference>,
        /// The platform.
        platform: String,
    },
    /// Warnings, where none shall be.
    #[error("{}", .0.iter().map(|warning| redact::printable(warning)).collect::<Vec<_>>().join("\n"))]
    Strict(Vec<String>),
    /// A flag of `push` was given to a `create` that does not push.
    #[error("{flag} is for pushing, and nothing is pushed")]
    NeedsPush {
        /// The flag.
        flag: &'static str,
    },
    /// A flag for registries was given where a layout is written.
    #[error("{flag} is for registries, and --to writes to none")]
    NeedsRegistry {
        /// The flag.
        flag: &'static str,
    },
    /// What a list is to be written to is no layout.
    #[error(
        "{text:?} is nothing that can be written to: it has to be oci-layout://DIR or oci-layout://DIR:TAG"
    )]
    NoLayout {
        /// What was given.
        text: String,
    },
    /// Two flags contradict each other.
    #[error("{flag} chooses among the images of an index, and --no-flatten puts it in as it is")]
    NotFlattened {
        /// The flag that cannot do anything.
        flag: &'static str,
    },
    /// There is nothing to amend where no draft is kept.
    #[error("--amend adds to a draft, and --push keeps none")]
    AmendAndPush,
    /// A tag that the list was made of has moved.
    #[error("{source_image} has moved since the list was made: it was {then}, it is {now}")]
    Moved {
        /// The tag.
        source_image: Box<Source>,
        /// What it showed.
        then: Box<Digest>,
        /// What it shows.
        now: Box<Digest>,
    },
    /// The tag that a draft is pushed to has moved.
    #[error(
        "{list} has changed since the draft was made: it points to {now} now ({})",
        then_shown(then)
    )]
    TargetMoved {
        /// The tag.
        list: Box<Reference>,
        /// What it showed.
        then: TagState,
        /// What it shows.
        now: Box<Digest>,
    },
    /// What a tag shows now lacks what the list has of it.
    #[error("{source_image} has no image for {missing} any more, and {list} has one of it")]
    Lost {
        /// The tag.
        source_image: Box<Source>,
        /// The list.
        list: Box<Reference>,
        /// The platforms.
        missing: String,
    },
    /// Not all tags could be written.
    #[error("{}", partly(live, failed))]
    Partly {
        /// The tags that show it.
        live: Vec<String>,
        /// Why the others do not.
        failed: Vec<RegistryError>,
    },
    /// An image of the list cannot have the tag that it would get.
    #[error("{image} cannot be tagged {name:?}: {reason}")]
    ChildTag {
        /// The tag.
        name: String,
        /// The image.
        image: Box<Reference>,
        /// Why not.
        reason: String,
    },
    /// A name that is to be written names another digest than what is published has.
    #[error("{target} names a digest, and what is published is {digest}")]
    OtherDigest {
        /// The name.
        target: Box<Reference>,
        /// What is published.
        digest: Digest,
    },
    /// Two flags that do not go together.
    #[error("{first} and {second} do not go together: {reason}")]
    Contradiction {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// A tag of cosign's in a layout has something that is not in what was to be written there.
    #[error("{tag} in {} has signatures that the source has not, and lacks some: neither is overwritten", place.display())]
    SignaturesDiffer {
        /// The layout.
        place: PathBuf,
        /// The tag.
        tag: String,
    },
    /// A file with what was pushed cannot be written.
    #[error("cannot write {}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// `--github-output` outside of GitHub's runners.
    #[error("$GITHUB_OUTPUT is not set, so --github-output has nowhere to write to")]
    NoGithubOutput,
    /// The list's type cannot carry what is in it.
    #[error(transparent)]
    NeedsOciIndex(#[from] NeedsOciIndex),
    /// A source is in another registry, and nothing shall be copied.
    #[error("{image} is not in the registry of {list}, and --no-copy is given")]
    Elsewhere {
        /// The image.
        image: Box<Reference>,
        /// The list.
        list: Box<Reference>,
    },
    /// There is no such draft.
    #[error("No such manifest: {reference}")]
    NoDraft {
        /// What was looked for.
        reference: Box<Reference>,
        /// The folder that was searched.
        searched: PathBuf,
    },
    /// There is no such draft, and it was to be deleted.
    #[error("No such manifest: {reference}")]
    NothingToRemove {
        /// The list.
        reference: Box<Reference>,
        /// The folder that was searched.
        searched: PathBuf,
    },
    /// A draft has no such entry, or is not there itself. This is what `inspect` says.
    #[error("No such manifest: {image}")]
    NotInDraft {
        /// The image: in full where it is a reference.
        image: String,
        /// Why it was not found.
        lookup: DraftLookup,
    },
    /// A draft has no entries.
    #[error("{list} not found")]
    EmptyDraft {
        /// The list.
        list: Reference,
    },
    /// What was to be annotated is not there, or its draft is not.
    #[error("manifest for image {image} does not exist in {list}")]
    NoEntry {
        /// The image, as typed.
        image: String,
        /// The list, as typed.
        list: String,
        /// Why it was not found.
        lookup: DraftLookup,
    },
    /// What was to be annotated is several images.
    #[error("{image} is several images: {}", found.join(", "))]
    Ambiguous {
        /// What was named, as typed.
        image: String,
        /// The images.
        found: Vec<String>,
    },
    /// A text names no platform.
    #[error(transparent)]
    PlatformName(#[from] PlatformNameError),
    /// An entry says nothing of what it runs on.
    #[error("manifest {image} must have an OS and Architecture to be pushed to a registry")]
    NoPlatform {
        /// The image.
        image: Reference,
    },
    /// An entry has no manifest in it.
    #[error("{image} has no payload")]
    NoPayload {
        /// The image.
        image: Reference,
    },
    /// An entry's os and architecture do not go together.
    #[error("{}", redact::printable(&.0.to_string()))]
    Pair(#[from] UnsupportedPair),
    /// An entry's manifest cannot be had byte for byte.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A draft could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A registry refused, or could not be reached.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Registries were asked for the sources of a list, and do not have these. The first is reported as Docker does.
    #[error("{}", missing(.0))]
    NoSources(Vec<RegistryError>),
    /// There is neither a draft of a list nor anything in its registry.
    #[error("{}", missing(std::slice::from_ref(error.as_ref())))]
    NeitherDraftNorPublished {
        /// What the registry answered.
        error: Box<RegistryError>,
        /// The list.
        list: Box<Reference>,
        /// The folder that was searched.
        searched: PathBuf,
    },
    /// An image on this machine could not be read, or written.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// A text names no image on this machine.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The configuration of an image on this machine is no JSON of the right form.
    #[error("the image config {digest} of {location} cannot be read")]
    LocalConfig {
        /// Where the image is.
        location: String,
        /// The configuration.
        digest: Digest,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// Several things failed, each for itself.
    #[error("{}", .0.iter().map(describe).collect::<Vec<_>>().join("\n"))]
    Several(Vec<Failure>),
    /// Standard output cannot be written to.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    /// There is no place for drafts and configuration.
    #[error("the user has no home folder")]
    NoHome,
    /// A file that a flag or a variable names cannot be read.
    #[error("cannot read {} of {setting}", path.display())]
    Setting {
        /// The flag or variable.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A part of a variable is not of its form.
    #[error("{setting}: {item:?}: {reason}")]
    Value {
        /// The variable.
        setting: &'static str,
        /// The part.
        item: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The shim has nothing to hand over to.
    #[error("docker: no other `docker` than this shim of docker-manifest is on PATH")]
    NoDocker,
    /// The real `docker` could not be started.
    #[error("docker: cannot run {}", docker.display())]
    HandOver {
        /// The real `docker`.
        docker: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The real `docker` ran and ended with this code, where a process cannot become another.
    #[error("docker ended with exit code {0}")]
    Ended(u8),
    /// A name is no plugin's name.
    #[error("{0:?} cannot be the name of a Docker CLI plugin")]
    PluginName(String),
    /// Docker's CLI has this command itself, and runs no plugin of its name.
    #[error(
        "docker {name}: Docker's CLI has this command built in, and never runs a plugin of that name"
    )]
    BuiltinName {
        /// The name.
        name: &'static str,
    },
    /// `install` found something in a plugin's place that is not ours.
    #[error("{} is there already, and is not a link to docker-manifest", .0.display())]
    Occupied(PathBuf),
    /// `install` found a `docker` in the shim's place that is not ours.
    #[error("{} is there already, and is not a link to docker-manifest", .0.display())]
    OtherDocker(PathBuf),
    /// `install` or `uninstall` could not do something to a path.
    #[error("cannot {action} {}", path.display())]
    Link {
        /// What was to be done.
        action: &'static str,
        /// To what.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

/// Where an entry was looked for in vain.
#[derive(Clone, Debug)]
pub struct DraftLookup {
    /// The list.
    pub list: Box<Reference>,
    /// Whether there is a draft of it.
    pub has_draft: bool,
    /// The folder that was searched.
    pub searched: PathBuf,
}

impl DraftLookup {
    fn hint(&self) -> String {
        let Self {
            list,
            has_draft,
            searched,
        } = self;
        if *has_draft {
            let searched = searched.display();
            format!("name the image as `create` did; drafts are in {searched}")
        } else {
            no_draft(list, searched)
        }
    }
}

fn no_draft(list: &Reference, searched: &Path) -> String {
    let searched = searched.display();
    format!(
        "there is no draft of {list}: `docker-manifest create {list} IMAGE...` makes one; drafts are in {searched}"
    )
}

impl Failure {
    /// Returns what the program ends with.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Usage(error) => error.exit(),
            Self::Registry(error) if error.is_conflict() => Exit::Conflict,
            Self::Registry(error) if error.is_unauthorized() => Exit::Unauthorized,
            Self::Registry(error) if error.is_rate_limited() => Exit::RateLimited,
            Self::Registry(error) if error.is_unavailable() => Exit::Unavailable,
            Self::NeedsPush { .. }
            | Self::NeedsRegistry { .. }
            | Self::NoLayout { .. }
            | Self::Contradiction { .. }
            | Self::NotFlattened { .. }
            | Self::PlatformName(_)
            | Self::AmendAndPush => Exit::Usage,
            Self::Moved { .. } | Self::TargetMoved { .. } | Self::SignaturesDiffer { .. } => {
                Exit::Conflict
            }
            Self::Partly { failed, .. } => match failed.first() {
                Some(error) => Self::Registry(error.clone()).exit(),
                None => Exit::Failure,
            },
            Self::NoDocker | Self::HandOver { .. } => Exit::NoDocker,
            Self::Ended(code) => Exit::Other(*code),
            _ => Exit::Failure,
        }
    }

    /// Says what failed, and what can be done about it.
    pub fn report(&self, output: &Output) {
        if matches!(self, Self::Ended(_)) {
            return;
        }
        if let Self::Output(error) = self
            && error.kind() == io::ErrorKind::BrokenPipe
        {
            return;
        }
        output.error(&describe(self));
        for hint in self.hints() {
            output.hint(&hint);
        }
    }
}

fn then_shown(then: &TagState) -> String {
    match then {
        TagState::Absent => "it was not there then".to_owned(),
        TagState::At(digest) => format!("{digest} then"),
    }
}

/// Names all sources that are missing. Only the first comes with the registry's answer: the others' say the same.
fn missing(errors: &[RegistryError]) -> String {
    let mut errors = errors.iter();
    let first = errors.next().map(|error| with_causes(error, "\n"));
    let others = errors.map(|error| redact::printable(&error.to_string()));
    first
        .into_iter()
        .chain(others)
        .collect::<Vec<_>>()
        .join("\n")
}

fn partly(live: &[String], failed: &[RegistryError]) -> String {
    let mut lines: Vec<String> = failed.iter().map(ToString::to_string).collect();
    lines.push(if live.is_empty() {
        "no tag was written".to_owned()
    } else {
        format!("live: {}", live.join(", "))
    });
    lines.join("\n")
}

/// Writes an error with its causes on one line. A cause whose text the error itself has is not said twice.
///
/// That there is no such manifest is said as Docker says it; what the registry answered has a line of its own.
fn describe(error: &Failure) -> String {
    let is_not_found = matches!(error, Failure::Registry(error) if error.is_not_found());
    with_causes(error, if is_not_found { "\n" } else { ": " })
}

/// Writes an error with its causes. `mark` stands before the first of them.
fn with_causes(error: &dyn Error, mut mark: &'static str) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let reason = redact::printable(&error.to_string());
        if !text.contains(&reason) {
            text = format!("{text}{mark}{reason}");
            mark = ": ";
        }
        cause = error.source();
    }
    text
}
