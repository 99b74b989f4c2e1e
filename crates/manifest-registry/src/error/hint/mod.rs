//! Hints for the user about errors.
//!
//! `advice` returns the table for the documentation. `table` has the rows; the first matching row counts. `row` defines
//! the conditions of a row. `lookup` finds the row for an error and fills in its placeholders.

mod advice;
mod lookup;
mod row;
mod table;

pub use advice::{Advice, advice};

#[cfg(test)]
mod tests;
