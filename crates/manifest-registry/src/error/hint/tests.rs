mod logins;

use std::time::Duration;

use http::{HeaderMap, Method, StatusCode};
use manifest_core::{Digest, ManifestError, Reference};
use url::Url;

use super::row::*;
use crate::error::attempt::{Attempt, Operation, RejectedLogin};
use crate::error::certificate::CertificateProblem;
use crate::error::content::{Absent, ContentProblem};
use crate::error::error_response::ErrorResponse;
use crate::error::hint::table::rows;
use crate::error::network::NetworkProblem;
use crate::error::registry_error::RegistryError;
use crate::error::registry_kind::RegistryKind;

const SCHEMA_1: &str = "application/vnd.docker.distribution.manifest.v1+prettyjws";

fn operation(host: &str, what: &str) -> Operation {
    let reference = Reference::parse(&format!("{host}/team/app:1")).unwrap();
    let (repository, digest) = (reference.repository().clone(), Digest::sha256(b"x"));
    match what {
        "get" => Operation::GetManifest(reference),
        "put" => Operation::PutManifest(reference),
        "blob" => Operation::GetBlob(repository, digest),
        "tags" => Operation::ListTags(repository),
        "mount" => Operation::MountBlob(repository, digest),
        "upload" => Operation::PutBlob(repository, digest),
        "token" => Operation::GetToken(host.to_owned()),
        "ping" => Operation::Ping(host.to_owned()),
        _ => panic!("{what}"),
    }
}

/// Creates a request to a server other than the named host, as to a token server or object storage.
fn attempt(host: &str, what: &str) -> Box<Attempt> {
    let url = Url::parse("https://x/").unwrap();
    Attempt::new(&operation(host, what), &Method::GET, &url, host)
}

fn error_response(
    host: &str,
    what: &str,
    status: u16,
    body: &str,
    headers: &[(&str, &str)],
) -> String {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        let name: http::HeaderName = name.parse().unwrap();
        map.insert(name, value.parse().unwrap());
    }
    let body = match body {
        "" | "<html>" => body.to_owned(),
        code => format!(r#"{{"errors":[{{"code":"{code}","message":"because"}}]}}"#),
    };
    let error = RegistryError::ErrorResponse {
        attempt: attempt(host, what),
        error_response: ErrorResponse::read(
            StatusCode::from_u16(status).unwrap(),
            &map,
            body.as_bytes(),
        ),
    };
    error.hint().unwrap_or_default()
}

const ECR: &str = "1.dkr.ecr.eu-west-1.amazonaws.com";
const GITLAB: &str = "registry.gitlab.com";

/// Operation, host, response and a part of the hint. At least one test matches each row of the table.
#[rustfmt::skip]
const ERROR_RESPONSES: &[(&str, &str, u16, &str, &str)] = &[
    ("docker.io", "get", 429, "TOOMANYREQUESTS", "Docker Hub limits pulls per account"),
    ("docker.io", "token", 429, "", "docker login, or wait"),
    ("ghcr.io", "get", 429, "", "GHCR limits requests per minute"),
    (ECR, "get", 429, "", "ECR limits requests per second"),
    ("reg.io", "get", 429, "", "docker login reg.io may give a higher limit"),
    ("reg.io", "get", 400, "TOOMANYREQUESTS", "wait a while"),
    ("reg.io", "get", 403, "<html>", "a proxy or firewall in front of reg.io"),
    ("ghcr.io", "put", 403, "<html>", "a proxy or firewall in front of ghcr.io"),
    ("reg.io", "get", 404, "<html>", "is reg.io a registry?"),
    ("reg.io", "put", 405, "<html>", "is reg.io a registry?"),
    ("docker.io", "token", 401, "", "run docker login; with two-factor"),
    ("ghcr.io", "get", 401, "UNAUTHORIZED", "run docker login ghcr.io with a token that has read:packages"),
    (ECR, "get", 401, "", "aws ecr get-login-password | docker login 1.dkr"),
    ("public.ecr.aws", "get", 401, "", "aws ecr-public get-login-password --region us-east-1 | docker login public.ecr.aws --username AWS"),
    ("public.ecr.aws", "put", 404, "NAME_UNKNOWN", "aws ecr-public create-repository"),
    ("public.ecr.aws", "put", 403, "DENIED", "older than 12 hours"),
    ("public.ecr.aws", "get", 503, "", "health.aws.amazon.com"),
    ("quay.io", "get", 401, "", "Quay gives the same response for"),
    (GITLAB, "get", 401, "", "read_registry"),
    ("localhost:5000", "get", 401, "", "run docker login localhost:5000"),
    ("reg.io", "ping", 401, "<html>", "run docker login reg.io: a proxy"),
    ("reg.io", "get", 401, "<html>", "run docker login reg.io: a proxy"),
    ("ghcr.io", "put", 403, "DENIED", "`packages: write`"),
    ("ghcr.io", "mount", 403, "", "`packages: write`"),
    ("ghcr.io", "get", 403, "DENIED", "read:packages"),
    ("ghcr.io", "token", 403, "DENIED", "run docker login ghcr.io"),
    (ECR, "put", 403, "DENIED", "older than 12 hours"),
    ("docker.io", "put", 403, "DENIED", "permission to push to docker.io/team/app: docker login as a user who has it, with"),
    ("docker.io", "get", 403, "DENIED", "permission to pull from docker.io/team/app: docker login as"),
    ("reg.io", "token", 403, "", "run docker login reg.io"),
    ("reg.io", "get", 403, "", "may also come from a firewall"),
    ("reg.io", "upload", 403, "DENIED", "permission to push to reg.io/team/app: docker login reg.io"),
    ("reg.io", "blob", 403, "DENIED", "permission to pull from reg.io/team/app"),
    ("reg.io", "tags", 403, "DENIED", "permission to list the tags of reg.io/team/app: docker login reg.io as a user who has it"),
    ("reg.io", "get", 404, "DENIED", "permission to pull from reg.io/team/app"),
    ("reg.io", "put", 400, "UNAUTHORIZED", "permission to push to reg.io/team/app"),
    (ECR, "put", 404, "NAME_UNKNOWN", "aws ecr create-repository --repository-name team/app"),
    ("reg.io", "put", 400, "MANIFEST_BLOB_UNKNOWN", "reg.io/team/app lacks content"),
    ("reg.io", "put", 404, "MANIFEST_BLOB_UNKNOWN", "reg.io/team/app lacks content"),
    ("reg.io", "upload", 404, "BLOB_UPLOAD_UNKNOWN", "the upload was lost"),
    ("reg.io", "put", 404, "NAME_UNKNOWN", "create the repository or its project on reg.io first"),
    ("reg.io", "blob", 404, "BLOB_UNKNOWN", "not all of its content"),
    ("reg.io", "blob", 404, "", "not all of its content"),
    ("reg.io", "get", 404, "NAME_UNKNOWN", "repository reg.io/team/app does not exist"),
    ("docker.io", "get", 404, "NAME_UNKNOWN", "docker login as a user with read access"),
    ("reg.io", "get", 404, "MANIFEST_UNKNOWN", "was pushed to reg.io/team/app"),
    ("reg.io", "get", 404, "NOT_FOUND", "was pushed to reg.io/team/app"),
    ("reg.io", "get", 404, "", "reg.io may hide private repositories"),
    ("reg.io", "token", 404, "", "check the token server of reg.io"),
    (ECR, "put", 400, "TAG_INVALID", "are immutable"),
    ("reg.io", "put", 412, "PRECONDITION", "the tag is immutable"),
    ("reg.io", "put", 400, "NAME_INVALID", "does not accept this name"),
    ("reg.io", "put", 400, "TAG_INVALID", "does not accept this name"),
    ("reg.io", "put", 400, "MANIFEST_INVALID", "does not accept this manifest"),
    ("reg.io", "upload", 400, "DIGEST_INVALID", "a proxy between you and reg.io"),
    ("reg.io", "put", 405, "UNSUPPORTED", "does not accept pushes"),
    ("reg.io", "get", 405, "UNSUPPORTED", "is it a registry?"),
    ("reg.io", "put", 409, "", "someone else is changing reg.io/team/app"),
    ("reg.io", "upload", 413, "<html>", "client_max_body_size"),
    ("reg.io", "upload", 413, "", "client_max_body_size"),
    ("reg.io", "put", 415, "", "too old for OCI indexes"),
    ("reg.io", "put", 422, "", "its message may say why"),
    ("reg.io", "get", 400, "", "a proxy in front of reg.io, does not understand"),
    ("reg.io", "get", 400, "ODD", "its message may say why"),
    ("reg.io", "get", 408, "", "check the network"),
    ("reg.io", "get", 501, "", "is it a registry?"),
    ("reg.io", "upload", 507, "", "the storage of reg.io is full"),
    ("localhost:5000", "token", 500, "", "the token server of localhost:5000 (x)"),
    ("reg.io", "token", 503, "", "the token server of reg.io (x)"),
    ("docker.io", "token", 503, "", "www.dockerstatus.com"),
    ("localhost:5000", "get", 500, "", "the registry's log"),
    ("docker.io", "get", 500, "", "www.dockerstatus.com"),
    ("ghcr.io", "get", 502, "<html>", "www.githubstatus.com"),
    (ECR, "get", 503, "", "health.aws.amazon.com"),
    ("quay.io", "get", 504, "", "status.redhat.com"),
    (GITLAB, "get", 500, "", "status.gitlab.com"),
    ("reg.io", "get", 502, "<html>", "reg.io, or a proxy in front of it, has a problem"),
    ("reg.io", "get", 407, "<html>", "a proxy between you and x requires a login"),
    ("reg.io", "get", 418, "", ""),
    ("reg.io", "get", 304, "", ""),
];

#[test]
fn error_responses() {
    for (host, what, status, body, part) in ERROR_RESPONSES {
        let hint = error_response(host, what, *status, body, &[]);
        assert_eq!(
            hint.is_empty(),
            part.is_empty(),
            "{host} {what} {status} {body}: {hint}"
        );
        assert!(hint.contains(part), "{host} {what} {status} {body}: {hint}");
        assert!(!hint.contains(['{', '}']) && !hint.ends_with('.'), "{hint}");
    }
}

#[test]
fn rate_limits_are_named() {
    let limits = [
        ("ratelimit-limit", "100;w=21600"),
        ("ratelimit-remaining", "0;w=21600"),
    ];
    let hint = error_response("docker.io", "get", 429, "TOOMANYREQUESTS", &limits);
    assert!(
        hint.ends_with("or wait (ratelimit-limit: 100;w=21600, ratelimit-remaining: 0;w=21600)"),
        "{hint}"
    );
    let long = "{host}".repeat(1000);
    let hint = error_response("reg.io", "get", 429, "", &[("x-ratelimit-limit", &long)]);
    assert!(hint.len() < 250 && hint.contains("{host}"), "{hint}");
}

const SECOND: NetworkProblem = NetworkProblem::Timeout(Duration::from_secs(1));

#[rustfmt::skip]
const PROBLEMS: &[(&str, &str, NetworkProblem, &str)] = &[
    ("reg.io", "get", NetworkProblem::Dns, "check the name x,"),
    ("reg.io", "token", NetworkProblem::ConnectionRefused, "token server that reg.io names running on x?"),
    ("localhost:5000", "token", NetworkProblem::ConnectionRefused, "token server that localhost:5000 names"),
    ("localhost:5000", "get", NetworkProblem::ConnectionRefused, "nothing answers on x: is it running?"),
    ("reg.io", "get", NetworkProblem::ConnectionRefused, "is it running? A firewall"),
    ("reg.io", "get", NetworkProblem::NotTls, "if x serves plain HTTP, use --insecure"),
    ("reg.io", "token", NetworkProblem::NotTls, "reg.io names its token server with https"),
    ("docker.io", "get", NetworkProblem::NotTls, "may answer instead"),
    ("ghcr.io", "get", NetworkProblem::Certificate, "may answer instead"),
    ("docker.io", "get", NetworkProblem::UnknownCa, "may intercept TLS"),
    ("reg.io", "get", NetworkProblem::UnknownCa, "certs.d/x/ca.crt beside config.json or in /etc/docker; or use --insecure"),
    ("reg.io", "get", NetworkProblem::ClientCertificate, "certs.d/x/client.cert and client.key"),
    ("reg.io", "get", NetworkProblem::ProxyCertificate, "--ca-file"),
    ("reg.io", "get", NetworkProblem::ProxyAuthentication, "http://USER:PASSWORD@HOST:PORT (its URL)"),
    ("reg.io", "get", NetworkProblem::Proxy, "add x to NO_PROXY"),
    ("reg.io", "get", NetworkProblem::ProxySetting, "correct the proxy setting"),
    ("reg.io", "get", NetworkProblem::Certificate, "the certificate of x, or have the certificate renewed"),
    ("reg.io", "get", NetworkProblem::NoCaCertificates, "ca-certificates"),
    ("reg.io", "get", NetworkProblem::Tls, "or x requires a client certificate"),
    ("localhost:5000", "get", SECOND, "the registry's log and load"),
    ("reg.io", "get", SECOND, "the proxy between you and x"),
    ("reg.io", "get", NetworkProblem::Deadline(Duration::from_secs(1)), "--timeout"),
    ("reg.io", "get", NetworkProblem::ConnectionClosed, ""),
    ("reg.io", "get", NetworkProblem::Other, ""),
];

#[test]
fn network_problems() {
    for (host, what, problem, part) in PROBLEMS {
        let error = RegistryError::Network {
            attempt: attempt(host, what),
            problem: *problem,
            source: None,
        };
        let hint = error.hint().unwrap_or_default();
        assert_eq!(hint.is_empty(), part.is_empty(), "{problem:?}: {hint}");
        assert!(hint.contains(part), "{problem:?}: {hint}");
        assert!(error.is_unavailable());
        // Docker Hub and GHCR never need `--insecure`.
        let is_public = matches!(*host, "docker.io" | "ghcr.io");
        assert!(!is_public || !hint.contains("--insecure"), "{hint}");
    }
}

#[test]
fn content_problems() {
    let digest = || Digest::sha256(b"x");
    let manifest = |error| ContentProblem::Manifest(std::sync::Arc::new(error));
    for (problem, part) in [
        (ContentProblem::WebPage, "log in to the network"),
        (
            ContentProblem::NotFromRegistry(StatusCode::OK),
            "answered instead",
        ),
        (
            manifest(ManifestError::UnsupportedType("text/html".to_owned())),
            "is reg.io a registry?",
        ),
        (
            manifest(ManifestError::UnsupportedType(SCHEMA_1.to_owned())),
            "(schema 1)",
        ),
        (manifest(ManifestError::Missing("config")), "build and push"),
        (
            ContentProblem::Digest {
                kind: "blob",
                expected: digest(),
            },
            "a proxy or cache between you and reg.io",
        ),
        (
            ContentProblem::Encoding("gzip".to_owned()),
            "a proxy or cache",
        ),
        (
            ContentProblem::InvalidToken,
            "contact the operator of reg.io",
        ),
    ] {
        let error = RegistryError::content(attempt("reg.io", "get"), problem);
        let hint = error.hint().unwrap();
        assert!(hint.contains(part), "{error}: {hint}");
    }
}

fn absent(kind: &'static str, is_in_source: Option<bool>) -> Absent {
    Absent {
        kind,
        digest: Digest::sha256(b"x"),
        source: "reg.io/team/app".to_owned(),
        is_in_source,
    }
}

fn conditions() -> Vec<(RegistryError, &'static str)> {
    let target = Reference::parse("reg.io/team/app:1").unwrap();
    let source = || {
        Box::new(RegistryError::ErrorResponse {
            attempt: attempt("reg.io", "put"),
            error_response: ErrorResponse::parse(StatusCode::BAD_REQUEST, "", b""),
        })
    };
    let incomplete = |absent: Vec<Absent>| RegistryError::Incomplete {
        target: target.repository().clone(),
        absent,
        source: source(),
    };
    let read_back = |found| RegistryError::ReadBackMismatch {
        reference: Box::new(target.clone()),
        written: Digest::sha256(b"x"),
        found,
    };
    let immutable = RegistryError::TagImmutable {
        reference: Box::new(target.clone()),
        existing: Digest::sha256(b"x"),
        source: source(),
    };
    let foreign = || absent("foreign layer", Some(true));
    vec![
        (incomplete(vec![foreign()]), "--push-foreign"),
        (
            incomplete(vec![foreign(), absent("blob", Some(false))]),
            "push the image that it belongs to again",
        ),
        (
            incomplete(vec![absent("blob", Some(true))]),
            "garbage-collected it",
        ),
        (
            incomplete(vec![absent("manifest", None)]),
            "garbage-collected it",
        ),
        (immutable, "push to another one"),
        (read_back(Some(Digest::sha256(b"y"))), "someone else"),
        (read_back(None), "again later"),
    ]
}

/// Errors that match a row by their type, each with a part of the hint.
fn by_type() -> Vec<(RegistryError, &'static str)> {
    let reference = || Box::new(Reference::parse("reg.io/team/app:1").unwrap());
    let digest = || Digest::sha256(b"x");
    let helper = |timed_out| RegistryError::Helper {
        helper: "docker-credential-x".to_owned(),
        host: "reg.io".to_owned(),
        reason: "it was stopped".to_owned(),
        timed_out,
    };
    let mut errors = vec![
        (
            RegistryError::SignaturesDiffer {
                reference: reference(),
                found: digest(),
                source_digest: digest(),
                place: "reg.io/other".to_owned(),
            },
            "copy the signatures with cosign",
        ),
        (
            RegistryError::NotReferrersIndex {
                reference: reference(),
                source: std::sync::Arc::new(ManifestError::Missing("config")),
            },
            "check the content of this tag",
        ),
        (
            RegistryError::LocalBlob {
                place: "oci-layout://build".to_owned(),
                digest: digest(),
                reason: "gone".to_owned(),
            },
            "`create --amend LIST oci-layout://build`",
        ),
        (
            RegistryError::Certificates {
                host: "reg.io".to_owned(),
                problem: CertificateProblem {
                    name: "ca.crt".to_owned(),
                    reason: "it is damaged".to_owned(),
                },
            },
            "CA certificates in *.crt",
        ),
        (helper(false), "install the helper"),
        (helper(true), "--timeout"),
        (
            RegistryError::Credentials {
                key: "reg.io".to_owned(),
                file: "/c/config.json".to_owned(),
                reason: "not base64".to_owned(),
            },
            "repair /c/config.json",
        ),
        (
            RegistryError::Challenge {
                attempt: attempt("reg.io", "get"),
                reason: "Negotiate".to_owned(),
            },
            "contact the operator of reg.io",
        ),
        (
            RegistryError::Redirect {
                attempt: attempt("reg.io", "get"),
                to: "http://x/".to_owned(),
                reason: "it is not protected by TLS",
            },
            "contact the operator of reg.io",
        ),
    ];
    errors.extend(by_content());
    errors
}

/// Errors that match a row by their content problem, each with a part of the hint.
fn by_content() -> Vec<(RegistryError, &'static str)> {
    use ContentProblem::{Encoding, InvalidToken};
    let content = |problem| RegistryError::content(attempt("reg.io", "get"), problem);
    let manifest = |error| content(ContentProblem::Manifest(std::sync::Arc::new(error)));
    vec![
        (content(ContentProblem::WebPage), "log in to the network"),
        (content(InvalidToken), "the operator of reg.io"),
        (
            content(Encoding("gzip".to_owned())),
            "a proxy or cache between you and reg.io",
        ),
        (
            manifest(ManifestError::UnsupportedType("text/html".to_owned())),
            "is reg.io a registry?",
        ),
        (
            manifest(ManifestError::UnsupportedType(SCHEMA_1.to_owned())),
            "(schema 1)",
        ),
        (manifest(ManifestError::Missing("config")), "build and push"),
    ]
}

/// Tells whether a hint is that of a row, with its placeholders filled in.
fn is_filled_in(row: &str, hint: &str) -> bool {
    let mut rest = hint;
    row.split('{').enumerate().all(|(place, part)| {
        let text = match part.split_once('}') {
            Some((_, text)) if place > 0 => text,
            _ => part,
        };
        let found = rest.find(text);
        rest = found.map_or("", |at| &rest[at + text.len()..]);
        found.is_some()
    })
}

#[test]
fn hints_by_condition() {
    for (error, part) in conditions().into_iter().chain(by_type()) {
        let hint = error.hint().unwrap();
        assert!(hint.contains(part) && !hint.contains(['{', '}']), "{hint}");
    }
}

/// An unmatched row is dead, or an earlier row takes precedence over it.
#[test]
fn every_row_is_tested() {
    let mut matched = vec![false; rows().count()];
    let mut mark_row = |host: &str, what: &str, symptom: &Symptom<'_>| {
        let (kind, operation) = (RegistryKind::of(host), operation(host, what));
        let at = rows().position(|row| row.matches(symptom, kind, &operation));
        if let Some(at) = at {
            matched[at] = true;
        }
    };
    for (host, what, status, body, _) in ERROR_RESPONSES {
        let body = match *body {
            "" | "<html>" => (*body).to_owned(),
            code => format!(r#"{{"errors":[{{"code":"{code}"}}]}}"#),
        };
        let status = StatusCode::from_u16(*status).unwrap();
        mark_row(
            host,
            what,
            &Symptom::ErrorResponse(&ErrorResponse::parse(status, "", body.as_bytes())),
        );
    }
    for (host, what, problem, _) in PROBLEMS {
        mark_row(host, what, &Symptom::Network(*problem));
    }
    let hints: Vec<_> = conditions()
        .into_iter()
        .chain(by_type())
        .filter_map(|(error, _)| error.hint())
        .collect();
    for (row, matched) in rows().zip(matched) {
        let matched = matched
            || row.condition.is_some() && hints.iter().any(|hint| is_filled_in(row.hint, hint));
        assert!(matched, "no test meets the row {:?}", row.hint);
    }
}
