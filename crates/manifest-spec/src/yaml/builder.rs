//! The events of the parser as a tree.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use std::sync::Arc;

use saphyr_parser::{Event, ScalarStyle, Tag};

use super::node::{Key, Node, Value};
use crate::error::{SpecError, quoted};
use crate::limits::{DEPTH, DOCUMENT_VALUES};
use crate::position::{Mark, Position};
use crate::report::Report;

/// The key that takes the keys of other mappings over (`tag:yaml.org,2002:merge`).
const MERGE: &str = "<<";

/// The longest text that is shared, in bytes. Names of images are longer, and most are there once.
const SHARED_BYTES: usize = 24;

/// The message for an alias without an anchor, and the advice.
pub(super) const UNKNOWN_ANCHOR: (&str, &str) = (
    "no anchor of this name comes before the alias",
    "define the value with `&NAME` before you repeat it with `*NAME`; anchors end with their document",
);

/// Builds the tree of one document.
pub(super) struct Builder<'r> {
    file: Arc<str>,
    report: &'r mut Report,
    /// The collections that are not complete, the innermost last.
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    /// Short texts, which repeat: keys, operating systems, architectures.
    texts: HashSet<Rc<str>>,
    /// The number of values so far, with those of anchors and aliases.
    values: usize,
}

/// A collection that is not complete.
struct Open {
    mark: Mark,
    anchor: usize,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping {
        entries: Vec<(Key, Node)>,
        /// The values of merge keys.
        merged: Vec<Node>,
        /// The key whose value comes next.
        key: Option<PendingKey>,
    },
}

enum PendingKey {
    Name(Key),
    Merge,
    /// A key that is not a text, which is an error that is reported already.
    Ignored,
}

impl<'r> Builder<'r> {
    /// Starts with an empty document.
    pub(super) fn new(file: &Arc<str>, report: &'r mut Report) -> Self {
        Self {
            file: Arc::clone(file),
            report,
            open: Vec::new(),
            root: None,
            anchors: HashMap::new(),
            texts: HashSet::new(),
            values: 0,
        }
    }

    /// Returns the document.
    pub(super) fn root(self) -> Option<Node> {
        self.root
    }

    /// Adds an event.
    ///
    /// # Errors
    /// Returns an error if the document is beyond a bound.
    pub(super) fn add(&mut self, event: Event<'_>, mark: Mark) -> Result<(), SpecError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = self.scalar(&text, style, tag.as_deref(), mark);
                self.complete(Node { mark, value }, anchor)
            }
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", mark);
                self.start(anchor, mark, Content::Sequence(Vec::new()))
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", mark);
                let content = Content::Mapping {
                    // Most mappings are images and platforms.
                    entries: Vec::with_capacity(2),
                    merged: Vec::new(),
                    key: None,
                };
                self.start(anchor, mark, content)
            }
            Event::SequenceEnd | Event::MappingEnd => self.end(),
            Event::Alias(anchor) => {
                let Some(copy) = self.anchors.get(&anchor) else {
                    // The parser keeps the anchors of earlier documents.
                    let (message, hint) = if self.open.iter().any(|open| open.anchor == anchor) {
                        (
                            "the alias is inside of the value that it repeats",
                            "a value cannot contain itself: repeat it outside",
                        )
                    } else {
                        UNKNOWN_ANCHOR
                    };
                    return Err(self.error(mark, message, hint));
                };
                let (size, depth) = copy.extent();
                let over = self.over_budget(size, mark);
                if let Some(error) = over.or_else(|| self.too_deep(depth, mark)) {
                    return Err(error);
                }
                let value = copy.value.clone();
                self.values += size;
                self.put(Node { mark, value });
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, anchor: usize, mark: Mark, content: Content) -> Result<(), SpecError> {
        if let Some(error) = self.too_deep(1, mark) {
            return Err(error);
        }
        self.open.push(Open {
            mark,
            anchor,
            content,
        });
        Ok(())
    }

    fn end(&mut self) -> Result<(), SpecError> {
        let Some(Open {
            mark,
            anchor,
            content,
        }) = self.open.pop()
        else {
            return Ok(());
        };
        let value = match content {
            Content::Sequence(nodes) => Value::Sequence(nodes.into_boxed_slice()),
            Content::Mapping {
                entries, merged, ..
            } => {
                let mut entries = self.without_duplicates(entries);
                for node in merged {
                    self.merge(node, &mut entries)?;
                }
                Value::Mapping(entries.into_boxed_slice())
            }
        };
        self.complete(Node { mark, value }, anchor)
    }

    /// Counts a new value, keeps it if it has an anchor, and puts it into its place.
    fn complete(&mut self, node: Node, anchor: usize) -> Result<(), SpecError> {
        if !self.expects_key() {
            self.count(1, node.mark)?;
        }
        if anchor != 0 {
            self.count(node.extent().0, node.mark)?;
            self.anchors.insert(anchor, node.clone());
        }
        self.put(node);
        Ok(())
    }

    /// Tells whether the next value is a key, which does not count as a value.
    fn expects_key(&self) -> bool {
        let content = self.open.last().map(|open| &open.content);
        matches!(content, Some(Content::Mapping { key: None, .. }))
    }

    /// Puts a value where the next one belongs.
    fn put(&mut self, node: Node) {
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return;
        };
        match &mut open.content {
            Content::Sequence(nodes) => nodes.push(node),
            Content::Mapping {
                entries,
                merged,
                key,
            } => match key.take() {
                Some(PendingKey::Name(name)) => entries.push((name, node)),
                Some(PendingKey::Merge) => merged.push(node),
                Some(PendingKey::Ignored) => {}
                None => {
                    let mark = node.mark;
                    *key = Some(match node.value {
                        Value::Plain(name) if &*name == MERGE => PendingKey::Merge,
                        Value::Plain(name) | Value::Quoted(name) => {
                            PendingKey::Name(Key { mark, name })
                        }
                        _ => PendingKey::Ignored,
                    });
                    if matches!(key, Some(PendingKey::Ignored)) {
                        let error = self.error(mark, "a key must be a text", "write `KEY: VALUE`");
                        self.report.error(error);
                    }
                }
            },
        }
    }

    /// Reports the keys that are there twice, and drops the later ones.
    fn without_duplicates(&mut self, entries: Vec<(Key, Node)>) -> Vec<(Key, Node)> {
        if !has_duplicates(&entries) {
            return entries;
        }
        let mut seen: HashMap<Rc<str>, Mark> = HashMap::with_capacity(entries.len());
        let mut kept = Vec::with_capacity(entries.len());
        for (key, node) in entries {
            if let Some(Mark { line, column }) = seen.get(&key.name) {
                let name = quoted(&key.name);
                let message =
                    format!("the key {name} is there twice, first at line {line}, column {column}");
                let hint = "keep one of the two; a list has its items behind one key";
                let error = self.error(key.mark, &message, hint);
                self.report.error(error);
                continue;
            }
            seen.insert(Rc::clone(&key.name), key.mark);
            kept.push((key, node));
        }
        kept
    }

    /// Adds the keys of a merged mapping, or of a list of mappings, that are not there. Earlier ones win.
    fn merge(&mut self, node: Node, entries: &mut Vec<(Key, Node)>) -> Result<(), SpecError> {
        let mark = node.mark;
        let mappings = match node.value {
            Value::Sequence(nodes) => nodes.into_vec(),
            value => vec![Node { mark, value }],
        };
        let names = entries.iter().map(|(key, _)| key.name.clone());
        let mut seen: HashSet<Rc<str>> = names.collect();
        for mapping in mappings {
            let mark = mapping.mark;
            let Value::Mapping(more) = mapping.value else {
                let message = "the merge key \"<<\" takes a mapping, or a list of mappings";
                let hint = "write `<<: *NAME`, where NAME is the anchor of a mapping";
                let error = self.error(mark, message, hint);
                self.report.error(error);
                continue;
            };
            for (key, node) in more.into_vec() {
                if seen.insert(key.name.clone()) {
                    entries.push((key, node));
                }
            }
        }
        Ok(())
    }

    /// Returns a text, shared with its repetitions if it is short.
    fn shared(&mut self, text: &str) -> Rc<str> {
        if text.len() > SHARED_BYTES {
            return Rc::from(text);
        }
        if let Some(shared) = self.texts.get(text) {
            return Rc::clone(shared);
        }
        let shared: Rc<str> = Rc::from(text);
        self.texts.insert(Rc::clone(&shared));
        shared
    }

    /// Returns the value of a scalar, by YAML's core schema as far as the format needs it.
    fn scalar(&mut self, text: &str, style: ScalarStyle, tag: Option<&Tag>, mark: Mark) -> Value {
        let is_text = tag.is_some_and(|tag| {
            (tag.is_yaml_core_schema() && tag.suffix == "str") || is_non_specific(tag)
        });
        if !is_text {
            self.check_tag(tag, "null bool int float", mark);
        }
        match style {
            ScalarStyle::Plain if is_text => Value::Quoted(self.shared(text)),
            ScalarStyle::Plain if is_null(text) => Value::Null,
            ScalarStyle::Plain => Value::Plain(self.shared(text)),
            _ => Value::Quoted(self.shared(text)),
        }
    }

    /// Reports a tag that is not one of YAML's core schema for this kind of value.
    fn check_tag(&mut self, tag: Option<&Tag>, known: &str, mark: Mark) {
        let Some(tag) = tag.filter(|tag| !is_non_specific(tag)) else {
            return;
        };
        if tag.is_yaml_core_schema() && known.split(' ').any(|known| known == tag.suffix) {
            return;
        }
        let name = if tag.is_yaml_core_schema() {
            format!("!!{}", tag.suffix)
        } else {
            format!("{}{}", tag.handle, tag.suffix)
        };
        let message = format!("the tag {} is not supported here", quoted(&name));
        let error = self.error(mark, &message, "delete the tag; the format needs none");
        self.report.error(error);
    }

    fn count(&mut self, more: usize, mark: Mark) -> Result<(), SpecError> {
        if let Some(error) = self.over_budget(more, mark) {
            return Err(error);
        }
        self.values += more;
        Ok(())
    }

    /// Returns the error if the document has too many values with `more` of them.
    fn over_budget(&self, more: usize, mark: Mark) -> Option<SpecError> {
        if self.values + more <= DOCUMENT_VALUES {
            return None;
        }
        let message =
            format!("the document has more than {DOCUMENT_VALUES} values with its aliases");
        let hint = "split the document into several files, and check its anchors";
        Some(self.error(mark, &message, hint))
    }

    /// Returns the error if the document is too deep with `more` levels here.
    fn too_deep(&self, more: usize, mark: Mark) -> Option<SpecError> {
        if self.open.len() + more <= DEPTH {
            return None;
        }
        let message = format!("values are nested more than {DEPTH} levels deep");
        Some(self.error(mark, &message, "a spec file needs no more than ten levels"))
    }

    fn error(&self, mark: Mark, message: &str, hint: &str) -> SpecError {
        SpecError {
            position: Position {
                file: Arc::clone(&self.file),
                mark: Some(mark),
            },
            message: message.to_owned(),
            hint: Some(hint.to_owned()),
        }
    }
}

/// Tells whether a key is there twice.
fn has_duplicates(entries: &[(Key, Node)]) -> bool {
    const FEW: usize = 16;
    if entries.len() <= FEW {
        let names = |(i, (key, _)): (usize, &(Key, Node))| {
            entries[..i].iter().any(|(other, _)| other.name == key.name)
        };
        return entries.iter().enumerate().any(names);
    }
    let mut seen = HashSet::with_capacity(entries.len());
    !entries.iter().all(|(key, _)| seen.insert(&*key.name))
}

/// Tells whether a tag is `!`, which makes a text of any scalar.
fn is_non_specific(tag: &Tag) -> bool {
    tag.handle.is_empty() && tag.suffix == "!" || tag.handle == "!" && tag.suffix.is_empty()
}

fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}
