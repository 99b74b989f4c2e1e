//! Texts, words and lists of them.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use manifest_core::{NamedPlatform, Platform};

use crate::error::{Problem, quoted, reason};
use crate::position::Mark;
use crate::template::PLATFORM_HINT;
use crate::variables::Scope;
use crate::yaml::{Node, Value};

use super::decoder::Decoder;
use super::run::Dialect;

/// The beginning of the name of an item in messages.
const ITEM: &str = "an item of ";

impl Decoder<'_, '_> {
    /// Returns a text, with its variables filled in. `what` names it in messages. `None` means an error that is reported.
    pub(super) fn text<'n>(&mut self, node: &'n Node, what: &str) -> Option<Cow<'n, str>> {
        let (Value::Plain(text) | Value::Quoted(text)) = &node.value else {
            let message = format!("{what} must be a text, not {}", node.kind());
            let hint = if what.starts_with(ITEM) {
                "write each item as one text, in quotes if it has special characters".to_owned()
            } else {
                format!("write `{what}: TEXT`")
            };
            self.error(node.mark, message, Some(hint));
            return None;
        };
        self.filled(text, node.mark)
    }

    /// Fills in the variables of a text.
    fn filled<'n>(&mut self, text: &'n str, mark: Mark) -> Option<Cow<'n, str>> {
        if self.run.dialect == Dialect::ManifestTool {
            return Some(Cow::Borrowed(text));
        }
        let scope = Scope {
            given: self.run.variables,
            declared: &self.scope.variables,
        };
        let known = &mut self.run.known_variables;
        let mut note = |name: &str| {
            if !known.contains(name) {
                known.insert(name.to_owned());
            }
        };
        let filled = scope.fill(Cow::Borrowed(text), &mut note);
        let filled = filled.and_then(|text| {
            if let Cow::Owned(text) = &text {
                self.run.count_substituted(text)?;
            }
            Ok(text)
        });
        self.checked(filled, mark)
    }

    /// Returns the items of a list of texts, each with its place. Items that are wrong are reported and left out.
    pub(super) fn texts<'n>(&mut self, node: &'n Node, what: &str) -> Vec<(Mark, Cow<'n, str>)> {
        let Value::Sequence(items) = &node.value else {
            let message = format!("{what} must be a list, not {}", node.kind());
            let hint = format!(
                "write `{what}: [ITEM, ITEM]`, or each item on a line of its own after `- `"
            );
            self.error(node.mark, message, Some(hint));
            return Vec::new();
        };
        let mut texts = Vec::with_capacity(items.len());
        for item in items {
            if let Some(text) = self.text(item, &format!("{ITEM}{what}")) {
                texts.push((item.mark, text));
            }
        }
        texts
    }

    /// Returns a mapping of texts.
    pub(super) fn texted(&mut self, node: &Node, what: &str) -> BTreeMap<String, String> {
        let Value::Mapping(entries) = &node.value else {
            let message = format!("{what} must be a mapping, not {}", node.kind());
            let hint = format!("write each on a line of its own below `{what}:`, as `KEY: TEXT`");
            self.error(node.mark, message, Some(hint));
            return BTreeMap::new();
        };
        let mut texts = BTreeMap::new();
        for (key, value) in entries {
            if key.name.is_empty() {
                let message = format!("a key of {what} is empty");
                self.error(key.mark, message, Some("write `KEY: TEXT`".to_owned()));
                continue;
            }
            let text = match value.value {
                Value::Null => Some(Cow::Borrowed("")),
                _ => self.text(value, &quoted(&key.name)),
            };
            if let Some(text) = text {
                texts.insert(key.name.to_string(), text.into_owned());
            }
        }
        texts
    }

    /// Returns the value that a word stands for.
    pub(super) fn word<T: Copy>(
        &mut self,
        node: &Node,
        what: &str,
        words: &[(&str, T)],
    ) -> Option<T> {
        let text = self.text(node, what)?;
        if let Some((_, value)) = words.iter().find(|(word, _)| *word == text) {
            return Some(*value);
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("{what} cannot be {}", quoted(&text));
        let hint = format!("{what} is one of {}", names.join(", "));
        self.error(node.mark, message, Some(hint));
        None
    }

    /// Returns a switch.
    pub(super) fn switch(&mut self, node: &Node, what: &str) -> Option<bool> {
        self.word(node, what, &[("true", true), ("false", false)])
    }

    /// Returns a list of platforms that exist, each with its spelling in the file. None is there twice.
    pub(super) fn platforms(&mut self, node: &Node, what: &str) -> Vec<(String, Platform)> {
        let mut platforms: Vec<(String, Platform)> = Vec::new();
        let mut seen: HashSet<Platform> = HashSet::new();
        for (mark, text) in self.texts(node, what) {
            match NamedPlatform::parse(&text) {
                Ok(named) if seen.contains(&named.platform) => {
                    let message = format!("the platform {} is there twice", quoted(&text));
                    self.error(mark, message, Some("name each platform once".to_owned()));
                }
                Ok(named) => {
                    seen.insert(named.platform.clone());
                    platforms.push((text.into_owned(), named.platform));
                }
                Err(error) => {
                    let position = self.position(mark);
                    let problem = Problem::new(reason(&error), PLATFORM_HINT);
                    self.run.report.error(problem.at(position));
                }
            }
        }
        platforms
    }
}
