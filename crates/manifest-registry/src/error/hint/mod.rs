//! Hints: what the user can do about an error.
//!
//! `advice` returns the table for the documentation; `table` has the rows, of which the first that fits is taken; `row` says what a row can state; `lookup` finds the row and fills it in.

mod advice;
mod lookup;
mod row;
mod table;

pub use advice::{Advice, advice};

#[cfg(test)]
mod tests;
