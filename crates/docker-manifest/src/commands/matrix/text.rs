//! The matrix as tables of text, for people, as wide as the terminal.

use super::cells;
use super::model::{Changes, Matrix, State};
use crate::table::Table;
use crate::terminal::Terminal;

/// A space at which no line is broken.
const NO_BREAK: &str = "\u{a0}";

/// Renders the matrix. Where it is too wide for the terminal, each tag has its platforms in one cell.
pub(super) fn render(matrix: &Matrix, terminal: Terminal) -> String {
    let grid = grid(matrix);
    let tags = if grid.fits(terminal) {
        grid
    } else {
        list(matrix)
    };
    let mut tables = vec![tags, platforms(matrix), problems(matrix)];
    tables.extend(matrix.since.as_ref().map(changes));
    let summary = format!("{}: {}", matrix.repository, matrix.summary());
    let tables = tables.into_iter().filter(|table| !table.is_empty());
    std::iter::once(Table::paragraph(&summary))
        .chain(tables)
        .map(|table| table.render(terminal))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Returns one column for each platform.
fn grid(matrix: &Matrix) -> Table {
    let names = matrix.platforms.iter().map(|one| one.platform.as_str());
    let headings: Vec<&str> = ["TAG", "CREATED"].into_iter().chain(names).collect();
    let mut table = Table::new(&headings);
    for row in &matrix.tags {
        let mut cells = vec![row.tag.clone(), cells::date(row.created.as_ref())];
        let platforms = matrix.platforms.iter();
        cells.extend(platforms.map(|one| cells::text(row, &one.platform)));
        table.row(cells);
    }
    table
}

/// Returns one column for all platforms.
fn list(matrix: &Matrix) -> Table {
    let mut table = Table::new(&["TAG", "CREATED", "PLATFORMS"]);
    for row in &matrix.tags {
        let supported = matrix.platforms.iter().filter_map(|one| {
            row.images_for(&one.platform).next()?;
            let size = cells::text(row, &one.platform);
            // Lines do not break within an entry.
            Some(format!("{} {size}", one.platform).replace(' ', NO_BREAK))
        });
        let platforms = supported.collect::<Vec<_>>().join(", ");
        table.row([
            row.tag.clone(),
            cells::date(row.created.as_ref()),
            platforms,
        ]);
    }
    table
}

fn platforms(matrix: &Matrix) -> Table {
    let mut table = Table::new(&["PLATFORM", "TAGS", "SINCE", "CREATED"]);
    for one in &matrix.platforms {
        let (tag, created) = cells::since(one);
        let tags = format!("{} of {}", one.tags, matrix.tags.len());
        table.row([one.platform.clone(), tags, tag, created]);
    }
    table
}

/// Returns the tags without images, and the images that are not present.
fn problems(matrix: &Matrix) -> Table {
    let mut table = Table::new(&["TAG", "PROBLEM", "DIGEST"]);
    for row in &matrix.tags {
        if let Some(problem) = &row.problem {
            let digest = row.digest.as_ref().map(ToString::to_string);
            table.row([row.tag.clone(), problem.clone(), digest.unwrap_or_default()]);
        }
    }
    for (row, image) in matrix.problems() {
        let reason = match (&image.problem, image.state) {
            (Some(reason), _) => reason.as_str(),
            (None, State::Missing) => "missing",
            (None, _) => "damaged",
        };
        let problem = format!("{}: {reason}", image.platform);
        table.row([row.tag.clone(), problem, image.digest.to_string()]);
    }
    table
}

fn changes(since: &Changes) -> Table {
    let mut table = Table::new(&["TAG", "AFTER", "ADDED", "REMOVED"]);
    for change in &since.changes {
        let names = |platforms: &[String]| match platforms {
            [] => cells::NOTHING.to_owned(),
            _ => platforms.join(", "),
        };
        table.row([
            change.tag.clone(),
            change.previous.clone(),
            names(&change.added),
            names(&change.removed),
        ]);
    }
    table
}
