//! The errors of the HTTP clients that send requests.

use hyper_util::client::legacy::Error as ClientError;

/// The error of a request without a response.
pub(crate) enum SendError {
    Library(reqwest::Error),
    Tunnel(ClientError),
}

impl From<reqwest::Error> for SendError {
    fn from(error: reqwest::Error) -> Self {
        Self::Library(error)
    }
}
