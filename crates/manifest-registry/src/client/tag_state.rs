//! The state of a tag, probed beside other requests to its registry.

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
    /// Runs `work`, and probes a tag, where `work` makes requests to the tag's registry. The first goes alone, as it finds out how
    /// the registry is reached. Where there is a second one, the probe goes along with it, and so takes no round trip more; where the
    /// rest is in the cache, it takes one.
    ///
    /// The tag is probed once, by HEAD, which no registry counts as a pull. No state where it is not probed, or there is no clear
    /// response soon after `work` is done.
    ///
    /// # Errors
    /// What `work` fails with, and nothing else.
    pub fn with_tag_state<'a, T, E>(
        &'a self,
        tag: &'a Reference,
        work: impl Future<Output = Result<T, E>> + 'a,
    ) -> impl Future<Output = Result<(T, Option<TagState>), E>> + 'a {
        // Both are large, and would be in here more than once.
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

    /// Probes a tag once. Nothing where there is no clear response.
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
