//! The rights that one publication needs, asked for together.

use std::collections::HashMap;
use std::sync::Arc;

use manifest_core::reference::Repository;

use crate::limits::SCOPES_PER_TOKEN;
use crate::token::Scope;

/// The rights of one publication: `pull,push` on the target and `pull` on each repository of its registry from which
/// something may be mounted, in as few tokens as there can be.
pub(crate) struct Rights {
    target: Repository,
    tokens: Vec<Arc<[Scope]>>,
    token_of: HashMap<Repository, usize>,
}

impl Rights {
    pub(crate) fn new<'a>(
        target: &Repository,
        sources: impl IntoIterator<Item = &'a Repository>,
    ) -> Self {
        let mut groups: Vec<Vec<Scope>> = Vec::new();
        let mut token_of = HashMap::new();
        for source in sources {
            if source == target
                || source.domain() != target.domain()
                || token_of.contains_key(source)
            {
                continue;
            }
            if groups
                .last()
                .is_none_or(|group| group.len() >= SCOPES_PER_TOKEN)
            {
                groups.push(vec![Scope::push(target)]);
            }
            token_of.insert(source.clone(), groups.len() - 1);
            if let Some(group) = groups.last_mut() {
                group.push(Scope::pull(source));
            }
        }
        Self {
            target: target.clone(),
            tokens: groups.into_iter().map(Into::into).collect(),
            token_of,
        }
    }

    /// Returns what a call on `repository` needs at least.
    pub(crate) fn needed(&self, repository: &Repository) -> Scope {
        if *repository == self.target {
            Scope::push(repository)
        } else {
            Scope::pull(repository)
        }
    }

    /// Returns the rights that a call on `repository` shares with others; none where it is alone.
    pub(crate) fn shared(&self, repository: &Repository) -> Arc<[Scope]> {
        let token = if *repository == self.target {
            self.tokens.first()
        } else {
            self.token_of
                .get(repository)
                .and_then(|&i| self.tokens.get(i))
        };
        token.cloned().unwrap_or_default()
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
        let rights = Rights::new(&repository("r.io/t"), &sources);
        let all = [
            "repository:t:pull,push",
            "repository:b:pull",
            "repository:a:pull",
        ];
        for name in ["r.io/t", "r.io/a", "r.io/b"] {
            assert_eq!(scopes(&rights, name), all, "{name}");
        }
        assert!(scopes(&rights, "other.io/c").is_empty());
        let alone = Rights::new(&repository("r.io/t"), [&repository("r.io/t")]);
        assert!(scopes(&alone, "r.io/t").is_empty());
    }

    #[test]
    fn tokens_stay_small() {
        let sources: Vec<_> = (0..120)
            .map(|i| repository(&format!("r.io/s{i}")))
            .collect();
        let rights = Rights::new(&repository("r.io/t"), &sources);
        for (i, size) in [(0, 50), (48, 50), (49, 50), (119, 23)] {
            let scopes = scopes(&rights, &format!("r.io/s{i}"));
            assert_eq!(scopes.len(), size, "{i}");
            assert_eq!(scopes[0], "repository:t:pull,push");
            assert!(scopes.contains(&format!("repository:s{i}:pull")));
        }
    }
}
