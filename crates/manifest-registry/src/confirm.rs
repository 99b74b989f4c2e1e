//! Looking at what a registry has under a name: before something is written there, and after.

use http::Method;
use manifest_core::{Digest, Reference};
use tokio::time::Instant;

use crate::client::{Client, DOCKER_CONTENT_DIGEST, manifest_call};
use crate::concurrent::concurrent;
use crate::error::{ContentProblem, Operation, RegistryError};
use crate::limits::{LAG_PAUSE, PARALLEL_WORK};
use crate::publish::Push;
use crate::retry::Tries;
use crate::rights::Rights;
use crate::session::Call;

/// What a registry shows under a name.
pub(crate) enum Seen {
    /// A manifest of this digest, as it says.
    At(Digest),
    /// A manifest, and it does not say which.
    There,
    /// Nothing.
    Nothing,
    /// It does not let us look, which need not mean that it does not let us write; and its answer to a write says more, for
    /// one to HEAD has no body.
    Hidden(RegistryError),
}

impl Push<'_> {
    /// Asks for a manifest with HEAD, which no registry counts as a pull. In the target it is what comes before writing there.
    pub(crate) async fn look(&self, reference: &Reference) -> Result<Seen, RegistryError> {
        if let Some(seen) = self.client.ahead().take(reference).await {
            return seen;
        }
        if reference.repository() == self.target {
            let operation = Operation::PutManifest(reference.clone());
            self.look_for(reference, operation).await
        } else {
            self.look_again(reference).await
        }
    }

    /// As [`Self::look`], for its own sake.
    async fn look_again(&self, reference: &Reference) -> Result<Seen, RegistryError> {
        let operation = Operation::GetManifest(reference.clone());
        self.look_for(reference, operation).await
    }

    async fn look_for(
        &self,
        reference: &Reference,
        operation: Operation,
    ) -> Result<Seen, RegistryError> {
        let tries = Tries::default();
        look_for(self.client, &self.rights, reference, operation, &tries).await
    }

    /// Reads back what was written under `name`, where `before` was before. A registry whose parts do not all know of it yet
    /// is given some time. Returns why that cannot be told, where it cannot.
    ///
    /// # Errors
    /// [`RegistryError::ReadBackMismatch`] where something else is there, or still nothing when the time is up.
    pub(crate) async fn confirm(
        &self,
        name: &Reference,
        bytes: &[u8],
        before: Option<&Digest>,
    ) -> Result<Option<RegistryError>, RegistryError> {
        let retries = &self.session().transport.retries;
        let deadline = Instant::now() + retries.lag_window();
        let mut pause = LAG_PAUSE;
        loop {
            let found = match self.read(name).await {
                Ok(found) => found,
                Err(error) => return Ok(Some(error)),
            };
            if found.as_ref().is_some_and(|digest| digest.matches(bytes)) {
                return Ok(None);
            }
            let may_lag = found.is_none() || found.as_ref() == before;
            let is_time_up = Instant::now() + pause > deadline || !retries.deadline.leaves(pause);
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

    /// Looks whether all that the tags lead to is there, but for what was just seen. Returns what is not, and why that cannot be
    /// told, where it cannot.
    pub(crate) async fn lost(
        &self,
        is_seen: impl Fn(&Digest) -> bool,
    ) -> (Vec<Digest>, Option<RegistryError>) {
        let verified = self.publication.verified.unwrap_or_default();
        // What this process has just read there is there.
        let is_seen =
            |digest: &Digest| is_seen(digest) || self.client.has_read(self.target, digest);
        let verified = verified.iter().filter(|digest| !is_seen(digest));
        let looks = verified.map(|digest| async move {
            let reference = self.target.at(digest.clone());
            (digest, self.has(&reference).await)
        });
        let (mut lost, mut unknown) = (Vec::new(), None);
        for (digest, result) in concurrent(PARALLEL_WORK, looks).await {
            match result {
                Ok(true) => {}
                Ok(false) => lost.push(digest.clone()),
                Err(error) => unknown = Some(error),
            }
        }
        (lost, unknown)
    }

    async fn has(&self, reference: &Reference) -> Result<bool, RegistryError> {
        let call = Call {
            scopes: vec![self.rights.needed(self.target)],
            shared: self.rights.shared(self.target),
            ..manifest_call(Method::HEAD, reference)
        };
        match self.session().call(&call).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Asks what a name shows, for its own sake: by reading it where HEAD does not say.
    pub(crate) async fn read(&self, name: &Reference) -> Result<Option<Digest>, RegistryError> {
        match self.look_again(name).await? {
            Seen::At(digest) => Ok(Some(digest)),
            Seen::Nothing => Ok(None),
            Seen::There => {
                let tries = Tries::default();
                let manifest = self.client.manifest_itself(name, &tries).await?;
                Ok(Some(manifest.digest().clone()))
            }
            Seen::Hidden(error) if error.status().is_some_and(|s| s.as_u16() == 405) => {
                self.client.manifest_digest(name).await
            }
            Seen::Hidden(error) => Err(error),
        }
    }
}

/// Asks for a manifest with HEAD, with these rights.
pub(crate) async fn look_for(
    client: &Client,
    rights: &Rights,
    reference: &Reference,
    operation: Operation,
    tries: &Tries,
) -> Result<Seen, RegistryError> {
    let repository = reference.repository();
    let call = Call {
        scopes: vec![rights.needed(repository)],
        shared: rights.shared(repository),
        operation,
        ..manifest_call(Method::HEAD, reference)
    };
    match client.shared().session.call_believing(&call, tries).await {
        Ok(answer) if answer.is_web_page() => Err(answer.content(ContentProblem::WebPage)),
        Ok(answer) => {
            let stated = answer.single_header(DOCKER_CONTENT_DIGEST)?;
            Ok(match stated.and_then(|text| text.trim().parse().ok()) {
                Some(digest) => Seen::At(digest),
                None => Seen::There,
            })
        }
        Err(error) if error.is_not_found() => Ok(Seen::Nothing),
        Err(error) if error.status().is_some() && !is_of_login(&error) => Ok(Seen::Hidden(error)),
        Err(error) => Err(error),
    }
}

/// Tells whether it was the token server that refused: nothing else will go better.
fn is_of_login(error: &RegistryError) -> bool {
    error
        .attempt()
        .is_some_and(|attempt| matches!(attempt.operation, Operation::GetToken(_)))
}
