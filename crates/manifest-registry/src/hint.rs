//! What to do about an error.

use http::StatusCode;

use crate::endpoint::is_docker_hub;
use crate::error::{Attempt, Operation, RegistryError};
use crate::network::NetworkProblem;
use crate::refusal::Refusal;

impl RegistryError {
    /// Returns what the user can do about it, in one sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Network { attempt, problem, .. } => network(&attempt.host, *problem),
            Self::Refused { attempt, refusal } => refused(attempt, refusal),
            Self::Helper { .. } => Some(
                "install the helper, or take it out of credsStore and credHelpers in Docker's config.json"
                    .to_owned(),
            ),
            Self::Credentials { .. } => {
                Some("run docker login again, or repair the file".to_owned())
            }
            _ => None,
        }
    }
}

fn network(host: &str, problem: NetworkProblem) -> Option<String> {
    match problem {
        NetworkProblem::Dns => Some(format!(
            "check the name {host}, and the network's name server"
        )),
        NetworkProblem::Refused => Some(format!("is a registry running on {host}?")),
        NetworkProblem::NotTls => Some(format!(
            "if {host} is meant to serve plain http, use --insecure"
        )),
        NetworkProblem::UnknownAuthority => Some(format!(
            "install the certificate authority of {host} on this system, or use --insecure to take any certificate"
        )),
        NetworkProblem::Certificate => Some(format!(
            "the certificate of {host} has to be renewed, or use --insecure to take any certificate"
        )),
        NetworkProblem::NoAuthorities => Some("install the package ca-certificates".to_owned()),
        NetworkProblem::Timeout(_) => Some(format!(
            "check the network and the proxy on the way to {host}"
        )),
        NetworkProblem::Tls | NetworkProblem::Cut | NetworkProblem::Other => None,
    }
}

fn refused(attempt: &Attempt, refusal: &Refusal) -> Option<String> {
    let host = &attempt.host;
    let login = if is_docker_hub(host) {
        "docker login".to_owned()
    } else {
        format!("docker login {host}")
    };
    if refusal.is_rate_limited() {
        return Some(format!("wait a while; {login} may give a higher limit"));
    }
    if refusal.status == StatusCode::FORBIDDEN
        || refusal.is_unauthorized() && refusal.status != StatusCode::UNAUTHORIZED
    {
        return Some(match &attempt.operation {
            Operation::PutManifest(reference) => {
                rights("push", &reference.repository().to_string(), &login)
            }
            Operation::PutBlob(repository, _) | Operation::MountBlob(repository, _) => {
                rights("push", &repository.to_string(), &login)
            }
            Operation::GetManifest(reference) => {
                rights("pull", &reference.repository().to_string(), &login)
            }
            Operation::GetBlob(repository, _) => rights("pull", &repository.to_string(), &login),
            Operation::GetToken(_) | Operation::Ping(_) => format!("run {login}"),
        });
    }
    if refusal.status == StatusCode::UNAUTHORIZED {
        return Some(format!("run {login}"));
    }
    refusal
        .is_html
        .then(|| format!("is {host} a registry? A proxy or a web site answered"))
}

fn rights(right: &str, repository: &str, login: &str) -> String {
    format!("it needs the right to {right} to {repository}; {login} as a user who has it")
        .replace("pull to", "pull from")
}
