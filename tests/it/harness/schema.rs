//! The schemas in `docs/schemas`.

use std::fs;
use std::path::Path;

use serde_json::Value;

/// Checks JSON against `docs/schemas/NAME.schema.json`.
#[track_caller]
pub(crate) fn check(name: &str, json: &Value) {
    let errors = errors(&load(name), json);
    assert!(errors.is_empty(), "{errors:#?}\n{json:#}");
}

fn load(name: &str) -> Value {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/schemas");
    let text = fs::read_to_string(folder.join(format!("{name}.schema.json")));
    serde_json::from_str(&text.unwrap()).unwrap()
}

fn errors(schema: &Value, json: &Value) -> Vec<String> {
    let validator = jsonschema::validator_for(schema).unwrap();
    let errors = validator.iter_errors(json);
    errors.map(|error| error.to_string()).collect()
}

/// A report with a field too many, too few, or of another type is refused.
#[test]
fn other_reports_are_refused() {
    let schema = load("exists");
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
