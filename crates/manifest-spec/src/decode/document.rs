//! A document: one list or many, defaults, variables.

use crate::error::quoted;
use crate::keys::{DEFAULTS, DOCUMENT, LIST};
use crate::limits::VARIABLES;
use crate::position::Position;
use crate::variables::is_name;
use crate::yaml::{Node, Value};

use super::decoder::{Decoder, FileScope};
use super::fields::Fields;
use super::options::Options;
use super::run::{Dialect, Run};

/// Reads an included file: the path as it is written, the place of the include, and the variables and defaults there. Returns those
/// at the end of the file.
pub(crate) type Include<'i, 'v> =
    dyn FnMut(&mut Run<'v>, &str, &Position, FileScope) -> FileScope + 'i;

impl<'v> Decoder<'_, 'v> {
    /// Reads the document, after the files that it includes. Returns the variables and defaults behind it.
    pub(crate) fn document(mut self, mut node: Node, include: &mut Include<'_, 'v>) -> FileScope {
        let lists = node.take_items("lists");
        let Some(fields) = self.fields(&node, &DOCUMENT) else {
            return self.scope;
        };
        if self.run.dialect == Dialect::ManifestTool {
            self.list(&fields, &Options::default());
            return self.scope;
        }
        self.includes(&fields, include);
        self.shared_keys(&fields);
        let defaults = std::mem::take(&mut self.scope.defaults);
        let of_list = fields.first_of(LIST.fields.iter().map(|field| field.name));
        match (fields.get("lists"), of_list) {
            (Some(_), Some((name, mark))) => {
                let message = format!("lists and {name} exclude each other");
                let hint = "move the key into an item of `lists:`, or into a document of its own, after a line `---`";
                self.error(mark, message, Some(hint.to_owned()));
            }
            (Some(node), None) if !matches!(node.value, Value::Sequence(_)) => {
                let message = format!("lists must be a list, not {}", node.kind());
                let hint = "write each list after `- ` below `lists:`, as `- image: NAME`";
                self.error(node.mark, message, Some(hint.to_owned()));
            }
            (Some(_), None) => {
                // Each item is dropped before the next one is read.
                for node in lists {
                    if let Some(fields) = self.fields(&node, &LIST) {
                        self.list(&fields, &defaults);
                    }
                }
            }
            (None, Some(_)) => self.list(&fields, &defaults),
            (None, None) => {}
        }
        self.scope.defaults = defaults;
        self.scope
    }

    fn includes(&mut self, fields: &Fields<'_>, include: &mut Include<'_, 'v>) {
        let Some(node) = fields.get("include") else {
            return;
        };
        let paths = match &node.value {
            Value::Plain(_) | Value::Quoted(_) => {
                let path = self.text(node, "include");
                path.map(|path| (node.mark, path)).into_iter().collect()
            }
            _ => self.texts(node, "include"),
        };
        for (mark, path) in paths {
            let position = self.position(mark);
            let scope = std::mem::take(&mut self.scope);
            self.scope = include(self.run, &path, &position, scope);
        }
    }

    /// Reads what the lists share.
    fn shared_keys(&mut self, fields: &Fields<'_>) {
        if let Some(node) = fields.get("variables") {
            self.declare(node);
        }
        if let Some(node) = fields.get("defaults")
            && let Some(fields) = self.fields(node, &DEFAULTS)
        {
            let earlier = std::mem::take(&mut self.scope.defaults);
            self.scope.defaults = self.options(&fields).or(earlier);
        }
    }

    /// Reads the values of variables, which may use earlier ones.
    fn declare(&mut self, node: &Node) {
        let Value::Mapping(entries) = &node.value else {
            let message = format!("variables must be a mapping, not {}", node.kind());
            let hint = "write `NAME: VALUE` on lines below `variables:`";
            self.error(node.mark, message, Some(hint.to_owned()));
            return;
        };
        for (key, value) in entries {
            if !is_name(&key.name) {
                let message = format!("{} is not the name of a variable", quoted(&key.name));
                let hint = "use letters, digits and `_`, with no digit first";
                self.error(key.mark, message, Some(hint.to_owned()));
                continue;
            }
            let text = match value.value {
                Value::Null => Some("".into()),
                _ => self.text(value, &key.name),
            };
            let name = key.name.to_string();
            self.run.known_variables.insert(name.clone());
            if self.scope.variables.len() >= VARIABLES && !self.scope.variables.contains_key(&name)
            {
                let message = format!("there are more than {VARIABLES} variables");
                self.error(
                    key.mark,
                    message,
                    Some("remove those that are not used".to_owned()),
                );
                return;
            }
            if let Some(text) = text {
                self.scope.variables.insert(name, text.into_owned());
            }
        }
    }
}
