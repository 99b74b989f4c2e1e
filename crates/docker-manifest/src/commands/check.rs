//! `check`: tells whether a registry, a login and a repository are ready for a push, and what the registry supports.

mod access;
mod connection;
mod features;
mod report;
mod row;
mod target;

use manifest_core::Reference;
use manifest_registry::{Client, Connection};

use crate::context::Context;
use crate::failure::{CheckFailure, Failure};
use crate::flags::{HelpFlag, MirrorFlags, RegistryFlags, RetryFlags};
use crate::values::{ReportFormat, Switch};

use report::Report;
use row::Row;
use target::CheckTarget;

/// Check a registry, its login and a repository before the first push
#[derive(Debug, clap::Args)]
#[command(override_usage = "check [OPTIONS] REGISTRY[/REPOSITORY]")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the result in this format: "table" or "json" (default "table")
    #[arg(long, value_name = "string")]
    format: Option<ReportFormat>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    #[command(flatten)]
    mirrors: MirrorFlags,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    /// Write two blobs and up to five manifests to the repository, and delete them again
    #[arg(long)]
    write: Switch,
    #[arg(value_name = "REGISTRY", hide = true)]
    pub(crate) targets: Vec<String>,
}

/// Prints a row for each check. Fails if a push cannot work.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [target] = args.targets.as_slice() else {
        unreachable!("the number was checked")
    };
    let target = CheckTarget::parse(target)?;
    if args.write.is_on() && target.reference.is_none() {
        let registry = target.domain;
        return Err(CheckFailure::WriteCheckNeedsRepository { registry }.into());
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let rows = check(context, &client, &target, args.write.is_on()).await;
    let report = Report {
        target: &target,
        writes: args.write.is_on(),
        rows,
    };
    report.print(context, args.format.unwrap_or_default())?;
    report.verdict()
}

/// Runs all checks, each as far as those that it depends on succeed.
async fn check(
    context: &Context<'_>,
    client: &Client,
    target: &CheckTarget,
    writes: bool,
) -> Vec<Row> {
    let mut rows = vec![connection::mirrors(client, target)];
    match client.check_connection(&target.domain).await {
        Ok(connection) => {
            rows.extend(connection::rows(&connection, context.now()));
            if connection.problem.is_none() {
                rows.extend(check_access(client, target, &connection, writes).await);
            }
        }
        Err(error) => rows.extend(connection::failure(&error)),
    }
    row::complete(rows)
}

/// Checks the login and the repository, all reads at once.
async fn check_access(
    client: &Client,
    target: &CheckTarget,
    connection: &Connection,
    writes: bool,
) -> Vec<Row> {
    let repository = target.reference.as_ref().map(Reference::repository);
    let login = async {
        match access::needs_login(&connection.login) {
            true => Some(client.check_login(&target.domain, repository).await),
            false => None,
        }
    };
    let reads = async {
        match &target.reference {
            Some(reference) => Some(client.check_repository(reference).await),
            None => None,
        }
    };
    let rate_limit = client.check_rate_limit(&target.domain);
    let (login, reads, rate_limit) = tokio::join!(login, reads, rate_limit);
    let has_credential = client.has_credential(&target.domain, repository);
    let mut rows = access::login(target, &connection.login, login.as_ref(), has_credential);
    rows.push(access::rate_limit(target, reads.as_ref(), rate_limit));
    let (Some(reads), Some(repository)) = (reads, repository) else {
        rows.extend(features::without_repository());
        return rows;
    };
    rows.extend(access::reads(&reads));
    if writes {
        let written = client.check_writes(repository).await;
        rows.extend(features::of_writes(&written));
    } else {
        rows.push(access::push_by_token(target, &reads.grants_push));
        rows.extend(features::without_writes());
    }
    // The first row for a check counts: a write knows more.
    rows.push(access::referrers(&reads));
    rows
}
