//! The differences between two lists, each a draft, a list in a registry, or a layout on this machine.
//!
//! | module | holds |
//! | --- | --- |
//! | `side` | a list, wherever it comes from |
//! | `changes` | the comparison, a pure function |
//! | `report` | the differences as a table and as JSON |

mod changes;
mod report;
mod side;

#[cfg(test)]
mod tests;

pub(crate) use report::Report;
pub(crate) use side::{Origin, Side};
