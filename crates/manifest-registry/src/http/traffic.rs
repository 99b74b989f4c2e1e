//! The kinds of requests, by how many bytes they move.

/// The kind of a request, which decides on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// A small request with a small response.
    Request,
    /// A body that is sent.
    Upload,
    /// A body that comes.
    Download,
}
