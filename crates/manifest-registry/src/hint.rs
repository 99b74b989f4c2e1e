//! What to do about an error: the first row of the [`table`] that fits it.

use http::StatusCode;
use manifest_core::ManifestError;
use url::Url;

use crate::endpoint::authority;
use crate::error::{Absent, Attempt, ContentProblem, Operation, RegistryError};
use crate::error_response::ErrorResponse;
use crate::host_kind::HostKind;
use crate::network::{Cause, NetworkProblem};

mod table;

use table::TABLE;

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
                find(attempt, &Symptom::Network(*problem))
                    .map(|hint| hint.replace("{issuer}", &issuer.unwrap_or_default()))
            }
            Self::Certificates { .. } => Some(
                "repair the file, or take it away; certs.d has CAs in *.crt, client certificates in *.cert, their keys in *.key"
                    .to_owned(),
            ),
            Self::Refused { attempt, error_response } => {
                let hint = find(attempt, &Symptom::ErrorResponse(error_response));
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
            Self::Incomplete { absent, .. } => found(Outcome::of_absent(absent)),
            Self::TagImmutable { .. } => found(Outcome::TagImmutable),
            Self::ChildrenMissing { .. } => found(Outcome::Lost),
            Self::SignaturesDiffer { .. } => Some(
                "remove the tag there if what it has is not needed, or publish without --referrers and copy it with cosign"
                    .to_owned(),
            ),
            Self::NotReferrersIndex { .. } => Some(
                "look at what has this tag, and remove it there: by the distribution specification it is for that index alone"
                    .to_owned(),
            ),
            Self::ReadBackMismatch { found: Some(_), .. } => found(Outcome::OtherThere),
            Self::ReadBackMismatch { found: None, .. } => found(Outcome::NothingThere),
            Self::Content { problem, attempt } => of_content(problem, attempt),
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

/// Says first which saved login it was that was not enough: nobody sees what goes along.
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

/// What to do about an answer whose content is not what it must be.
fn of_content(problem: &ContentProblem, attempt: &Attempt) -> Option<String> {
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

/// What went wrong.
enum Symptom<'a> {
    ErrorResponse(&'a ErrorResponse),
    Network(NetworkProblem),
}

/// What a publication came to, where that is more than one answer says.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// Only layers that registries need not hold are absent.
    ForeignAbsent,
    /// Something is absent, from its source as well.
    Lost,
    /// Something is absent that its source has.
    Swept,
    /// The tag may not be moved.
    TagImmutable,
    /// Something else was found in place of what was written.
    OtherThere,
    /// What was written was not found.
    NothingThere,
}

impl Outcome {
    fn of_absent(absent: &[Absent]) -> Self {
        if absent.iter().all(|absent| absent.kind == "foreign layer") {
            Self::ForeignAbsent
        } else if absent
            .iter()
            .any(|absent| absent.is_in_source == Some(false))
        {
            Self::Lost
        } else {
            Self::Swept
        }
    }
}

/// What an answer's body looks like.
#[derive(Clone, Copy, PartialEq)]
enum Body {
    Any,
    /// Says nothing.
    Empty,
    Html,
}

/// What was being done.
#[derive(Clone, Copy, PartialEq)]
enum Doing {
    Anything,
    ReadingManifest,
    ReadingBlob,
    Reading,
    Writing,
    LoggingIn,
}

/// A row of the table: all that it states has to fit, what it does not state always fits.
struct Row {
    /// The statuses, from the first to the last.
    statuses: Option<(u16, u16)>,
    /// The registry's codes, one of which has to be there.
    codes: &'static [&'static str],
    body: Body,
    problem: Option<fn(NetworkProblem) -> bool>,
    /// The only one; nothing else that a row states counts with it, and nothing is filled in.
    outcome: Option<Outcome>,
    hosts: &'static [HostKind],
    doing: Doing,
    /// `{host}`, `{login}` (the command), `{repository}`, `{path}` (the repository without its host), `{right}` (`push to` or
    /// `pull from`), `{limits}` (` (ratelimit-limit: 100)`, or nothing), `{server}` (the host that was talked to, which may be
    /// another than the registry's), `{proxy}` and `{issuer}` (` (CN=Some CA)`, or nothing) are filled in.
    hint: &'static str,
}

impl Row {
    const fn new(hint: &'static str) -> Self {
        Self {
            statuses: None,
            codes: &[],
            body: Body::Any,
            problem: None,
            outcome: None,
            hosts: &[],
            doing: Doing::Anything,
            hint,
        }
    }

    const fn status(status: u16, hint: &'static str) -> Self {
        Self::statuses(status, status, hint)
    }

    const fn statuses(first: u16, last: u16, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.statuses = Some((first, last));
        row
    }

    const fn network(problem: fn(NetworkProblem) -> bool, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.problem = Some(problem);
        row
    }

    const fn outcome(outcome: Outcome, hint: &'static str) -> Self {
        let mut row = Self::new(hint);
        row.outcome = Some(outcome);
        row
    }

    const fn codes(mut self, codes: &'static [&'static str]) -> Self {
        self.codes = codes;
        self
    }

    const fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    const fn on(mut self, hosts: &'static [HostKind]) -> Self {
        self.hosts = hosts;
        self
    }

    const fn doing(mut self, doing: Doing) -> Self {
        self.doing = doing;
        self
    }

    fn fits(&self, symptom: &Symptom<'_>, kind: HostKind, operation: &Operation) -> bool {
        let fits = match symptom {
            Symptom::ErrorResponse(error_response) => self.fits_error_response(error_response),
            Symptom::Network(problem) => self.problem.is_some_and(|is| is(*problem)),
        };
        fits && (self.hosts.is_empty() || self.hosts.contains(&kind)) && self.doing.fits(operation)
    }

    fn fits_error_response(&self, error_response: &ErrorResponse) -> bool {
        let status = error_response.status.as_u16();
        let body = match self.body {
            Body::Any => true,
            Body::Empty => error_response.messages.is_empty() && !error_response.is_html,
            Body::Html => error_response.is_html,
        };
        let code =
            |message: &crate::error_response::Message| self.codes.contains(&message.code.as_str());
        body && self
            .statuses
            .is_some_and(|(first, last)| (first..=last).contains(&status))
            && (self.codes.is_empty() || error_response.messages.iter().any(code))
    }
}

impl Doing {
    fn fits(self, operation: &Operation) -> bool {
        let own = match operation {
            Operation::GetManifest(_) | Operation::ListReferrers(_) => Self::ReadingManifest,
            Operation::GetBlob(..) => Self::ReadingBlob,
            Operation::PutManifest(_)
            | Operation::PutBlob(..)
            | Operation::MountBlob(..)
            | Operation::TryToWrite(_) => Self::Writing,
            Operation::GetToken(_) | Operation::Ping(_) => Self::LoggingIn,
        };
        let is_reading = matches!(own, Self::ReadingManifest | Self::ReadingBlob);
        self == Self::Anything || self == own || self == Self::Reading && is_reading
    }
}

fn find(attempt: &Attempt, symptom: &Symptom<'_>) -> Option<String> {
    let kind = HostKind::of(&attempt.host);
    let fits = |row: &&Row| row.fits(symptom, kind, &attempt.operation);
    TABLE
        .iter()
        .find(fits)
        .map(|row| filled_in(row.hint, attempt, kind, symptom))
}

/// What is found for an outcome has no host.
fn found(outcome: Outcome) -> Option<String> {
    let row = TABLE.iter().find(|row| row.outcome == Some(outcome))?;
    Some(row.hint.to_owned())
}

fn filled_in(hint: &str, attempt: &Attempt, kind: HostKind, symptom: &Symptom<'_>) -> String {
    let host = &attempt.host;
    let login = if kind == HostKind::DockerHub {
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

#[cfg(test)]
mod tests;
