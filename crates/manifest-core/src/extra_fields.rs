//! Extra fields: JSON fields that this program does not know, kept and passed on.

use serde::ser::{Error as _, SerializeMap as _};
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::go_json::{self, Object};

/// The unknown fields of a JSON object, in their order. Values are kept verbatim, except for white space.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct ExtraFields(Vec<(String, String)>);

impl ExtraFields {
    /// Tells whether there are no extra fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the names of the fields.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(name, _)| name.as_str())
    }

    pub(crate) fn of(object: &Object<'_>, known: &[&str]) -> Result<Self, serde_json::Error> {
        let field = |(name, value): (&str, &RawValue)| {
            let value = go_json::compact(value.get().as_bytes())?;
            let value = String::from_utf8(value).map_err(serde_json::Error::custom)?;
            Ok((name.to_owned(), value))
        };
        let fields = object.others(known).into_iter().map(field);
        fields.collect::<Result<_, _>>().map(Self)
    }
}

/// Serialises the fields as members of the surrounding object.
impl Serialize for ExtraFields {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in &self.0 {
            let value: &RawValue = serde_json::from_str(value).map_err(S::Error::custom)?;
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}
