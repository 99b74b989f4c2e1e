//! The paths in code: `use` declarations, and paths in any tokens, including those of macros.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};
use syn::parse::Parser;
use syn::spanned::Spanned;
use syn::{Attribute, ItemUse, UseTree, Visibility};

use super::exempt::is_exempt;

/// One name that a `use` declaration imports.
#[derive(Clone, Debug)]
pub(super) struct Import {
    /// The path, without a final `self` or `*`, and without the name after `as`.
    pub(super) segments: Vec<String>,
    /// The imported name in the module; `None` for `*` and `_`.
    pub(super) name: Option<String>,
    /// Whether it ends in `*`.
    pub(super) glob: bool,
    /// Whether other modules can import the name from this one.
    pub(super) reexport: bool,
    /// Whether the declaration is in a function.
    pub(super) local: bool,
    /// Its line in the file.
    pub(super) line: usize,
}

/// A path in code.
#[derive(Clone, Debug)]
pub(super) struct PathUse {
    /// The segments of the path; a single name has one.
    pub(super) segments: Vec<String>,
    /// Its line in the file.
    pub(super) line: usize,
}

/// The imports and paths in the code of a module.
#[derive(Debug, Default)]
pub(super) struct References {
    /// The imported names.
    pub(super) imports: Vec<Import>,
    /// The paths.
    pub(super) paths: Vec<PathUse>,
}

/// The keywords that start an item or a statement, which ends at a brace or a semicolon.
const ITEM_KEYWORDS: [&str; 15] = [
    "fn", "struct", "enum", "union", "impl", "mod", "trait", "use", "const", "static", "type",
    "async", "unsafe", "extern", "let",
];

impl References {
    /// Adds the names that a `use` declaration imports.
    pub(super) fn add_use(&mut self, item: &ItemUse, local: bool) {
        if item.leading_colon.is_some() {
            return;
        }
        let import = Import {
            segments: Vec::new(),
            name: None,
            glob: false,
            reexport: !matches!(item.vis, Visibility::Inherited),
            local,
            line: 0,
        };
        self.add_tree(&item.tree, import);
    }

    fn add_tree(&mut self, tree: &UseTree, mut import: Import) {
        import.line = tree.span().start().line;
        match tree {
            UseTree::Path(path) => {
                import.segments.push(plain(&path.ident));
                self.add_tree(&path.tree, import);
            }
            UseTree::Group(group) => {
                for part in &group.items {
                    self.add_tree(part, import.clone());
                }
            }
            UseTree::Glob(_) => {
                import.glob = true;
                self.imports.push(import);
            }
            UseTree::Name(name) => {
                if name.ident != "self" {
                    import.segments.push(plain(&name.ident));
                }
                import.name = import.segments.last().cloned();
                self.imports.push(import);
            }
            UseTree::Rename(rename) => {
                if rename.ident != "self" {
                    import.segments.push(plain(&rename.ident));
                }
                import.name = (rename.rename != "_").then(|| plain(&rename.rename));
                self.imports.push(import);
            }
        }
    }

    /// Adds the paths in tokens. Attributes, and code that is only compiled for tests, are skipped.
    pub(super) fn add_tokens(&mut self, tokens: TokenStream) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let mut at = 0;
        while at < tokens.len() {
            at = match &tokens[at] {
                TokenTree::Group(group) => {
                    self.add_tokens(group.stream());
                    at + 1
                }
                TokenTree::Punct(punct) if punct.as_char() == '#' => after_attribute(&tokens, at),
                TokenTree::Ident(word) if word == "use" => self.add_inner_use(&tokens, at),
                TokenTree::Ident(word) if word == "pub" => after_visibility(&tokens, at),
                TokenTree::Ident(word) => self.add_path(&tokens, at, word),
                _ => at + 1,
            };
        }
    }

    /// Adds a `use` in a function, and returns the index after it.
    fn add_inner_use(&mut self, tokens: &[TokenTree], at: usize) -> usize {
        // `use<'a>` in `impl Trait + use<'a>` is not a declaration: it lists captured lifetimes.
        let declares = matches!(tokens.get(at + 1), Some(TokenTree::Ident(_)));
        let end = tokens[at..].iter().position(|token| is_punct(token, ';'));
        let (true, Some(length)) = (declares, end) else {
            return at + 1;
        };
        let end = at + length + 1;
        if let Ok(item) = syn::parse2::<ItemUse>(tokens[at..end].iter().cloned().collect()) {
            self.add_use(&item, true);
        }
        end
    }

    /// Adds a path or a name, and returns the index after it.
    fn add_path(&mut self, tokens: &[TokenTree], at: usize, first: &Ident) -> usize {
        let mut segments = vec![plain(first)];
        let mut end = at + 1;
        while let [a, b, TokenTree::Ident(next), ..] = &tokens[end..]
            && is_punct(a, ':')
            && is_punct(b, ':')
        {
            segments.push(plain(next));
            end += 3;
        }
        let before = |back: usize, mark| {
            at.checked_sub(back)
                .is_some_and(|index| is_punct(&tokens[index], mark))
        };
        let is_field = before(1, '.') && !before(2, '.');
        let is_continued = before(1, ':') && before(2, ':');
        if is_field || is_continued || before(1, '\'') {
            return end;
        }
        if segments.len() > 1 || is_name(&segments[0], tokens.get(end)) {
            let line = first.span().start().line;
            self.paths.push(PathUse { segments, line });
        }
        end
    }
}

/// Returns whether a single word can name an item of another file. A lower-case word counts only if it is called: else it may be a
/// variable.
fn is_name(word: &str, next: Option<&TokenTree>) -> bool {
    let is_called = match next {
        Some(TokenTree::Group(group)) => group.delimiter() == Delimiter::Parenthesis,
        Some(token) => is_punct(token, '!'),
        None => false,
    };
    let is_path_word = ["crate", "self", "super", "Self"].contains(&word);
    !is_path_word && (is_called || word.starts_with(char::is_uppercase))
}

/// Returns the index after an attribute. If it removes its item from a build without tests, that is the index after the item.
fn after_attribute(tokens: &[TokenTree], at: usize) -> usize {
    let inner = tokens.get(at + 1).is_some_and(|token| is_punct(token, '!'));
    let body = at + 1 + usize::from(inner);
    let Some(TokenTree::Group(_)) = tokens.get(body) else {
        return at + 1;
    };
    let attribute: TokenStream = tokens[at..=body].iter().cloned().collect();
    let attributes = Attribute::parse_outer.parse2(attribute);
    if attributes.is_ok_and(|attributes| is_exempt(&attributes)) {
        after_item(tokens, body + 1)
    } else {
        body + 1
    }
}

/// Returns the index after an item, a field or a statement.
fn after_item(tokens: &[TokenTree], start: usize) -> usize {
    let mut at = start;
    while tokens.get(at).is_some_and(|token| is_punct(token, '#')) {
        at += 2;
    }
    if let Some(TokenTree::Ident(word)) = tokens.get(at)
        && word == "pub"
    {
        at = after_visibility(tokens, at);
    }
    let is_item = matches!(tokens.get(at), Some(TokenTree::Ident(word)) if ITEM_KEYWORDS.contains(&word.to_string().as_str()));
    while let Some(token) = tokens.get(at) {
        at += 1;
        let ends = match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            token => is_punct(token, ';') || (!is_item && is_punct(token, ',')),
        };
        if ends {
            break;
        }
    }
    at
}

/// Returns the index after `pub`, `pub(super)` or `pub(in crate::a)`. A path in a visibility is not a use.
fn after_visibility(tokens: &[TokenTree], at: usize) -> usize {
    let Some(TokenTree::Group(group)) = tokens.get(at + 1) else {
        return at + 1;
    };
    let first = group.stream().into_iter().next();
    let limits = matches!(first, Some(TokenTree::Ident(word)) if ["crate", "super", "self", "in"].contains(&word.to_string().as_str()))
        && (group.stream().into_iter().count() == 1
            || group.stream().to_string().starts_with("in "));
    at + 1 + usize::from(limits)
}

fn is_punct(token: &TokenTree, mark: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == mark)
}

/// Returns a word without `r#`.
fn plain(word: &Ident) -> String {
    let word = word.to_string();
    word.strip_prefix("r#").unwrap_or(&word).to_owned()
}
