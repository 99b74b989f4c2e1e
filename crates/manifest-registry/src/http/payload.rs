//! The payload of a request: nothing, bytes, or a single-use stream.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{FutureExt as _, StreamExt as _};

use crate::http::idle_timeout::IdleTimeout;

/// The payload of a request.
pub(crate) enum Payload {
    /// No payload.
    None,
    /// Bytes, which can be sent again.
    Bytes(Bytes),
    /// Bytes that contain a secret. Redirects do not send them on.
    Secret(Bytes),
    /// A stream, which can be sent once, and its idle timeout.
    Stream(SingleUseStream, IdleTimeout),
}

/// A stream that can be sent once. Several requests may hold it until one of them polls its first byte.
#[derive(Clone)]
pub(crate) struct SingleUseStream(Arc<Mutex<Option<BodyStream>>>);

type BodyStream = BoxStream<'static, io::Result<Bytes>>;

impl SingleUseStream {
    pub(crate) fn new(stream: BodyStream) -> Self {
        Self(Arc::new(Mutex::new(Some(stream))))
    }

    fn is_unsent(&self) -> bool {
        let stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.is_some()
    }

    /// Returns a body that takes the stream when it is first polled.
    fn body(&self) -> reqwest::Body {
        let single_use = self.clone();
        let take = std::future::poll_fn(move |_| {
            let mut stream = single_use.0.lock().unwrap_or_else(PoisonError::into_inner);
            let missing = || stream::iter([Err(io::Error::other("it was sent before"))]).boxed();
            std::task::Poll::Ready(stream.take().unwrap_or_else(missing))
        });
        reqwest::Body::wrap_stream(take.flatten_stream())
    }
}

impl Payload {
    /// Tells whether a request with this payload can be sent again.
    pub(crate) fn is_repeatable(&self) -> bool {
        !matches!(self, Self::Stream(..))
    }

    pub(crate) fn body(&self) -> Option<reqwest::Body> {
        match self {
            Self::None => None,
            Self::Bytes(bytes) | Self::Secret(bytes) => Some(bytes.clone().into()),
            Self::Stream(stream, _) => Some(stream.body()),
        }
    }

    /// Tells whether a request that failed to connect can be sent again.
    pub(crate) fn is_unsent(&self) -> bool {
        match self {
            Self::Stream(stream, _) => stream.is_unsent(),
            _ => true,
        }
    }
}
