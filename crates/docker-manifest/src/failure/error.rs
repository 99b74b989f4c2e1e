//! The error type of commands.

use std::io;
use std::path::PathBuf;

use manifest_core::draft::PayloadError;
use manifest_core::edit::UnsupportedPair;
use manifest_core::reference::Repository;
use manifest_core::settings::NeedsOciIndex;
use manifest_core::{Digest, PlatformNameError, Reference, ReferenceError, Source, TagState};
use manifest_layout::{LayoutError, LocationError};
use manifest_registry::{RegistryError, redact};
use manifest_spec::SpecErrors;
use manifest_store::StoreError;

use super::causes::with_causes;
use super::checks::CheckFailure;
use super::exchange::ExchangeError;
use super::inspect::InspectError;
use super::install::InstallError;
use super::lists::ListFailure;
use super::manifest_tool::ManifestToolError;
use super::place::DraftPlace;
use super::rollback::RollbackError;
use super::sources::SourceError;
use super::stage::StageError;
use super::texts::{describe_missing, describe_partly_published, describe_tag_state};
use super::usage::UsageError;

/// The error of a command. The texts are Docker's, where those are right.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A reference does not follow the grammar.
    #[error("{}", redact::printable(&format!("{}{source}", prefix.as_ref().map(|prefix| format!("{prefix}: ")).unwrap_or_default())))]
    Reference {
        /// The words that Docker puts before the reason.
        prefix: Option<String>,
        /// The reason. The text contains it already.
        source: ReferenceError,
    },
    /// A digest that is too short, or too long. To Docker it is a name with a tag.
    #[error("{text} looks like a cut digest: a full one has {digits} lower-case hex characters")]
    TruncatedDigest {
        /// The digest as given, with its place if it is in a file.
        text: String,
        /// The digest as given.
        name: String,
        /// The right number of digits.
        digits: usize,
    },
    /// The draft exists, and `create` has no `--amend`.
    #[error("refusing to amend an existing manifest list with no --amend flag")]
    RefusingToAmend {
        /// The list.
        list: Reference,
    },
    /// Lists are nested too deep.
    #[error("{image} is nested {depth} lists deep: lists below it are not read")]
    TooDeep {
        /// The list.
        image: Reference,
        /// Its depth.
        depth: usize,
    },
    /// A file or folder with names in it cannot be read.
    #[error("cannot read {}", path.display())]
    ReadInput {
        /// The file or folder, or `standard input`.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A file in a folder of digests is not named by a digest.
    #[error("{} is not named by a digest", path.display())]
    NotADigest {
        /// The file.
        path: PathBuf,
    },
    /// A folder of digests is empty.
    #[error("there are no digests in {}", folder.display())]
    NoDigests {
        /// The folder.
        folder: PathBuf,
    },
    /// A file is not one of BuildKit's metadata files.
    #[error("{path} is not a BuildKit metadata file: {reason}")]
    BuildkitMetadata {
        /// The file.
        path: String,
        /// Why it is not one.
        reason: String,
    },
    /// No source has an image for a wanted platform.
    #[error("no source has an image for {missing}")]
    NoImageForPlatform {
        /// The platforms.
        missing: String,
    },
    /// All sources were skipped or are empty.
    #[error("nothing is left for {list}: the sources have no images")]
    NoImages {
        /// The list.
        list: Reference,
    },
    /// Spec files cannot be used.
    #[error(transparent)]
    Spec(#[from] SpecErrors),
    /// A list that a spec file describes cannot be published.
    #[error(transparent)]
    List(#[from] ListFailure),
    /// `check`, `verify` or `diff` found something.
    #[error(transparent)]
    Check(#[from] CheckFailure),
    /// A tag cannot be put back.
    #[error(transparent)]
    Rollback(#[from] RollbackError),
    /// A list lacks a required platform.
    #[error("{list} has no image for {missing}")]
    PlatformMissing {
        /// The list.
        list: Box<Reference>,
        /// The platforms.
        missing: String,
    },
    /// Two images are for one platform.
    #[error("{first} and {second} are both for {platform}")]
    DuplicatePlatform {
        /// The image that clients choose.
        first: Box<Reference>,
        /// The other image.
        second: Box<Reference>,
        /// The platform.
        platform: String,
    },
    /// There are warnings, and `--strict` is given.
    #[error("{}", .0.iter().map(|warning| redact::printable(warning)).collect::<Vec<_>>().join("\n"))]
    StrictWarnings(Vec<String>),
    /// A flag for pushing is given to a `create` without `--push`.
    #[error("{flag} has no effect without --push")]
    NeedsPush {
        /// The flag.
        flag: &'static str,
    },
    /// A flag for registries is given, and the list is written to a layout.
    #[error("{flag} cannot be used with --to, which writes to no registry")]
    NeedsRegistry {
        /// The flag.
        flag: &'static str,
    },
    /// The value of `--to` is not a layout.
    #[error("cannot write to {text:?}: --to must be oci-layout://DIR or oci-layout://DIR:TAG")]
    NotALayout {
        /// The value.
        text: String,
    },
    /// A flag chooses among the children of an index, and `--no-flatten` is given.
    #[error("{flag} cannot be used with --no-flatten, which adds an index as one entry")]
    NeedsFlattening {
        /// The flag without effect.
        flag: &'static str,
    },
    /// `--amend` and `--push` are given: no draft is kept that could be amended.
    #[error("--amend cannot be used with --push, which keeps no draft")]
    AmendAndPush,
    /// A source tag has moved since the list was made.
    #[error("{source_image} has moved since the draft was created: it was {then}, it is now {now}")]
    SourceMoved {
        /// The tag.
        source_image: Box<Source>,
        /// The digest that it pointed to then.
        then: Box<Digest>,
        /// The digest that it points to now.
        now: Box<Digest>,
    },
    /// The tag that a draft is pushed to has moved since the draft was made.
    #[error(
        "{list} has changed since the draft was created: it now points to {now} ({})",
        describe_tag_state(then)
    )]
    TargetMoved {
        /// The tag.
        list: Box<Reference>,
        /// Its state when the draft was made.
        then: TagState,
        /// The digest that it points to now.
        now: Box<Digest>,
    },
    /// A source has lost a platform that the list has of it.
    #[error("{source_image} no longer has an image for {missing}, but {list} has one from it")]
    PlatformsLost {
        /// The tag.
        source_image: Box<Source>,
        /// The list.
        list: Box<Reference>,
        /// The platforms.
        missing: String,
    },
    /// Not all tags could be written.
    #[error("{}", describe_partly_published(live, failed))]
    PartlyPublished {
        /// The tags that point to it.
        live: Vec<String>,
        /// The errors of the others.
        failed: Vec<RegistryError>,
    },
    /// The template of `--child-tags` gives an image a tag that it cannot have.
    #[error("{image} cannot be tagged {name:?}: {reason}")]
    ChildTag {
        /// The tag.
        name: String,
        /// The image.
        image: Box<Reference>,
        /// The reason.
        reason: String,
    },
    /// A target names another digest than the published one.
    #[error("{target} names a digest, but the published digest is {digest}")]
    DigestMismatch {
        /// The target.
        target: Box<Reference>,
        /// The published digest.
        digest: Digest,
    },
    /// Two flags conflict.
    #[error("{first} and {second} cannot be used together: {reason}")]
    ConflictingFlags {
        /// One of them.
        first: &'static str,
        /// The other.
        second: &'static str,
        /// The reason.
        reason: &'static str,
    },
    /// Under cosign's tag, a layout has signatures that the source lacks, and lacks some of the source.
    #[error("{tag} in {} and in the source have different signatures: neither is overwritten", place.display())]
    SignaturesDiffer {
        /// The layout.
        place: PathBuf,
        /// The tag.
        tag: String,
    },
    /// A file of the report cannot be written.
    #[error("cannot write {}", path.display())]
    WriteFile {
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// `--github-output` is given outside of GitHub's runners.
    #[error("cannot write the outputs of --github-output: $GITHUB_OUTPUT is not set")]
    NoGithubOutput,
    /// A Docker manifest list cannot carry the list's content.
    #[error(transparent)]
    NeedsOciIndex(#[from] NeedsOciIndex),
    /// A source is in another registry, and `--no-copy` is given.
    #[error("{image} is not in the registry of {list} (--no-copy)")]
    OtherRegistry {
        /// The image.
        image: Box<Reference>,
        /// The list.
        list: Box<Reference>,
    },
    /// The name of a repository is wanted, and one has a tag or digest.
    #[error(
        "{} names one manifest, and a repository is expected",
        redact::printable(text)
    )]
    NotARepository {
        /// The name, as typed.
        text: String,
        /// Its repository.
        repository: Repository,
    },
    /// A repository has no tag of a pattern, or none at all.
    #[error("{repository} has no tag{}", pattern.as_ref().map(|pattern| format!(" {pattern:?}")).unwrap_or_default())]
    NoTags {
        /// The repository.
        repository: Repository,
        /// The pattern. `None` if all tags are wanted.
        pattern: Option<String>,
    },
    /// The tag of `--since` is not among the tags to show.
    #[error("{repository} has no tag {tag:?}")]
    NoSinceTag {
        /// The repository.
        repository: Repository,
        /// The tag.
        tag: String,
    },
    /// The tags of a repository point to more content than is read at once.
    #[error("the tags of {repository} have more than {limit}")]
    TooMuchContent {
        /// The repository.
        repository: Repository,
        /// The limit, with its unit.
        limit: String,
    },
    /// The draft does not exist.
    #[error("No such manifest: {reference}")]
    NoDraft {
        /// The list.
        reference: Box<Reference>,
        /// The place that was searched.
        searched: DraftPlace,
    },
    /// The draft that is to be removed does not exist.
    #[error("No such manifest: {reference}")]
    NoDraftToRemove {
        /// The list.
        reference: Box<Reference>,
        /// The place that was searched.
        searched: DraftPlace,
    },
    /// `inspect` has not found the entry, or not its draft.
    #[error("No such manifest: {image}")]
    NotInDraft {
        /// The image, normalised if it is a reference.
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
    /// The entry that is to be changed was not found, or not its draft.
    #[error("manifest for image {image} does not exist in {list}")]
    NoEntry {
        /// The image, as typed.
        image: String,
        /// The list, as typed.
        list: String,
        /// Why it was not found.
        lookup: DraftLookup,
    },
    /// A name is of several images, and one is wanted.
    #[error("{image} matches several images: {}", found.join(", "))]
    AmbiguousEntry {
        /// The name, as typed.
        image: String,
        /// The images.
        found: Vec<String>,
    },
    /// A text is not a known platform.
    #[error(transparent)]
    PlatformName(#[from] PlatformNameError),
    /// An entry has no platform.
    #[error("manifest {image} must have an OS and Architecture to be pushed to a registry")]
    NoPlatform {
        /// The image.
        image: Reference,
    },
    /// An entry has no payload.
    #[error("{image} has no payload")]
    NoPayload {
        /// The image.
        image: Reference,
    },
    /// An entry's os and architecture are not a supported pair.
    #[error("{}", redact::printable(&.0.to_string()))]
    UnsupportedPair(#[from] UnsupportedPair),
    /// The payload of an entry cannot be restored byte for byte.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// A draft could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A registry refused, or could not be reached.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// Sources that do not exist. The first is reported as Docker does.
    #[error("{}", describe_missing(.0))]
    NoSources(Vec<RegistryError>),
    /// Sources are awaited in vain, or a pattern does not name any.
    #[error(transparent)]
    Sources(#[from] SourceError),
    /// There is neither a draft of this name nor a manifest in the registry.
    #[error("{}", describe_missing(std::slice::from_ref(error.as_ref())))]
    NeitherDraftNorPublished {
        /// The answer of the registry.
        error: Box<RegistryError>,
        /// The list.
        list: Box<Reference>,
        /// The place that was searched.
        searched: DraftPlace,
    },
    /// The registry has no such manifest, which is the result of `exists`. Nothing else is reported.
    #[error("no such manifest: {0}")]
    Absent(Box<Reference>),
    /// A required flag is not given.
    #[error("{command} needs {flag}, such as `{flag} {example}`")]
    MissingFlag {
        /// The command.
        command: &'static str,
        /// The flag.
        flag: &'static str,
        /// A value of the flag.
        example: &'static str,
    },
    /// An image layout could not be read or written.
    #[error(transparent)]
    Layout(#[from] LayoutError),
    /// The location of an image layout is malformed.
    #[error(transparent)]
    Location(#[from] LocationError),
    /// The configuration of an image in a layout is malformed.
    #[error("the image config {digest} of {location} cannot be read")]
    LocalConfig {
        /// The location of the image.
        location: String,
        /// The configuration.
        digest: Digest,
        /// The reason.
        source: serde_json::Error,
    },
    /// A manifest, or a part of it, cannot be shown.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// A failure of a command line of `manifest-tool`.
    #[error(transparent)]
    ManifestTool(#[from] ManifestToolError),
    /// A draft in a registry could not be read or written.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// A draft could not be exported or imported.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// Several independent failures.
    #[error("{}", .0.iter().map(describe).collect::<Vec<_>>().join("\n"))]
    Multiple(Vec<Failure>),
    /// Standard output cannot be written to.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    /// The user has no home folder for drafts and configuration.
    #[error("the user has no home folder")]
    NoHome,
    /// A file that a flag or a variable names cannot be read.
    #[error("cannot read {} of {setting}", path.display())]
    SettingFile {
        /// The flag or variable.
        setting: &'static str,
        /// The file.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A part of a variable is malformed.
    #[error("{setting}: {item:?}: {reason}")]
    SettingValue {
        /// The variable.
        setting: &'static str,
        /// The part.
        item: String,
        /// The reason.
        reason: String,
    },
    /// The shim has found no real `docker`.
    #[error("docker: no real `docker` is on PATH, only this shim of docker-manifest")]
    NoDocker,
    /// The real `docker` could not be started.
    #[error("docker: cannot run {}", docker.display())]
    RunDocker {
        /// The real `docker`.
        docker: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The real `docker` has ended with this code, on systems without `exec`.
    #[error("docker ended with exit code {0}")]
    DockerExited(u8),
    /// The links to this program could not be made or removed.
    #[error(transparent)]
    Install(#[from] InstallError),
}

/// A lookup of an entry that has failed.
#[derive(Clone, Debug)]
pub struct DraftLookup {
    /// The list.
    pub list: Box<Reference>,
    /// Whether there is a draft of it.
    pub has_draft: bool,
    /// The place that was searched.
    pub searched: DraftPlace,
}

/// Returns the text of a failure with its causes, on one line. A missing manifest has Docker's text, and the registry's answer is on a
/// line of its own.
pub(super) fn describe(error: &Failure) -> String {
    let is_not_found = matches!(error, Failure::Registry(error) if error.is_not_found());
    with_causes(error, if is_not_found { "\n" } else { ": " })
}
