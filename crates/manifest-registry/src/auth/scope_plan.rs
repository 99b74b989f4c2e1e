//! The plan of which scopes are requested together, in as few tokens as possible.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use manifest_core::reference::Repository;

use crate::auth::scope::Scope;
use crate::limits::{SCOPES_OF_SEVERAL_TOKENS, SCOPES_PER_TOKEN};

/// The scopes of one publication, or of reads from many repositories, in as few tokens as possible.
#[derive(Default)]
pub(crate) struct ScopePlan {
    targets: HashSet<Repository>,
    tokens: Vec<Arc<[Scope]>>,
    /// The range of `tokens` for each registry.
    tokens_by_registry: BTreeMap<String, Range<usize>>,
    /// The index in `tokens` for each repository that is only read.
    token_by_repository: HashMap<Repository, usize>,
}

impl ScopePlan {
    /// Creates the plan of a publication: `pull,push` on the target, and `pull` on each repository of its registry from
    /// which blobs may be mounted. A mount needs both scopes in one token.
    pub(crate) fn to_publish<'a>(
        target: &'a Repository,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let is_in_registry = |source: &&Repository| source.domain() == target.domain();
        Self::gather([target], sources.into_iter().filter(is_in_registry))
    }

    /// Creates the plan of reads: `pull` on each repository, together with others of the same registry.
    pub(crate) fn to_read<'a>(repositories: impl IntoIterator<Item = &'a Repository>) -> Self {
        Self::gather([], repositories)
    }

    /// Creates the plan of reads from `sources` and writes to `targets`. Each registry has one token, or several small
    /// tokens that each have all scopes to write.
    pub(crate) fn gather<'a>(
        targets: impl IntoIterator<Item = &'a Repository>,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let mut plan = Self::default();
        // For each registry, the scopes to write, and the repositories that are only read.
        let mut registries: BTreeMap<&str, (Vec<Scope>, Vec<&Repository>)> = BTreeMap::new();
        for target in targets {
            if plan.targets.insert(target.clone()) {
                let registry = registries.entry(target.domain()).or_default();
                registry.0.push(Scope::push(target));
            }
        }
        for source in sources {
            if !plan.targets.contains(source)
                && plan.token_by_repository.insert(source.clone(), 0).is_none()
            {
                registries
                    .entry(source.domain())
                    .or_default()
                    .1
                    .push(source);
            }
        }
        for (domain, (push_scopes, repositories)) in registries {
            let begin = plan.tokens.len();
            let size = match repositories.len() + push_scopes.len() {
                0..=SCOPES_PER_TOKEN => SCOPES_PER_TOKEN,
                _ => SCOPES_OF_SEVERAL_TOKENS,
            };
            let groups = repositories.chunks(size.saturating_sub(push_scopes.len()).max(1));
            for group in groups {
                for repository in group {
                    let token = plan.tokens.len();
                    plan.token_by_repository
                        .insert((*repository).clone(), token);
                }
                let scopes = group.iter().map(|repository| Scope::pull(repository));
                plan.tokens
                    .push(push_scopes.iter().cloned().chain(scopes).collect());
            }
            if repositories.is_empty() {
                plan.tokens.push(push_scopes.into());
            }
            let tokens = begin..plan.tokens.len();
            plan.tokens_by_registry.insert(domain.to_owned(), tokens);
        }
        plan
    }

    /// Tells whether the plan has all scopes of a publication: to write to `target`, and to mount from those of
    /// `sources` that are in its registry.
    pub(crate) fn covers<'a>(
        &self,
        target: &Repository,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> bool {
        let is_planned = |source: &Repository| {
            source.domain() != target.domain()
                || self.targets.contains(source)
                || self.token_by_repository.contains_key(source)
        };
        self.targets.contains(target) && sources.into_iter().all(is_planned)
    }

    /// Returns the repositories to write to.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &Repository> {
        self.targets.iter()
    }

    /// Returns the scopes of each token for a registry. Empty unless the registry has several tokens.
    pub(crate) fn separate_tokens(&self, registry: &str) -> &[Arc<[Scope]>] {
        let tokens = self
            .tokens_by_registry
            .get(registry)
            .cloned()
            .unwrap_or_default();
        match &self.tokens[tokens] {
            [_] => &[],
            tokens => tokens,
        }
    }

    /// Returns the minimum scope of a request to `repository`.
    pub(crate) fn needed_scope(&self, repository: &Repository) -> Scope {
        if self.targets.contains(repository) {
            Scope::push(repository)
        } else {
            Scope::pull(repository)
        }
    }

    /// Returns the scopes that a request to `repository` shares with others. Empty if it shares none.
    pub(crate) fn shared_scopes(&self, repository: &Repository) -> Arc<[Scope]> {
        let scopes = self.token(repository).filter(|scopes| scopes.len() > 1);
        scopes.cloned().unwrap_or_default()
    }

    /// As [`Self::shared_scopes`], for a read. If `repository` is written to later, the scope to write is included.
    pub(crate) fn shared_read_scopes(&self, repository: &Repository) -> Arc<[Scope]> {
        match self.targets.contains(repository) {
            true => self.token(repository).cloned().unwrap_or_default(),
            false => self.shared_scopes(repository),
        }
    }

    fn token(&self, repository: &Repository) -> Option<&Arc<[Scope]>> {
        let token = match self.targets.contains(repository) {
            true => self.tokens_by_registry.get(repository.domain())?.start,
            false => *self.token_by_repository.get(repository)?,
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

    fn scopes(plan: &ScopePlan, name: &str) -> Vec<String> {
        let shared = plan.shared_scopes(&repository(name));
        shared.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn one_token_for_target_and_sources() {
        let sources = ["r.io/b", "r.io/a", "r.io/b", "other.io/c", "r.io/t"].map(repository);
        let plan = ScopePlan::to_publish(&repository("r.io/t"), &sources);
        let all = [
            "repository:t:pull,push",
            "repository:b:pull",
            "repository:a:pull",
        ];
        for name in ["r.io/t", "r.io/a", "r.io/b"] {
            assert_eq!(scopes(&plan, name), all, "{name}");
        }
        assert!(scopes(&plan, "other.io/c").is_empty());
        let alone = ScopePlan::to_publish(&repository("r.io/t"), [&repository("r.io/t")]);
        assert!(scopes(&alone, "r.io/t").is_empty());
    }

    #[test]
    fn reading_and_writing_with_one_token() {
        let targets = ["r.io/t", "s.io/t", "r.io/u"].map(repository);
        let sources = ["r.io/a", "r.io/t", "s.io/b", "x.io/c"].map(repository);
        let plan = ScopePlan::gather(&targets, &sources);
        let r = [
            "repository:t:pull,push",
            "repository:u:pull,push",
            "repository:a:pull",
        ];
        for name in ["r.io/t", "r.io/u", "r.io/a"] {
            assert_eq!(scopes(&plan, name), r, "{name}");
        }
        let s = ["repository:t:pull,push", "repository:b:pull"];
        assert_eq!(scopes(&plan, "s.io/b"), s);
        assert!(scopes(&plan, "x.io/c").is_empty());
        let needed_scope = |name: &str| plan.needed_scope(&repository(name)).to_string();
        assert_eq!(needed_scope("r.io/u"), "repository:u:pull,push");
        assert_eq!(needed_scope("r.io/a"), "repository:a:pull");
        for (target, source, is_covered) in [
            ("r.io/t", "r.io/a", true),
            ("r.io/u", "r.io/t", true),
            ("r.io/t", "elsewhere.io/x", true),
            ("r.io/t", "r.io/x", false),
            ("r.io/a", "r.io/t", false),
        ] {
            let (target, source) = (repository(target), repository(source));
            assert_eq!(plan.covers(&target, [&source]), is_covered, "{source}");
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
            let plan = ScopePlan::to_publish(&repository("r.io/t"), &sources);
            for (i, size) in sizes {
                let scopes = scopes(&plan, &format!("r.io/s{i}"));
                assert_eq!(scopes.len(), size, "{i} of {count}");
                assert_eq!(scopes[0], "repository:t:pull,push");
                assert!(scopes.contains(&format!("repository:s{i}:pull")));
            }
        }
    }

    #[test]
    fn reading_by_registry() {
        let names = ["r.io/a", "s.io/x", "r.io/b", "r.io/a", "t.io/alone"].map(repository);
        let plan = ScopePlan::to_read(&names);
        for name in ["r.io/a", "r.io/b"] {
            let both = ["repository:a:pull", "repository:b:pull"];
            assert_eq!(scopes(&plan, name), both, "{name}");
        }
        for name in ["s.io/x", "t.io/alone", "r.io/other"] {
            assert!(scopes(&plan, name).is_empty(), "{name}");
        }
        for (count, sizes) in [
            (25, vec![(0, 25), (24, 25)]),
            (97, vec![(0, 8), (7, 8), (8, 8), (95, 8), (96, 0)]),
        ] {
            let many: Vec<_> = (0..count)
                .map(|i| repository(&format!("r.io/s{i}")))
                .collect();
            let plan = ScopePlan::to_read(&many);
            for (i, size) in sizes {
                let scopes = scopes(&plan, &format!("r.io/s{i}"));
                assert_eq!(scopes.len(), size, "{i} of {count}");
            }
        }
    }
}
