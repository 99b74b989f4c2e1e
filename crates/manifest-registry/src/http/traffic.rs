//! The kinds of requests, by how many bytes they move.

/// The kind of a request, which decides on its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Traffic {
    /// A request with little in it, whose answer has little in it.
    Request,
    /// A body that is sent.
    Upload,
    /// A body that comes.
    Download,
}
