//! The keys of a mapping, checked against their table.

use crate::error::quoted;
use crate::keys::{Field, TABLES, Table};
use crate::position::Mark;
use crate::yaml::{Key, Node, Value};

use super::decoder::Decoder;
use super::run::Dialect;

/// The values of a mapping, by the keys of a table.
pub(super) struct Fields<'n> {
    table: &'static Table,
    /// The place of the mapping.
    pub(super) mark: Mark,
    /// The values, in the order of the table.
    values: Vec<Option<(&'n Key, &'n Node)>>,
    /// Whether there is an unknown key, so that a key that is missing may be a misspelt one.
    pub(super) has_unknown: bool,
}

impl<'n> Fields<'n> {
    /// Returns the value of a key, unless it is nothing. `name` is the first spelling.
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let node = self.entry(name)?.1;
        (node.value != Value::Null).then_some(node)
    }

    /// Returns the place of a key, whatever its value.
    pub(super) fn key_mark(&self, name: &str) -> Option<Mark> {
        Some(self.entry(name)?.0.mark)
    }

    fn entry(&self, name: &str) -> Option<(&'n Key, &'n Node)> {
        let at = self.table.find(name);
        debug_assert!(
            at.is_some(),
            "{name} is in the table of {}",
            self.table.name
        );
        *self.values.get(at?)?
    }

    /// Returns the first key that is there of some.
    pub(super) fn first_of<'k>(
        &self,
        names: impl Iterator<Item = &'k str>,
    ) -> Option<(&'k str, Mark)> {
        let mut names = names;
        names.find_map(|name| Some((name, self.key_mark(name)?)))
    }
}

impl Decoder<'_, '_> {
    /// Returns the keys of a mapping. Unknown ones are reported. `None` means that the value is no mapping, which is reported too.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        table: &'static Table,
    ) -> Option<Fields<'n>> {
        let Value::Mapping(entries) = &node.value else {
            let message = format!("{} must be a mapping, not {}", table.name, node.kind());
            let names: Vec<&str> = table
                .fields
                .iter()
                .take(3)
                .map(|field| field.name)
                .collect();
            let hint = format!("write `KEY: VALUE`, with keys such as {}", names.join(", "));
            self.error(node.mark, message, Some(hint));
            return None;
        };
        let mut values: Vec<Option<(&Key, &Node)>> = vec![None; table.fields.len()];
        let mut has_unknown = false;
        for (key, value) in entries {
            let Some(at) = self.find(table, &key.name) else {
                has_unknown |= self.run.dialect == Dialect::Full;
                self.unknown_key(table, key);
                continue;
            };
            if let Some((first, _)) = values[at] {
                let (key_name, first_name) = (quoted(&key.name), quoted(&first.name));
                let message = format!("{key_name} and {first_name} are the same key");
                self.error(key.mark, message, Some("keep one of the two".to_owned()));
                continue;
            }
            values[at] = Some((key, value));
        }
        Some(Fields {
            table,
            mark: node.mark,
            values,
            has_unknown,
        })
    }

    /// Returns the place of a key in a table, if the rules of the run know it.
    fn find(&self, table: &Table, key: &str) -> Option<usize> {
        let at = table.find(key)?;
        let Field {
            name,
            is_of_manifest_tool,
            ..
        } = &table.fields[at];
        let is_known = match self.run.dialect {
            Dialect::Full => true,
            Dialect::ManifestTool => *is_of_manifest_tool && *name == key,
        };
        is_known.then_some(at)
    }

    fn unknown_key(&mut self, table: &Table, key: &Key) {
        let name = quoted(&key.name);
        if self.run.dialect == Dialect::ManifestTool {
            let known = table.find(&key.name).map(|at| &table.fields[at]);
            let advice = match known {
                Some(field) if field.is_of_manifest_tool => {
                    format!(": manifest-tool reads {}", field.name)
                }
                _ => String::new(),
            };
            let message = format!("the key {name} is ignored{advice}");
            let position = self.position(key.mark);
            self.run.report.warning(position, message);
            return;
        }
        if table.extensible && key.name.starts_with("x-") {
            return;
        }
        let message = format!("unknown key {name} in {}", table.name);
        let elsewhere = || {
            Some(
                (TABLES
                    .iter()
                    .find(|other| other.find(&key.name).is_some())?)
                .name,
            )
        };
        let hint = if let Some(other) = elsewhere() {
            format!("{name} is a key of {other}: check the indentation")
        } else if let Some(nearest) = table.nearest(&key.name) {
            format!("did you mean `{nearest}`?")
        } else {
            let names: Vec<&str> = table.fields.iter().map(|field| field.name).collect();
            format!("the keys of {} are {}", table.name, names.join(", "))
        };
        self.error(key.mark, message, Some(hint));
    }
}
