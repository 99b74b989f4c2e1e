//! The lookup of hints: the first matching row of the table.

use http::StatusCode;
use url::Url;

use crate::error::attempt::{Attempt, Operation, RejectedLogin};
use crate::error::hint::row::{Action, Condition, Row, Symptom};
use crate::error::hint::table::rows;
use crate::error::network::Cause;
use crate::error::registry_error::RegistryError;
use crate::error::registry_kind::RegistryKind;
use crate::host::authority;

impl RegistryError {
    /// Returns a hint for the user, in one sentence without a full stop.
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
                // The server's text is inserted last, so that placeholders in it stay as they are.
                table_hint(attempt, &Symptom::Network(*problem))
                    .map(|hint| hint.replace("{issuer}", &issuer.unwrap_or_default()))
            }
            Self::ErrorResponse {
                attempt,
                error_response,
            } => {
                let hint = table_hint(attempt, &Symptom::ErrorResponse(error_response));
                match &attempt.login {
                    Some(login) => Some(with_login(login, error_response.status, attempt, hint)),
                    None => hint,
                }
            }
            _ => self.condition_hint(),
        }
    }

    fn condition_hint(&self) -> Option<String> {
        let (condition, value) = match self {
            Self::Incomplete { absent, .. } => (Condition::of_absent(absent), None),
            Self::TagImmutable { .. } => (Condition::TagImmutable, None),
            Self::ChildrenMissing { .. } => (Condition::ContentLost, None),
            Self::SignaturesDiffer { .. } => (Condition::SignaturesDiffer, None),
            Self::NotReferrersIndex { .. } => (Condition::NotReferrersIndex, None),
            Self::ReadBackMismatch { found: Some(_), .. } => (Condition::ReadBackDiffers, None),
            Self::ReadBackMismatch { found: None, .. } => (Condition::ReadBackMissing, None),
            Self::Certificates { .. } => (Condition::Certificates, None),
            Self::Helper {
                timed_out: true, ..
            } => (Condition::HelperTimeout, None),
            Self::Helper { .. } => (Condition::Helper, None),
            Self::LocalBlob { place, .. } => (Condition::LocalBlob, Some(("{place}", place))),
            Self::Credentials { file, .. } => (Condition::Credentials, Some(("{file}", file))),
            Self::Challenge { attempt, .. } => {
                (Condition::Challenge, Some(("{host}", &attempt.host)))
            }
            Self::Redirect { attempt, .. } => {
                (Condition::Redirect, Some(("{host}", &attempt.host)))
            }
            Self::Content { problem, attempt } => (
                Condition::of_content(problem)?,
                Some(("{host}", &attempt.host)),
            ),
            _ => return None,
        };
        let row = rows().find(|row| row.condition == Some(condition))?;
        Some(match value {
            Some((placeholder, value)) => row.hint.replace(placeholder, value),
            None => row.hint.to_owned(),
        })
    }
}

/// Puts the place of the rejected credentials before the hint, because users do not see which credentials a request
/// carries.
fn with_login(
    login: &RejectedLogin,
    status: StatusCode,
    attempt: &Attempt,
    hint: Option<String>,
) -> String {
    let host = &attempt.host;
    let RejectedLogin {
        source,
        overrides_docker_login,
    } = login;
    let first = match (status, overrides_docker_login) {
        // `docker login` would change a file that is not used.
        (StatusCode::UNAUTHORIZED, true) => {
            return format!(
                "{host} did not accept the login ({source}): correct it there, because it takes precedence over docker login"
            );
        }
        (StatusCode::UNAUTHORIZED, false) => {
            format!("{host} did not accept the login ({source})")
        }
        (_, true) => {
            format!("the login is {source}, which takes precedence over docker login")
        }
        (_, false) => format!("the login is {source}"),
    };
    match hint {
        Some(hint) => format!("{first}: {hint}"),
        None => first,
    }
}

fn table_hint(attempt: &Attempt, symptom: &Symptom<'_>) -> Option<String> {
    let kind = RegistryKind::of(&attempt.host);
    let matches = |row: &&'static Row| row.matches(symptom, kind, &attempt.operation);
    rows()
        .find(matches)
        .map(|row| fill_in(row.hint, attempt, kind, symptom))
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
        | Operation::PutManifest(reference)
        | Operation::DeleteManifest(reference) => Some(reference.repository()),
        Operation::GetBlob(repository, _)
        | Operation::ListTags(repository)
        | Operation::MountBlob(repository, _)
        | Operation::PutBlob(repository, _)
        | Operation::CheckWriteAccess(repository)
        | Operation::DeleteBlob(repository, _) => Some(repository),
        Operation::GetToken(_) | Operation::Ping(_) => None,
    };
    let (name, path) = repository.map_or_else(
        || (host.clone(), String::new()),
        |repository| (repository.to_string(), repository.path().to_owned()),
    );
    let right = if Action::Write.matches(&attempt.operation) {
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
    // The registry's text is inserted last, so that placeholders in it stay as they are.
    hint.replace("{login}", &login)
        .replace("{server}", &server)
        .replace("{proxy}", attempt.proxy.as_deref().unwrap_or("its URL"))
        .replace("{host}", host)
        .replace("{repository}", &name)
        .replace("{path}", &path)
        .replace("{right}", right)
        .replace("{limits}", &limits)
}
