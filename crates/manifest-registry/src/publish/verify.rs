//! Verification after writing: tags are read back, and children must exist.

use http::Method;
use manifest_core::{Digest, Reference};
use tokio::time::Instant;

use crate::client::manifest_request;
use crate::concurrent::concurrent;
use crate::error::RegistryError;
use crate::limits::{FIRST_LAG_BACKOFF, PARALLEL_WORK};
use crate::publish::push::Push;
use crate::session::Request;

impl Push<'_> {
    /// Reads back the manifest that was written under `name`, which pointed to `before`. A registry that replicates is given
    /// some time. Returns the reason where the result cannot be told.
    ///
    /// # Errors
    /// [`RegistryError::ReadBackMismatch`] where something else is there, or still nothing when the time is up.
    pub(crate) async fn read_back(
        &self,
        name: &Reference,
        bytes: &[u8],
        before: Option<&Digest>,
    ) -> Result<Option<RegistryError>, RegistryError> {
        let retrier = &self.session().transport.retrier;
        let deadline = Instant::now() + retrier.lag_window();
        let mut pause = FIRST_LAG_BACKOFF;
        loop {
            let found = match self.digest_of(name).await {
                Ok(found) => found,
                Err(error) => return Ok(Some(error)),
            };
            if found.as_ref().is_some_and(|digest| digest.matches(bytes)) {
                return Ok(None);
            }
            let may_lag = found.is_none() || found.as_ref() == before;
            let is_time_up =
                Instant::now() + pause > deadline || !retrier.deadline.allows_wait(pause);
            if !may_lag || is_time_up {
                return Err(RegistryError::ReadBackMismatch {
                    reference: name.clone().into(),
                    written: Digest::sha256(bytes),
                    found,
                });
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
    }

    /// Looks for the digests that have to exist, but for those that were just seen. Returns those that are missing, and the reason
    /// where that cannot be told.
    pub(crate) async fn missing_digests(
        &self,
        is_seen: impl Fn(&Digest) -> bool,
    ) -> (Vec<Digest>, Option<RegistryError>) {
        let verified = self.publication.verified.unwrap_or_default();
        // A manifest that this process has just read there exists.
        let is_seen =
            |digest: &Digest| is_seen(digest) || self.client.has_read(self.target, digest);
        let verified = verified.iter().filter(|digest| !is_seen(digest));
        let probes = verified.map(|digest| async move {
            let reference = self.target.at(digest.clone());
            (digest, self.has(&reference).await)
        });
        let (mut lost, mut unknown) = (Vec::new(), None);
        for (digest, result) in concurrent(PARALLEL_WORK, probes).await {
            match result {
                Ok(true) => {}
                Ok(false) => lost.push(digest.clone()),
                Err(error) => unknown = Some(error),
            }
        }
        (lost, unknown)
    }

    async fn has(&self, reference: &Reference) -> Result<bool, RegistryError> {
        let request = Request {
            scopes: vec![self.scopes.needed_scope(self.target)],
            shared_scopes: self.scopes.shared_scopes(self.target),
            ..manifest_request(Method::HEAD, reference)
        };
        match self.session().send(&request).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }
}
