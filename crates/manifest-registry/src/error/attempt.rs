//! The request that failed, and its purpose.

use std::fmt;

use http::Method;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use url::Url;

use crate::redact;

/// What was to be done, as far as a person cares. `Display` says that it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Reading a manifest, or asking whether it exists.
    GetManifest(Reference),
    /// Publishing a manifest.
    PutManifest(Reference),
    /// Reading a blob.
    GetBlob(Repository, Digest),
    /// Making a blob of one repository present in another.
    MountBlob(Repository, Digest),
    /// Uploading a blob.
    PutBlob(Repository, Digest),
    /// Opening an upload, to see whether a repository may be written to.
    TryToWrite(Repository),
    /// Listing what refers to a manifest.
    ListReferrers(Reference),
    /// Getting a token for a registry.
    GetToken(String),
    /// Asking a registry how it wants to be spoken to.
    Ping(String),
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GetManifest(reference) => write!(f, "failed to get manifest {reference}"),
            Self::PutManifest(reference) => write!(f, "failed to put manifest {reference}"),
            Self::GetBlob(repository, digest) => {
                write!(f, "failed to get blob {repository}@{digest}")
            }
            Self::MountBlob(repository, digest) => {
                write!(f, "failed to mount blob {digest} to {repository}")
            }
            Self::PutBlob(repository, digest) => {
                write!(f, "failed to upload blob {digest} to {repository}")
            }
            Self::TryToWrite(repository) => {
                write!(
                    f,
                    "failed to open an upload in {repository}, so nothing is written anywhere"
                )
            }
            Self::ListReferrers(subject) => {
                write!(f, "failed to list what refers to {subject}")
            }
            Self::GetToken(host) => write!(f, "failed to get a token for {host}"),
            Self::Ping(host) => write!(f, "failed to reach {host}"),
        }
    }
}

/// The request that failed: what it was for, and where it went.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// What was to be done.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// The URL, without secrets.
    pub url: String,
    /// The host that the user named, to which credentials belong: `docker.io`, `localhost:5000`.
    pub host: String,
    /// What the registry calls this request, where it says so.
    pub request_id: Option<String>,
    /// How many times the request was sent because it had failed, this one included.
    pub tries: u32,
    /// Whether there was no time left to send it again.
    pub out_of_time: bool,
    /// The proxy that it went by, without its login, and where that is named.
    pub proxy: Option<String>,
    /// Where the login that went with it is from, if it was refused all the same: an entry of a file, or a credential helper.
    pub login: Option<String>,
}

impl Attempt {
    pub(crate) fn new(operation: &Operation, method: &Method, url: &Url, host: &str) -> Box<Self> {
        Box::new(Self {
            operation: operation.clone(),
            method: method.clone(),
            url: redact::url(url),
            host: host.to_owned(),
            request_id: None,
            tries: 1,
            out_of_time: false,
            proxy: None,
            login: None,
        })
    }

    /// Returns what stands at the end of an error's text: ` (request id 1234, 6 attempts)`, or nothing.
    pub(super) fn trail(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.proxy.as_ref().map(|proxy| format!("by proxy {proxy}")));
        parts.extend(
            self.request_id
                .as_ref()
                .map(|id| format!("request id {id}")),
        );
        parts.extend((self.tries > 1).then(|| format!("{} attempts", self.tries)));
        parts.extend(
            self.out_of_time
                .then(|| "no time is left for another".to_owned()),
        );
        if parts.is_empty() {
            String::new()
        } else {
            format!(" ({})", parts.join(", "))
        }
    }
}

impl fmt::Display for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.operation, self.method, self.url)
    }
}
