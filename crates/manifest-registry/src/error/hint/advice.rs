//! The table of hints for the documentation: the error message, the registries, and the hint.

use std::time::Duration;

use http::StatusCode;

use crate::error::hint::row::{Action, Body, Condition, Row};
use crate::error::hint::table::SECTIONS;
use crate::error::network::NetworkProblem;
use crate::error::registry_kind::RegistryKind;

/// A row of the table of hints.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advice {
    /// The kind of error.
    pub section: &'static str,
    /// The text of the error message. Words in capitals stand for values.
    pub error: String,
    /// The registries and the kind of request that the row is for. Empty if it is for all.
    pub applies_to: String,
    /// The hint. Words in capitals stand for values.
    pub hint: String,
}

/// Returns all hints about errors of registries, in the order in which they are matched.
#[must_use]
pub fn advice() -> Vec<Advice> {
    let sections = SECTIONS.iter();
    let rows = sections.flat_map(|section| section.rows.iter().map(|row| (section.title, row)));
    rows.map(|(section, row)| Advice {
        section,
        error: error_text(row),
        applies_to: applies_to(row),
        hint: with_names(row),
    })
    .collect()
}

fn error_text(row: &Row) -> String {
    if let Some(condition) = row.condition {
        return condition.error_text().to_owned();
    }
    if let Some(is_included) = row.problem {
        let problems = problems()
            .into_iter()
            .filter(|problem| is_included(*problem));
        let texts: Vec<String> = problems.map(|problem| problem.to_string()).collect();
        return texts.join("; ");
    }
    let (first, last) = row.statuses.unwrap_or_default();
    let mut text = if first == last {
        StatusCode::from_u16(first).map_or_else(|_| first.to_string(), |status| status.to_string())
    } else {
        format!("{first} to {last}")
    };
    if !row.codes.is_empty() {
        text = format!("{text}, code {}", row.codes.join(" or "));
    }
    match row.body {
        Body::Any => text,
        Body::Empty => format!("{text}, without a message"),
        Body::Html => format!("{text} (a web page, not a registry's response)"),
    }
}

/// Returns every network problem once.
fn problems() -> [NetworkProblem; 17] {
    let limit = Duration::from_secs(30);
    [
        NetworkProblem::Dns,
        NetworkProblem::ConnectionRefused,
        NetworkProblem::NotTls,
        NetworkProblem::UnknownCa,
        NetworkProblem::Certificate,
        NetworkProblem::Tls,
        NetworkProblem::ClientCertificate,
        NetworkProblem::Proxy,
        NetworkProblem::ProxyCertificate,
        NetworkProblem::ProxyAuthentication,
        NetworkProblem::ProxySetting,
        NetworkProblem::NoCaCertificates,
        NetworkProblem::ConnectionClosed,
        NetworkProblem::Timeout(limit),
        NetworkProblem::TooSlow(limit),
        NetworkProblem::Deadline(limit),
        NetworkProblem::Other,
    ]
}

fn applies_to(row: &Row) -> String {
    let kinds: Vec<&str> = row.hosts.iter().map(|kind| kind.name()).collect();
    let parts = [kinds.join(", "), row.action.name().to_owned()];
    let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    parts.join("; ")
}

/// Replaces the placeholders of a hint by names in capitals.
fn with_names(row: &Row) -> String {
    let login = match row.hosts {
        [RegistryKind::DockerHub] => "docker login",
        _ => "docker login HOST",
    };
    let right = match row.action {
        Action::Write => "push to",
        Action::Read | Action::ReadManifest | Action::ReadBlob => "pull from",
        Action::Any | Action::FetchToken => "pull from or push to",
    };
    row.hint
        .replace("{login}", login)
        .replace("{right}", right)
        .replace("{limits}", "")
        .replace("{issuer}", "")
        .replace("{host}", "HOST")
        .replace("{server}", "SERVER")
        .replace("{proxy}", "PROXY")
        .replace("{repository}", "REPOSITORY")
        .replace("{path}", "PATH")
        .replace("{file}", "FILE")
        .replace("{place}", "PLACE")
}

impl Condition {
    /// Returns the text of the error message, with capitals for values.
    fn error_text(self) -> &'static str {
        match self {
            Self::ForeignLayersMissing => "REPOSITORY does not have foreign layer DIGEST",
            Self::ContentLost => {
                "REPOSITORY does not have blob DIGEST (nor is it in SOURCE); LIST is published, but the registry does not have DIGEST"
            }
            Self::ContentOnlyInSource => "REPOSITORY does not have blob DIGEST (which SOURCE has)",
            Self::TagImmutable => "TAG points to DIGEST (after the registry refused to move it)",
            Self::ReadBackDiffers => "DIGEST was pushed to LIST, but it now points to DIGEST",
            Self::ReadBackMissing => "DIGEST was pushed to LIST, and accepted, but does not exist",
            Self::SignaturesDiffer => {
                "TAG points to DIGEST, which has content that is not in DIGEST of SOURCE: neither is overwritten"
            }
            Self::NotReferrersIndex => {
                "TAG must be the referrers index of that digest, but is something else"
            }
            Self::LocalBlob => "DIGEST cannot be read from PLACE",
            Self::Certificates => "the certificates for HOST cannot be used",
            Self::Helper | Self::HelperTimeout => "credential helper NAME for HOST: ...",
            Self::Credentials => "the credentials for HOST in FILE cannot be read",
            Self::Challenge => {
                "the registry requires a login method that is not supported; the registry names a token server ..."
            }
            Self::Redirect => "redirect to URL not followed",
            Self::NotARegistry => {
                "the response is a web page, not a registry's; 200 OK is not the response of a registry to a write"
            }
            Self::UnsupportedType => "unsupported manifest media type",
            Self::Schema1 => {
                "unsupported manifest media type: application/vnd.docker.distribution.manifest.v1+prettyjws"
            }
            Self::InvalidManifest => "the manifest cannot be read; the manifest is ambiguous",
            Self::ContentChanged => {
                "verification failed for digest DIGEST; the content has N bytes, but its descriptor says M"
            }
            Self::InvalidResponse => {
                "the token server's response has no usable token; the registry's response has no usable HEADER header"
            }
        }
    }
}

impl Action {
    fn name(self) -> &'static str {
        match self {
            Self::Any => "",
            Self::ReadManifest => "reading a manifest",
            Self::ReadBlob => "reading a blob",
            Self::Read => "reading",
            Self::Write => "writing",
            Self::FetchToken => "fetching a token",
        }
    }
}

impl RegistryKind {
    fn name(self) -> &'static str {
        match self {
            Self::DockerHub => "Docker Hub",
            Self::Ghcr => "GHCR",
            Self::Ecr => "ECR",
            Self::EcrPublic => "ECR Public",
            Self::Quay => "Quay",
            Self::GitLab => "GitLab",
            Self::Loopback => "localhost",
            Self::Other => "other registries",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_row_names_its_error_and_leaves_no_placeholder() {
        let rows = advice();
        assert!(rows.len() > 60, "{}", rows.len());
        for row in rows {
            assert!(!row.error.is_empty(), "{row:?}");
            let text = [row.error.as_str(), &row.applies_to, &row.hint].concat();
            assert!(!text.contains(['{', '}']), "{row:?}");
        }
    }

    #[test]
    fn rows_read_as_their_errors() {
        let rows = advice();
        let find = |error: &str| rows.iter().find(|row| row.error == error).unwrap();
        assert_eq!(find("429 Too Many Requests").applies_to, "Docker Hub");
        assert_eq!(find("no such host").section, "No response");
        let web = "403 Forbidden (a web page, not a registry's response)";
        assert!(find(web).hint.contains("HOST"));
    }
}
