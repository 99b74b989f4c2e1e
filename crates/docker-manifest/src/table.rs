//! Tables and paragraphs of text, in columns as wide as a terminal shows them.

use comfy_table::{ColumnConstraint, ContentArrangement, Width, presets};
use manifest_registry::redact;

use crate::terminal::Terminal;

/// A table with a line of headings, or a paragraph without. Control characters in headings and cells are escaped.
#[derive(Debug)]
pub struct Table {
    headings: Vec<String>,
    rows: Vec<Vec<String>>,
    /// The least width of each column, without the space between columns.
    least_widths: Vec<u16>,
}

/// The space after each column.
const PADDING: u16 = 2;

impl Table {
    /// Returns a table without rows.
    #[must_use]
    pub fn new(headings: &[&str]) -> Self {
        Self {
            headings: headings
                .iter()
                .map(|text| redact::printable(text))
                .collect(),
            rows: Vec::new(),
            least_widths: Vec::new(),
        }
    }

    /// Returns a paragraph: one cell without a heading.
    #[must_use]
    pub fn paragraph(text: &str) -> Self {
        let mut table = Self::new(&[]);
        table.row([text]);
        table
    }

    /// Keeps columns from becoming narrower than these widths, from the left, so that words such as digests are not broken.
    #[must_use]
    pub fn with_least_widths(self, least_widths: &[u16]) -> Self {
        Self {
            least_widths: least_widths.to_vec(),
            ..self
        }
    }

    /// Adds a row. Cells that are missing are empty.
    pub fn row(&mut self, cells: impl IntoIterator<Item = impl AsRef<str>>) {
        let cells = cells.into_iter();
        let cells = cells.map(|cell| redact::printable(cell.as_ref()));
        self.rows.push(cells.collect());
    }

    /// Tells whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Tells whether a terminal shows the table without wrapping a cell.
    #[must_use]
    pub fn fits(&self, terminal: Terminal) -> bool {
        let mut table = comfy_table::Table::new();
        table.set_header(&self.headings);
        table.add_rows(&self.rows);
        let widths = table.column_max_content_widths();
        let between = usize::from(PADDING) * widths.len().saturating_sub(1);
        let width = between + widths.into_iter().map(usize::from).sum::<usize>();
        terminal
            .columns
            .is_none_or(|columns| width <= columns.into())
    }

    /// Renders the table, each line with a line break, the headings in bold. Cells wrap where the terminal is too narrow.
    #[must_use]
    pub fn render(&self, terminal: Terminal) -> String {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        table.set_content_arrangement(match terminal.columns {
            Some(_) => ContentArrangement::Dynamic,
            None => ContentArrangement::Disabled,
        });
        if let Some(columns) = terminal.columns {
            table.set_width(columns);
        }
        if !self.headings.is_empty() {
            table.set_header(&self.headings);
        }
        table.add_rows(&self.rows);
        for column in table.column_iter_mut() {
            column.set_padding((0, PADDING));
        }
        for (column, width) in table.column_iter_mut().zip(&self.least_widths) {
            let width = Width::Fixed(width + PADDING);
            column.set_constraint(ColumnConstraint::LowerBoundary(width));
        }
        let text = table.to_string();
        let lines = text.lines().enumerate().map(|(place, line)| {
            let line = line.trim_end();
            match place {
                0 if !self.headings.is_empty() => terminal.bold(line) + "\n",
                _ => line.to_owned() + "\n",
            }
        });
        lines.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["TAG", "PLATFORM", "SIZE"]);
        table.row(["1.0", "linux/amd64", "10 MB"]);
        table.row(["日本語", "linux/arm64", "9 MB"]);
        table.row(["e\u{1b}[2J", "", ""]);
        table
    }

    #[test]
    fn columns_are_as_wide_as_they_are_shown() {
        let plain = table().render(Terminal::default());
        let expected = "\
TAG         PLATFORM     SIZE
1.0         linux/amd64  10 MB
日本語      linux/arm64  9 MB
e\\u{1b}[2J
";
        assert_eq!(plain, expected);
    }

    #[test]
    fn paragraphs_wrap_at_spaces() {
        let terminal = |columns| Terminal {
            columns,
            has_colours: true,
        };
        let text = "one two three \u{1b} four five six seven";
        let paragraph = Table::paragraph(text);
        assert_eq!(
            paragraph.render(terminal(Some(20))),
            "one two three\n\\u{1b} four five\nsix seven\n"
        );
        assert_eq!(
            paragraph.render(terminal(None)),
            "one two three \\u{1b} four five six seven\n"
        );
    }

    #[test]
    fn a_table_fits_if_its_widest_line_does() {
        let columns = |columns| Terminal {
            columns,
            has_colours: false,
        };
        // The last line has the widest cell of the first column, and nothing beside it.
        assert!(table().fits(columns(None)));
        assert!(table().fits(columns(Some(30))));
        assert!(!table().fits(columns(Some(29))));
        assert!(Table::new(&[]).fits(columns(Some(1))));
    }

    #[test]
    fn narrow_terminals_wrap_cells() {
        let terminal = Terminal {
            columns: Some(24),
            has_colours: true,
        };
        let text = table().render(terminal);
        assert!(text.starts_with("\u{1b}[1mTAG"), "{text}");
        let width = |line: &str| line.replace("\u{1b}[1m", "").replace("\u{1b}[0m", "");
        assert!(
            text.lines().all(|line| width(line).chars().count() <= 24),
            "{text}"
        );
        assert!(text.lines().count() > 4, "{text}");
    }
}
