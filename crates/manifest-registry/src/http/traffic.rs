//! The kinds of requests, by the direction of large bodies.

/// The kind of a request, which decides its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// A small request with a small response.
    Request,
    /// A request with a large body.
    Upload,
    /// A response with a large body.
    Download,
}
