//! The modules of a crate: their files, their items, and the names in their code.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Ident, Span};
use quote::ToTokens;
use syn::{Expr, ExprLit, Item, ItemMacro, ItemMod, Lit, Meta};

use super::exempt::is_exempt;
use super::paths::References;

/// The index of a file in [`Tree::files`].
pub(super) type FileId = usize;

/// The index of a module in [`Tree::modules`].
pub(super) type ModuleId = usize;

/// A file of source code.
#[derive(Debug)]
pub(super) struct File {
    /// Its path below the crate's `src`.
    pub(super) path: PathBuf,
    /// The module that the file defines.
    pub(super) module: ModuleId,
    /// Whether it has more than modules and `use` declarations.
    pub(super) has_code: bool,
}

/// A module: a file, or `mod name { … }` in one.
#[derive(Debug)]
pub(super) struct Module {
    /// The file that contains it.
    pub(super) file: FileId,
    /// The parent module.
    pub(super) parent: Option<ModuleId>,
    /// Its name: `crate` for a root.
    pub(super) name: String,
    /// The child modules, by name.
    pub(super) children: BTreeMap<String, ModuleId>,
    /// The names of its items, and the file with each definition.
    pub(super) items: BTreeMap<String, FileId>,
    /// The imports and paths in its code.
    pub(super) references: References,
}

/// The modules of a crate, without those that are only compiled for tests or fuzzing.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The crate's name in the form of paths, with underscores.
    pub(super) name: String,
    /// The folder of the sources.
    folder: PathBuf,
    /// All files.
    pub(super) files: Vec<File>,
    /// All modules.
    pub(super) modules: Vec<Module>,
    /// The modules without a parent, the library's first.
    pub(super) roots: Vec<ModuleId>,
}

impl Tree {
    /// Reads the crate `name` in `folder` from its roots, such as `lib.rs` and `main.rs`.
    ///
    /// # Errors
    ///
    /// Fails if a file cannot be read or parsed, or a module has no file.
    pub(super) fn read(name: &str, folder: &Path, roots: &[PathBuf]) -> Result<Self, String> {
        let mut tree = Self {
            name: name.replace('-', "_"),
            folder: folder.to_owned(),
            ..Self::default()
        };
        for root in roots {
            let children = root.parent().unwrap_or(folder).to_owned();
            let module = tree.add_file(root, &children, None, "crate")?;
            tree.roots.push(module);
        }
        Ok(tree)
    }

    /// Returns the names of the modules from the root to a module, without the root.
    pub(super) fn path(&self, module: ModuleId) -> Vec<&str> {
        let mut names = Vec::new();
        let mut at = module;
        while let Some(parent) = self.modules[at].parent {
            names.push(self.modules[at].name.as_str());
            at = parent;
        }
        names.reverse();
        names
    }

    /// Returns the root of a module.
    pub(super) fn root(&self, module: ModuleId) -> ModuleId {
        let mut at = module;
        while let Some(parent) = self.modules[at].parent {
            at = parent;
        }
        at
    }

    /// Returns whether a module is `outer`, or inside it.
    pub(super) fn is_within(&self, module: ModuleId, outer: ModuleId) -> bool {
        let mut at = Some(module);
        while let Some(module) = at {
            if module == outer {
                return true;
            }
            at = self.modules[module].parent;
        }
        false
    }

    /// Returns the path of a file below the crate's `src`, with slashes.
    pub(super) fn display_path(&self, file: FileId) -> String {
        let path = &self.files[file].path;
        path.display().to_string().replace('\\', "/")
    }

    /// Reads a file whose modules are in the folder `children`.
    fn add_file(
        &mut self,
        path: &Path,
        children: &Path,
        parent: Option<ModuleId>,
        name: &str,
    ) -> Result<ModuleId, String> {
        let shown = path.display();
        let text =
            fs::read_to_string(path).map_err(|error| format!("cannot read {shown}: {error}"))?;
        let syntax = syn::parse_file(&text).map_err(|error| {
            let line = error.span().start().line;
            format!("cannot parse {shown}:{line}: {error}")
        })?;
        let file = self.files.len();
        let module = self.add_module(file, parent, name);
        self.files.push(File {
            path: path.strip_prefix(&self.folder).unwrap_or(path).to_owned(),
            module,
            has_code: false,
        });
        self.add_items(syntax.items, module, &Place { path, children })?;
        Ok(module)
    }

    fn add_module(&mut self, file: FileId, parent: Option<ModuleId>, name: &str) -> ModuleId {
        let id = self.modules.len();
        self.modules.push(Module {
            file,
            parent,
            name: name.to_owned(),
            children: BTreeMap::new(),
            items: BTreeMap::new(),
            references: References::default(),
        });
        if let Some(parent) = parent {
            let children = &mut self.modules[parent].children;
            children.entry(name.to_owned()).or_insert(id);
        }
        id
    }

    fn add_items(
        &mut self,
        items: Vec<Item>,
        module: ModuleId,
        place: &Place<'_>,
    ) -> Result<(), String> {
        let file = self.modules[module].file;
        for item in items {
            if is_exempt(attributes(&item)) {
                continue;
            }
            match item {
                Item::Mod(child) => self.add_child(child, module, place)?,
                Item::Use(item) => self.modules[module].references.add_use(&item, false),
                Item::ExternCrate(_) => {}
                item => {
                    self.files[file].has_code = true;
                    if let Some(name) = defined(&item) {
                        let owner = if is_exported_macro(&item) {
                            self.root(module)
                        } else {
                            module
                        };
                        self.modules[owner].items.insert(name.to_string(), file);
                    }
                    let tokens = item.into_token_stream();
                    self.modules[module].references.add_tokens(tokens);
                }
            }
        }
        Ok(())
    }

    fn add_child(
        &mut self,
        child: ItemMod,
        module: ModuleId,
        place: &Place<'_>,
    ) -> Result<(), String> {
        let name = child.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        let below = place.children.join(name);
        if let Some((_, items)) = child.content {
            let inner = self.add_module(self.modules[module].file, Some(module), name);
            let place = Place {
                path: place.path,
                children: &below,
            };
            return self.add_items(items, inner, &place);
        }
        if let Some(named) = named_path(&child) {
            let path = place.path.parent().unwrap_or(place.path).join(named);
            let children = path.parent().unwrap_or(&path).to_owned();
            self.add_file(&path, &children, Some(module), name)?;
            return Ok(());
        }
        let files = [below.with_extension("rs"), below.join("mod.rs")];
        let Some(path) = files.iter().find(|path| path.is_file()) else {
            let (shown, line) = (place.path.display(), line_of(child.ident.span()));
            return Err(format!("{shown}:{line}: no file for `mod {name}`"));
        };
        self.add_file(path, &below, Some(module), name)?;
        Ok(())
    }
}

/// The place of the items that are read.
struct Place<'a> {
    /// The file.
    path: &'a Path,
    /// The folder of its modules' files.
    children: &'a Path,
}

/// Returns the file that `#[path = "…"]` names.
fn named_path(module: &ItemMod) -> Option<String> {
    module.attrs.iter().find_map(|attribute| {
        let Meta::NameValue(pair) = &attribute.meta else {
            return None;
        };
        match &pair.value {
            Expr::Lit(ExprLit {
                lit: Lit::Str(path),
                ..
            }) if pair.path.is_ident("path") => Some(path.value()),
            _ => None,
        }
    })
}

fn line_of(span: Span) -> usize {
    span.start().line
}

/// Returns the name of an item, if it has one.
fn defined(item: &Item) -> Option<&Ident> {
    match item {
        Item::Const(item) => Some(&item.ident),
        Item::Enum(item) => Some(&item.ident),
        Item::Fn(item) => Some(&item.sig.ident),
        Item::Macro(item) => item.ident.as_ref(),
        Item::Static(item) => Some(&item.ident),
        Item::Struct(item) => Some(&item.ident),
        Item::Trait(item) => Some(&item.ident),
        Item::TraitAlias(item) => Some(&item.ident),
        Item::Type(item) => Some(&item.ident),
        Item::Union(item) => Some(&item.ident),
        _ => None,
    }
}

fn is_exported_macro(item: &Item) -> bool {
    let Item::Macro(ItemMacro { attrs, .. }) = item else {
        return false;
    };
    attrs
        .iter()
        .any(|attribute| attribute.path().is_ident("macro_export"))
}

fn attributes(item: &Item) -> &[syn::Attribute] {
    match item {
        Item::Const(item) => &item.attrs,
        Item::Enum(item) => &item.attrs,
        Item::ExternCrate(item) => &item.attrs,
        Item::Fn(item) => &item.attrs,
        Item::ForeignMod(item) => &item.attrs,
        Item::Impl(item) => &item.attrs,
        Item::Macro(item) => &item.attrs,
        Item::Mod(item) => &item.attrs,
        Item::Static(item) => &item.attrs,
        Item::Struct(item) => &item.attrs,
        Item::Trait(item) => &item.attrs,
        Item::TraitAlias(item) => &item.attrs,
        Item::Type(item) => &item.attrs,
        Item::Union(item) => &item.attrs,
        Item::Use(item) => &item.attrs,
        _ => &[],
    }
}
