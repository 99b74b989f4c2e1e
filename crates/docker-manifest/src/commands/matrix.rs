//! `matrix`: shows which tag of a repository supports which platform.
//!
//! | file | holds |
//! | --- | --- |
//! | `read` | the requests |
//! | `rows`, `model` | the matrix, from what was read |
//! | `changes`, `version_order`, `timestamp` | `--since`, the order of tags, times |
//! | `text`, `markdown`, `html`, `cells` | the formats |
//! | `limits` | bounds |

mod cells;
mod changes;
mod html;
mod limits;
mod links;
mod markdown;
mod model;
mod read;
mod rows;
mod text;
mod version_order;

use std::path::PathBuf;

use manifest_core::reference::{Repository, RepositoryError};
use manifest_core::{Reference, referrers};
use manifest_registry::Tags;

use self::limits::{DEFAULT_TAGS, PLATFORMS};
use self::model::Matrix;
use self::read::Contents;
use self::rows::Rows;
use crate::context::Context;
use crate::failure::Failure;
use crate::flags::{HelpFlag, MirrorFlags, RegistryFlags, RetryFlags};
use crate::result_files;
use crate::terminal::Terminal;
use crate::values::{Count, Glob, MatrixFormat, Switch};

/// Show which tags of a repository support which platforms
#[derive(Debug, clap::Args)]
#[command(override_usage = "matrix [OPTIONS] REPOSITORY")]
pub struct Args {
    #[command(flatten)]
    pub(crate) help: HelpFlag,
    /// Print the result in this format: "table", "json" or "markdown" (default "table")
    #[arg(long, value_name = "string")]
    format: Option<MatrixFormat>,
    /// Write the result as a web page to this file
    #[arg(long, value_name = "file")]
    html: Option<PathBuf>,
    /// Allow communication with an insecure registry
    #[arg(long)]
    insecure: Switch,
    /// Show at most this many tags, the newest; 0 for all (default 100)
    #[arg(long, value_name = "uint")]
    limit: Option<Count>,
    #[command(flatten)]
    retry: RetryFlags,
    #[command(flatten)]
    registry: RegistryFlags,
    #[command(flatten)]
    mirrors: MirrorFlags,
    /// Show the versions from this tag on, and the platforms that came and went
    #[arg(long, value_name = "tag")]
    since: Option<String>,
    /// Show only tags that match this pattern, such as "1.*"
    #[arg(long, value_name = "glob", action = clap::ArgAction::Append)]
    tags: Vec<Glob>,
    #[arg(value_name = "REPOSITORY", hide = true)]
    pub(crate) repositories: Vec<String>,
}

/// Reads the tags, then what they point to, and shows it.
pub(crate) async fn run(context: &Context<'_>, args: &Args) -> Result<(), Failure> {
    let [name] = args.repositories.as_slice() else {
        unreachable!("the number was checked")
    };
    let repository = parse(name)?;
    if let Some(path) = &args.html {
        result_files::check_writable(path)?;
    }
    let registry = args.registry.with_mirrors(&args.mirrors);
    let client = context.client(args.insecure.is_on(), &args.retry, &registry)?;
    let found = client.tags(&repository).await?;
    let is_plain_http = found.is_plain_http;
    let chosen = choose(context, args, &repository, found)?;
    // One token for all, and as many connections as so many requests need.
    let client = client.for_reading(&chosen.tags);
    let contents = Contents::read(&client, &repository, &chosen.tags).await?;
    let Rows {
        rows,
        platforms_left_out,
    } = rows::rows(&chosen.tags, &contents);
    if platforms_left_out > 0 {
        context.output.warning(&format!(
            "only {PLATFORMS} platforms of {repository} are shown, {platforms_left_out} are not"
        ));
    }
    let mut matrix = Matrix::new(repository, chosen.matching, rows);
    if let Some(since) = &args.since {
        matrix.since = Some(changes::changes(since, &matrix.tags));
    }
    show(context, args, &matrix, is_plain_http)
}

/// Parses the name of a repository.
fn parse(text: &str) -> Result<Repository, Failure> {
    Repository::parse(text).map_err(|error| match error {
        RepositoryError::Reference(source) => Failure::Reference {
            prefix: None,
            source,
        },
        RepositoryError::OneManifest(repository) => Failure::NotARepository {
            text: text.to_owned(),
            repository,
        },
    })
}

/// The tags to show, newest first.
struct Chosen {
    tags: Vec<Reference>,
    /// The number of tags that match, with those over the limit.
    matching: usize,
}

/// Chooses the tags that the flags ask for.
fn choose(
    context: &Context<'_>,
    args: &Args,
    repository: &Repository,
    found: Tags,
) -> Result<Chosen, Failure> {
    if found.malformed > 0 {
        context.output.warning(&format!(
            "{} of the names in the list of tags of {repository} cannot be tags, and are not shown",
            found.malformed
        ));
    }
    let name = |tag: &Reference| tag.tag().unwrap_or_default().to_owned();
    let mut tags = found.tags;
    if args.tags.is_empty() {
        let all = tags.len();
        tags.retain(|tag| referrers::subject_of(&name(tag)).is_none());
        if tags.len() < all {
            let hidden = all - tags.len();
            let message = format!(
                "{hidden} of {all} tags are not shown: they are of signatures or other referrers"
            );
            context.output.status(&message);
        }
    } else {
        tags.retain(|tag| args.tags.iter().any(|glob| glob.matches(&name(tag))));
    }
    tags.sort_by(|one, other| version_order::newest_first(&name(one), &name(other)));
    if let Some(since) = &args.since {
        let names: Vec<String> = tags.iter().map(name).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let later = changes::tags_since(&names, since).ok_or_else(|| Failure::NoSinceTag {
            repository: repository.clone(),
            tag: since.clone(),
        })?;
        tags.retain(|tag| later.contains(&tag.tag().unwrap_or_default()));
    }
    if tags.is_empty() {
        let patterns: Vec<String> = args.tags.iter().map(ToString::to_string).collect();
        return Err(Failure::NoTags {
            repository: repository.clone(),
            pattern: (!patterns.is_empty()).then(|| patterns.join(", ")),
        });
    }
    let matching = tags.len();
    let limit = args.limit.map_or(DEFAULT_TAGS, |limit| limit.0 as usize);
    if limit > 0 && matching > limit {
        // The tag of --since is the one that the others are compared with.
        let base = args.since.as_ref().and_then(|_| tags.pop());
        tags.truncate(limit - usize::from(base.is_some()));
        tags.extend(base);
        let message = format!("{} of {matching} tags are shown (--limit)", tags.len());
        context.output.status(&message);
    }
    Ok(Chosen { tags, matching })
}

/// Shows the matrix in the format that the flags ask for.
fn show(
    context: &Context<'_>,
    args: &Args,
    matrix: &Matrix,
    is_plain_http: bool,
) -> Result<(), Failure> {
    if let Some(path) = &args.html {
        let page = html::render(matrix, is_plain_http, context.now());
        result_files::write(path, page.as_bytes())?;
        let message = format!("{}: {}", path.display(), matrix.summary());
        context.output.status(&message);
    }
    let format = match (args.format, &args.html) {
        (None, Some(_)) => return Ok(()),
        (format, _) => format.unwrap_or_default(),
    };
    let output = context.output;
    let written = match format {
        MatrixFormat::Table => {
            let terminal = Terminal::of(context.environment());
            output.styled(&text::render(matrix, terminal))
        }
        MatrixFormat::Json => {
            let json = serde_json::to_string_pretty(matrix);
            output.result(json.map_err(std::io::Error::from)?)
        }
        MatrixFormat::Markdown => output.text(&markdown::render(matrix)),
    };
    Ok(written?)
}
