//! The rows about the login, and about what it may do.

use std::time::Duration;

use manifest_registry::{
    Credential, Existence, LoginCheck, LoginScheme, Operation, RateLimit, RegistryError,
    RepositoryCheck,
};

use super::features::NO_REFERRERS;
use super::row::{Check, Row, reason};
use super::target::CheckTarget;
use crate::exit::Exit;

/// Tells whether a registry demands a login, even if only an anonymous one.
pub(super) fn needs_login(scheme: &LoginScheme) -> bool {
    *scheme != LoginScheme::Open
}

/// Returns the rows about the token server and the login.
pub(super) fn login(
    target: &CheckTarget,
    scheme: &LoginScheme,
    login: Option<&LoginCheck>,
    has_credential: bool,
) -> Vec<Row> {
    let Some(login) = login else {
        let detail = match has_credential {
            true => "not required: the saved credential is not sent",
            false => "not required",
        };
        return vec![
            Row::ok(Check::TokenServer, "none"),
            Row::ok(Check::Login, detail),
        ];
    };
    vec![token_server(scheme, login), login_row(target, login)]
}

fn token_server(scheme: &LoginScheme, login: &LoginCheck) -> Row {
    let (realm, service) = match scheme {
        LoginScheme::Token { realm, service } => (realm, service),
        LoginScheme::Basic => {
            return Row::ok(Check::TokenServer, "none: the registry logs in itself");
        }
        LoginScheme::Open | LoginScheme::Unsupported(_) => {
            return Row::ok(Check::TokenServer, "none");
        }
    };
    let service = service.as_ref().map(|service| format!(" for {service}"));
    let detail = format!("{realm}{}", service.unwrap_or_default());
    match &login.accepted {
        Err(error) if is_of_token_server(error) && !error.is_unauthorized() => {
            Row::failed(Check::TokenServer, error).detail(format!("{detail}: {}", reason(error)))
        }
        Err(error @ RegistryError::Challenge { .. }) => {
            Row::failed(Check::TokenServer, error).detail(format!("{detail}: {}", reason(error)))
        }
        _ => Row::ok(Check::TokenServer, detail),
    }
}

fn is_of_token_server(error: &RegistryError) -> bool {
    let operation = error.attempt().map(|attempt| &attempt.operation);
    matches!(operation, Some(Operation::GetToken(_)))
}

fn login_row(target: &CheckTarget, login: &LoginCheck) -> Row {
    let found = match &login.credential {
        Ok(found) => found,
        Err(error) => return Row::failed(Check::Login, error),
    };
    let kind = match &found.credential {
        Credential::Anonymous => {
            return match &login.accepted {
                Ok(()) => Row::warn(Check::Login, "anonymous: there is no credential")
                    .hint(format!("to push, run {}", target.login_command())),
                Err(error) => Row::failed(Check::Login, error).detail(format!(
                    "there is no credential, and anonymous access fails: {}",
                    reason(error)
                )),
            };
        }
        // The user name is not shown: at some registries it is an access token.
        Credential::Basic { .. } => "user name and password",
        Credential::IdentityToken(_) => "identity token",
        Credential::RegistryToken(_) => "registry token",
    };
    let source = found.source.as_deref().unwrap_or("an unknown place");
    let detail = format!("{kind}, from {source}");
    match &login.accepted {
        Ok(()) => Row::ok(Check::Login, detail),
        Err(error) => {
            Row::failed(Check::Login, error).detail(format!("{detail}: {}", reason(error)))
        }
    }
}

/// Returns the rows about reads from the repository.
pub(super) fn reads(reads: &RepositoryCheck) -> Vec<Row> {
    let pull = match &reads.manifest {
        Ok(Existence::Present) => Row::ok(Check::Pull, "allowed"),
        Ok(Existence::Absent) => Row::ok(Check::Pull, "allowed; there is no such tag yet"),
        Err(error) => Row::failed(Check::Pull, error),
    };
    let tags = match &reads.tags {
        Ok(Existence::Present) => Row::ok(Check::TagsList, "allowed"),
        Ok(Existence::Absent) => Row::unknown(Check::TagsList, "there is no such repository yet")
            .hint("create it first if the registry does not create repositories on push"),
        Err(error) if error.is_unauthorized() => {
            Row::no(Check::TagsList, reason(error)).hint_of(error)
        }
        Err(error) => Row::unknown(Check::TagsList, reason(error)).hint_of(error),
    };
    vec![pull, tags]
}

/// Returns the row about the referrers API, as a read shows it.
pub(super) fn referrers(reads: &RepositoryCheck) -> Row {
    let is_absent = |existence: &Result<Existence, _>| matches!(existence, Ok(Existence::Absent));
    match &reads.referrers {
        Ok(true) => Row::ok(Check::Referrers, "supported"),
        // Registries also respond 404 if there is no such repository.
        Ok(false) if is_absent(&reads.tags) && is_absent(&reads.manifest) => {
            Row::unknown(Check::Referrers, "there is no such repository yet")
        }
        Ok(false) => Row::no(Check::Referrers, NO_REFERRERS),
        Err(error) => Row::unknown(Check::Referrers, reason(error)).hint_of(error),
    }
}

/// Returns the row about the permission to push, as the token tells it.
pub(super) fn push_by_token(
    target: &CheckTarget,
    grants_push: &Result<Option<bool>, RegistryError>,
) -> Row {
    match grants_push {
        Ok(Some(true)) => Row::ok(Check::Push, "the token grants it"),
        Ok(Some(false)) => Row::no(Check::Push, "the token server grants no push")
            .hint(format!(
                "run {} as a user who may push to {}",
                target.login_command(),
                target.name()
            ))
            .exit(Exit::Unauthorized),
        Ok(None) => Row::unknown(Check::Push, "only a write shows it").hint("use --write"),
        Err(error) => Row::failed(Check::Push, error),
    }
}

/// Returns the row about the rate limit: that of Docker Hub, or one that the response for the manifest states.
pub(super) fn rate_limit(
    target: &CheckTarget,
    reads: Option<&RepositoryCheck>,
    hub: Result<Option<RateLimit>, RegistryError>,
) -> Row {
    let hub = match hub {
        Ok(hub) => hub,
        Err(error) if error.is_rate_limited() => return Row::failed(Check::RateLimit, &error),
        Err(error) => return Row::unknown(Check::RateLimit, reason(&error)).hint_of(&error),
    };
    let Some(limit) = hub.or(reads.and_then(|reads| reads.rate_limit)) else {
        return match target.domain.as_str() {
            "docker.io" => Row::ok(Check::RateLimit, "none is stated"),
            _ => Row::skipped(Check::RateLimit, "the registry states none"),
        };
    };
    let total = limit.limit.map(|limit| format!(" of {limit}"));
    let window = limit.window.map(|window| format!(" in {}", hours(window)));
    let detail = format!(
        "{}{} requests left{}",
        limit.remaining,
        total.unwrap_or_default(),
        window.unwrap_or_default()
    );
    let few = limit.limit.unwrap_or_default() / 10;
    if limit.remaining > few {
        Row::ok(Check::RateLimit, detail)
    } else {
        let hint = format!("wait, or run {} for a higher limit", target.login_command());
        Row::warn(Check::RateLimit, detail).hint(hint)
    }
}

/// Formats a window: whole hours as such.
fn hours(window: Duration) -> String {
    match window.as_secs() {
        seconds if seconds > 0 && seconds % 3600 == 0 => format!("{} h", seconds / 3600),
        seconds => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    #[test]
    fn rate_limits() {
        let target = CheckTarget::parse("docker.io").unwrap();
        let other = CheckTarget::parse("ghcr.io").unwrap();
        let limit = |remaining, limit, seconds: Option<u64>| {
            Some(RateLimit {
                limit,
                remaining,
                window: seconds.map(Duration::from_secs),
            })
        };
        for (target, limit, verdict, detail) in [
            (
                &target,
                limit(76, Some(100), Some(21600)),
                Verdict::Ok,
                "76 of 100 requests left in 6 h",
            ),
            (
                &target,
                limit(10, Some(100), Some(60)),
                Verdict::Warn,
                "10 of 100 requests left in 60 s",
            ),
            (
                &target,
                limit(0, None, None),
                Verdict::Warn,
                "0 requests left",
            ),
            (&target, None, Verdict::Ok, "none is stated"),
            (&other, None, Verdict::Skipped, "the registry states none"),
        ] {
            let row = rate_limit(target, None, Ok(limit));
            assert_eq!((row.verdict, row.detail.as_str()), (verdict, detail));
        }
    }
}
