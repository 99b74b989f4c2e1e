//! Small crates, and the breaches in them.

use std::fs;

use tempfile::TempDir;

use super::table::Layer;
use super::{Source, cycles, resolve};

/// A crate in a temporary folder.
struct Sample {
    folder: TempDir,
}

/// Room `a` above `b` above `c` and `d`, which may not use each other.
const LAYERS: &[Layer] = &[
    Layer {
        rooms: &["a"],
        peers: false,
    },
    Layer {
        rooms: &["b"],
        peers: false,
    },
    Layer {
        rooms: &["c", "d"],
        peers: false,
    },
];

const ROOT: &str = "mod a;\nmod b;\nmod c;\nmod d;\n";

impl Sample {
    /// Writes files, named by their paths below `src`.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = TempDir::new().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        Self { folder }
    }

    /// Writes `lib.rs` and the four rooms. `files` replaces some of these, or adds others.
    fn rooms(files: &[(&str, &str)]) -> Self {
        let clean = [
            ("lib.rs", ROOT),
            ("a.rs", "use crate::b::B;\npub struct A(B);\n"),
            ("b.rs", "use crate::c::C;\npub struct B(C);\n"),
            ("c.rs", "pub struct C;\npub fn c() {}\n"),
            ("d.rs", "pub struct D;\n"),
        ];
        let all: Vec<_> = clean.iter().chain(files).copied().collect();
        Self::new(&all)
    }

    fn source(&self) -> Source {
        let root = |name| self.folder.path().join(name);
        Source {
            name: "my-sample".to_owned(),
            folder: self.folder.path().to_owned(),
            label: "src".to_owned(),
            roots: ["lib.rs", "main.rs"]
                .map(root)
                .into_iter()
                .filter(|path| path.is_file())
                .collect(),
        }
    }

    fn check(&self, layers: &[Layer]) -> Vec<String> {
        self.source().check(layers).unwrap()
    }

    /// Returns the cycles only.
    fn cycles(&self) -> Vec<String> {
        let tree = self.source().read().unwrap();
        let uses = resolve::uses(&tree);
        cycles::check(&tree, &cycles::graph(&tree, &uses), "src")
    }

    /// Returns the lines of `--graph`.
    fn graph(&self) -> Vec<String> {
        let tree = self.source().read().unwrap();
        let uses = resolve::uses(&tree);
        cycles::graph_lines(&tree, &cycles::graph(&tree, &uses))
    }
}

/// Checks that the four rooms with these files have the `expected` breaches and no others.
#[track_caller]
fn check(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(Sample::rooms(files).check(LAYERS), expected);
}

/// Checks that a crate has the `expected` cycles and no others.
#[track_caller]
fn check_cycles(files: &[(&str, &str)], expected: &[&str]) {
    assert_eq!(Sample::new(files).cycles(), expected);
}

#[test]
fn a_clean_crate_passes() {
    check(&[], &[]);
}

#[test]
fn a_breach_is_found_in_use() {
    let b = "use crate::{c::C, d::{self as other, *}};\nuse std::fmt;\n\nuse crate::a::{\n    deep::Deep as _,\n    A,\n};\n";
    let expected = [
        "src/b.rs:5: room `b` must not use room `a` (crate::a::deep::Deep)",
        "src/b.rs:6: room `b` must not use room `a` (crate::a::A)",
    ];
    let sample = [
        ("b.rs", b),
        ("a.rs", "mod deep;\npub struct A;\n"),
        ("a/deep.rs", "pub trait Deep {}\n"),
    ];
    check(&sample, &expected);
}

#[test]
fn a_breach_is_found_through_super() {
    let sample = [
        ("c.rs", "mod x;\n"),
        (
            "c/x.rs",
            "// Twice up.\nuse super::super::d::D;\npub struct X(D);\n",
        ),
    ];
    let expected = ["src/c/x.rs:2: room `c` must not use room `d` (super::super::d::D)"];
    check(
        &[&sample[..], &[("b.rs", "use self::super::c::C;")]].concat(),
        &expected,
    );
}

#[test]
fn a_breach_is_found_in_code() {
    let expected = |path: &str| {
        vec![format!(
            "src/c.rs:2: room `c` must not use room `d` ({path})"
        )]
    };
    for (code, path) in [
        ("fn f() {\n    crate::d::D::new();\n}", "crate::d::D::new"),
        ("fn f(\n    d: &super::d::D,\n) {}", "super::d::D"),
        ("struct S {\n    d: Vec<crate::d::D>,\n}", "crate::d::D"),
        ("impl Clone\n    for crate::d::D {}", "crate::d::D"),
        ("fn f() {\n    use crate::{c::c, d::{D}};\n}", "crate::d::D"),
        ("fn f() -> u8 {\n    0..crate::d::END\n}", "crate::d::END"),
        (
            "fn f() {\n    vec![(1, crate::d::D::new())];\n}",
            "crate::d::D::new",
        ),
        (
            "macro_rules! d {\n    () => { $crate::d::D };\n}",
            "crate::d::D",
        ),
    ] {
        let text = format!("{code}\npub struct C;\n");
        let found = Sample::rooms(&[("c.rs", &text)]).check(LAYERS);
        assert_eq!(found, expected(path), "{code}");
    }
}

#[test]
fn text_that_looks_like_a_path_is_ignored() {
    let code = r#"
        //! See [`crate::d::D`].
        /// And [`crate::d::D`].
        pub(in crate::d) struct C;
        fn f(x: X) { x.d::<u8>(); ::d::e(); "crate::d::D"; 'crate_d: loop {} }
        fn g<'a>() -> impl Sized + use<'a> { /* crate::d::D */ }
    "#;
    check(&[("c.rs", code)], &[]);
}

#[test]
fn fields_methods_and_labels_are_not_names_of_the_module() {
    let lib = ("lib.rs", "mod room;\n");
    let child = (
        "room/child.rs",
        "use super::Thing;\npub struct Big;\npub fn go() {}\n",
    );
    let parent = |code: &str| {
        format!("mod child;\npub use child::{{Big, go}};\npub struct Thing;\nfn f() {{ {code} }}\n")
    };
    let cycles = |code: &str| Sample::new(&[lib, ("room.rs", &parent(code)), child]).cycles();
    for code in [
        "x.go()",
        "x.Big",
        "T::go()",
        "<T>::Big::new()",
        "'Big: loop {}",
        "let go = 1; go",
        "let child = || 1; child()",
    ] {
        assert_eq!(cycles(code), [""; 0], "{code}");
    }
    for code in ["go()", "0..go()", "Big::new()", "vec![Big]"] {
        assert_eq!(cycles(code).len(), 1, "{code}");
    }
}

#[test]
fn a_breach_is_found_through_a_re_export() {
    let lib = &*format!("{ROOT}pub use d::D;\npub use d::inner::*;\n");
    let sample = [
        ("lib.rs", lib),
        ("d.rs", "pub struct D;\npub mod inner;\n"),
        ("d/inner.rs", "pub struct Inner;\npub fn free() {}\n"),
    ];
    let used = [(
        "c.rs",
        "use crate::D;\n\nuse crate::Inner;\npub struct C;\n",
    )];
    let expected = [
        "src/c.rs:1: room `c` must not use room `d` (crate::D)",
        "src/c.rs:3: room `c` must not use room `d` (crate::Inner)",
    ];
    check(&[&sample[..], &used].concat(), &expected);
    // Allowed from above.
    let used = [("a.rs", "use crate::{D, Inner};\n")];
    check(&[&sample[..], &used].concat(), &[]);
}

#[test]
fn a_breach_is_found_through_an_imported_module() {
    let sample = [(
        "c.rs",
        "use crate::a;\nfn f() {\n    a::deep::go();\n}\npub struct C;\n",
    )];
    let files = [
        ("a.rs", "pub mod deep;\n"),
        ("a/deep.rs", "pub fn go() {}\n"),
    ];
    let expected = [
        "src/c.rs:1: room `c` must not use room `a` (crate::a)",
        "src/c.rs:3: room `c` must not use room `a` (a::deep::go)",
    ];
    check(&[&sample[..], &files].concat(), &expected);
}

#[test]
fn a_room_that_re_exports_a_name_is_used() {
    let sample = [
        ("a.rs", "pub use crate::c::C;\npub use std::fmt::Debug;\n"),
        ("b.rs", "use crate::a::C;\nuse crate::a::Debug;\n"),
    ];
    let expected = [
        "src/b.rs:1: room `b` must not use room `a` (crate::a::C)",
        "src/b.rs:2: room `b` must not use room `a` (crate::a::Debug)",
    ];
    check(&sample, &expected);
}

#[test]
fn a_function_that_has_its_modules_name_is_used_where_it_is_called() {
    let expected = "src: 2 files depend on each other: room.rs, room/go.rs
    src/room.rs:4 uses room/go.rs (go)
    src/room/go.rs:1 uses room.rs (super::Thing)";
    let files = [
        ("lib.rs", "mod room;\n"),
        (
            "room.rs",
            "mod go;\npub use go::go;\npub struct Thing;\nfn f() { go() }\n",
        ),
        ("room/go.rs", "use super::Thing;\npub fn go() {}\n"),
    ];
    check_cycles(&files, &[expected]);
}

#[test]
fn a_re_exported_module_resolves_to_its_file() {
    let files = [
        ("lib.rs", ROOT),
        ("a.rs", "pub use crate::c::deep;\n"),
        ("b.rs", "use crate::a::deep::Deep;\n"),
        ("c.rs", "pub mod deep;\n"),
        ("c/deep.rs", "pub struct Deep;\n"),
    ];
    let expected = ["src/b.rs:1: room `b` must not use room `a` (crate::a::deep::Deep)"];
    check(&files, &expected);
    let graph = Sample::rooms(&files).graph();
    assert!(
        graph.contains(&"b.rs uses c/deep.rs".to_owned()),
        "{graph:?}"
    );
}

#[test]
fn a_module_imported_as_the_start_of_a_path_is_not_used_itself() {
    let files = [
        ("b.rs", "use crate::c;\nfn f() { c::deep::go() }\n"),
        ("c.rs", "pub mod deep;\npub fn c() {}\n"),
        ("c/deep.rs", "pub fn go() {}\n"),
    ];
    let graph = Sample::rooms(&files).graph();
    assert!(
        graph.contains(&"b.rs uses c/deep.rs".to_owned()),
        "{graph:?}"
    );
}

#[test]
fn the_root_is_above_all_rooms() {
    let lib = &*format!("{ROOT}pub use c::C;\npub fn run() {{}}\n");
    let sample = [
        ("lib.rs", lib),
        ("a.rs", "use crate::C;\nfn f() {\n    crate::run();\n}\n"),
    ];
    let expected = ["src/a.rs:3: room `a` must not use lib.rs (crate::run)"];
    check(&sample, &expected);
}

#[test]
fn peers_may_use_each_other() {
    let sample = Sample::rooms(&[("d.rs", "use crate::c::C;\n")]);
    let apart = "src/d.rs:1: room `d` must not use room `c` (crate::c::C)";
    assert_eq!(sample.check(LAYERS), [apart]);
    let peers = |rooms| Layer { rooms, peers: true };
    let layers = [peers(&["a"]), peers(&["b"]), peers(&["c", "d"])];
    assert_eq!(sample.check(&layers), [""; 0]);
}

#[test]
fn a_room_must_be_in_table_and_crate() {
    let layer = |rooms| Layer {
        rooms,
        peers: false,
    };
    let layers = [layer(&["a"]), layer(&["b", "gone"]), layer(&["a"])];
    let expected = [
        "src: the table names room `gone`, but there is no such module",
        "src: the table names room `a` twice",
        "src: no layer has `c`, `d`: add each room to xtask/src/walls/table.rs",
    ];
    assert_eq!(Sample::rooms(&[]).check(&layers), expected);
}

#[test]
fn cycles_of_two_and_three_files_are_found() {
    let two = "src: 2 files depend on each other: a.rs, b.rs
    src/a.rs:1 uses b.rs (crate::b::B)
    src/b.rs:2 uses a.rs (super::a::A)";
    let lib = ("lib.rs", "mod a;\nmod b;\nmod c;\n");
    let a = ("a.rs", "use crate::b::B;\npub struct A(B);\n");
    let b = ("b.rs", "pub struct B;\nfn f(_: super::a::A) {}\n");
    check_cycles(&[lib, a, b, ("c.rs", "use crate::a::A;\n")], &[two]);
    let three = "src: 3 files depend on each other: a.rs, b.rs, c.rs
    src/a.rs:1 uses b.rs (crate::b::B)
    src/b.rs:1 uses c.rs (crate::c::C)
    src/c.rs:1 uses a.rs (crate::a::A)";
    let b = ("b.rs", "use crate::c::C;\npub struct B(C);\n");
    let c = ("c.rs", "use crate::a::A;\npub struct C(A);\n");
    check_cycles(&[lib, a, b, c], &[three]);
}

#[test]
fn the_shortest_cycle_of_a_group_is_shown() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\nmod c;\nmod d;\n"),
        ("a.rs", "use crate::b::B;\n"),
        ("b.rs", "use crate::c::C;\npub struct B;\n"),
        ("c.rs", "use crate::a::A;\nuse crate::d::D;\n"),
        ("d.rs", "use crate::c::C;\npub struct D;\n"),
    ];
    let expected = "src: 4 files depend on each other: a.rs, b.rs, c.rs, d.rs
    src/c.rs:2 uses d.rs (crate::d::D)
    src/d.rs:1 uses c.rs (crate::c::C)";
    check_cycles(&files, &[expected]);
}

#[test]
fn a_facade_forms_no_cycle_with_the_modules_it_re_exports() {
    let lib = ("lib.rs", "mod room;\npub use room::Thing;\n");
    let child = (
        "room/child.rs",
        "use super::Thing;\npub struct Child(Thing);\n",
    );
    // Re-exported from one child to another.
    let facade =
        "mod child;\nmod thing;\npub(crate) use self::child::Child;\npub use thing::Thing;\n";
    let thing = ("room/thing.rs", "pub struct Thing;\n");
    let files = [lib, ("room/mod.rs", facade), child, thing];
    check_cycles(&files, &[]);
    assert!(
        Sample::new(&files)
            .graph()
            .contains(&"room/child.rs uses room/thing.rs".to_owned())
    );
    // Defined in the parent, which names the child's items only to re-export them.
    let parent = "mod child;\npub use child::Child;\npub struct Thing;\n";
    check_cycles(&[lib, ("room.rs", parent), child], &[]);
}

#[test]
fn a_parent_with_code_is_in_a_cycle_with_its_child() {
    let expected = |line, path| {
        format!(
            "src: 2 files depend on each other: room.rs, room/child.rs
    src/room.rs:{line} uses room/child.rs ({path})
    src/room/child.rs:1 uses room.rs (super::Thing)"
        )
    };
    let lib = ("lib.rs", "mod room;\n");
    let child = ("room/child.rs", "use super::Thing;\npub struct Child;\n");
    for (code, line, path) in [
        ("use child::Child;\npub struct Thing;", 2, "child::Child"),
        (
            "pub use child::Child;\npub struct Thing(Child);",
            3,
            "Child",
        ),
        ("pub use child::*;\npub struct Thing(Child);", 3, "Child"),
        ("pub struct Thing;\nfn f() { child::go() }", 3, "child::go"),
    ] {
        let parent = format!("mod child;\n{code}\n");
        let expected = expected(line, path);
        check_cycles(&[lib, ("room.rs", &parent), child], &[&expected]);
    }
}

#[test]
fn globs_that_import_each_other_terminate() {
    let files = [
        ("lib.rs", "mod a;\nmod b;\npub use a::*;\npub use b::*;\n"),
        ("a.rs", "pub use crate::*;\npub fn f(_: Missing) {}\n"),
        ("b.rs", "pub struct B;\nuse crate::Absent;\n"),
    ];
    // Both import from the root, which re-exports their items.
    check_cycles(&files, &[]);
}

#[test]
fn tests_and_fuzzing_may_use_anything() {
    let uses = "use crate::a::A;\nfn f() { crate::a::f() }\n";
    let inner = format!("#[cfg(test)]\nmod tests {{ {uses} }}\n");
    let c = format!(
        "pub struct C;\n{inner}#[cfg(all(unix, test))]\nmod more;\n#[cfg(test)]\nuse crate::a::A;\n
        impl C {{ #[cfg(test)] fn f<A, B>(_: crate::a::A) {{ crate::a::f() }} fn g() {{ #[cfg(test)] crate::a::f(); }} }}
        struct S {{ #[cfg(any(test, feature = \"fuzzing\"))] a: crate::a::A, b: u8 }}\n"
    );
    let lib = &*format!("{ROOT}#[cfg(any(test, feature = \"fuzzing\"))]\npub mod fuzzing;\n");
    let sample = [
        ("lib.rs", lib),
        ("c.rs", &*c),
        ("c/more.rs", uses),
        ("fuzzing.rs", uses),
    ];
    check(&sample, &[]);
    // Code after an exempt item counts again, and so does code under any other condition.
    let c = "struct S { #[cfg(test)] a: u8, b: crate::a::A }\n#[cfg(not(test))]\nuse crate::d::D;\n#[cfg(unix)]\nmod more;\n";
    let sample = [("c.rs", c), ("c/more.rs", "\nuse crate::b::B;\n")];
    let expected = [
        "src/c.rs:1: room `c` must not use room `a` (crate::a::A)",
        "src/c.rs:3: room `c` must not use room `d` (crate::d::D)",
        "src/c/more.rs:2: room `c` must not use room `b` (crate::b::B)",
    ];
    let found = Sample::rooms(&sample).check(LAYERS);
    assert_eq!(found[found.len() - 3..], expected);
}

#[test]
fn a_program_uses_its_library() {
    let files = [
        ("lib.rs", "mod room;\npub use room::run;\n"),
        ("room.rs", "pub fn run() {}\n"),
        ("main.rs", "fn main() { my_sample::run() }\n"),
    ];
    let expected = [
        "lib.rs uses nothing",
        "main.rs uses room.rs",
        "room.rs uses nothing",
    ];
    assert_eq!(Sample::new(&files).graph(), expected);
}

#[test]
fn missing_and_invalid_files_are_errors() {
    let error = |files| Sample::new(files).source().read().unwrap_err();
    let missing = error(&[("lib.rs", "\nmod gone;\n")]);
    assert!(
        missing.ends_with("lib.rs:2: no file for `mod gone`"),
        "{missing}"
    );
    let broken = error(&[("lib.rs", "mod a;"), ("a.rs", "\n\nfn f( {\n")]);
    assert!(broken.contains("a.rs:3"), "{broken}");
}
