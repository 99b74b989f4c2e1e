//! What to do about an error.

use http::StatusCode;

use crate::endpoint::is_docker_hub;
use crate::error::{Absent, Attempt, Operation, RegistryError};
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
            Self::Incomplete { absent, .. } => Some(incomplete(absent)),
            Self::TagTaken { .. } => Some(
                "the registry lets nobody move this tag: push to another one".to_owned(),
            ),
            Self::ReadBack { found, .. } => Some(match found {
                Some(_) => "somebody else may have pushed the same tag just now: look at it, and push again".to_owned(),
                None => "look at it again in a while: `docker-manifest inspect`".to_owned(),
            }),
            Self::Credentials { .. } => {
                Some("run docker login again, or repair the file".to_owned())
            }
            _ => None,
        }
    }
}

fn incomplete(absent: &[Absent]) -> String {
    if absent.iter().all(|absent| absent.kind == "foreign layer") {
        "use --push-foreign to copy layers that registries need not hold".to_owned()
    } else if absent
        .iter()
        .any(|absent| absent.is_in_source == Some(false))
    {
        "push the image that it belongs to again".to_owned()
    } else {
        "push again: the registry may have removed it as unused meanwhile".to_owned()
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use http::Method;
    use manifest_core::Reference;
    use url::Url;

    use super::*;

    fn attempt(host: &str, operation: Operation) -> Box<Attempt> {
        Attempt::new(
            &operation,
            &Method::GET,
            &Url::parse("https://x/").unwrap(),
            host,
        )
    }

    #[test]
    fn refusals() {
        let reference = Reference::parse("reg.io/app:1").unwrap();
        let get = Operation::GetManifest(reference.clone());
        let put = Operation::PutManifest(reference);
        for (host, operation, status, part) in [
            ("reg.io", &get, 401, Some("run docker login reg.io")),
            ("docker.io", &get, 401, Some("run docker login")),
            (
                "reg.io",
                &get,
                403,
                Some("the right to pull from reg.io/app"),
            ),
            ("reg.io", &put, 403, Some("the right to push to reg.io/app")),
            ("reg.io", &get, 429, Some("wait a while")),
            (
                "reg.io",
                &Operation::GetToken("reg.io".into()),
                403,
                Some("run docker login reg.io"),
            ),
            ("reg.io", &get, 404, None),
            ("reg.io", &put, 500, None),
        ] {
            let refusal = Refusal::parse(StatusCode::from_u16(status).unwrap(), "", b"");
            let error = RegistryError::Refused {
                attempt: attempt(host, operation.clone()),
                refusal,
            };
            let hint = error.hint();
            assert_eq!(hint.is_some(), part.is_some(), "{status} {hint:?}");
            assert!(
                hint.unwrap_or_default().contains(part.unwrap_or_default()),
                "{status}"
            );
        }
        let refusal = Refusal::parse(StatusCode::NOT_FOUND, "text/html", b"x");
        let error = RegistryError::Refused {
            attempt: attempt("web.io", get),
            refusal,
        };
        assert!(error.hint().unwrap().contains("is web.io a registry?"));
    }

    #[test]
    fn network_problems() {
        for (problem, part) in [
            (NetworkProblem::Dns, "check the name reg.io"),
            (NetworkProblem::Refused, "running on reg.io"),
            (NetworkProblem::NotTls, "--insecure"),
            (NetworkProblem::UnknownAuthority, "--insecure"),
            (NetworkProblem::Certificate, "--insecure"),
            (NetworkProblem::NoAuthorities, "ca-certificates"),
            (NetworkProblem::Timeout(Duration::from_secs(1)), "reg.io"),
        ] {
            let attempt = attempt("reg.io", Operation::Ping("reg.io".into()));
            let error = RegistryError::Network {
                attempt,
                problem,
                source: None,
            };
            assert!(error.hint().unwrap().contains(part), "{problem:?}");
            assert!(error.is_unavailable());
        }
    }
}
