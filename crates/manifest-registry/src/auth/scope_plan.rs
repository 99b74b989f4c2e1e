//! The rights that calls which belong together need, asked for together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use manifest_core::reference::Repository;

use crate::auth::scope::Scope;
use crate::limits::{SCOPES_OF_SEVERAL_TOKENS, SCOPES_PER_TOKEN};

/// The rights of one publication, or of reading from many repositories, in as few tokens as there can be.
#[derive(Default)]
pub(crate) struct Rights {
    targets: HashSet<Repository>,
    tokens: Vec<Arc<[Scope]>>,
    /// The tokens of each registry.
    tokens_of: BTreeMap<String, Range<usize>>,
    /// The token of each repository that is only read.
    token_of: HashMap<Repository, usize>,
}

impl Rights {
    /// Gathers the rights of a publication: `pull,push` on the target and `pull` on each repository of its registry from
    /// which something may be mounted. A mount needs both in one token.
    pub(crate) fn to_publish<'a>(
        target: &'a Repository,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let near = |source: &&Repository| source.domain() == target.domain();
        Self::gather([target], sources.into_iter().filter(near))
    }

    /// Gathers the rights to read: `pull` on each repository, with others of the same registry.
    pub(crate) fn to_read<'a>(repositories: impl IntoIterator<Item = &'a Repository>) -> Self {
        Self::gather([], repositories)
    }

    /// Gathers the rights to read from some repositories and to write to others. For each registry there is one token, or there are
    /// several small ones, each with all rights to write.
    pub(crate) fn gather<'a>(
        targets: impl IntoIterator<Item = &'a Repository>,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let mut rights = Self::default();
        // For each registry the rights to write, and what is only read.
        let mut registries: BTreeMap<&str, (Vec<Scope>, Vec<&Repository>)> = BTreeMap::new();
        for target in targets {
            if rights.targets.insert(target.clone()) {
                let registry = registries.entry(target.domain()).or_default();
                registry.0.push(Scope::push(target));
            }
        }
        for source in sources {
            if !rights.targets.contains(source)
                && rights.token_of.insert(source.clone(), 0).is_none()
            {
                registries
                    .entry(source.domain())
                    .or_default()
                    .1
                    .push(source);
            }
        }
        for (domain, (first, repositories)) in registries {
            let begin = rights.tokens.len();
            let size = match repositories.len() + first.len() {
                0..=SCOPES_PER_TOKEN => SCOPES_PER_TOKEN,
                _ => SCOPES_OF_SEVERAL_TOKENS,
            };
            let groups = repositories.chunks(size.saturating_sub(first.len()).max(1));
            for group in groups {
                for repository in group {
                    let token = rights.tokens.len();
                    rights.token_of.insert((*repository).clone(), token);
                }
                let scopes = group.iter().map(|repository| Scope::pull(repository));
                rights
                    .tokens
                    .push(first.iter().cloned().chain(scopes).collect());
            }
            if repositories.is_empty() {
                rights.tokens.push(first.into());
            }
            let tokens = begin..rights.tokens.len();
            rights.tokens_of.insert(domain.to_owned(), tokens);
        }
        rights
    }

    /// Tells whether a publication has all its rights among these: to write to `target`, and to mount from those of `sources` that
    /// are in its registry.
    pub(crate) fn serve<'a>(
        &self,
        target: &Repository,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> bool {
        let is_known = |source: &Repository| {
            source.domain() != target.domain()
                || self.targets.contains(source)
                || self.token_of.contains_key(source)
        };
        self.targets.contains(target) && sources.into_iter().all(is_known)
    }

    /// Returns the repositories that are written to.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Repository> {
        self.targets.iter()
    }

    /// Returns the rights that each token for a registry is asked for, where there are several.
    pub(crate) fn several(&self, registry: &str) -> &[Arc<[Scope]>] {
        let tokens = self.tokens_of.get(registry).cloned().unwrap_or_default();
        match &self.tokens[tokens] {
            [_] => &[],
            tokens => tokens,
        }
    }

    /// Returns what a call on `repository` needs at least.
    pub(crate) fn needed(&self, repository: &Repository) -> Scope {
        if self.targets.contains(repository) {
            Scope::push(repository)
        } else {
            Scope::pull(repository)
        }
    }

    /// Returns the rights that a call on `repository` shares with others; none where it is alone.
    pub(crate) fn shared(&self, repository: &Repository) -> Arc<[Scope]> {
        let scopes = self.token(repository).filter(|scopes| scopes.len() > 1);
        scopes.cloned().unwrap_or_default()
    }

    /// As [`Self::shared`], of a call that reads: where `repository` is written to later, the right to that is not too much.
    pub(crate) fn shared_to_read(&self, repository: &Repository) -> Arc<[Scope]> {
        match self.targets.contains(repository) {
            true => self.token(repository).cloned().unwrap_or_default(),
            false => self.shared(repository),
        }
    }

    fn token(&self, repository: &Repository) -> Option<&Arc<[Scope]>> {
        let token = match self.targets.contains(repository) {
            true => self.tokens_of.get(repository.domain())?.start,
            false => *self.token_of.get(repository)?,
        };
        self.tokens.get(token)
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::Reference;

    use super::*;

    fn repository(name: &str) -> Repository {
        Reference::parse(name).unwrap().repository().clone()
    }

    fn scopes(rights: &Rights, name: &str) -> Vec<String> {
        let shared = rights.shared(&repository(name));
        shared.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_token_for_target_and_sources() {
        let sources = ["r.io/b", "r.io/a", "r.io/b", "other.io/c", "r.io/t"].map(repository);
        let rights = Rights::to_publish(&repository("r.io/t"), &sources);
        let all = [
            "repository:t:pull,push",
            "repository:b:pull",
            "repository:a:pull",
        ];
        for name in ["r.io/t", "r.io/a", "r.io/b"] {
            assert_eq!(scopes(&rights, name), all, "{name}");
        }
        assert!(scopes(&rights, "other.io/c").is_empty());
        let alone = Rights::to_publish(&repository("r.io/t"), [&repository("r.io/t")]);
        assert!(scopes(&alone, "r.io/t").is_empty());
    }

    #[test]
    fn reading_and_writing_with_one_token() {
        let targets = ["r.io/t", "s.io/t", "r.io/u"].map(repository);
        let sources = ["r.io/a", "r.io/t", "s.io/b", "x.io/c"].map(repository);
        let rights = Rights::gather(&targets, &sources);
        let r = [
            "repository:t:pull,push",
            "repository:u:pull,push",
            "repository:a:pull",
        ];
        for name in ["r.io/t", "r.io/u", "r.io/a"] {
            assert_eq!(scopes(&rights, name), r, "{name}");
        }
        let s = ["repository:t:pull,push", "repository:b:pull"];
        assert_eq!(scopes(&rights, "s.io/b"), s);
        assert!(scopes(&rights, "x.io/c").is_empty());
        let needed = |name: &str| rights.needed(&repository(name)).to_string();
        assert_eq!(needed("r.io/u"), "repository:u:pull,push");
        assert_eq!(needed("r.io/a"), "repository:a:pull");
        for (target, source, serves) in [
            ("r.io/t", "r.io/a", true),
            ("r.io/u", "r.io/t", true),
            ("r.io/t", "elsewhere.io/x", true),
            ("r.io/t", "r.io/x", false),
            ("r.io/a", "r.io/t", false),
        ] {
            let (target, source) = (repository(target), repository(source));
            assert_eq!(rights.serve(&target, [&source]), serves, "{source}");
        }
    }

    #[test]
    fn tokens_stay_small() {
        for (count, sizes) in [
            (24, vec![(0, 25), (23, 25)]),
            (25, vec![(0, 8), (6, 8), (7, 8), (20, 8), (21, 5), (24, 5)]),
        ] {
            let sources: Vec<_> = (0..count)
                .map(|i| repository(&format!("r.io/s{i}")))
                .collect();
            let rights = Rights::to_publish(&repository("r.io/t"), &sources);
            for (i, size) in sizes {
                let scopes = scopes(&rights, &format!("r.io/s{i}"));
                assert_eq!(scopes.len(), size, "{i} of {count}");
                assert_eq!(scopes[0], "repository:t:pull,push");
                assert!(scopes.contains(&format!("repository:s{i}:pull")));
            }
        }
    }

    #[test]
    fn reading_by_registry() {
        let names = ["r.io/a", "s.io/x", "r.io/b", "r.io/a", "t.io/alone"].map(repository);
        let rights = Rights::to_read(&names);
        for name in ["r.io/a", "r.io/b"] {
            let both = ["repository:a:pull", "repository:b:pull"];
            assert_eq!(scopes(&rights, name), both, "{name}");
        }
        for name in ["s.io/x", "t.io/alone", "r.io/other"] {
            assert!(scopes(&rights, name).is_empty(), "{name}");
        }
        for (count, sizes) in [
            (25, vec![(0, 25), (24, 25)]),
            (97, vec![(0, 8), (7, 8), (8, 8), (95, 8), (96, 0)]),
        ] {
            let many: Vec<_> = (0..count)
                .map(|i| repository(&format!("r.io/s{i}")))
                .collect();
            let rights = Rights::to_read(&many);
            for (i, size) in sizes {
                let scopes = scopes(&rights, &format!("r.io/s{i}"));
                assert_eq!(scopes.len(), size, "{i} of {count}");
            }
        }
    }
}
