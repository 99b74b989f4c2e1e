//! What a tag shows while something else is asked of its registry anyway.

use std::pin::pin;

use futures_util::future::maybe_done;
use manifest_core::{Reference, TagState};

use crate::client::Client;
use crate::confirm::{Seen, look_for};
use crate::error::Operation;
use crate::limits::{TAG_STATE_GRACE, TAG_STATE_PATIENCE};
use crate::release::beside;
use crate::retry::Tries;

impl Client {
    /// Runs `work`, and asks what a tag shows, where `work` makes requests to the tag's registry. The first goes alone, as it finds out how
    /// the registry is reached. Where there is a second one, this one goes along with it, and so takes no round trip more; where the
    /// rest is in the cache, it takes one.
    ///
    /// It is asked once, by HEAD, which no registry counts as a pull. Nothing where it is not asked, or there is no clear answer
    /// soon after `work` is done.
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
        let session = &self.shared().session;
        let look = Box::pin(async {
            session.second_call(tag.domain()).await;
            self.tag_state(tag).await
        });
        async move {
            let mut look = pin!(maybe_done(look));
            let value = beside(look.as_mut(), work).await?;
            if session.has_second_call(tag.domain()) {
                let _ = tokio::time::timeout(TAG_STATE_GRACE, look.as_mut()).await;
            } else if session.is_open(tag.domain()) {
                let alone = Box::pin(self.tag_state(tag));
                let state = tokio::time::timeout(TAG_STATE_PATIENCE, alone).await;
                return Ok((value, state.ok().flatten()));
            }
            Ok((value, look.take_output().flatten()))
        }
    }

    /// Asks once what a tag shows. Nothing where there is no clear answer.
    async fn tag_state(&self, tag: &Reference) -> Option<TagState> {
        let operation = Operation::GetManifest(tag.clone());
        let tries = Tries::single();
        let look = look_for(self, self.rights(), tag, operation, &tries);
        match look.await.ok()? {
            Seen::At(digest) => Some(TagState::At(digest)),
            Seen::Nothing => Some(TagState::Absent),
            Seen::There | Seen::Hidden(_) => None,
        }
    }
}
