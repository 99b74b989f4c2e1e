//! Hints: what the user can do about an error.
//!
//! `table` has the rows, of which the first that fits is taken; `row` says what a row can state; `lookup` finds the row and fills it in.

mod lookup;
mod row;
mod table;

#[cfg(test)]
mod tests;
