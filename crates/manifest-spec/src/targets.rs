//! The names that a run publishes.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use manifest_core::Reference;

use crate::error::Problem;
use crate::position::Position;

/// The names that are published, with the place of each.
#[derive(Debug, Default)]
pub(crate) struct Targets(HashMap<Box<str>, Position>);

impl Targets {
    /// Adds a name. Both spellings of a name, `docker.io/library/x` and `x`, are one.
    ///
    /// # Errors
    /// Returns an error that has both places if the name is there already.
    pub(crate) fn add(&mut self, target: &Reference, position: &Position) -> Result<(), Problem> {
        // The full form takes half of the memory of a reference.
        match self.0.entry(target.to_string().into_boxed_str()) {
            Entry::Vacant(entry) => {
                entry.insert(position.clone());
                Ok(())
            }
            Entry::Occupied(entry) => Err(Problem::new(
                format!("{target} is published twice, first at {}", entry.get()),
                "each name can be published once in a run: remove one of the two",
            )),
        }
    }
}
