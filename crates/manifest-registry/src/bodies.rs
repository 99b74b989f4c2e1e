//! The connections to one host on which the bodies of blobs go.
//!
//! Over HTTP/2 a body moves by one window a round trip, and how large that is for an upload is the server's to say: nginx, and so
//! what stands behind it, gives 64 KiB. HTTP/1.1 has no windows of its own. So bodies that are larger than any window go by HTTP/1.1, on some
//! connections of their own, while all else stays on the one HTTP/2 connection ([`crate::lanes`]).
//!
//! Uploads and downloads are bounded each for themselves: a copy within one host holds a connection of either kind.

use std::sync::{Arc, OnceLock};

use crate::lanes::Slot;
use crate::limiter::Limiter;
use crate::limits::BODY_CONNECTIONS;
use crate::pool::Unbuilt;
use crate::tunnel::HttpClient;

/// What goes over a connection: it decides which one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// A request with little in it, whose answer has little in it.
    #[default]
    Request,
    /// A body that is sent.
    Upload,
    /// A body that comes.
    Download,
}

impl Traffic {
    /// Tells whether it is the body of a blob.
    pub(crate) fn is_body(self) -> bool {
        self != Self::Request
    }
}

/// The connections for bodies to one host.
pub(crate) struct Bodies {
    /// Its own pool, made when it is first needed.
    client: OnceLock<Result<HttpClient, Unbuilt>>,
    uploads: Arc<Limiter>,
    downloads: Arc<Limiter>,
}

impl Default for Bodies {
    fn default() -> Self {
        Self {
            client: OnceLock::new(),
            uploads: Limiter::new(BODY_CONNECTIONS),
            downloads: Limiter::new(BODY_CONNECTIONS),
        }
    }
}

impl Bodies {
    /// Waits until there is a connection to be had. `shared` is what sends requests, where that is HTTP/1.1 as well: its connections
    /// do.
    pub(crate) async fn slot(
        &self,
        traffic: Traffic,
        shared: impl Fn() -> Option<HttpClient>,
        build: impl FnOnce() -> Result<HttpClient, Unbuilt>,
    ) -> Result<Slot, Unbuilt> {
        let limiter = match traffic {
            Traffic::Upload => &self.uploads,
            _ => &self.downloads,
        };
        let permit = limiter.permit().await;
        let client = match shared() {
            Some(client) => client,
            None => self.client.get_or_init(build).clone()?,
        };
        Ok(Slot::of_body(client, permit))
    }
}
