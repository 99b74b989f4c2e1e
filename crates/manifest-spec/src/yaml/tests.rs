use std::sync::Arc;

use super::*;
use crate::limits::{DEPTH, DOCUMENT_VALUES};
use crate::report::Report;

/// Returns the documents of a text in a short form, or its errors.
fn read(text: &str) -> Result<Vec<String>, String> {
    let mut report = Report::default();
    let mut documents = Documents::new(&Arc::from("a"), text);
    let mut found = Vec::new();
    while let Some(node) = documents.next(&mut report) {
        found.push(shown(&node));
    }
    match report.finish() {
        Ok(_) => Ok(found),
        Err(errors) => Err(errors.to_string()),
    }
}

fn shown(node: &Node) -> String {
    match &node.value {
        Value::Null => "null".to_owned(),
        Value::Plain(text) => text.to_string(),
        Value::Quoted(text) => format!("{text:?}"),
        Value::Sequence(nodes) => {
            let nodes: Vec<String> = nodes.iter().map(shown).collect();
            format!("[{}]", nodes.join(" "))
        }
        Value::Mapping(entries) => {
            let entry = |(key, node): &(Key, Node)| format!("{}={}", key.name, shown(node));
            let entries: Vec<String> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(" "))
        }
    }
}

#[test]
fn values() {
    for (text, expected) in [
        (
            "[a, 'b', \"c\", 1.10, ~, null, '', '~', true]",
            "[a \"b\" \"c\" 1.10 null null \"\" \"~\" true]",
        ),
        (
            "- !!str null\n- ! 1\n- !!int 1\n- !!null ''\n",
            "[\"null\" \"1\" 1 \"\"]",
        ),
        (
            "a: |\n  b\n  c\nd: >-\n  e\n  f\n",
            "{a=\"b\\nc\\n\" d=\"e f\"}",
        ),
        ("a:\r\n- b\r\n- c\r\n", "{a=[b c]}"),
        ("a: !!map {b: !!seq [c]}", "{a={b=[c]}}"),
        ("{\"a\": [1, {\"b\": null}]}", "{a=[1 {b=null}]}"),
        (
            "a: &x b\nc: *x\n---\nd: &x {e: f}\ng: *x\n",
            "{a=b c=b} {d={e=f} g={e=f}}",
        ),
    ] {
        assert_eq!(
            read(text).map(|found| found.join(" ")).as_deref(),
            Ok(expected)
        );
    }
}

#[test]
fn merge_keys() {
    for (text, expected) in [
        ("<<: {a: 1, b: 2}\na: 3\n", "{a=3 b=2}"),
        ("a: 3\n<<: {a: 1, b: 2}\n", "{a=3 b=2}"),
        ("<<: [{a: 1}, {a: 2, b: 2}]\n", "{a=1 b=2}"),
        ("<<: {a: 1}\n<<: {a: 2, b: 2}\n", "{a=1 b=2}"),
        (
            "x: &x {a: 1}\ny: &y {<<: *x, b: 2}\nz: {<<: *y}\n",
            "{x={a=1} y={b=2 a=1} z={b=2 a=1}}",
        ),
        ("'<<': {a: 1}\n", "{<<={a=1}}"),
    ] {
        let found = read(text).unwrap();
        assert_eq!(found, [expected], "{text}");
    }
}

#[test]
fn anchors_end_with_their_document() {
    let errors = read("a: &x b\n---\nc: *x\n").unwrap_err();
    assert_eq!(
        errors,
        "a:3:4: no anchor of this name comes before the alias"
    );
}

#[test]
fn a_billion_laughs_are_refused() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..20 {
        let inner = format!("*a{}, ", i - 1).repeat(10);
        text += &format!("a{i}: &a{i} [{}]\n", inner.trim_end_matches(", "));
    }
    let errors = read(&text).unwrap_err();
    let message = format!("the document has more than {DOCUMENT_VALUES} values with its aliases");
    assert!(
        errors.ends_with(&message) && errors.starts_with("a:6:"),
        "{errors}"
    );
    // One value that is repeated is no different.
    let repeated = format!(
        "a: &a [{}]\nb: [{}]\n",
        "x, ".repeat(2000),
        "*a, ".repeat(2000)
    );
    assert!(read(&repeated).unwrap_err().ends_with(&message));
}

#[test]
fn deep_nesting_is_refused() {
    let flow = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    let block = |depth: usize| "- ".repeat(depth) + "a";
    let message = "values are nested";
    for text in [flow(DEPTH), block(DEPTH)] {
        assert!(read(&text).is_ok());
    }
    for depth in [DEPTH + 1, 300, 100_000] {
        for text in [
            flow(depth),
            block(depth),
            "{a: ".repeat(depth),
            "a:\n".to_owned() + &"- ".repeat(depth),
        ] {
            let errors = read(&text).unwrap_err();
            assert!(errors.contains(message), "{depth}: {errors}");
        }
    }
    // The depth of what an alias repeats counts.
    let half = flow(DEPTH / 2);
    let (open, close) = ("[".repeat(DEPTH / 2), "]".repeat(DEPTH / 2));
    let aliased = format!("- &a {half}\n- {open}*a{close}\n");
    assert!(read(&aliased).unwrap_err().contains(message));
}

#[test]
fn texts() {
    let file: Arc<str> = Arc::from("a");
    let utf16 = |text: &str, big: bool| -> Vec<u8> {
        let units = text.encode_utf16();
        units
            .flat_map(|unit| {
                if big {
                    unit.to_be_bytes()
                } else {
                    unit.to_le_bytes()
                }
            })
            .collect()
    };
    assert_eq!(
        decode(&file, b"\xef\xbb\xbfa: \xc3\xa4\r\n\t"),
        Ok("a: ä\r\n\t")
    );
    assert_eq!(
        decode(&file, "\u{85}\u{a0}\u{feff}😀".as_bytes()),
        Ok("\u{85}\u{a0}\u{feff}😀")
    );
    for (bytes, expected) in [
        (
            b"a: b\n  c: \xe4\n".to_vec(),
            "a:2:6: the byte 0xe4 is not UTF-8",
        ),
        (
            b"\xef\xbb\xbfa\xff".to_vec(),
            "a:1:2: the byte 0xff is not UTF-8",
        ),
        (utf16("\u{feff}a: b", false), "a:1:1: the file is in UTF-16"),
        (utf16("\u{feff}a: b", true), "a:1:1: the file is in UTF-16"),
        (utf16("a: b", false), "a:1:1: the file is in UTF-16"),
        (utf16("a: b", true), "a:1:1: the file is in UTF-16"),
        (
            b"a: \xc3\xa4\x07".to_vec(),
            "a:1:5: the control character U+0007",
        ),
        (
            b"a:\n\n  \x00".to_vec(),
            "a:3:3: the control character U+0000",
        ),
        (
            "\u{9b}31m".as_bytes().to_vec(),
            "a:1:1: the control character U+009B",
        ),
    ] {
        assert_eq!(
            decode(&file, &bytes).map_err(|error| error.to_string()),
            Err(expected.to_owned())
        );
    }
}
