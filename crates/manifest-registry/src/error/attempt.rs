//! The request that failed, and its purpose.

use std::fmt;

use http::Method;
use manifest_core::reference::Repository;
use manifest_core::{Digest, Reference};
use url::Url;

use crate::redact;

/// The purpose of a request. `Display` says that it failed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Reading a manifest, or checking whether it exists.
    GetManifest(Reference),
    /// Publishing a manifest.
    PutManifest(Reference),
    /// Reading a blob.
    GetBlob(Repository, Digest),
    /// Mounting a blob of one repository in another.
    MountBlob(Repository, Digest),
    /// Uploading a blob.
    PutBlob(Repository, Digest),
    /// Starting an upload, to check write access to a repository.
    CheckWriteAccess(Repository),
    /// Listing the referrers of a manifest.
    ListReferrers(Reference),
    /// Listing the tags of a repository.
    ListTags(Repository),
    /// Fetching a token for a registry.
    GetToken(String),
    /// Requesting `/v2/` of a registry, for its challenge.
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
            Self::CheckWriteAccess(repository) => {
                write!(
                    f,
                    "failed to start an upload in {repository}, so nothing was written"
                )
            }
            Self::ListReferrers(subject) => {
                write!(f, "failed to list the referrers of {subject}")
            }
            Self::ListTags(repository) => write!(f, "failed to list the tags of {repository}"),
            Self::GetToken(host) => write!(f, "failed to get a token for {host}"),
            Self::Ping(host) => write!(f, "failed to reach {host}"),
        }
    }
}

/// The request that failed: its purpose and its target.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The purpose of the request.
    pub operation: Operation,
    /// The method.
    pub method: Method,
    /// The URL, without secrets.
    pub url: String,
    /// The host that the user named, which credentials are for: `docker.io`, `localhost:5000`.
    pub host: String,
    /// The registry's ID of the request, if the response has one.
    pub request_id: Option<String>,
    /// The number of attempts so far, including this one.
    pub attempts: u32,
    /// Whether there was no time left for another attempt.
    pub out_of_time: bool,
    /// The proxy of the request, without its credentials, and the name of its setting.
    pub proxy: Option<String>,
    /// The place of the credentials that the registry rejected: an entry of a file, or a credential helper. `None` if
    /// none were sent.
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
            attempts: 1,
            out_of_time: false,
            proxy: None,
            login: None,
        })
    }

    /// Returns the suffix of an error's text: ` (request id 1234, 6 attempts)`, or nothing.
    pub(super) fn suffix(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(
            self.proxy
                .as_ref()
                .map(|proxy| format!("via proxy {proxy}")),
        );
        parts.extend(
            self.request_id
                .as_ref()
                .map(|id| format!("request id {id}")),
        );
        parts.extend((self.attempts > 1).then(|| format!("{} attempts", self.attempts)));
        parts.extend(
            self.out_of_time
                .then(|| "no time left for another".to_owned()),
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
