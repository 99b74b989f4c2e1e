//! The JSON reports, checked against the schemas in `docs/schemas`.

use std::path::Path;

use serde_json::{Value, json};

use super::{Lab, OCI_INDEX, descriptor, oci, push_sound_list};

/// Checks a value against the parts of JSON Schema that our schemas use, and returns what is wrong with it.
///
/// # Panics
///
/// Panics if the schema has a keyword that is not checked here.
fn problems(schema: &Value, value: &Value, place: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for (keyword, rule) in schema.as_object().unwrap() {
        match keyword.as_str() {
            "$schema" | "$id" | "title" | "description" => {}
            "type" => {
                let found = match value {
                    Value::Object(_) => "object",
                    Value::Array(_) => "array",
                    Value::String(_) => "string",
                    Value::Bool(_) => "boolean",
                    Value::Number(number) if number.is_u64() => "integer",
                    _ => "other",
                };
                if rule != found {
                    problems.push(format!("{place} is {found}, not {rule}"));
                }
            }
            "enum" => {
                if !rule.as_array().unwrap().contains(value) {
                    problems.push(format!("{place} is {value}, not one of {rule}"));
                }
            }
            "required" => {
                for name in rule.as_array().unwrap() {
                    if value.get(name.as_str().unwrap()).is_none() {
                        problems.push(format!("{place} has no {name}"));
                    }
                }
            }
            "properties" => {
                for (name, inner) in value.as_object().into_iter().flatten() {
                    match rule.get(name) {
                        Some(rule) => {
                            problems.extend(self::problems(
                                rule,
                                inner,
                                &format!("{place}.{name}"),
                            ));
                        }
                        None => problems.push(format!("{place} must not have {name}")),
                    }
                }
            }
            "additionalProperties" => assert_eq!(rule, false, "{place}"),
            "items" => {
                for (index, inner) in value.as_array().into_iter().flatten().enumerate() {
                    problems.extend(self::problems(rule, inner, &format!("{place}[{index}]")));
                }
            }
            other => panic!("{place}: the keyword {other} is not checked"),
        }
    }
    problems
}

#[track_caller]
fn check(name: &str, value: &Value) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let text = std::fs::read_to_string(root.join(name)).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    let problems = problems(&schema, value, "report");
    assert!(problems.is_empty(), "{problems:#?}\n{value:#}");
}

#[test]
fn reports_are_as_their_schemas_say() {
    let lab = Lab::new();
    push_sound_list(&lab, "1");
    let missing = descriptor(&oci("linux/riscv64", "missing"));
    lab.list(
        OCI_INDEX,
        "2",
        &[lab.image(&oci("linux/amd64", "1")), missing],
    );
    lab.list(OCI_INDEX, "3", &[]);
    for line in [
        "@/app:1",
        "--deep @/app:1",
        "--require linux/s390x @/app:2",
        "@/app:3",
    ] {
        check("verify.schema.json", &lab.json(&format!("verify {line}")));
    }
    for line in [
        "@/app:1 @/app:1",
        "@/app:1 @/app:2",
        "@/app:2 @/app:1",
        "@/app:1 @/app:none",
    ] {
        check("diff.schema.json", &lab.json(&format!("diff {line}")));
    }
}

#[test]
fn the_check_against_a_schema_finds_problems() {
    let schema = json!({
        "type": "object",
        "required": ["a"],
        "additionalProperties": false,
        "properties": {"a": {"enum": [1]}, "b": {"type": "array", "items": {"type": "string"}}},
    });
    let count = |value: Value| problems(&schema, &value, "x").len();
    assert_eq!(count(json!({"a": 1, "b": ["c"]})), 0);
    for wrong in [
        json!([]),
        json!({"a": 2}),
        json!({"b": []}),
        json!({"a": 1, "c": 1}),
        json!({"a": 1, "b": [1]}),
    ] {
        assert!(count(wrong.clone()) > 0, "{wrong}");
    }
}
