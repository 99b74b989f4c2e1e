//! A session whose reads go to mirrors first.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use manifest_core::Reference;

use crate::error::RegistryError;
use crate::http::Attempts;
use crate::observer::Event;
use crate::session::mirrors::{Mirrors, Route};
use crate::session::registry_session::Session;

/// A session, and the mirrors that are read from first: each once, until it does not answer.
pub(crate) struct MirroredSession {
    session: Session,
    mirrors: Mirrors,
    /// The session for mirrors whose TLS need not be checked, if there are such.
    insecure: Option<Session>,
    /// The mirrors that did not answer, which are asked no more.
    dead: Mutex<HashSet<Route>>,
}

impl MirroredSession {
    /// `insecure` is the session for mirrors whose TLS need not be checked.
    pub(crate) fn new(session: Session, mirrors: Mirrors, insecure: Option<Session>) -> Self {
        Self {
            session,
            mirrors,
            insecure,
            dead: Mutex::default(),
        }
    }

    /// Returns the session with the registries themselves.
    pub(crate) fn session(&self) -> &Session {
        &self.session
    }

    fn is_dead(&self, route: &Route) -> bool {
        let dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.contains(route)
    }

    /// Notes that a mirror does not answer, and tells whether that is new.
    fn mark_dead(&self, route: Route) -> bool {
        let mut dead = self.dead.lock().unwrap_or_else(PoisonError::into_inner);
        dead.insert(route)
    }

    /// Reads something from the first mirror that has it. Nothing where none has, so that it is to be read from the registry itself.
    /// A mirror is asked once: waiting for it would take longer than going on.
    pub(crate) async fn read_mirrored<T>(
        &self,
        reference: &Reference,
        read: impl AsyncFn(&Session, &Reference, &Attempts) -> Result<T, RegistryError>,
    ) -> Option<T> {
        let observer = &self.session.transport.observer;
        for mirrored in self.mirrors.of(reference) {
            let route = mirrored.route();
            if self.is_dead(&route) {
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
                // A mirror that does not answer is asked no more, and that is said once.
                Err(error) if !error.is_unavailable() || self.mark_dead(route) => {
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

    /// Reports that a mirror failed while it sent something. A mirror that breaks off is asked no more, and that is said once.
    pub(crate) fn mirror_failed(&self, mirror: &Reference, error: &RegistryError) {
        // It was connected to: how it is reached is not the reason.
        let routes = [false, true].map(|is_insecure| (mirror.domain().to_owned(), is_insecure));
        let is_news = || routes.map(|route| self.mark_dead(route)).contains(&true);
        if !error.is_unavailable() || is_news() {
            let observer = &self.session.transport.observer;
            observer.event(&Event::MirrorFailed { mirror, error });
        }
    }
}
