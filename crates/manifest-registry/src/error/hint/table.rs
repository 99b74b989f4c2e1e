//! The table from errors to hints, in sections. The first row that fits is taken, so special rows stand before general ones.

use crate::error::hint::row::{Body, Condition, Doing, Row};
use crate::error::network::NetworkProblem;
use crate::error::registry_kind::RegistryKind;
use RegistryKind::{DockerHub, Ecr, EcrPublic, Ghcr, GitLab, Loopback, Other, Quay};

/// Rows on one kind of error.
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) rows: &'static [Row],
}

/// Returns all rows, in the order in which they are tried.
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
        "use --push-foreign to copy layers that registries need not hold",
    ),
    Row::condition(
        Condition::ContentLost,
        "push the image that it belongs to again",
    ),
    Row::condition(
        Condition::ContentCollected,
        "push again: the registry may have removed it as unused meanwhile",
    ),
    Row::condition(
        Condition::TagImmutable,
        "the registry lets nobody move this tag: push to another one",
    ),
    Row::condition(
        Condition::OtherContent,
        "somebody else may have pushed the same tag just now: look at it, and push again",
    ),
    Row::condition(
        Condition::NothingFound,
        "look at it again in a while: `docker-manifest inspect`",
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
        "check the name {server}, and the network's name server",
    ),
    Row::network(
        |problem| problem == NetworkProblem::Refused,
        "is the token server that {host} names running on {server}?",
    )
    .doing(Doing::LoggingIn),
    Row::network(
        |problem| problem == NetworkProblem::Refused,
        "nothing answers on {server}: is it running?",
    )
    .on(&[Loopback]),
    Row::network(
        |problem| problem == NetworkProblem::Refused,
        "nothing answers on {server}: is it running? A firewall on the way may refuse the connection as well",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::NotTls | NetworkProblem::Certificate),
        "something on the way to {server} may answer in its place: check the proxy, log in to the network, and check this system's clock",
    )
    .on(&[DockerHub, Ghcr, Ecr, EcrPublic]),
    Row::network(
        |problem| problem == NetworkProblem::NotTls,
        "{host} names its token server with https, which {server} does not speak: ask who runs it",
    )
    .doing(Doing::LoggingIn),
    Row::network(
        |problem| problem == NetworkProblem::NotTls,
        "if {server} is meant to serve plain http, use --insecure",
    ),
    Row::network(
        |problem| problem == NetworkProblem::UnknownAuthority,
        "a proxy on the way to {server} may open TLS: install its authority{issuer} on this system, or name the file of its certificate with --ca-file",
    )
    .on(&[DockerHub, Ghcr, Ecr, EcrPublic]),
    Row::network(
        |problem| problem == NetworkProblem::UnknownAuthority,
        "get the certificate of that authority{issuer}: name its file with --ca-file, or put it at certs.d/{server}/ca.crt beside config.json or in /etc/docker; or use --insecure to take any certificate",
    ),
    Row::network(
        |problem| problem == NetworkProblem::Certificate,
        "use the name that the certificate of {server} is for, or have it renewed; check this system's clock; or use --insecure to take any certificate",
    ),
    Row::network(
        |problem| problem == NetworkProblem::NoAuthorities,
        "install the package ca-certificates, or look at SSL_CERT_FILE and SSL_CERT_DIR",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ClientCertificate,
        "put a certificate that {server} takes, and its key, at certs.d/{server}/client.cert and client.key beside config.json or in /etc/docker",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ProxyCertificate,
        "name the file of its authority's certificate with --ca-file, or put it at certs.d/HOST:PORT/ca.crt beside config.json, for the host and port of {proxy}",
    ),
    Row::network(
        |problem| problem == NetworkProblem::ProxyLogin,
        "put the login into the proxy's URL, as in http://USER:PASSWORD@HOST:PORT ({proxy})",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Proxy | NetworkProblem::ProxySetting),
        "correct the proxy's setting ({proxy}), or name {server} in NO_PROXY",
    ),
    Row::network(
        |problem| problem == NetworkProblem::Tls,
        "{server} and this program have no version of TLS or cipher in common, or {server} wants a client certificate",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Timeout(_) | NetworkProblem::Slow(_)),
        "look at the registry's log and load",
    )
    .on(&[Loopback]),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Timeout(_) | NetworkProblem::Slow(_)),
        "check the network and the proxy on the way to {server}",
    ),
    Row::network(
        |problem| matches!(problem, NetworkProblem::Deadline(_)),
        "give it more time with --timeout",
    ),
    Row::condition(
        Condition::Certificates,
        "repair or remove the file; certs.d holds CA certificates in *.crt, client certificates in *.cert, and their keys in *.key",
    ),
];

const RATE_LIMITS: &[Row] = &[
    Row::status(
        429,
        "Docker Hub counts pulls by account, or by address where nobody is logged in: {login}, or wait{limits}",
    )
    .on(&[DockerHub]),
    Row::status(
        429,
        "GHCR counts requests by the minute: wait a minute, or repeat more often with --retry{limits}",
    )
    .on(&[Ghcr]),
    Row::status(
        429,
        "ECR counts requests by the second: repeat more often with --retry, or ask AWS for a higher quota{limits}",
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
        "a proxy on the way to {server} wants a login: name it in HTTPS_PROXY or HTTP_PROXY, as in http://USER:PASSWORD@HOST:PORT",
    ),
    Row::status(
        413,
        "a proxy before {host} limits the size of what is sent: raise it there (nginx: client_max_body_size)",
    ),
    Row::status(
        403,
        "a proxy or firewall before {host} answered, not the registry: ask who runs it",
    )
    .body(Body::Html),
    Row::status(
        401,
        "run {login}: a proxy before {host} wants a login. Or is {host} no registry, but a web site?",
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
        "run {login}; where two-factor login is on, an access token takes the place of the password",
    )
    .on(&[DockerHub]),
    Row::status(
        401,
        "run {login} with a token that has read:packages, and write:packages to push",
    )
    .on(&[Ghcr]),
    Row::status(
        401,
        "ECR's logins end after 12 hours: aws ecr get-login-password | {login} --username AWS --password-stdin",
    )
    .on(&[Ecr]),
    Row::status(
        401,
        "logins of ECR Public end after 12 hours: aws ecr-public get-login-password --region us-east-1 | {login} --username AWS --password-stdin",
    )
    .on(&[EcrPublic]),
    Row::status(
        401,
        "run {login} as a user or robot account; Quay says so as well where there is no such repository",
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
        Condition::HelperLate,
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
        "it needs the right to {right} {repository}: a token with write:packages, and in Actions `packages: write` and write access for the workflow's repository in the package's settings",
    )
    .on(&[Ghcr])
    .doing(Doing::Writing),
    Row::status(
        403,
        "it needs the right to {right} {repository}: a token with read:packages; in Actions the package has to give the workflow's repository access",
    )
    .on(&[Ghcr])
    .doing(Doing::Reading),
    Row::status(
        403,
        "it needs the right to {right} {repository}: look at the user's and the repository's policy, and whether the login is older than 12 hours",
    )
    .on(&[Ecr, EcrPublic]),
    Row::status(
        403,
        "it needs the right to {right} {repository}; {login} as a user who has it, with an access token that may write",
    )
    .on(&[DockerHub])
    .doing(Doing::Writing),
    Row::status(403, "run {login}").doing(Doing::LoggingIn),
    Row::status(
        403,
        "it needs the right to {right} {repository}; {login} as a user who has it. An empty error_response may also be a firewall's",
    )
    .body(Body::Empty),
    Row::status(
        403,
        "it needs the right to {right} {repository}; {login} as a user who has it",
    ),
    Row::statuses(
        400,
        499,
        "it needs the right to {right} {repository}; {login} as a user who has it",
    )
    .codes(&["DENIED", "UNAUTHORIZED"]),
];

const NOT_FOUND: &[Row] = &[
    Row::status(
        404,
        "ECR makes no repository by itself: aws ecr create-repository --repository-name {path}",
    )
    .on(&[Ecr])
    .doing(Doing::Writing),
    Row::status(
        404,
        "ECR makes no repository by itself: aws ecr-public create-repository --region us-east-1 --repository-name NAME, where NAME is what follows the registry's alias in {path}",
    )
    .on(&[EcrPublic])
    .doing(Doing::Writing),
    Row::statuses(
        400,
        404,
        "something that the manifest names is not in {repository}: its images have to be there first",
    )
    .codes(&["MANIFEST_BLOB_UNKNOWN", "BLOB_UNKNOWN", "MANIFEST_UNKNOWN"])
    .doing(Doing::Writing),
    Row::status(
        404,
        "the upload was lost: run the same command again",
    )
    .codes(&["BLOB_UPLOAD_UNKNOWN"]),
    Row::status(
        404,
        "the repository or its project may have to be made on {host} first",
    )
    .doing(Doing::Writing),
    Row::status(
        404,
        "the registry has the manifest, not all of its content: the image has to be pushed again",
    )
    .doing(Doing::ReadingBlob),
    Row::status(
        404,
        "there is no repository {repository}, or it is not public: check the name, or {login} as a user who may read it",
    )
    .codes(&["NAME_UNKNOWN"])
    .doing(Doing::ReadingManifest),
    Row::status(
        404,
        "check the tag or digest, and whether it was pushed to {repository}",
    )
    .codes(&["MANIFEST_UNKNOWN", "NOT_FOUND"])
    .doing(Doing::ReadingManifest),
    Row::status(
        404,
        "check name, tag and digest; {host} may hide what is not public: {login} as a user who may read it",
    )
    .doing(Doing::ReadingManifest),
    Row::status(404, "is the token server of {host} in order?").doing(Doing::LoggingIn),
];

const REFUSED: &[Row] = &[
    Row::statuses(
        400,
        412,
        "tags of {repository} are immutable: take another tag, or change that in the repository's settings",
    )
    .codes(&["TAG_INVALID"])
    .on(&[Ecr])
    .doing(Doing::Writing),
    Row::status(
        412,
        "the tag is immutable: take another tag, or change that in the settings of {repository}",
    ),
    Row::statuses(
        400,
        499,
        "the registry does not take this name or tag: it may demand a project before it, or forbid some characters",
    )
    .codes(&["NAME_INVALID", "TAG_INVALID"]),
    Row::statuses(
        400,
        422,
        "the registry does not take this manifest: it may know no OCI indexes, or not this type of content",
    )
    .codes(&["MANIFEST_INVALID"]),
    Row::statuses(
        400,
        422,
        "what arrived is not what was sent: look for a proxy on the way to {host} that changes content",
    )
    .codes(&["DIGEST_INVALID", "SIZE_INVALID"]),
    Row::status(
        405,
        "{host} takes no pushes: it is read-only, or a mirror of another registry",
    )
    .doing(Doing::Writing),
    Row::status(405, "{host} does not offer this: is it a registry?"),
    Row::status(
        409,
        "somebody else is changing {repository}, or the tag must not change: look at it, then try again or take another tag",
    ),
    Row::status(
        415,
        "the registry does not take this media type: it may be too old for OCI indexes",
    ),
    Row::status(
        422,
        "the registry understood the request and does not take it: its message may say why",
    ),
    Row::status(
        400,
        "the registry, or a proxy before {host}, does not understand the request",
    )
    .body(Body::Empty),
    Row::status(
        400,
        "the registry does not take the request: its message may say why",
    ),
    Row::status(408, "check the network and the proxy on the way to {host}"),
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
    Row::status(501, "{host} does not offer this: is it a registry?"),
    Row::status(507, "the storage of {host} is full"),
    Row::statuses(
        500,
        599,
        "the token server of {host} ({server}) is in trouble: look at its log, or try again later",
    )
    .on(&[Loopback, Other])
    .doing(Doing::LoggingIn),
    Row::statuses(500, 599, "look at the registry's log").on(&[Loopback]),
    Row::statuses(
        500,
        599,
        "Docker Hub is in trouble: try again later; www.dockerstatus.com may say more",
    )
    .on(&[DockerHub]),
    Row::statuses(
        500,
        599,
        "GHCR is in trouble: try again later; www.githubstatus.com may say more",
    )
    .on(&[Ghcr]),
    Row::statuses(
        500,
        599,
        "ECR is in trouble: try again later; health.aws.amazon.com may say more",
    )
    .on(&[Ecr, EcrPublic]),
    Row::statuses(
        500,
        599,
        "{host} is in trouble: try again later; for quay.io, status.redhat.com may say more",
    )
    .on(&[Quay]),
    Row::statuses(
        500,
        599,
        "{host} is in trouble: try again later; for gitlab.com, status.gitlab.com may say more",
    )
    .on(&[GitLab]),
    Row::statuses(
        500,
        599,
        "{host}, or a proxy before it, is in trouble: try again later",
    ),
];
