//! The search for the tags that patterns name.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::Path;

use manifest_core::Reference;
use manifest_core::reference::Repository;
use manifest_layout::Location;
use manifest_registry::{Client, RegistryError};

use super::limits::{SIMILAR_TAGS, TAGS_IN_REPORT};
use super::source_spec::SourceSpec;
use super::tag_pattern::TagPattern;
use crate::concurrency::try_join_all;
use crate::failure::{Failure, NoMatch, SourceError};

/// A source as the command line names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NamedSource {
    /// One source.
    One(SourceSpec),
    /// All tags that match a pattern.
    Tags(TagPattern),
}

/// The sources behind all names.
#[derive(Clone, Debug, Default)]
pub(crate) struct FoundSources {
    /// The sources, each once.
    pub(crate) sources: Vec<SourceSpec>,
    /// Those among them that only a pattern names.
    matched: HashSet<Reference>,
}

/// A search for tags.
pub(crate) struct TagSearch<'a> {
    pub(crate) client: &'a Client,
    /// The most tags that all patterns may match together; 0 means no limit.
    pub(crate) max: usize,
    /// The list. Its own tag is left out.
    pub(crate) list: &'a Reference,
    /// The other names that the list gets, which are left out too.
    pub(crate) targets: &'a [Reference],
    /// Writes a line about each pattern.
    pub(crate) report: &'a dyn Fn(&str),
}

/// The tags that one pattern names.
struct Match<'a> {
    pattern: &'a TagPattern,
    /// The tags, sorted by name: registries list them in no defined order.
    tags: Vec<Reference>,
    /// Matching tags that are targets.
    targets: Vec<String>,
}

impl TagSearch<'_> {
    /// Replaces each pattern by the tags that match it, in the place of the pattern. The tags of a repository are listed once.
    ///
    /// # Errors
    /// Fails if the tags cannot be listed, no tag matches a pattern, or too many match.
    pub(crate) async fn find(&self, named: Vec<NamedSource>) -> Result<FoundSources, Failure> {
        let patterns = || named.iter().filter_map(NamedSource::pattern);
        let repositories: BTreeSet<&Repository> = patterns().map(TagPattern::repository).collect();
        let list = async |repository| Ok((repository, self.tags(repository).await?));
        let tags: BTreeMap<&Repository, Vec<Reference>> =
            try_join_all(repositories.into_iter().map(list))
                .await?
                .into_iter()
                .collect();
        let mut matches = Vec::new();
        for pattern in patterns() {
            matches.push(self.choose(pattern, &tags[pattern.repository()])?);
        }
        self.check_number(&matches)?;
        for found in &matches {
            (self.report)(&found.report(tags[found.pattern.repository()].len()));
        }
        let matched: Vec<Vec<Reference>> = matches.into_iter().map(|found| found.tags).collect();
        Ok(FoundSources::collect(named, matched))
    }

    async fn tags(&self, repository: &Repository) -> Result<Vec<Reference>, Failure> {
        match self.client.tags(repository).await {
            Ok(found) => Ok(found.tags),
            Err(error) if is_refused(&error) => {
                Err(SourceError::ListRefused(Box::new(error)).into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Chooses the tags that match a pattern.
    fn choose<'p>(
        &self,
        pattern: &'p TagPattern,
        tags: &[Reference],
    ) -> Result<Match<'p>, Failure> {
        let matching = tags.iter().filter(|tag| pattern.matches(name(tag)));
        let (targets, mut matching): (Vec<&Reference>, Vec<&Reference>) =
            matching.partition(|tag| self.is_target(tag));
        matching.sort_by_key(|tag| name(tag));
        let targets: Vec<String> = targets
            .into_iter()
            .map(|tag| name(tag).to_owned())
            .collect();
        if matching.is_empty() {
            let own = targets.iter().map(|tag| format!("{tag} ({OWN_TAG})"));
            let hidden = tags.iter().find(|tag| pattern.hides(name(tag)));
            let hidden = hidden.map(|tag| format!("{} ({REFERRER_TAG})", name(tag)));
            let no_match = NoMatch {
                repository: pattern.repository().clone(),
                pattern: pattern.glob().to_owned(),
                tags: tags.len(),
                left_out: own.chain(hidden).collect(),
                similar: most_similar(pattern, tags),
            };
            return Err(SourceError::NoMatch(no_match.into()).into());
        }
        Ok(Match {
            pattern,
            tags: matching.into_iter().cloned().collect(),
            targets,
        })
    }

    fn is_target(&self, tag: &Reference) -> bool {
        let is_same = |target: &Reference| {
            target.repository() == tag.repository() && target.tag() == tag.tag()
        };
        is_same(self.list) || self.targets.iter().any(is_same)
    }

    fn check_number(&self, matches: &[Match<'_>]) -> Result<(), Failure> {
        let tags: HashSet<&Reference> = matches.iter().flat_map(|found| &found.tags).collect();
        if self.max == 0 || tags.len() <= self.max {
            return Ok(());
        }
        Err(SourceError::TooManyMatches {
            patterns: matches
                .iter()
                .map(|found| found.pattern.to_string())
                .collect(),
            found: tags.len(),
            max: self.max,
        }
        .into())
    }
}

/// The reason why a target is left out.
const OWN_TAG: &str = "a tag of the list itself";

/// The reason why the tag of a referrer is left out.
const REFERRER_TAG: &str =
    "a signature or another referrer, for which the pattern has to begin with sha256-";

impl Match<'_> {
    /// Describes the match: `example.com/app:1.0-* matches 2 of 30 tags: 1.0-amd64, 1.0-arm64`.
    fn report(&self, all: usize) -> String {
        let Self {
            pattern,
            tags,
            targets,
        } = self;
        let shown: Vec<&str> = tags.iter().take(TAGS_IN_REPORT).map(name).collect();
        let mut line = format!(
            "{pattern} matches {} of {all} tags: {}",
            tags.len(),
            shown.join(", ")
        );
        let more = tags.len().saturating_sub(TAGS_IN_REPORT);
        if more > 0 {
            line.push_str(&format!(" and {more} more"));
        }
        for tag in targets {
            line.push_str(&format!("; {tag} is left out ({OWN_TAG})"));
        }
        line
    }
}

impl NamedSource {
    /// Parses the name of a source: a pattern, or any of the forms that [`SourceSpec::parse`] accepts. `place` is the file and line of a
    /// name that is not from the command line.
    ///
    /// # Errors
    /// Fails if it is malformed.
    pub(super) fn parse(
        text: &str,
        place: Option<String>,
        list: &Reference,
        current_dir: &Path,
    ) -> Result<Self, Failure> {
        let is_on_disk = Location::parse(text).is_some();
        match TagPattern::of_source(text, place.as_deref()).filter(|_| !is_on_disk) {
            Some(pattern) => Ok(Self::Tags(pattern?)),
            None => SourceSpec::parse(text, place, list, current_dir).map(Self::One),
        }
    }

    fn pattern(&self) -> Option<&TagPattern> {
        match self {
            Self::One(_) => None,
            Self::Tags(pattern) => Some(pattern),
        }
    }

    /// Returns the source, if it is not a pattern.
    pub(crate) fn source(&self) -> Option<&SourceSpec> {
        match self {
            Self::One(source) => Some(source),
            Self::Tags(_) => None,
        }
    }

    /// Returns a reference in the repository that the source is in, if it is in a registry.
    pub(crate) fn any_reference(&self) -> Option<&Reference> {
        match self {
            Self::One(source) => source.reference(),
            Self::Tags(pattern) => Some(pattern.any_reference()),
        }
    }
}

impl FoundSources {
    /// Explains a failure to resolve the sources: a tag that the registry lists may be gone.
    pub(crate) fn explain(&self, failure: Failure) -> Failure {
        let is_matched = |error: &RegistryError| match error {
            RegistryError::NoSuchManifest { reference, .. } => self.matched.contains(reference),
            _ => false,
        };
        match failure {
            Failure::NoSources(missing) if missing.iter().any(is_matched) => {
                SourceError::MatchGone { missing }.into()
            }
            failure => failure,
        }
    }

    /// Puts the tags of each pattern into its place.
    fn collect(named: Vec<NamedSource>, matched: Vec<Vec<Reference>>) -> Self {
        let mut matched = matched.into_iter();
        let mut found = Self::default();
        let mut own = HashSet::new();
        let mut seen = BTreeSet::new();
        for source in named {
            let sources = match source {
                NamedSource::One(source) => {
                    own.extend(source.reference().cloned());
                    vec![source]
                }
                NamedSource::Tags(_) => {
                    let tags = matched.next().unwrap_or_default();
                    found.matched.extend(tags.iter().cloned());
                    tags.into_iter().map(SourceSpec::Registry).collect()
                }
            };
            let is_new = |source: &SourceSpec| seen.insert(source.source());
            found.sources.extend(sources.into_iter().filter(is_new));
        }
        found.matched.retain(|tag| !own.contains(tag));
        found
    }
}

fn name(tag: &Reference) -> &str {
    tag.tag().unwrap_or_default()
}

/// Returns the names of the tags that begin most like the pattern.
fn most_similar(pattern: &TagPattern, tags: &[Reference]) -> Vec<String> {
    let mut similar: Vec<(usize, &str)> = tags
        .iter()
        .map(|tag| (pattern.similarity(name(tag)), name(tag)))
        .filter(|(length, tag)| *length > 0 && !pattern.matches(tag))
        .collect();
    similar.sort_by_key(|(length, tag)| (std::cmp::Reverse(*length), *tag));
    let similar = similar.into_iter().take(SIMILAR_TAGS);
    similar.map(|(_, tag)| tag.to_owned()).collect()
}

/// Tells whether a registry does not let this login list tags, or lists none at all.
fn is_refused(error: &RegistryError) -> bool {
    let is_unsupported = error
        .status()
        .is_some_and(|status| matches!(status.as_u16(), 405 | 501));
    error.is_unauthorized() || is_unsupported
}
