//! Texts of some size, and what is said of them.

use super::{Exception, Large, measure, without_exceptions};

/// Returns what is said of a text.
fn said(text: &str) -> Vec<String> {
    let found = measure("a.rs", text).unwrap();
    found.into_iter().map(|large| large.text).collect()
}

/// Returns a function of so many lines, with attributes that do not count.
fn function(lines: usize) -> String {
    format!(
        "/// Has lines.\n#[must_use]\nfn long() {{\n{}}}\n",
        "    go();\n".repeat(lines - 2)
    )
}

#[test]
fn a_file_has_at_most_500_lines() {
    assert_eq!(said(&"\n".repeat(500)), [""; 0]);
    assert_eq!(said(&"\n".repeat(501)), ["a.rs: 501 lines, more than 500"]);
}

#[test]
fn a_function_has_at_most_80_lines_wherever_it_stands() {
    assert_eq!(said(&function(80)), [""; 0]);
    let long = function(81);
    for (around, line) in [
        (["", ""], 3),
        (["\nimpl S {\n", "}"], 5),
        (["trait T {\n", "}"], 4),
        (["mod m {\n", "}"], 4),
        (["fn outer() {\n", "}"], 4),
    ] {
        let said = said(&format!("{}{long}{}", around[0], around[1]));
        let expected = format!("a.rs:{line}: function `long` has 81 lines, more than 80");
        assert!(said.contains(&expected), "{around:?}: {said:?}");
    }
}

#[test]
fn a_function_has_at_most_six_parameters_beside_self() {
    let six = "a: A, b: A, c: A, d: A, e: A, f: A";
    assert_eq!(said(&format!("fn f({six}) {{}}")), [""; 0]);
    let method = format!("impl S {{ fn f(&self, {six}) {{}} }}");
    assert_eq!(said(&method), [""; 0]);
    let seven = "a.rs:1: function `f` has 7 parameters, more than 6";
    assert_eq!(said(&format!("fn f({six}, g: A) {{}}")), [seven]);
    let method = format!("trait T {{ fn f(self, {six}, g: A); }}");
    assert_eq!(said(&method), [seven]);
}

#[test]
fn an_exception_is_for_one_thing_and_needed() {
    let large = |function: Option<&str>| Large {
        file: "a.rs".to_owned(),
        function: function.map(str::to_owned),
        text: format!("{function:?}"),
    };
    let found = [large(None), large(Some("f"))];
    let exception = |function| Exception {
        file: "a.rs",
        function,
        reason: "a table",
    };
    let of_file = without_exceptions(&found, &[exception(None)]);
    assert_eq!(of_file, ["Some(\"f\")"]);
    let of_both = without_exceptions(&found, &[exception(None), exception(Some("f"))]);
    assert_eq!(of_both, [""; 0]);
    let unneeded = without_exceptions(&found[..1], &[exception(None), exception(Some("f"))]);
    assert_eq!(
        unneeded,
        ["a.rs, function `f`: no exception is needed any more (a table)"]
    );
}
