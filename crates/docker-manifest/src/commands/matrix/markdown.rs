//! The matrix in Markdown, for a README or the notes of a release.

use std::fmt::Write as _;

use super::cells;
use super::model::Matrix;

/// Renders the matrix as tables of GitHub's Markdown.
pub(super) fn render(matrix: &Matrix) -> String {
    let mut text = format!(
        "**{}**: {}\n\n",
        escape(&matrix.repository.to_string()),
        matrix.summary()
    );
    let names = matrix.platforms.iter().map(|one| one.platform.clone());
    let headings = ["Tag", "Created"]
        .map(str::to_owned)
        .into_iter()
        .chain(names);
    let rows = matrix.tags.iter().map(|row| {
        let mut cells = vec![row.tag.clone(), cells::date(row.created.as_ref())];
        cells.extend(
            matrix
                .platforms
                .iter()
                .map(|one| cells::text(row, &one.platform)),
        );
        cells
    });
    text.push_str(&table(headings.collect(), rows));
    let rows = matrix.platforms.iter().map(|one| {
        let (tag, created) = cells::since(one);
        let tags = format!("{} of {}", one.tags, matrix.tags.len());
        vec![one.platform.clone(), tags, tag, created]
    });
    let headings = ["Platform", "Tags", "Since", "Created"].map(str::to_owned);
    let _ = write!(text, "\n{}", table(headings.into(), rows));
    if let Some(since) = &matrix.since {
        let rows = since.changes.iter().map(|change| {
            let names = [change.added.join(", "), change.removed.join(", ")];
            let mut cells = vec![change.tag.clone(), change.previous.clone()];
            cells.extend(names);
            cells
        });
        let headings = ["Tag", "After", "Added", "Removed"].map(str::to_owned);
        let _ = write!(text, "\n{}", table(headings.into(), rows));
    }
    text
}

fn table(headings: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let rule = vec!["---".to_owned(); headings.len()];
    let line = |cells: Vec<String>| {
        let cells: Vec<String> = cells.iter().map(|cell| escape(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let heading = line(headings);
    let rule = format!("| {} |\n", rule.join(" | "));
    [heading, rule].into_iter().chain(rows.map(line)).collect()
}

/// Escapes the characters that Markdown or HTML in it obeys. Words with an underscore inside are left alone: nothing ends there.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '\\' | '|' | '`' | '*' | '[' | ']' | '#' | '~' | '!' => {
                escaped.push('\\');
                escaped.push(c);
            }
            _ => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn nothing_leaves_its_cell() {
        for (text, expected) in [
            ("linux/amd64", "linux/amd64"),
            ("a|b", "a\\|b"),
            ("<img src=x>", "&lt;img src=x>"),
            ("[x](javascript:y)", "\\[x\\](javascript:y)"),
        ] {
            assert_eq!(escape(text), expected);
        }
    }
}
