//! JSON output, checked against the schemas in `docs/schemas`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::Ran;

/// Parses the output of a command that succeeded, and checks it against a schema: `check` is `check.schema.json`.
///
/// # Panics
///
/// Panics if the command failed, or if its output is not JSON or does not follow the schema.
#[track_caller]
pub(crate) fn json(name: &str, ran: &Ran) -> Value {
    let json = serde_json::from_str(&ran.succeeds().stdout);
    let json = json.unwrap_or_else(|error| panic!("{error}: {ran}"));
    check(name, &json);
    json
}

/// Checks JSON against a schema: `check` is `check.schema.json`.
///
/// # Panics
///
/// Panics if it does not follow the schema.
#[track_caller]
pub(crate) fn check(name: &str, json: &Value) {
    let path = folder().join(format!("{name}.schema.json"));
    let errors = errors(&read(&path), json);
    assert!(errors.is_empty(), "{name}: {errors:#?}\n{json:#}");
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas")
}

fn read(path: &Path) -> Value {
    let text =
        fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn errors(schema: &Value, json: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors = validator.iter_errors(json);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

/// Adds the objects in a schema that do not say whether they may have other fields. By default they may, so that output without
/// documentation would pass.
fn add_gaps(schema: &Value, place: &str, gaps: &mut Vec<String>) {
    let Some(object) = schema.as_object() else {
        return;
    };
    if object.contains_key("properties") && !object.contains_key("additionalProperties") {
        gaps.push(format!("{place} has no additionalProperties"));
    }
    for keyword in ["properties", "$defs"] {
        let inner = object.get(keyword).and_then(Value::as_object);
        for (name, schema) in inner.into_iter().flatten() {
            add_gaps(schema, &format!("{place}.{name}"), gaps);
        }
    }
    for keyword in ["anyOf", "oneOf"] {
        let inner = object.get(keyword).and_then(Value::as_array);
        for schema in inner.into_iter().flatten() {
            add_gaps(schema, place, gaps);
        }
    }
    if let Some(items) = object.get("items") {
        add_gaps(items, &format!("{place}[]"), gaps);
    }
}

/// A report with a field too many, too few, or of another type is refused.
#[test]
fn other_reports_are_refused() {
    let schema = read(&folder().join("exists.schema.json"));
    let report = serde_json::json!({"reference": "example.com/app:1", "exists": false});
    assert!(errors(&schema, &report).is_empty());
    for (field, value) in [
        ("exists", Some("no".into())),
        ("exists", Some(true.into())),
        ("other", Some(1.into())),
        ("reference", None),
    ] {
        let mut wrong = report.clone();
        match value {
            Some(value) => wrong[field] = value,
            None => drop(wrong.as_object_mut().unwrap().remove(field)),
        }
        assert!(!errors(&schema, &wrong).is_empty(), "{wrong}");
    }
}

#[test]
fn each_schema_is_valid_complete_and_linked_in_the_guide() {
    let guide = folder().join("../guide");
    let pages: String = fs::read_dir(guide)
        .unwrap()
        .map(|page| fs::read_to_string(page.unwrap().path()).unwrap())
        .collect();
    let files = fs::read_dir(folder())
        .unwrap()
        .map(|file| file.unwrap().path());
    for path in files {
        let schema = read(&path);
        jsonschema::meta::validate(&schema).unwrap();
        let mut gaps = Vec::new();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        add_gaps(&schema, &name, &mut gaps);
        assert!(gaps.is_empty(), "{gaps:#?}");
        assert!(
            pages.contains(&format!("(../schemas/{name})")),
            "no page of the guide links to {name}"
        );
    }
}
