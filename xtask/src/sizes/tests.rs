//! Source texts at the limits, and the messages about them.

use super::{Breach, Exception, measure, without_exceptions};

/// Returns the messages about a source text.
fn messages(text: &str) -> Vec<String> {
    let found = measure("a.rs", text).unwrap();
    found.into_iter().map(|breach| breach.message).collect()
}

/// Returns a function of that many lines, with a comment and an attribute that do not count.
fn function(lines: usize) -> String {
    format!(
        "/// Has lines.\n#[must_use]\nfn long() {{\n{}}}\n",
        "    go();\n".repeat(lines - 2)
    )
}

#[test]
fn a_file_has_at_most_500_lines() {
    assert_eq!(messages(&"\n".repeat(500)), [""; 0]);
    assert_eq!(
        messages(&"\n".repeat(501)),
        ["a.rs: 501 lines, more than 500"]
    );
}

#[test]
fn a_function_has_at_most_80_lines_wherever_it_stands() {
    assert_eq!(messages(&function(80)), [""; 0]);
    let long = function(81);
    for (around, line) in [
        (["", ""], 3),
        (["\nimpl S {\n", "}"], 5),
        (["trait T {\n", "}"], 4),
        (["mod m {\n", "}"], 4),
        (["fn outer() {\n", "}"], 4),
    ] {
        let found = messages(&format!("{}{long}{}", around[0], around[1]));
        let expected = format!("a.rs:{line}: function `long` has 81 lines, more than 80");
        assert!(found.contains(&expected), "{around:?}: {found:?}");
    }
}

#[test]
fn a_function_has_at_most_six_parameters_beside_self() {
    let six = "a: A, b: A, c: A, d: A, e: A, f: A";
    assert_eq!(messages(&format!("fn f({six}) {{}}")), [""; 0]);
    let method = format!("impl S {{ fn f(&self, {six}) {{}} }}");
    assert_eq!(messages(&method), [""; 0]);
    let seven = "a.rs:1: function `f` has 7 parameters, more than 6";
    assert_eq!(messages(&format!("fn f({six}, g: A) {{}}")), [seven]);
    let method = format!("trait T {{ fn f(self, {six}, g: A); }}");
    assert_eq!(messages(&method), [seven]);
}

#[test]
fn an_exception_covers_one_breach_and_must_be_needed() {
    let breach = |function: Option<&str>| Breach {
        file: "a.rs".to_owned(),
        function: function.map(str::to_owned),
        message: format!("{function:?}"),
    };
    let found = [breach(None), breach(Some("f"))];
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
