//! The matrix as a web page: one file that needs nothing else, from `matrix.html`, `matrix.css` and `matrix.js`.
//!
//! The template escapes every value. A content security policy in the page forbids the browser to load anything.

use minijinja::{Environment, context};
use serde::Serialize;

use super::cells;
use super::limits::LINKED_IMAGES;
use super::links::Links;
use super::model::{Change, ImageCell, Matrix, State, TagRow};
use crate::excerpt::short_digest_text;
use crate::timestamp;

/// The name of the template. Its ending switches escaping on.
const TEMPLATE: &str = "matrix.html";

/// The values of the template.
#[derive(Serialize)]
struct Page<'a> {
    repository: String,
    summary: String,
    /// The date of the state that is shown.
    date: String,
    platforms: Vec<Platform<'a>>,
    rows: Vec<Row<'a>>,
    since: Option<&'a str>,
    changes: &'a [Change],
}

/// A platform: a column, and a filter.
#[derive(Serialize)]
struct Platform<'a> {
    name: &'a str,
    os: &'a str,
    rest: &'a str,
    tags: usize,
    percent: usize,
    since: String,
    created: String,
}

/// A tag.
#[derive(Serialize)]
struct Row<'a> {
    tag: &'a str,
    url: Option<String>,
    digest: Option<String>,
    short_digest: String,
    created: String,
    attestations: usize,
    problem: Option<&'a str>,
    /// Whether the tag or an image of it has a problem.
    has_problem: bool,
    /// The numbers of the columns whose platform it supports, between spaces.
    supported: String,
    cells: Vec<Cell>,
}

/// The images of a tag for a platform.
#[derive(Serialize)]
struct Cell {
    /// The class: `present`, `missing`, `damaged` or `none`.
    class: &'static str,
    /// The number of images, if there are several.
    text: Option<String>,
    links: Vec<Link>,
    /// The number of images that are not linked to.
    others: usize,
}

/// A link to an image.
#[derive(Serialize)]
struct Link {
    url: String,
    text: String,
    /// The details: digest, date and problem.
    title: String,
}

/// Renders the page. `now` is in seconds since 1970.
pub(super) fn render(matrix: &Matrix, is_plain_http: bool, now: u64) -> String {
    let mut environment = Environment::new();
    environment.set_trim_blocks(true);
    environment.set_lstrip_blocks(true);
    let links = Links {
        repository: &matrix.repository,
        is_plain_http,
    };
    let page = page(matrix, links, now);
    environment
        .add_template(TEMPLATE, include_str!("matrix.html"))
        .and_then(|()| environment.get_template(TEMPLATE))
        .and_then(|template| {
            template.render(context! {
                style => include_str!("matrix.css"),
                script => include_str!("matrix.js"),
                ..minijinja::Value::from_serialize(&page)
            })
        })
        .expect("the template is part of the program")
}

fn page<'a>(matrix: &'a Matrix, links: Links<'_>, now: u64) -> Page<'a> {
    let total = matrix.tags.len().max(1);
    let platforms = matrix.platforms.iter().map(|one| {
        let (since, created) = cells::since(one);
        let (os, rest) = one.platform.split_once('/').unwrap_or(("", &one.platform));
        Platform {
            name: &one.platform,
            os,
            rest,
            tags: one.tags,
            percent: one.tags * 100 / total,
            since,
            created,
        }
    });
    let since = matrix.since.as_ref();
    Page {
        repository: matrix.repository.to_string(),
        summary: matrix.summary(),
        date: timestamp::date_of(now),
        platforms: platforms.collect(),
        rows: matrix
            .tags
            .iter()
            .map(|tag| row(matrix, tag, links))
            .collect(),
        since: since.map(|since| since.tag.as_str()),
        changes: since
            .map(|since| since.changes.as_slice())
            .unwrap_or_default(),
    }
}

fn row<'a>(matrix: &Matrix, row: &'a TagRow, links: Links<'_>) -> Row<'a> {
    let mut supported = String::from(" ");
    let cells = matrix.platforms.iter().enumerate().map(|(column, one)| {
        if row.supports(&one.platform) {
            supported.push_str(&format!("{column} "));
        }
        cell(row, &one.platform, links)
    });
    let cells = cells.collect();
    let digest = row.digest.as_ref();
    let has_damage = row.images.iter().any(|image| image.state != State::Present);
    Row {
        tag: &row.tag,
        url: digest.map(|digest| links.tag(&row.tag, digest)),
        short_digest: digest
            .map(|digest| short_digest_text(digest.as_str()))
            .unwrap_or_default(),
        digest: digest.map(ToString::to_string),
        created: cells::date(row.created.as_ref()),
        attestations: row.attestations,
        problem: row.problem.as_deref(),
        has_problem: row.problem.is_some() || has_damage,
        supported,
        cells,
    }
}

fn cell(row: &TagRow, platform: &str, links: Links<'_>) -> Cell {
    let images: Vec<&ImageCell> = row.images_for(platform).collect();
    let has = |state| images.iter().any(|image| image.state == state);
    let class = match images.as_slice() {
        [] => "none",
        _ if has(State::Missing) => "missing",
        _ if has(State::Damaged) => "damaged",
        _ => "present",
    };
    let has_several = images.len() > 1;
    let shown = images.iter().take(LINKED_IMAGES).map(|image| Link {
        url: links.manifest(&row.tag, &image.digest),
        text: match &image.os_version {
            Some(version) if has_several => format!("{version}: {}", cells::image(image)),
            _ => cells::image(image),
        },
        title: detail(image),
    });
    Cell {
        class,
        text: has_several.then(|| cells::text(row, platform)),
        links: shown.collect(),
        others: images.len().saturating_sub(LINKED_IMAGES),
    }
}

/// Describes an image in a line.
fn detail(image: &ImageCell) -> String {
    let version = image
        .os_version
        .as_ref()
        .map(|version| format!("version {version}"));
    let created = image.created.as_ref().map(|time| format!("created {time}"));
    let parts = [
        Some(image.digest.to_string()),
        version,
        created,
        image.problem.clone(),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
