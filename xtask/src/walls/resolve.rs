//! Resolving paths: from a name in a module, through `use` declarations, to the file that defines it.

use std::collections::BTreeSet;

use super::modules::{FileId, ModuleId, Tree};
use super::paths::{Import, PathUse};

/// One use of an item of another file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// The file that uses the item.
    pub(super) from: FileId,
    /// The line in that file.
    pub(super) line: usize,
    /// The path as written.
    pub(super) path: String,
    /// The file that defines the item. `None` for a module that is only imported as the start of other paths.
    pub(super) target: Option<FileId>,
    /// The file of the module that the path names. For a re-exported name it differs from `target`.
    pub(super) named: FileId,
}

/// The target of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    /// A module.
    Module(ModuleId),
    /// An item that the file defines.
    Item(FileId),
}

/// The target of a path, and the last module that the path itself names.
struct Resolved {
    target: Target,
    named: ModuleId,
}

/// The names whose lookup has begun. It ends the recursion if two globs import each other.
type Seen = BTreeSet<(ModuleId, String)>;

/// Returns the uses between the files of a crate. `use` declarations and paths from `crate`, `self` and `super` take precedence:
/// other paths are left out if a pair of files already has one of these.
pub(super) fn uses(tree: &Tree) -> Vec<Use> {
    let mut uses = Vec::new();
    for module in 0..tree.modules.len() {
        let imports = &tree.modules[module].references.imports;
        uses.extend(
            imports
                .iter()
                .filter_map(|import| tree.import(module, import)),
        );
    }
    for anchored in [true, false] {
        let known: BTreeSet<_> = uses
            .iter()
            .map(|found| (found.from, found.target))
            .collect();
        for module in 0..tree.modules.len() {
            let paths = tree.modules[module].references.paths.iter();
            let wanted = paths.filter(|path| is_anchored(&path.segments) == anchored);
            let found = wanted.filter_map(|path| tree.path_use(module, path));
            uses.extend(
                found.filter(|found| anchored || !known.contains(&(found.from, found.target))),
            );
        }
    }
    uses.retain(|found| found.target != Some(found.from) || found.named != found.from);
    uses.sort_by(|a, b| (a.from, a.line, &a.path).cmp(&(b.from, b.line, &b.path)));
    uses.dedup();
    uses
}

fn is_anchored(segments: &[String]) -> bool {
    ["crate", "self", "super"].contains(&segments[0].as_str())
}

impl Tree {
    /// Returns the use that an import makes.
    fn import(&self, module: ModuleId, import: &Import) -> Option<Use> {
        let resolved = self.resolve(module, &import.segments, &mut Seen::new())?;
        let from = self.modules[module].file;
        let own = self.files[from].module;
        let (file, main) = match resolved.target {
            Target::Module(target) => (self.modules[target].file, target),
            Target::Item(file) => (file, self.files[file].module),
        };
        // A façade re-exports the items of its own modules.
        let reexports = import.reexport || !self.files[from].has_code;
        if reexports && self.is_within(main, own) {
            return None;
        }
        let is_prefix = matches!(resolved.target, Target::Module(_))
            && !import.glob
            && import
                .name
                .as_ref()
                .is_some_and(|name| self.is_head(from, name));
        Some(Use {
            from,
            line: import.line,
            path: path_text(&import.segments, import.glob),
            target: (!is_prefix).then_some(file),
            named: self.modules[resolved.named].file,
        })
    }

    /// Returns whether a file has a path that starts with a name.
    fn is_head(&self, file: FileId, name: &str) -> bool {
        let modules = self.modules.iter().filter(|module| module.file == file);
        let mut paths = modules.flat_map(|module| &module.references.paths);
        paths.any(|path| path.segments.len() > 1 && path.segments[0] == name)
    }

    /// Returns the use that a path in code makes.
    fn path_use(&self, module: ModuleId, path: &PathUse) -> Option<Use> {
        let resolved = self.resolve(module, &path.segments, &mut Seen::new())?;
        let file = match resolved.target {
            Target::Module(_) if path.segments.len() == 1 => {
                self.item_named_like_module(module, &path.segments[0])?
            }
            Target::Module(target) => self.modules[target].file,
            Target::Item(file) => file,
        };
        Some(Use {
            from: self.modules[module].file,
            line: path.line,
            path: path_text(&path.segments, false),
            target: Some(file),
            named: self.modules[resolved.named].file,
        })
    }

    /// Returns the file of the item that is imported under the name of a module. Without such an import, the name is a variable's.
    fn item_named_like_module(&self, module: ModuleId, name: &str) -> Option<FileId> {
        let imports = self.modules[module].references.imports.iter();
        let mut named = imports.filter(|import| import.name.as_deref() == Some(name));
        named.find_map(|import| {
            let resolved = self.resolve(module, &import.segments, &mut Seen::new())?;
            match resolved.target {
                Target::Item(file) => Some(file),
                Target::Module(_) => None,
            }
        })
    }

    /// Resolves a path in a module. Returns `None` if it leads to another crate.
    fn resolve(&self, module: ModuleId, segments: &[String], seen: &mut Seen) -> Option<Resolved> {
        let (first, rest) = segments.split_first()?;
        let start = match first.as_str() {
            "crate" => Target::Module(self.root(module)),
            "self" => Target::Module(module),
            "super" => Target::Module(self.modules[module].parent?),
            name => match self.lookup(module, name, seen) {
                Some(target) => target,
                None if name == self.name => Target::Module(*self.roots.first()?),
                None => return None,
            },
        };
        let mut current = match start {
            Target::Module(start) => start,
            Target::Item(_) => {
                return Some(Resolved {
                    target: start,
                    named: module,
                });
            }
        };
        let (mut named, mut literal) = (current, true);
        for name in rest {
            if name == "super" {
                current = self.modules[current].parent?;
                named = current;
                continue;
            }
            let next = match self.lookup(current, name, seen) {
                Some(Target::Module(next)) => next,
                Some(target) => return Some(Resolved { target, named }),
                None => {
                    let target = Target::Item(self.modules[current].file);
                    return Some(Resolved { target, named });
                }
            };
            literal &= self.modules[next].parent == Some(current);
            if literal {
                named = next;
            }
            current = next;
        }
        let target = Target::Module(current);
        Some(Resolved { target, named })
    }

    /// Resolves a name in a module.
    fn lookup(&self, module: ModuleId, name: &str, seen: &mut Seen) -> Option<Target> {
        if !seen.insert((module, name.to_owned())) {
            return None;
        }
        let result = self.lookup_unguarded(module, name, seen);
        seen.remove(&(module, name.to_owned()));
        result
    }

    fn lookup_unguarded(&self, module: ModuleId, name: &str, seen: &mut Seen) -> Option<Target> {
        let here = &self.modules[module];
        if let Some(&child) = here.children.get(name) {
            return Some(Target::Module(child));
        }
        if let Some(&file) = here.items.get(name) {
            return Some(Target::Item(file));
        }
        let imports = &here.references.imports;
        let named = |local| {
            let mut imports = imports.iter();
            imports
                .find(move |import| import.local == local && import.name.as_deref() == Some(name))
        };
        if let Some(import) = named(false).or_else(|| named(true)) {
            // An item of another crate counts as the module's own.
            let found = self.resolve(module, &import.segments, seen);
            return Some(found.map_or(Target::Item(here.file), |found| found.target));
        }
        imports
            .iter()
            .filter(|import| import.glob)
            .find_map(|import| self.lookup_in_glob(module, import, name, seen))
    }

    fn lookup_in_glob(
        &self,
        module: ModuleId,
        import: &Import,
        name: &str,
        seen: &mut Seen,
    ) -> Option<Target> {
        let Target::Module(source) = self.resolve(module, &import.segments, seen)?.target else {
            return None;
        };
        if source == module {
            return None;
        }
        let there = &self.modules[source];
        let is_seen = |import: &&Import| {
            import.name.as_deref() == Some(name)
                && !import.reexport
                && !self.is_within(module, source)
        };
        // A private import is visible only inside the module.
        if there
            .references
            .imports
            .iter()
            .any(|import| is_seen(&import))
        {
            return None;
        }
        self.lookup(source, name, seen)
    }
}

fn path_text(segments: &[String], glob: bool) -> String {
    let path = segments.join("::");
    if glob { path + "::*" } else { path }
}
