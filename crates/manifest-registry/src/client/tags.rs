//! The list of a repository's tags (distribution specification, "Listing Tags").

use std::collections::HashSet;

use http::Method;
use http::header::HeaderMap;
use manifest_core::Reference;
use manifest_core::reference::Repository;
use serde::Deserialize;

use crate::auth::Scope;
use crate::client::next_page::next_page;
use crate::client::registry_client::Client;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::http::{Attempts, Payload, Response, Traffic};
use crate::limits::{TAG_PAGE_BYTES, TAG_PAGES, TAGS, TAGS_PER_PAGE};
use crate::redact;
use crate::session::{Request, Target};

/// The tags of a repository.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// The tags, in the order of the registry, each once.
    pub tags: Vec<Reference>,
    /// The number of names in the list that cannot be tags: no request could name them.
    pub malformed: usize,
    /// Whether the registry was reached over plain HTTP.
    pub is_plain_http: bool,
}

/// One page of the list.
#[derive(Deserialize)]
struct Page {
    /// The names. Registries send `null` for a repository without tags.
    #[serde(default)]
    tags: Option<Vec<String>>,
}

impl Client {
    /// Lists the tags of a repository, page by page. Mirrors are not asked: they may lack tags.
    ///
    /// All pages come from the registry itself: of a link to the next page, only path and query count.
    ///
    /// # Errors
    /// Returns an error if the registry does not have the repository or refuses the list, and if the list has more than
    /// [`TAGS`] tags or [`TAG_PAGES`] pages, or links back to an earlier page.
    pub async fn tags(&self, repository: &Repository) -> Result<Tags, RegistryError> {
        let mut found = Tags::default();
        let mut names = HashSet::new();
        let mut pages = HashSet::new();
        let mut next = format!("/v2/{}/tags/list?n={TAGS_PER_PAGE}", repository.path());
        while pages.len() < TAG_PAGES {
            let (response, page) = self.tag_page(repository, &next).await?;
            found.is_plain_http = response.url().scheme() == "http";
            for name in page.tags.into_iter().flatten() {
                match repository.tagged(&name) {
                    Some(tag) if names.insert(name) => found.tags.push(tag),
                    Some(_) => {}
                    None => found.malformed += 1,
                }
            }
            if found.tags.len() + found.malformed > TAGS {
                return Err(too_long(repository, TAGS, "tags"));
            }
            pages.insert(next);
            // Behind a proxy, registries name hosts and schemes that clients cannot reach.
            let Some(url) = next_page(&response) else {
                return Ok(found);
            };
            next = match url.query() {
                Some(query) => format!("{}?{query}", url.path()),
                None => url.path().to_owned(),
            };
            if pages.contains(&next) {
                return Err(response.content(ContentProblem::RepeatedPage));
            }
        }
        Err(too_long(repository, TAG_PAGES, "pages of tags"))
    }

    async fn tag_page(
        &self,
        repository: &Repository,
        path: &str,
    ) -> Result<(Response, Page), RegistryError> {
        let request = Request {
            domain: repository.domain(),
            operation: Operation::ListTags(repository.clone()),
            method: Method::GET,
            target: Target::Path(path.to_owned()),
            headers: HeaderMap::new(),
            payload: Payload::None,
            traffic: Traffic::Request,
            scopes: vec![Scope::pull(repository)],
            shared_scopes: self.shared_read_scopes(repository),
        };
        let (session, attempts) = (self.session(), Attempts::default());
        let fetched = session.fetch(&request, TAG_PAGE_BYTES, &attempts).await;
        let (response, bytes) = fetched?;
        if response.is_web_page() {
            return Err(response.content(ContentProblem::WebPage));
        }
        let page = serde_json::from_slice(&bytes).map_err(|error| {
            response.content(ContentProblem::TagList(redact::json_error(&error)))
        })?;
        Ok((response, page))
    }
}

fn too_long(repository: &Repository, limit: usize, what: &'static str) -> RegistryError {
    RegistryError::TagListTooLong {
        repository: repository.clone(),
        limit,
        what,
    }
}
