//! The lists one by one, with clients whose tokens cover some of them each.

use std::collections::{HashMap, HashSet, VecDeque};
use std::path::PathBuf;
use std::rc::Rc;

use manifest_core::Reference;
use manifest_core::reference::Repository;
use manifest_registry::Client;
use manifest_registry::limits::SCOPES_OF_SEVERAL_TOKENS;
use manifest_spec::{ListSpec, Position};

use super::limits::LISTS_PER_BATCH;
use crate::assembly::{SpecList, SpecOptions};
use crate::failure::Failure;

/// One list, with the client for it.
#[derive(Debug)]
pub(super) struct Job {
    /// The place of its description.
    pub(super) position: Position,
    /// Its name.
    pub(super) name: String,
    /// The list, or the error in its names.
    pub(super) list: Result<SpecList, Failure>,
    /// The client, which it shares with the lists before or after it.
    pub(super) client: Rc<Client>,
}

/// How the lists are used, which decides the tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// They are read only.
    Read,
    /// They may be written.
    Write,
}

/// Takes the lists one by one. Lists that follow each other share a client, as long as one token for each registry covers all of
/// their repositories: thousands of lists must not need as many tokens.
pub(super) struct Batches {
    /// The client of the run.
    client: Client,
    /// The choices for all lists.
    pub(super) options: SpecOptions,
    /// The access that the tokens are for.
    pub(super) access: Access,
    /// The number of repositories of one registry that a token covers.
    pub(super) scopes_per_token: usize,
    /// The folder that relative paths of layouts start from.
    current_dir: PathBuf,
    specs: std::vec::IntoIter<ListSpec>,
    /// The first list of the next batch.
    next: Option<Described>,
    ready: VecDeque<Job>,
    /// The latest client, and the repositories that it is for.
    latest: Option<(Scopes, Rc<Client>)>,
}

struct Described {
    position: Position,
    name: String,
    list: Result<SpecList, Failure>,
}

/// The repositories of one batch.
#[derive(Default)]
struct Scopes {
    targets: HashSet<Repository>,
    by_registry: HashMap<String, HashSet<Repository>>,
}

impl Scopes {
    /// Adds the repositories of a list, if they still fit.
    fn add(&mut self, list: &SpecList, limit: usize) -> bool {
        let is_first = self.by_registry.is_empty();
        let mut targets = self.targets.clone();
        targets.extend(list.names().map(|target| target.repository().clone()));
        let mut by_registry = self.by_registry.clone();
        for name in list.names().chain(list.sources()) {
            let registry = by_registry.entry(name.domain().to_owned());
            registry.or_default().insert(name.repository().clone());
        }
        let fits = targets.len() < SCOPES_OF_SEVERAL_TOKENS
            && by_registry.values().all(|all| all.len() <= limit);
        if fits || is_first {
            *self = Self {
                targets,
                by_registry,
            };
        }
        fits || is_first
    }

    /// Tells whether all of the repositories of `others` are among these.
    fn has_all(&self, others: &Self) -> bool {
        let has = |(domain, repositories): (&String, &HashSet<Repository>)| {
            let own = self.by_registry.get(domain);
            own.is_some_and(|own| repositories.is_subset(own))
        };
        others.targets.is_subset(&self.targets) && others.by_registry.iter().all(has)
    }
}

impl Batches {
    /// Takes lists with a client for reading, one list a batch.
    pub(super) fn new(client: Client, specs: Vec<ListSpec>, current_dir: PathBuf) -> Self {
        Self {
            client,
            options: SpecOptions::default(),
            access: Access::Read,
            scopes_per_token: 1,
            current_dir,
            specs: specs.into_iter(),
            next: None,
            ready: VecDeque::new(),
            latest: None,
        }
    }

    fn describe(&mut self) -> Option<Described> {
        let spec = self.specs.next()?;
        let name = match (spec.by_digest, spec.tags.first()) {
            (true, None) => spec.list.repository().to_string(),
            (true, Some(tag)) => tag.to_string(),
            (false, _) => spec.list.to_string(),
        };
        Some(Described {
            list: SpecList::new(&spec, &self.options, &self.current_dir),
            position: spec.position,
            name,
        })
    }

    fn fill(&mut self) {
        let mut scopes = Scopes::default();
        let mut batch: Vec<Described> = Vec::new();
        while batch.len() < LISTS_PER_BATCH
            && let Some(described) = self.next.take().or_else(|| self.describe())
        {
            let list = described.list.as_ref();
            if list.is_ok_and(|list| !scopes.add(list, self.scopes_per_token)) {
                self.next = Some(described);
                break;
            }
            batch.push(described);
        }
        let client = self.client_for(scopes, &batch);
        self.ready.extend(batch.into_iter().map(|described| Job {
            position: described.position,
            name: described.name,
            list: described.list,
            client: client.clone(),
        }));
    }
}

impl Batches {
    /// Returns a client for a batch: the latest, if it is for all of the repositories.
    fn client_for(&mut self, scopes: Scopes, batch: &[Described]) -> Rc<Client> {
        if let Some((latest, client)) = &self.latest
            && latest.has_all(&scopes)
        {
            return client.clone();
        }
        let lists = || {
            batch
                .iter()
                .filter_map(|described| described.list.as_ref().ok())
        };
        let targets: Vec<&Reference> = lists().flat_map(SpecList::names).collect();
        let sources = lists().flat_map(SpecList::sources);
        let client = Rc::new(match self.access {
            Access::Read => self.client.for_reading(targets.into_iter().chain(sources)),
            Access::Write => self.client.for_publishing_lists(targets, sources),
        });
        self.latest = Some((scopes, client.clone()));
        client
    }
}

impl Iterator for Batches {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if self.ready.is_empty() {
            self.fill();
        }
        self.ready.pop_front()
    }
}
