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
    expires_at: Instant,
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
        let lifetime = MIN_TOKEN_LIFETIME.max(std::time::Duration::from_secs(
            seconds.min(u64::from(u32::MAX)),
        ));
        Some(Self {
            header: bearer(&token)?,
            expires_at: now + lifetime - TOKEN_EXPIRY_MARGIN,
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
    pub(crate) has_extra_scopes: bool,
}

impl Authorization {
    /// Creates an authorization without extra scopes.
    pub(crate) fn new(header: HeaderValue) -> Self {
        Self {
            header,
            has_extra_scopes: false,
        }
    }
}

/// The tokens of one process.
#[derive(Default)]
pub(crate) struct Tokens {
    slots: Mutex<HashMap<TokenKey, Arc<tokio::sync::Mutex<TokenSlot>>>>,
    unusable: Mutex<HashSet<TokenKey>>,
}

#[derive(Default)]
enum TokenSlot {
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
            && let Some(slot) = self.covering_slot(key)
            && let TokenSlot::Ready(token) = &*slot.lock().await
            && Instant::now() < token.expires_at
        {
            return Ok(Authorization {
                header: token.header.clone(),
                has_extra_scopes: true,
            });
        }
        let slot = self.slot(key);
        let mut slot = slot.lock().await;
        match &*slot {
            TokenSlot::Ready(token)
                if Instant::now() < token.expires_at && Some(&token.header) != rejected =>
            {
                return Ok(Authorization::new(token.header.clone()));
            }
            TokenSlot::Failed(error) => return Err(error.clone()),
            _ => {}
        }
        match fetch().await {
            Ok(token) => {
                let header = token.header.clone();
                *slot = TokenSlot::Ready(token);
                Ok(Authorization::new(header))
            }
            Err(error) => {
                *slot = TokenSlot::Failed(error.clone());
                Err(error)
            }
        }
    }

    /// Removes the token for `key`, which is refused or lacks requested scopes, and marks the key as unusable.
    pub(crate) fn mark_unusable(&self, key: &TokenKey) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.remove(key);
        let mut unusable = self.unusable.lock().unwrap_or_else(PoisonError::into_inner);
        unusable.insert(key.clone());
    }

    /// Tells whether tokens for `key` are known to be unusable.
    pub(crate) fn is_unusable(&self, key: &TokenKey) -> bool {
        let unusable = self.unusable.lock().unwrap_or_else(PoisonError::into_inner);
        unusable.contains(key)
    }

    fn slot(&self, key: &TokenKey) -> Arc<tokio::sync::Mutex<TokenSlot>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match slots.get(key) {
            Some(slot) => slot.clone(),
            None => slots.entry(key.clone()).or_default().clone(),
        }
    }

    /// Finds a slot with more scopes than `key`, unless `key` has its own.
    fn covering_slot(&self, key: &TokenKey) -> Option<Arc<tokio::sync::Mutex<TokenSlot>>> {
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        if slots.contains_key(key) {
            return None;
        }
        slots
            .iter()
            .find(|(other, _)| other.covers(key))
            .map(|(_, slot)| slot.clone())
    }
}

#[cfg(test)]
mod tests {
    use manifest_core::reference::Repository;
    use std::cell::Cell;
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
    fn token_responses() {
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
            let found = found.map(|t| (t.header.to_str().unwrap().to_owned(), t.expires_at));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[tokio::test(flavor = "current_thread", start_paused = true)]
    async fn tasks_share_a_token_request() {
        let tokens = Tokens::default();
        let fetched = Cell::new(0);
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
                let authorization = tokens.get(&key(&scopes), rejected.as_ref(), fetch).await;
                let Authorization {
                    header,
                    has_extra_scopes,
                } = authorization.unwrap();
                (header.to_str().unwrap().to_owned(), has_extra_scopes)
            }
        };
        let wider = vec![Scope::push(&a), Scope::pull(&b)];
        let shared =
            futures_util::future::join_all((0..20).map(|_| get(wider.clone(), None))).await;
        assert!(
            shared
                .iter()
                .all(|authorization| *authorization == ("Bearer 1".to_owned(), false))
        );
        // A token with more scopes covers fewer scopes.
        let covered = get(vec![Scope::pull(&a)], None).await;
        assert_eq!(covered, ("Bearer 1".to_owned(), true));
        assert_eq!(fetched.get(), 1);
        // A rejected token is replaced, once, by a token with exactly the requested scopes.
        let rejected = Some(HeaderValue::from_static("Bearer 1"));
        let replaced = (0..5).map(|_| get(vec![Scope::pull(&a)], rejected.clone()));
        let replaced = futures_util::future::join_all(replaced).await;
        assert!(
            replaced
                .iter()
                .all(|authorization| *authorization == ("Bearer 2".to_owned(), false))
        );
        assert_eq!(fetched.get(), 2);
        // An expired token is not used.
        tokio::time::advance(Duration::from_secs(91)).await;
        assert_eq!(get(wider, None).await.0, "Bearer 3");
    }

    #[tokio::test(flavor = "current_thread")]
    async fn tasks_share_a_failed_token_request() {
        let tokens = Tokens::default();
        let key = key(&[Scope::pull(&repository("reg.io/a"))]);
        let fetched = Cell::new(0);
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
