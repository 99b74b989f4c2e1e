//! The rights that calls which belong together need, asked for together.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use manifest_core::reference::Repository;

use crate::limits::{SCOPES_OF_SEVERAL_TOKENS, SCOPES_PER_TOKEN};
use crate::token::Scope;

/// The rights of one publication, or of reading from many repositories, in as few tokens as there can be.
#[derive(Default)]
pub(crate) struct Rights {
    target: Option<Repository>,
    tokens: Vec<Arc<[Scope]>>,
    token_of: HashMap<Repository, usize>,
}

impl Rights {
    /// Gathers the rights of a publication: `pull,push` on the target and `pull` on each repository of its registry from
    /// which something may be mounted. A mount needs both in one token.
    pub(crate) fn to_publish<'a>(
        target: &Repository,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let others = sources
            .into_iter()
            .filter(|source| *source != target && source.domain() == target.domain());
        Self {
            target: Some(target.clone()),
            ..Self::grouped(&[Scope::push(target)], others)
        }
    }

    /// Gathers the rights to read: `pull` on each repository, with others of the same registry.
    pub(crate) fn to_read<'a>(repositories: impl IntoIterator<Item = &'a Repository>) -> Self {
        Self::grouped(&[], repositories)
    }

    /// Parts repositories into tokens, each of which has `first` as well: one for each registry, or several small ones.
    fn grouped<'a>(
        first: &[Scope],
        repositories: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let mut registries: BTreeMap<&str, Vec<&Repository>> = BTreeMap::new();
        let mut token_of = HashMap::new();
        for repository in repositories {
            if token_of.insert(repository.clone(), 0).is_none() {
                let registry = registries.entry(repository.domain()).or_default();
                registry.push(repository);
            }
        }
        let mut tokens = Vec::new();
        for repositories in registries.values() {
            let size = match repositories.len() + first.len() {
                0..=SCOPES_PER_TOKEN => SCOPES_PER_TOKEN,
                _ => SCOPES_OF_SEVERAL_TOKENS,
            };
            for group in repositories.chunks(size - first.len()) {
                for repository in group {
                    token_of.insert((*repository).clone(), tokens.len());
                }
                let scopes = group.iter().map(|repository| Scope::pull(repository));
                tokens.push(first.iter().cloned().chain(scopes).collect());
            }
        }
        Self {
            target: None,
            tokens,
            token_of,
        }
    }

    /// Returns the rights that each token is asked for, where there are several.
    pub(crate) fn several(&self) -> &[Arc<[Scope]>] {
        match self.tokens.as_slice() {
            [_] => &[],
            tokens => tokens,
        }
    }

    /// Returns what a call on `repository` needs at least.
    pub(crate) fn needed(&self, repository: &Repository) -> Scope {
        if self.target.as_ref() == Some(repository) {
            Scope::push(repository)
        } else {
            Scope::pull(repository)
        }
    }

    /// Returns the rights that a call on `repository` shares with others; none where it is alone.
    pub(crate) fn shared(&self, repository: &Repository) -> Arc<[Scope]> {
        let token = if self.target.as_ref() == Some(repository) {
            self.tokens.first()
        } else {
            self.token_of
                .get(repository)
                .and_then(|&i| self.tokens.get(i))
        };
        token
            .filter(|scopes| scopes.len() > 1)
            .cloned()
            .unwrap_or_default()
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
