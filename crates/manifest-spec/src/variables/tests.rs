use super::*;

fn name(text: &str) -> VariableName {
    text.parse().unwrap()
}

fn fill(text: &str) -> Result<String, String> {
    let mut given = Variables::default();
    given.set(name("SET"), "set");
    given.set(name("EMPTY"), "");
    given.set(name("BOTH"), "set");
    given.set(name("CODE"), "${SET}}");
    given.allow(name("BOTH"), Some("env".to_owned()));
    given.allow(name("ENV"), Some("env".to_owned()));
    given.allow(name("UNSET"), None);
    let declared = ["SET", "ENV", "UNSET", "FILE"].map(|name| (name.to_owned(), "file".to_owned()));
    let declared = BTreeMap::from(declared);
    let scope = Scope {
        given: &given,
        declared: &declared,
    };
    let filled = scope.fill(Cow::Borrowed(text), &mut |_| {});
    filled
        .map(Cow::into_owned)
        .map_err(|problem| problem.message)
}

/// The rules of Compose files, and the order in which values count: `--set`, `--env`, the file.
#[test]
fn values() {
    for (text, expected) in [
        ("a", "a"),
        (
            "$SET-${BOTH}-${ENV}-${FILE}-${UNSET}",
            "set-set-env-file-file",
        ),
        ("$$SET $$$$ $${SET} $$", "$SET $$ ${SET} $"),
        ("$SET$SET${SET}x", "setsetsetx"),
        (
            "${NONE:-a}${NONE-b}${EMPTY:-c}${EMPTY-d}${SET:-e}${SET-f}",
            "abcsetset",
        ),
        (
            "${NONE:+a}${NONE+b}${EMPTY:+c}${EMPTY+d}${SET:+e}${SET+f}",
            "def",
        ),
        ("${SET:?a}${SET?b}${EMPTY?c}", "setset"),
        ("${NONE:-${SET}-${OTHER:-$FILE}}", "set-file"),
        ("${SET:-${NONE}}${NONE:+${OTHER}}", "set"),
        ("${NONE:-a:b-c?d+e {f$$}", "a:b-c?d+e {f$"),
        ("${NONE:-}", ""),
        ("}${SET}}", "}set}"),
        // A value is not filled in again.
        ("${CODE}", "${SET}}"),
        ("ä${SET}ö", "äsetö"),
    ] {
        assert_eq!(fill(text).as_deref(), Ok(expected), "{text}");
    }
}

#[test]
fn errors() {
    for (text, expected) in [
        ("$NONE", "the variable NONE has no value"),
        ("${NONE}", "the variable NONE has no value"),
        ("${EMPTY:?}", "the variable EMPTY has no value"),
        (
            "${NONE:?say $SET}",
            "the variable NONE has no value: \"say set\"",
        ),
        ("${NONE:-${OTHER}}", "the variable OTHER has no value"),
        ("$", "invalid variable \"$\""),
        ("a $ b", "invalid variable \"$ b\""),
        ("$1", "invalid variable \"$1\""),
        ("${}", "invalid variable \"${}\""),
        ("${SET", "invalid variable \"${SET\""),
        ("${SET:", "invalid variable \"${SET:\""),
        ("${SET:=a}", "invalid variable \"${SET:=a}\""),
        ("${SET:-a", "invalid variable \"${SET:-a\""),
        ("${NONE:-a", "\"a\" has no closing brace"),
        ("${SET a}", "invalid variable \"${SET a}\""),
    ] {
        assert_eq!(fill(text), Err(expected.to_owned()), "{text}");
    }
}

#[test]
fn bounds() {
    let nested = |depth: usize| "${A:-".repeat(depth) + &"}".repeat(depth);
    assert_eq!(fill(&nested(VARIABLE_DEPTH)).as_deref(), Ok(""));
    assert!(
        fill(&nested(VARIABLE_DEPTH + 1))
            .unwrap_err()
            .contains("nested")
    );
    assert!(fill(&nested(100_000)).unwrap_err().contains("nested"));
    let long = "$SET".repeat(SUBSTITUTED_BYTES / 3 + 1);
    assert!(fill(&long).unwrap_err().contains("longer than 65536 bytes"));
}

#[test]
fn names() {
    for text in ["A", "_", "a_1", "VERSION"] {
        assert_eq!(name(text).as_str(), text);
    }
    for text in ["", "1", "A-B", "ä", "A=B", "A\u{1b}"] {
        let error = text.parse::<VariableName>().unwrap_err().to_string();
        assert!(error.starts_with("not the name of a variable: "), "{error}");
    }
}
