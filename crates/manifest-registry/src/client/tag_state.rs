//! The state of a tag, probed concurrently with other requests to its registry.

use std::pin::pin;

use futures_util::future::maybe_done;
use manifest_core::{Reference, TagState};

use crate::client::probe::{Probe, probe_manifest};
use crate::client::registry_client::Client;
use crate::concurrent::alongside;
use crate::error::Operation;
use crate::http::Attempts;
use crate::limits::{TAG_STATE_GRACE, TAG_STATE_TIMEOUT};

impl Client {
    /// Runs `work`, and probes a tag if `work` sends requests to the registry of the tag.
    ///
    /// The first request goes alone, because it finds out how to reach the registry. The probe runs concurrently with the
    /// second request, and so adds no round trip. If there is no second request, because the rest is in the cache, the probe
    /// adds one round trip.
    ///
    /// The tag is probed once, by HEAD, which no registry counts as a pull. The state is `None` if the tag is not probed, or
    /// if there is no clear response soon after `work` is done.
    ///
    /// # Errors
    /// Returns the error of `work`. The probe never causes an error.
    pub fn with_tag_state<'a, T, E>(
        &'a self,
        tag: &'a Reference,
        work: impl Future<Output = Result<T, E>> + 'a,
    ) -> impl Future<Output = Result<(T, Option<TagState>), E>> + 'a {
        // Boxed, because both futures are large, and this future would contain them more than once.
        let work = Box::pin(work);
        let session = self.session();
        let probe = Box::pin(async {
            session.wait_for_second_request(tag.domain()).await;
            self.tag_state(tag).await
        });
        async move {
            let mut probe = pin!(maybe_done(probe));
            let value = alongside(probe.as_mut(), work).await?;
            if session.has_second_request(tag.domain()) {
                let _ = tokio::time::timeout(TAG_STATE_GRACE, probe.as_mut()).await;
            } else if session.has_responded(tag.domain()) {
                let alone = Box::pin(self.tag_state(tag));
                let state = tokio::time::timeout(TAG_STATE_TIMEOUT, alone).await;
                return Ok((value, state.ok().flatten()));
            }
            Ok((value, probe.take_output().flatten()))
        }
    }

    /// Probes a tag once. Returns `None` if there is no clear response.
    async fn tag_state(&self, tag: &Reference) -> Option<TagState> {
        let operation = Operation::GetManifest(tag.clone());
        let attempts = Attempts::single();
        let probe = probe_manifest(self.session(), self.scope_plan(), tag, operation, &attempts);
        match probe.await.ok()? {
            Probe::At(digest) => Some(TagState::At(digest)),
            Probe::Absent => Some(TagState::Absent),
            Probe::Present | Probe::Refused(_) => None,
        }
    }
}
