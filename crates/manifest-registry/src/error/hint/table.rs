//! The table of hints, in sections. The first matching row counts, so specific rows precede general ones.

use crate::error::hint::row::{Action, Body, Condition, Row};
use crate::error::network::NetworkProblem;
use crate::error::registry_kind::RegistryKind;
use RegistryKind::{DockerHub, Ecr, EcrPublic, Ghcr, GitLab, Loopback, Other, Quay};

/// The rows for one kind of error.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: &'static [Row],
}

/// Returns all rows, in the order in which they are matched.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> {
    SECTIONS.iter().flat_map(|section| section.rows)
}

pub(super) const SECTIONS: &[Section] = &[
    section("After a push", AFTER_A_PUSH),
    section("No response", NO_RESPONSE),
    section("Rate limits", RATE_LIMITS),
    section("A proxy or a web site instead of the registry", WEB_PAGES),
    section("Login required", LOGIN_REQUIRED),
    section("Permission denied", PERMISSION_DENIED),
    section("Not found", NOT_FOUND),
    section("Requests that the registry refuses", REFUSED),
    section("Damaged content", DAMAGED),
    section("Registries with problems", UNAVAILABLE),
];

const fn section(title: &'static str, rows: &'static [Row]) -> Section {
    Section { title, rows }
}

const AFTER_A_PUSH: &[Row] = &[
    Row::condition(
        Condition::ForeignLayersMissing,
        "use --push-foreign to copy foreign (non-distributable) layers",
    ),
    Row::condition(
        Condition::ContentLost,
        "push the image that it belongs to again",
    ),
    Row::condition(
        Condition::ContentOnlyInSource,
        "push again: the registry may have garbage-collected it",
    ),
    Row::condition(
        Condition::TagImmutable,
        "the tag is immutable in this registry: push to another one",
    ),
    Row::condition(
        Condition::ReadBackDiffers,
        "someone else may have just pushed the same tag: inspect it, and push again",
    ),
    Row::condition(
        Condition::ReadBackMissing,
        "check it again later with `docker-manifest inspect`",
    ),
    Row::condition(
        Condition::SignaturesDiffer,
        "if its content is not needed, remove the tag there; or publish without --referrers, and copy the signatures with cosign",
    ),
    Row::condition(
        Condition::NotReferrersIndex,
        "check the content of this tag, and remove it there: the distribution specification reserves the tag for that index",
    ),
    Row::condition(
        Condition::LocalBlob,
        "it may have been changed or removed since the draft was created: restore it, or add it again with `create --amend LIST {place}`",
    ),
];

const NO_RESPONSE: &[Row] = &[
    Row::network(
        |problem| problem == NetworkProblem::Dns,
        "check the name {server}, and the DNS server of the network",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ConnectionRefused,
        "is the token server that {host} names running on {server}?",
    )
    .action(Action::FetchToken),
    Row::network(
        |problem| problem == NetworkProblem::ConnectionRefused,
        "nothing answers on {server}: is it running?",
    )
    .on(&[Loopback]),
    Row::network(
        |problem| problem == NetworkProblem::ConnectionRefused,
        "nothing answers on {server}: is it running? A firewall may also refuse the connection",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::NotTls | NetworkProblem::Certificate),
        "something between you and {server} may answer instead: check the proxy, log in to the network, and check this system's clock",
    )
    .on(&[DockerHub, Ghcr, Ecr, EcrPublic]),
    Row::network(
        |problem| problem == NetworkProblem::NotTls,
        "{host} names its token server with https, but {server} does not speak TLS: contact the operator",
    )
    .action(Action::FetchToken),
    Row::network(
        |problem| problem == NetworkProblem::NotTls,
        "if {server} serves plain HTTP, use --insecure",
    ),
    Row::network(
        |problem| problem == NetworkProblem::UnknownCa,
        "a proxy between you and {server} may intercept TLS: install its CA certificate{issuer} on this system, or pass the file with --ca-file",
    )
    .on(&[DockerHub, Ghcr, Ecr, EcrPublic]),
    Row::network(
        |problem| problem == NetworkProblem::UnknownCa,
        "get the CA certificate{issuer}: pass the file with --ca-file, or save it as certs.d/{server}/ca.crt beside config.json or in /etc/docker; or use --insecure to accept any certificate",
    ),
    Row::network(
        |problem| problem == NetworkProblem::Certificate,
        "use the name in the certificate of {server}, or have the certificate renewed; check this system's clock; or use --insecure to accept any certificate",
    ),
    Row::network(
        |problem| problem == NetworkProblem::NoCaCertificates,
        "install the package ca-certificates, or check SSL_CERT_FILE and SSL_CERT_DIR",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ClientCertificate,
        "save a certificate that {server} accepts, and its key, as certs.d/{server}/client.cert and client.key beside config.json or in /etc/docker",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ProxyCertificate,
        "pass its CA certificate with --ca-file, or save it as certs.d/HOST:PORT/ca.crt beside config.json, with the host and port of {proxy}",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ProxyAuthentication,
        "put the login into the proxy's URL, as in http://USER:PASSWORD@HOST:PORT ({proxy})",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Proxy | NetworkProblem::ProxySetting),
        "correct the proxy setting ({proxy}), or add {server} to NO_PROXY",
    ),
    Row::network(
        |problem| problem == NetworkProblem::Tls,
        "{server} and this program have no TLS version or cipher in common, or {server} requires a client certificate",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Timeout(_) | NetworkProblem::TooSlow(_)),
        "check the registry's log and load",
    )
    .on(&[Loopback]),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Timeout(_) | NetworkProblem::TooSlow(_)),
        "check the network and the proxy between you and {server}",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Deadline(_)),
        "allow more time with --timeout",
    ),
    Row::condition(
        Condition::Certificates,
        "repair or remove the file; certs.d holds CA certificates in *.crt, client certificates in *.cert, and their keys in *.key",
    ),
];

const RATE_LIMITS: &[Row] = &[
    Row::status(
        429,
        "Docker Hub limits pulls per account, or per IP address without a login: {login}, or wait{limits}",
    )
    .on(&[DockerHub]),
    Row::status(
        429,
        "GHCR limits requests per minute: wait a minute, or allow more retries with --retry{limits}",
    )
    .on(&[Ghcr]),
    Row::status(
        429,
        "ECR limits requests per second: allow more retries with --retry, or ask AWS for a higher quota{limits}",
    )
    .on(&[Ecr, EcrPublic]),
    Row::status(
        429,
        "wait a while; {login} may give a higher limit{limits}",
    ),
    Row::statuses(
        400,
        499,
        "wait a while; {login} may give a higher limit{limits}",
    )
    .codes(&["TOOMANYREQUESTS"]),
];

const WEB_PAGES: &[Row] = &[
    Row::status(
        407,
        "a proxy between you and {server} requires a login: set it in HTTPS_PROXY or HTTP_PROXY, as in http://USER:PASSWORD@HOST:PORT",
    ),
    Row::status(
        413,
        "a proxy in front of {host} limits the size of uploads: raise the limit there (nginx: client_max_body_size)",
    ),
    Row::status(
        403,
        "a proxy or firewall in front of {host} answered, not the registry: contact its operator",
    )
    .body(Body::Html),
    Row::status(
        401,
        "run {login}: a proxy in front of {host} may require it. {host} answered with a web page: it may not be a registry",
    )
    .body(Body::Html),
    Row::statuses(
        400,
        499,
        "is {host} a registry? A proxy or a web site answered",
    )
    .body(Body::Html),
    Row::condition(
        Condition::NotARegistry,
        "something between you and the registry answered instead: check the proxy, or log in to the network",
    ),
    Row::condition(
        Condition::UnsupportedType,
        "it is not a supported image, or something else answered: is {host} a registry? Check the proxy, or log in to the network",
    ),
    Row::condition(
        Condition::Schema1,
        "the image is in Docker's first format (schema 1), which current engines do not run: build and push it again",
    ),
    Row::condition(
        Condition::Redirect,
        "contact the operator of {host}: the registry, or a proxy in front of it, redirects a request that it should answer",
    ),
    Row::condition(
        Condition::InvalidResponse,
        "contact the operator of {host}, or of a proxy in front of it",
    ),
];

const LOGIN_REQUIRED: &[Row] = &[
    Row::status(
        401,
        "run {login}; with two-factor authentication, use an access token as the password",
    )
    .on(&[DockerHub]),
    Row::status(
        401,
        "run {login} with a token that has read:packages, and write:packages to push",
    )
    .on(&[Ghcr]),
    Row::status(
        401,
        "an ECR login expires after 12 hours: aws ecr get-login-password | {login} --username AWS --password-stdin",
    )
    .on(&[Ecr]),
    Row::status(
        401,
        "an ECR Public login expires after 12 hours: aws ecr-public get-login-password --region us-east-1 | {login} --username AWS --password-stdin",
    )
    .on(&[EcrPublic]),
    Row::status(
        401,
        "run {login} as a user or robot account; Quay gives the same response for a repository that does not exist",
    )
    .on(&[Quay]),
    Row::status(
        401,
        "run {login} with an access or deploy token that has read_registry, and write_registry to push",
    )
    .on(&[GitLab]),
    Row::status(401, "run {login}"),
    Row::condition(
        Condition::Credentials,
        "repair {file}, or run docker login again",
    ),
    Row::condition(
        Condition::HelperTimeout,
        "it may be waiting for you to unlock its store; allow more time with --timeout",
    ),
    Row::condition(
        Condition::Helper,
        "install the helper, or remove it from credsStore and credHelpers in Docker's config.json",
    ),
    Row::condition(
        Condition::Challenge,
        "contact the operator of {host}: this program logs in with a name and password (Basic), or with a token server over TLS (Bearer)",
    ),
];

const PERMISSION_DENIED: &[Row] = &[
    Row::status(
        403,
        "this needs permission to {right} {repository}: a token with write:packages; in GitHub Actions, `packages: write`, and write access for the workflow's repository in the package's settings",
    )
    .on(&[Ghcr])
    .action(Action::Write),
    Row::status(
        403,
        "this needs permission to {right} {repository}: a token with read:packages; in GitHub Actions, access for the workflow's repository in the package's settings",
    )
    .on(&[Ghcr])
    .action(Action::Read),
    Row::status(
        403,
        "this needs permission to {right} {repository}: check the policies of the user and of the repository, and whether the login is older than 12 hours",
    )
    .on(&[Ecr, EcrPublic]),
    Row::status(
        403,
        "this needs permission to {right} {repository}: {login} as a user who has it, with an access token that can write",
    )
    .on(&[DockerHub])
    .action(Action::Write),
    Row::status(403, "run {login}").action(Action::FetchToken),
    Row::status(
        403,
        "this needs permission to {right} {repository}: {login} as a user who has it. An empty response may also come from a firewall",
    )
    .body(Body::Empty),
    Row::status(
        403,
        "this needs permission to {right} {repository}: {login} as a user who has it",
    ),
    Row::statuses(
        400,
        499,
        "this needs permission to {right} {repository}: {login} as a user who has it",
    )
    .codes(&["DENIED", "UNAUTHORIZED"]),
];

const NOT_FOUND: &[Row] = &[
    Row::status(
        404,
        "ECR does not create repositories on push: aws ecr create-repository --repository-name {path}",
    )
    .on(&[Ecr])
    .action(Action::Write),
    Row::status(
        404,
        "ECR does not create repositories on push: aws ecr-public create-repository --region us-east-1 --repository-name NAME, where NAME is what follows the registry's alias in {path}",
    )
    .on(&[EcrPublic])
    .action(Action::Write),
    Row::statuses(
        400,
        404,
        "{repository} lacks content that the manifest names: push its images there first",
    )
    .codes(&["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"])
    .action(Action::Write),
    Row::status(
        404,
        "the upload was lost: run the same command again",
    )
    .codes(&["BLOB_UPLOAD_UNKNOWN"]),
    Row::status(
        404,
        "create the repository or its project on {host} first",
    )
    .action(Action::Write),
    Row::status(
        404,
        "the registry has the manifest, but not all of its content: push the image again",
    )
    .action(Action::ReadBlob),
    Row::status(
        404,
        "repository {repository} does not exist or is private: check the name, or {login} as a user with read access",
    )
    .codes(&["NAME_UNKNOWN"])
    .action(Action::ReadManifest),
    Row::status(
        404,
        "check the tag or digest, and whether it was pushed to {repository}",
    )
    .codes(&["MANIFEST_UNKNOWN", "NOT_FOUND"])
    .action(Action::ReadManifest),
    Row::status(
        404,
        "check name, tag and digest; {host} may hide private repositories: {login} as a user with read access",
    )
    .action(Action::ReadManifest),
    Row::status(404, "check the token server of {host}").action(Action::FetchToken),
];

const REFUSED: &[Row] = &[
    Row::statuses(
        400,
        412,
        "tags of {repository} are immutable: use another tag, or change that in the repository's settings",
    )
    .codes(&["TAG_INVALID"])
    .on(&[Ecr])
    .action(Action::Write),
    Row::status(
        412,
        "the tag is immutable: use another tag, or change that in the settings of {repository}",
    ),
    Row::statuses(
        400,
        499,
        "the registry does not accept this name or tag: it may require a project in front of it, or forbid some characters",
    )
    .codes(&["NAME_INVALID", "TAG_INVALID"]),
    Row::statuses(
        400,
        422,
        "the registry does not accept this manifest: it may not support OCI indexes, or this media type",
    )
    .codes(&["MANIFEST_INVALID"]),
    Row::statuses(
        400,
        422,
        "the registry received other bytes than were sent: look for a proxy between you and {host} that changes content",
    )
    .codes(&["DIGEST_INVALID", "SIZE_INVALID"]),
    Row::status(
        405,
        "{host} does not accept pushes: it is read-only, or a mirror of another registry",
    )
    .action(Action::Write),
    Row::status(405, "{host} does not support this request: is it a registry?"),
    Row::status(
        409,
        "someone else is changing {repository}, or the tag is immutable: inspect it, then try again or use another tag",
    ),
    Row::status(
        415,
        "the registry does not accept this media type: it may be too old for OCI indexes",
    ),
    Row::status(
        422,
        "the registry understood the request and rejected it: its message may say why",
    ),
    Row::status(
        400,
        "the registry, or a proxy in front of {host}, does not understand the request",
    )
    .body(Body::Empty),
    Row::status(
        400,
        "the registry rejected the request: its message may say why",
    ),
    Row::status(408, "check the network and the proxy between you and {host}"),
];

const DAMAGED: &[Row] = &[
    Row::condition(
        Condition::InvalidManifest,
        "it can be neither pulled nor published: build and push the image again",
    ),
    Row::condition(
        Condition::ContentChanged,
        "a proxy or cache between you and {host} may have changed it, or the registry's storage is damaged: try again, then push the image again",
    ),
];

const UNAVAILABLE: &[Row] = &[
    Row::status(
        501,
        "{host} does not support this request: is it a registry?",
    ),
    Row::status(507, "the storage of {host} is full"),
    Row::statuses(
        500,
        599,
        "the token server of {host} ({server}) has a problem: check its log, or try again later",
    )
    .on(&[Loopback, Other])
    .action(Action::FetchToken),
    Row::statuses(500, 599, "check the registry's log").on(&[Loopback]),
    Row::statuses(
        500,
        599,
        "Docker Hub has a problem: try again later, and see www.dockerstatus.com",
    )
    .on(&[DockerHub]),
    Row::statuses(
        500,
        599,
        "GHCR has a problem: try again later, and see www.githubstatus.com",
    )
    .on(&[Ghcr]),
    Row::statuses(
        500,
        599,
        "ECR has a problem: try again later, and see health.aws.amazon.com",
    )
    .on(&[Ecr, EcrPublic]),
    Row::statuses(
        500,
        599,
        "{host} has a problem: try again later; for quay.io, see status.redhat.com",
    )
    .on(&[Quay]),
    Row::statuses(
        500,
        599,
        "{host} has a problem: try again later; for gitlab.com, see status.gitlab.com",
    )
    .on(&[GitLab]),
    Row::statuses(
        500,
        599,
        "{host}, or a proxy in front of it, has a problem: try again later",
    ),
];
