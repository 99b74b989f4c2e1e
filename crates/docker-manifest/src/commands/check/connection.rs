//! The rows about the connection.

use manifest_registry::{
    Client, Connection, InsecureReason, NetworkProblem, RegistryError, ServerCertificate,
    TlsConnection, Trust,
};

use super::row::{Check, Row};
use super::target::CheckTarget;

/// The number of days before the end of a certificate from which the check warns.
const EXPIRY_WARNING_DAYS: i64 = 14;

const SECONDS_PER_DAY: i64 = 24 * 60 * 60;

/// Returns the rows about a registry that responded. `now` is in seconds since 1970.
pub(super) fn rows(connection: &Connection, now: u64) -> Vec<Row> {
    vec![
        reachable(connection),
        registry_api(connection),
        match &connection.tls {
            Some(tls) => tls_row(tls, connection.insecure, now),
            None => plain_http(connection.insecure),
        },
        Row::ok(Check::HttpVersion, connection.http_version),
        match &connection.proxy {
            Some((proxy, setting)) => Row::ok(Check::Proxy, format!("{proxy}, from {setting}")),
            None => Row::ok(Check::Proxy, "none"),
        },
    ]
}

/// Returns the rows about a registry that did not respond.
pub(super) fn failure(error: &RegistryError) -> Vec<Row> {
    let mut rows = Vec::new();
    if let Some(attempt) = error.attempt() {
        let proxy = attempt.proxy.clone().unwrap_or_else(|| "none".to_owned());
        rows.push(match is_of_proxy(error) {
            true => Row::no(Check::Proxy, proxy),
            false => Row::ok(Check::Proxy, proxy),
        });
    }
    match error {
        RegistryError::Network {
            attempt, problem, ..
        } if is_of_tls(*problem) => {
            rows.push(Row::ok(Check::Reachable, attempt.url.clone()));
            rows.push(Row::failed(Check::Tls, error));
        }
        RegistryError::Certificates { .. } | RegistryError::TlsSetup(_) => {
            rows.push(Row::failed(Check::Tls, error));
        }
        _ => rows.push(Row::failed(Check::Reachable, error)),
    }
    rows
}

/// Returns the row about mirrors, which depend on the repository.
pub(super) fn mirrors(client: &Client, target: &CheckTarget) -> Row {
    let Some(reference) = &target.reference else {
        return Row::skipped(Check::Mirror, "mirrors depend on the repository");
    };
    let mirrors = client.mirrors_of(reference).into_iter();
    let mirrors: Vec<String> = mirrors
        .map(|mirror| mirror.repository().to_string())
        .collect();
    match mirrors.is_empty() {
        true => Row::ok(Check::Mirror, "none"),
        false => Row::ok(
            Check::Mirror,
            format!("reads try {} first", mirrors.join(", ")),
        ),
    }
}

/// Tells whether the host responded, but not with TLS that is accepted.
fn is_of_tls(problem: NetworkProblem) -> bool {
    matches!(
        problem,
        NetworkProblem::NotTls
            | NetworkProblem::UnknownCa
            | NetworkProblem::Certificate
            | NetworkProblem::Tls
            | NetworkProblem::ClientCertificate
            | NetworkProblem::NoCaCertificates
    )
}

/// Tells whether the proxy is the reason of a failure.
fn is_of_proxy(error: &RegistryError) -> bool {
    let RegistryError::Network { problem, .. } = error else {
        return false;
    };
    matches!(
        problem,
        NetworkProblem::Proxy
            | NetworkProblem::ProxyCertificate
            | NetworkProblem::ProxyAuthentication
            | NetworkProblem::ProxySetting
    )
}

fn reachable(connection: &Connection) -> Row {
    let Connection {
        url,
        address,
        elapsed,
        proxy,
        ..
    } = connection;
    let place = match (address, proxy) {
        // The address is the proxy's.
        (_, Some(_)) => " through the proxy".to_owned(),
        (Some(address), None) => format!(" at {address}"),
        (None, None) => String::new(),
    };
    let detail = format!("{url}{place} in {} ms", elapsed.as_millis());
    Row::ok(Check::Reachable, detail)
}

fn registry_api(connection: &Connection) -> Row {
    match &connection.problem {
        None => Row::ok(Check::RegistryApi, "/v2/ responds"),
        Some(error) => Row::failed(Check::RegistryApi, error),
    }
}

fn plain_http(reason: Option<InsecureReason>) -> Row {
    let hint = "anybody on the way can read the login and change the images: serve TLS";
    match reason {
        Some(InsecureReason::AllHosts) => {
            Row::warn(Check::Tls, "plain HTTP, which --insecure allows").hint(hint)
        }
        Some(InsecureReason::Listed) => Row::warn(
            Check::Tls,
            "plain HTTP, which insecure-registries in config.json allows",
        )
        .hint(hint),
        Some(InsecureReason::Loopback) | None => Row::ok(
            Check::Tls,
            "plain HTTP, which is allowed on this machine (loopback)",
        ),
    }
}

fn tls_row(tls: &TlsConnection, reason: Option<InsecureReason>, now: u64) -> Row {
    let version = tls.version.unwrap_or("TLS");
    let Some(certificate) = &tls.certificate else {
        return Row::ok(Check::Tls, version);
    };
    let ServerCertificate {
        issuer,
        expires_on,
        expires_at,
        trust,
    } = certificate;
    let issuer = match issuer.as_str() {
        "" => "an unreadable issuer",
        issuer => issuer,
    };
    let issued = format!("{version}, certificate of {issuer} until {expires_on}");
    let setting = match reason {
        Some(InsecureReason::Listed) => "insecure-registries in config.json",
        _ => "--insecure",
    };
    let detail = match trust {
        Trust::System => format!("{issued}, trusted by this system"),
        Trust::File(file) => format!("{issued}, trusted by {file}"),
        Trust::Unverified => {
            let detail = format!("{issued}, not verified because of {setting}");
            return Row::warn(Check::Tls, detail)
                .hint("pass the CA certificate with --ca-file instead");
        }
    };
    let days = expires_at.saturating_sub(i64::try_from(now).unwrap_or(i64::MAX)) / SECONDS_PER_DAY;
    if days < EXPIRY_WARNING_DAYS {
        let detail = format!("{detail}, {days} days left");
        return Row::warn(Check::Tls, detail).hint("have the certificate renewed");
    }
    Row::ok(Check::Tls, detail)
}

#[cfg(test)]
mod tests {
    use super::super::row::Verdict;
    use super::*;

    #[test]
    fn certificates() {
        let tls = |trust| TlsConnection {
            version: Some("TLSv1.3"),
            certificate: Some(ServerCertificate {
                issuer: "CN=Some CA".to_owned(),
                expires_on: "2027-01-31".to_owned(),
                expires_at: 100 * SECONDS_PER_DAY,
                trust,
            }),
        };
        let issued = "TLSv1.3, certificate of CN=Some CA until 2027-01-31";
        let file = || Trust::File("/x/ca.pem".to_owned());
        for (trust, day, verdict, detail) in [
            (Trust::System, 86, Verdict::Ok, ", trusted by this system"),
            (file(), 86, Verdict::Ok, ", trusted by /x/ca.pem"),
            (
                file(),
                87,
                Verdict::Warn,
                ", trusted by /x/ca.pem, 13 days left",
            ),
            (
                Trust::Unverified,
                87,
                Verdict::Warn,
                ", not verified because of --insecure",
            ),
        ] {
            let row = tls_row(&tls(trust), None, day * SECONDS_PER_DAY as u64);
            assert_eq!(row.detail, format!("{issued}{detail}"));
            assert_eq!(row.verdict, verdict, "{detail}");
        }
    }

    #[test]
    fn plain_http_has_a_reason() {
        for (reason, verdict, detail) in [
            (InsecureReason::AllHosts, Verdict::Warn, "--insecure"),
            (InsecureReason::Listed, Verdict::Warn, "insecure-registries"),
            (InsecureReason::Loopback, Verdict::Ok, "loopback"),
        ] {
            let row = plain_http(Some(reason));
            assert_eq!(row.verdict, verdict);
            assert!(row.detail.contains(detail), "{}", row.detail);
            assert_eq!(row.hint.is_some(), verdict == Verdict::Warn);
        }
    }
}
