//! Tokens: one request for each set of scopes, shared by all tasks.

use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, Mutex, PoisonError};

use http::header::HeaderValue;
use serde::Deserialize;
use tokio::time::Instant;

use crate::auth::scope::Scope;
use crate::error::RegistryError;
use crate::limits::{MIN_TOKEN_LIFETIME, TOKEN_EXPIRY_MARGIN};

/// The key of a token: a registry, its token server, and a set of scopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TokenKey {
    pub(crate) host: String,
    pub(crate) realm: String,
    pub(crate) service: Option<String>,
    scopes: Arc<[Scope]>,
}

impl TokenKey {
    /// Creates the key for the scopes of one request, in any order.
    pub(crate) fn new(host: &str, realm: &str, service: Option<&str>, scopes: &[Scope]) -> Self {
        let mut scopes = scopes.to_vec();
        scopes.sort();
        scopes.dedup();
        Self::for_shared(host, realm, service, &scopes.into())
    }

    /// Creates the key for scopes that many requests share, in the same order. It is called for each request, so it
    /// does not copy the scopes.
    pub(crate) fn for_shared(
        host: &str,
        realm: &str,
        service: Option<&str>,
        scopes: &Arc<[Scope]>,
    ) -> Self {
        Self {
            host: host.to_owned(),
            realm: realm.to_owned(),
            service: service.map(str::to_owned),
            scopes: scopes.clone(),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        (&self.host, &self.realm, &self.service) == (&other.host, &other.realm, &other.service)
            && other
                .scopes
                .iter()
                .all(|wanted| self.scopes.iter().any(|scope| scope.covers(wanted)))
    }
}

impl Hash for TokenKey {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.host.hash(state);
        // The tokens of one run differ in their last scope. Hashing only that one avoids the cost of many scopes.
        self.scopes.last().hash(state);
    }
}

/// A token as an `Authorization` header, and its expiry.
#[derive(Clone)]
pub(crate) struct Token {
    header: HeaderValue,
    until: Instant,
}

impl Token {
    /// Parses a token server's response. `None` if it contains no usable token.
    pub(crate) fn parse(body: &[u8], now: Instant) -> Option<Self> {
        #[derive(Deserialize)]
        struct Response {
            token: Option<String>,
            access_token: Option<String>,
            expires_in: Option<serde_json::Value>,
        }
        let response: Response = serde_json::from_slice(body).ok()?;
        let mut tokens = [response.token, response.access_token]
            .into_iter()
            .flatten();
        let token = tokens.find(|token| !token.is_empty())?;
        let seconds = response
            .expires_in
            .and_then(|value| value.as_u64())
            .unwrap_or_default();
        let life = MIN_TOKEN_LIFETIME.max(std::time::Duration::from_secs(
            seconds.min(u64::from(u32::MAX)),
        ));
        Some(Self {
            header: bearer(&token)?,
            until: now + life - TOKEN_EXPIRY_MARGIN,
        })
    }
}

/// Creates the header for a token. `None` if the token is not a valid header value.
pub(crate) fn bearer(token: &str) -> Option<HeaderValue> {
    let mut header = HeaderValue::from_str(&format!("Bearer {token}")).ok()?;
    header.set_sensitive(true);
    Some(header)
}

/// The `Authorization` of a request.
#[derive(Clone, Debug)]
pub(crate) struct Authorization {
    pub(crate) header: HeaderValue,
    /// Whether the token has more scopes than the request needs. If it is refused, a token with exactly those scopes
    /// may still be accepted.
    pub(crate) is_wide: bool,
}

impl Authorization {
    /// Creates an authorization without extra scopes.
    pub(crate) fn only(header: HeaderValue) -> Self {
        Self {
            header,
            is_wide: false,
        }
    }
}

/// The tokens of one process.
#[derive(Default)]
pub(crate) struct Tokens {
    cells: Mutex<HashMap<TokenKey, Arc<tokio::sync::Mutex<Cell>>>>,
    given_up: Mutex<HashSet<TokenKey>>,
}

#[derive(Default)]
enum Cell {
    #[default]
    Empty,
    Ready(Token),
    /// Kept: later tasks get the same error as those that waited.
    Failed(RegistryError),
}

impl Tokens {
    /// Returns the authorization for `key`.
    ///
    /// It is a cached token, a token that another task is fetching, or the result of `fetch`. A token with more scopes
    /// is used as well. `rejected` is the header that the registry rejected. It is not returned again, and its
    /// replacement is requested with exactly the scopes of the key.
    pub(crate) async fn get<F>(
        &self,
        key: &TokenKey,
        rejected: Option<&HeaderValue>,
        fetch: impl FnOnce() -> F,
    ) -> Result<Authorization, RegistryError>
    where
        F: Future<Output = Result<Token, RegistryError>>,
    {
        if rejected.is_none()
            && let Some(cell) = self.covering(key)
            && let Cell::Ready(token) = &*cell.lock().await
            && Instant::now() < token.until
        {
            return Ok(Authorization {
                header: token.header.clone(),
                is_wide: true,
            });
        }
        let cell = self.cell(key);
        let mut cell = cell.lock().await;
        match &*cell {
            Cell::Ready(token)
                if Instant::now() < token.until && Some(&token.header) != rejected =>
            {
                return Ok(Authorization::only(token.header.clone()));
            }
            Cell::Failed(error) => return Err(error.clone()),
            _ => {}
        }
        match fetch().await {
            Ok(token) => {
                let header = token.header.clone();
                *cell = Cell::Ready(token);
                Ok(Authorization::only(header))
            }
            Err(error) => {
                *cell = Cell::Failed(error.clone());
                Err(error)
            }
        }
    }

    /// Removes the token for `key`, which is refused or lacks requested scopes, and marks the key as unusable.
    pub(crate) fn give_up(&self, key: &TokenKey) {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        cells.remove(key);
        let mut given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.insert(key.clone());
    }

    /// Tells whether tokens for `key` are known to be unusable.
    pub(crate) fn is_given_up(&self, key: &TokenKey) -> bool {
        let given_up = self.given_up.lock().unwrap_or_else(PoisonError::into_inner);
        given_up.contains(key)
    }

    fn cell(&self, key: &TokenKey) -> Arc<tokio::sync::Mutex<Cell>> {
        let mut cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        match cells.get(key) {
            Some(cell) => cell.clone(),
            None => cells.entry(key.clone()).or_default().clone(),
        }
    }

    /// Finds a slot with more scopes than `key`, unless `key` has its own.
    fn covering(&self, key: &TokenKey) -> Option<Arc<tokio::sync::Mutex<Cell>>> {
        let cells = self.cells.lock().unwrap_or_else(PoisonError::into_inner);
        if cells.contains_key(key) {
            return None;
        }
        cells
            .iter()
            .find(|(other, _)| other.covers(key))
            .map(|(_, cell)| cell.clone())
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::reference::Repository;
    use std::cell::Cell as Count;
    use std::time::Duration;

    use manifest_core::Reference;

    use super::*;

    fn repository(name: &str) -> Repository {
        Reference::parse(name).unwrap().repository().clone()
    }

    fn key(scopes: &[Scope]) -> TokenKey {
        TokenKey::new("reg.io", "https://t.io", Some("s"), scopes)
    }

    fn token(text: &str, life: u64) -> Token {
        let body = serde_json::json!({ "token": text, "expires_in": life }).to_string();
        Token::parse(body.as_bytes(), Instant::now()).unwrap()
    }

    #[test]
    fn scopes() {
        let (a, b) = (repository("reg.io/a"), repository("reg.io/x/b"));
        assert_eq!(Scope::pull(&b).to_string(), "repository:x/b:pull");
        assert_eq!(Scope::push(&a).to_string(), "repository:a:pull,push");
        assert_eq!(
            key(&[Scope::push(&a), Scope::pull(&b)]),
            key(&[Scope::pull(&b), Scope::push(&a)])
        );
        assert!(key(&[Scope::push(&a), Scope::pull(&b)]).covers(&key(&[Scope::pull(&a)])));
        assert!(!key(&[Scope::pull(&a)]).covers(&key(&[Scope::push(&a)])));
        assert!(!key(&[Scope::push(&a)]).covers(&key(&[Scope::pull(&b)])));
    }

    #[test]
    fn answers_of_token_servers() {
        let now = Instant::now();
        for (body, expected) in [
            (r#"{"token":"a"}"#, Some(("Bearer a", 50))),
            (
                r#"{"access_token":"b","expires_in":3600}"#,
                Some(("Bearer b", 3590)),
            ),
            (
                r#"{"token":"","access_token":"b","expires_in":5}"#,
                Some(("Bearer b", 50)),
            ),
            (
                r#"{"token":"a","expires_in":"300"}"#,
                Some(("Bearer a", 50)),
            ),
            (
                r#"{"token":"a","expires_in":-1,"issued_at":"?"}"#,
                Some(("Bearer a", 50)),
            ),
            (r#"{"token":"a\r\nX: y"}"#, None),
            (r#"{"token":null}"#, None),
            ("{}", None),
            ("<html>", None),
        ] {
            let found = Token::parse(body.as_bytes(), now);
            let expected =
                expected.map(|(header, life)| (header.to_owned(), now + Duration::from_secs(life)));
            let found = found.map(|t| (t.header.to_str().unwrap().to_owned(), t.until));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn one_request_for_many_tasks() {
        let tokens = Tokens::default();
        let fetched = Count::new(0);
        let (a, b) = (repository("reg.io/a"), repository("reg.io/b"));
        let get = |scopes: Vec<Scope>, rejected: Option<HeaderValue>| {
            let (tokens, fetched) = (&tokens, &fetched);
            async move {
                let fetch = || async {
                    fetched.set(fetched.get() + 1);
                    let text = fetched.get().to_string();
                    tokio::time::sleep(Duration::from_secs(1)).await;
                    Ok(token(&text, 100))
                };
                let pass = tokens.get(&key(&scopes), rejected.as_ref(), fetch).await;
                let Authorization { header, is_wide } = pass.unwrap();
                (header.to_str().unwrap().to_owned(), is_wide)
            }
        };
        let wide = vec![Scope::push(&a), Scope::pull(&b)];
        let many = futures_util::future::join_all((0..20).map(|_| get(wide.clone(), None))).await;
        assert!(
            many.iter()
                .all(|pass| *pass == ("Bearer 1".to_owned(), false))
        );
        // A token with more scopes covers fewer scopes.
        let narrow = get(vec![Scope::pull(&a)], None).await;
        assert_eq!(narrow, ("Bearer 1".to_owned(), true));
        assert_eq!(fetched.get(), 1);
        // A rejected token is replaced, once, by a token with exactly the requested scopes.
        let rejected = Some(HeaderValue::from_static("Bearer 1"));
        let again = (0..5).map(|_| get(vec![Scope::pull(&a)], rejected.clone()));
        let again = futures_util::future::join_all(again).await;
        assert!(
            again
                .iter()
                .all(|pass| *pass == ("Bearer 2".to_owned(), false))
        );
        assert_eq!(fetched.get(), 2);
        // An expired token is not used.
        tokio::time::advance(Duration::from_secs(91)).await;
        assert_eq!(get(wide, None).await.0, "Bearer 3");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn a_failure_is_shared() {
        let tokens = Tokens::default();
        let key = key(&[Scope::pull(&repository("reg.io/a"))]);
        let fetched = Count::new(0);
        for _ in 0..3 {
            let fetch = || async {
                fetched.set(fetched.get() + 1);
                Err(RegistryError::Credentials {
                    file: String::new(),
                    key: "k".into(),
                    reason: "r".into(),
                })
            };
            assert!(tokens.get(&key, None, fetch).await.is_err());
        }
        assert_eq!(fetched.get(), 1);
    }
}
