//! The hint for an error: the first row of the table that fits it.

use http::StatusCode;
use manifest_core::ManifestError;
use url::Url;

use crate::error::attempt::{Attempt, Operation};
use crate::error::content::ContentProblem;
use crate::error::hint::row::{Doing, Outcome, Row, Symptom};
use crate::error::hint::table::TABLE;
use crate::error::network::Cause;
use crate::error::registry_error::RegistryError;
use crate::error::registry_kind::RegistryKind;
use crate::host::authority;

impl RegistryError {
    /// Returns what the user can do about it, in one sentence without a full stop.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoSuchManifest { source, .. } => source.hint(),
            Self::Network {
                attempt,
                problem,
                source,
            } => {
                let issuer = source.as_ref().and_then(Cause::issuer);
                let issuer = issuer.map(|issuer| format!(" ({issuer})"));
                // What the server says comes last, so that nothing in it is filled in.
                table_hint(attempt, &Symptom::Network(*problem))
                    .map(|hint| hint.replace("{issuer}", &issuer.unwrap_or_default()))
            }
            Self::Certificates { .. } => Some(
                "repair the file, or take it away; certs.d has CAs in *.crt, client certificates in *.cert, their keys in *.key"
                    .to_owned(),
            ),
            Self::Refused { attempt, error_response } => {
                let hint = table_hint(attempt, &Symptom::ErrorResponse(error_response));
                match &attempt.login {
                    Some(login) => Some(with_login(login, error_response.status, attempt, hint)),
                    None => hint,
                }
            }
            Self::Local { place, .. } => Some(format!(
                "it may have been changed or removed since the list was made: bring it back, or name it again with `create --amend LIST {place}`"
            )),
            Self::Helper { is_late: true, .. } => Some(
                "it may wait for you to unlock what it keeps; give it more time with --timeout"
                    .to_owned(),
            ),
            Self::Helper { .. } => Some(
                "install the helper, or take it out of credsStore and credHelpers in Docker's config.json"
                    .to_owned(),
            ),
            Self::Incomplete { absent, .. } => outcome_hint(Outcome::of_absent(absent)),
            Self::TagImmutable { .. } => outcome_hint(Outcome::TagImmutable),
            Self::ChildrenMissing { .. } => outcome_hint(Outcome::Lost),
            Self::SignaturesDiffer { .. } => Some(
                "remove the tag there if what it has is not needed, or publish without --referrers and copy it with cosign"
                    .to_owned(),
            ),
            Self::NotReferrersIndex { .. } => Some(
                "look at what has this tag, and remove it there: by the distribution specification it is for that index alone"
                    .to_owned(),
            ),
            Self::ReadBackMismatch { found: Some(_), .. } => outcome_hint(Outcome::OtherThere),
            Self::ReadBackMismatch { found: None, .. } => outcome_hint(Outcome::NothingThere),
            Self::Content { problem, attempt } => content_hint(problem, attempt),
            Self::Challenge { attempt, .. } => Some(format!(
                "ask who runs {}: this program logs in with a name and password (Basic), or by a token server that is reached by TLS (Bearer)",
                attempt.host
            )),
            Self::Redirect { attempt, .. } => Some(format!(
                "ask who runs {}: it, or a proxy before it, sends on what it should answer",
                attempt.host
            )),
            Self::Credentials { file, .. } => {
                Some(format!("repair {file}, or run docker login again"))
            }
            _ => None,
        }
    }
}

/// Names the saved login that was not enough, before the hint: nobody sees which one goes along.
fn with_login(login: &str, status: StatusCode, attempt: &Attempt, hint: Option<String>) -> String {
    let host = &attempt.host;
    let first = if status == StatusCode::UNAUTHORIZED {
        format!("{host} did not accept the saved login ({login})")
    } else {
        format!("the saved login is {login}")
    };
    match hint {
        Some(hint) => format!("{first}: {hint}"),
        None => first,
    }
}

/// Returns the hint for a response with wrong content.
fn content_hint(problem: &ContentProblem, attempt: &Attempt) -> Option<String> {
    let host = &attempt.host;
    Some(match problem {
        ContentProblem::NotStored(_) | ContentProblem::WebPage => {
            "something between here and the registry answered in its place: check the proxy, or log in to the network"
                .to_owned()
        }
        ContentProblem::Manifest(error) => match **error {
            ManifestError::UnsupportedType(_) => format!(
                "it is no image that is known here, or something else answered: is {host} a registry? Check the proxy, or log in to the network"
            ),
            _ => "it can be neither pulled nor published as it is: build and push the image again"
                .to_owned(),
        },
        ContentProblem::Digest { .. }
        | ContentProblem::StatedDigest { .. }
        | ContentProblem::Size { .. }
        | ContentProblem::MediaType { .. }
        | ContentProblem::Encoding(_)
        | ContentProblem::Ambiguous(_) => format!(
            "a proxy or cache on the way to {host} may have changed it, or its storage is damaged: try again, then push the image again"
        ),
        ContentProblem::Token | ContentProblem::Header(_) => {
            format!("ask who runs {host}, or a proxy before it")
        }
        ContentProblem::TooLarge { .. } => return None,
    })
}

fn table_hint(attempt: &Attempt, symptom: &Symptom<'_>) -> Option<String> {
    let kind = RegistryKind::of(&attempt.host);
    let fits = |row: &&Row| row.fits(symptom, kind, &attempt.operation);
    TABLE
        .iter()
        .find(fits)
        .map(|row| fill_in(row.hint, attempt, kind, symptom))
}

/// Returns the hint for an outcome, in which no host is filled in.
fn outcome_hint(outcome: Outcome) -> Option<String> {
    let row = TABLE.iter().find(|row| row.outcome == Some(outcome))?;
    Some(row.hint.to_owned())
}

fn fill_in(hint: &str, attempt: &Attempt, kind: RegistryKind, symptom: &Symptom<'_>) -> String {
    let host = &attempt.host;
    let login = if kind == RegistryKind::DockerHub {
        "docker login".to_owned()
    } else {
        format!("docker login {host}")
    };
    let repository = match &attempt.operation {
        Operation::GetManifest(reference)
        | Operation::ListReferrers(reference)
        | Operation::PutManifest(reference) => Some(reference.repository()),
        Operation::GetBlob(repository, _)
        | Operation::MountBlob(repository, _)
        | Operation::PutBlob(repository, _)
        | Operation::TryToWrite(repository) => Some(repository),
        Operation::GetToken(_) | Operation::Ping(_) => None,
    };
    let (name, path) = repository.map_or_else(
        || (host.clone(), String::new()),
        |repository| (repository.to_string(), repository.path().to_owned()),
    );
    let right = if Doing::Writing.fits(&attempt.operation) {
        "push to"
    } else {
        "pull from"
    };
    let limits = match symptom {
        Symptom::ErrorResponse(error_response) if !error_response.rate_limits.is_empty() => {
            format!(" ({})", error_response.rate_limits.join(", "))
        }
        _ => String::new(),
    };
    let server = Url::parse(&attempt.url).map_or_else(|_| host.clone(), |url| authority(&url));
    // What the registry says comes last, so that nothing in it is filled in.
    hint.replace("{login}", &login)
        .replace("{server}", &server)
        .replace("{proxy}", attempt.proxy.as_deref().unwrap_or("its URL"))
        .replace("{host}", host)
        .replace("{repository}", &name)
        .replace("{path}", &path)
        .replace("{right}", right)
        .replace("{limits}", &limits)
}
