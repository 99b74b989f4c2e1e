//! Verification after the writes: tags are read back, and children must exist.

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
    /// Reads back the manifest that was written under `name`, which pointed to `before`.
    ///
    /// A registry that replicates gets some time. Returns the error that leaves the result unknown, if any.
    ///
    /// # Errors
    /// Returns [`RegistryError::ReadBackMismatch`] if `name` points to another manifest, or if it still points to nothing or to
    /// `before` when the time is up.
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

    /// Probes the digests that must exist, except those that were just seen. Returns the missing digests, and the error of a
    /// failed probe, if any.
    pub(crate) async fn missing_digests(
        &self,
        is_seen: impl Fn(&Digest) -> bool,
    ) -> (Vec<Digest>, Option<RegistryError>) {
        let digests = self.publication.verify.unwrap_or_default();
        // A manifest exists if this process has just read it from the target.
        let is_seen =
            |digest: &Digest| is_seen(digest) || self.client.has_read(self.target, digest);
        let unseen = digests.iter().filter(|digest| !is_seen(digest));
        let probes = unseen.map(|digest| async move {
            let reference = self.target.at(digest.clone());
            (digest, self.manifest_exists(&reference).await)
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

    async fn manifest_exists(&self, reference: &Reference) -> Result<bool, RegistryError> {
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
