//! A session whose reads try mirrors first.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use manifest_core::Reference;

use crate::error::RegistryError;
use crate::http::Attempts;
use crate::observer::Event;
use crate::session::mirrors::{Mirrors, Route};
use crate::session::registry_session::Session;

/// A session, and the mirrors that are tried first. Each is tried once per read, and no longer once it is unavailable.
pub(crate) struct MirroredSession {
    session: Session,
    mirrors: Mirrors,
    /// The session for mirrors with unverified TLS, if there are any.
    insecure: Option<Session>,
    /// The mirrors that are unavailable, and no longer tried.
    unavailable: Mutex<HashSet<Route>>,
}

impl MirroredSession {
    /// Creates a session with mirrors. `insecure` is the session for mirrors with unverified TLS.
    pub(crate) fn new(session: Session, mirrors: Mirrors, insecure: Option<Session>) -> Self {
        Self {
            session,
            mirrors,
            insecure,
            unavailable: Mutex::default(),
        }
    }

    /// Returns the session for the registries themselves.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    /// Returns the references on mirrors that are read before the registry, in order.
    pub(crate) fn mirrors_of(&self, reference: &Reference) -> Vec<Reference> {
        let mirrored = self.mirrors.of(reference).into_iter();
        mirrored.map(|mirrored| mirrored.reference).collect()
    }

    fn is_mirror_unavailable(&self, route: &Route) -> bool {
        let unavailable = self
            .unavailable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unavailable.contains(route)
    }

    /// Records that a mirror is unavailable. Returns `true` if this is new.
    fn mark_unavailable(&self, route: Route) -> bool {
        let mut unavailable = self
            .unavailable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        unavailable.insert(route)
    }

    /// Reads from the first mirror that has the content. `None` if no mirror has it, and the registry must be asked.
    ///
    /// Requests to mirrors are not retried: the wait would take longer than the next mirror or the registry.
    pub(crate) async fn read_mirrored<T>(
        &self,
        reference: &Reference,
        read: impl AsyncFn(&Session, &Reference, &Attempts) -> Result<T, RegistryError>,
    ) -> Option<T> {
        let observer = &self.session.transport.observer;
        for mirrored in self.mirrors.of(reference) {
            let route = mirrored.route();
            if self.is_mirror_unavailable(&route) {
                continue;
            }
            let mirror = &mirrored.reference;
            observer.event(&Event::Mirror { reference, mirror });
            let session = match &self.insecure {
                Some(insecure) if mirrored.is_insecure => insecure,
                _ => &self.session,
            };
            match read(session, mirror, &Attempts::single()).await {
                Ok(found) => return Some(found),
                // An unavailable mirror is not tried again, and is reported once.
                Err(error) if !error.is_unavailable() || self.mark_unavailable(route) => {
                    observer.event(&Event::MirrorFailed {
                        mirror,
                        error: &error,
                    });
                }
                Err(_) => {}
            }
        }
        None
    }

    /// Reports that a mirror failed while it sent a body. An unavailable mirror is not tried again, and is reported
    /// once.
    pub(crate) fn mirror_failed(&self, mirror: &Reference, error: &RegistryError) {
        // The connection was established, so the failure is independent of the TLS mode.
        let routes = [false, true].map(|is_insecure| (mirror.domain().to_owned(), is_insecure));
        let is_new = || {
            routes
                .map(|route| self.mark_unavailable(route))
                .contains(&true)
        };
        if !error.is_unavailable() || is_new() {
            let observer = &self.session.transport.observer;
            observer.event(&Event::MirrorFailed { mirror, error });
        }
    }
}
