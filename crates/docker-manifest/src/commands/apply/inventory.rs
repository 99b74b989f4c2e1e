//! What is known of all lists before the first request.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;

use manifest_core::Reference;
use manifest_registry::limits::{SCOPES_OF_SEVERAL_TOKENS, SCOPES_PER_TOKEN};
use manifest_spec::{ListSpec, Position};

use crate::assembly::{SharedSources, SourceCounter};
use crate::failure::{Failure, ListFailure};
use crate::sources::SourceSpec;

/// What is known of all lists before the first request.
#[derive(Debug)]
pub(super) struct Inventory {
    /// The sources that several lists have.
    pub(super) shared: SharedSources,
    /// The number of repositories of one registry that a token covers.
    pub(super) scopes_per_token: usize,
}

impl Inventory {
    /// Goes through all lists. Relative paths of layouts start from `current_dir`.
    ///
    /// # Errors
    /// Fails if the name of an image is malformed, or if a list is made of another one that the same run publishes: the result would
    /// depend on which of them comes first.
    pub(super) fn of(specs: &[ListSpec], current_dir: &Path) -> Result<Self, Failure> {
        let targets = targets(specs);
        let mut counter = SourceCounter::default();
        let mut repositories: HashMap<String, HashSet<u64>> = HashMap::new();
        let mut add_repository = |reference: &Reference| {
            let mut hasher = DefaultHasher::new();
            reference.path().hash(&mut hasher);
            let domain = repositories.entry(reference.domain().to_owned());
            domain.or_default().insert(hasher.finish());
        };
        for spec in specs {
            add_repository(&spec.list);
            spec.tags.iter().for_each(&mut add_repository);
            for image in &spec.images {
                let place = Some(image.position.to_string());
                let source = SourceSpec::parse(&image.image, place, &spec.list, current_dir)?;
                let Some(reference) = source.reference() else {
                    continue;
                };
                counter.add(reference);
                add_repository(reference);
                let publisher = targets.get(reference).filter(|_| !source.is_pinned());
                if let Some(publisher) = publisher.filter(|place| **place != &spec.position) {
                    return Err(ListFailure::SourceIsTarget {
                        image: reference.clone().into(),
                        user: image.position.to_string(),
                        publisher: publisher.to_string(),
                    }
                    .into());
                }
            }
        }
        let most = repositories.values().map(HashSet::len).max();
        Ok(Self {
            shared: counter.shared(),
            scopes_per_token: match most.unwrap_or_default() <= SCOPES_PER_TOKEN {
                true => SCOPES_PER_TOKEN,
                false => SCOPES_OF_SEVERAL_TOKENS,
            },
        })
    }
}

/// Returns the tags that all lists are written to, with the places of the lists.
fn targets(specs: &[ListSpec]) -> HashMap<&Reference, &Position> {
    let targets = specs.iter().flat_map(|spec| {
        let own = (!spec.by_digest).then_some(&spec.list);
        let names = own.into_iter().chain(&spec.tags);
        names.map(|name| (name, &spec.position))
    });
    targets.collect()
}

#[cfg(test)]
mod tests {
    use manifest_spec::{SpecInput, Variables, load};

    use super::*;

    fn inventory(text: &str) -> Result<Inventory, String> {
        let input = SpecInput::Text {
            name: "a.yaml".to_owned(),
            bytes: text.as_bytes().to_vec(),
        };
        let specs = load(&[input], &Variables::default()).unwrap();
        Inventory::of(&specs, Path::new("/")).map_err(|failure| failure.to_string())
    }

    fn list(name: &str, images: &[&str]) -> String {
        let images = images.iter().map(|image| format!("  - image: {image}\n"));
        format!(
            "---\nimage: {name}\nmanifests:\n{}",
            images.collect::<String>()
        )
    }

    #[test]
    fn a_list_of_this_run_is_no_source_of_another_one() {
        let digest = format!("r.io/a@sha256:{}", "a".repeat(64));
        let two = |second: &str| list("r.io/a:1", &["r.io/x:1"]) + &list("r.io/b:1", &[second]);
        assert!(inventory(&two("r.io/a:2")).is_ok());
        assert!(inventory(&two(&digest)).is_ok());
        let error = inventory(&two("r.io/a:1")).unwrap_err();
        assert!(error.contains("published by this run"), "{error}");
        // A list may add to what it is itself.
        assert!(inventory(&list("r.io/a:1", &["r.io/a:1", "r.io/x:1"])).is_ok());
    }

    #[test]
    fn few_repositories_share_one_token() {
        let lists = |count: usize| -> String {
            let lists = (0..count).map(|i| list(&format!("r.io/a{i}:1"), &["r.io/base:1"]));
            lists.collect()
        };
        let scopes = |count| inventory(&lists(count)).unwrap().scopes_per_token;
        assert_eq!(scopes(SCOPES_PER_TOKEN - 1), SCOPES_PER_TOKEN);
        assert_eq!(scopes(SCOPES_PER_TOKEN), SCOPES_OF_SEVERAL_TOKENS);
    }
}
