//! JSON as a template sees it, and back.
//!
//! An object with fixed fields becomes a Go struct, whose fields have Go's names. An object with free keys, such as
//! annotations, becomes a map, whose keys stay as they are.

use std::collections::HashMap;

use gtmpl_ng::Value;
use serde_json::Value as Json;

/// The fields whose Go name is not the JSON name with a capital letter.
const GO_NAMES: &[(&str, &str)] = &[
    ("os", "OS"),
    ("os.version", "OSVersion"),
    ("os.features", "OSFeatures"),
    ("sbom", "SBOM"),
    ("urls", "URLs"),
];

/// The fields that have an object with free keys.
const MAPS: &[&str] = &[
    "annotations",
    "configuration",
    "image",
    "predicate",
    "provenance",
    "sbom",
];

/// Converts JSON to the value of a template.
pub(super) fn to_go(json: &Json) -> Value {
    convert(json, &|object| {
        let fields = object.iter().map(|(key, value)| {
            let value = if MAPS.contains(&key.as_str()) {
                to_map(value)
            } else {
                to_go(value)
            };
            (go_name(key), value)
        });
        Value::Object(fields.collect())
    })
}

/// Converts JSON whose keys are kept.
fn to_map(json: &Json) -> Value {
    convert(json, &|object| {
        let fields = object.iter();
        let fields = fields.map(|(key, value)| (key.clone(), to_map(value)));
        Value::Map(fields.collect::<HashMap<_, _>>())
    })
}

fn convert(json: &Json, object: &dyn Fn(&serde_json::Map<String, Json>) -> Value) -> Value {
    match json {
        Json::Null => Value::Nil,
        Json::Bool(value) => Value::Bool(*value),
        Json::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => Value::from(number.as_f64().unwrap_or_default()),
        },
        Json::String(text) => Value::from(text.as_str()),
        Json::Array(items) => {
            Value::Array(items.iter().map(|item| convert(item, object)).collect())
        }
        Json::Object(fields) => object(fields),
    }
}

/// Converts the value of a template to JSON with its own names.
pub(super) fn to_json(value: &Value) -> Json {
    match value {
        Value::Bool(value) => Json::Bool(*value),
        Value::String(text) => Json::String(text.clone()),
        Value::Array(items) => Json::Array(items.iter().map(to_json).collect()),
        Value::Map(fields) => {
            let fields = fields.iter();
            Json::Object(
                fields
                    .map(|(key, value)| (key.clone(), to_json(value)))
                    .collect(),
            )
        }
        Value::Object(fields) => {
            let fields = fields.iter();
            Json::Object(
                fields
                    .map(|(key, value)| (json_name(key), to_json(value)))
                    .collect(),
            )
        }
        Value::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or(Json::Null),
        _ => Json::Null,
    }
}

fn go_name(key: &str) -> String {
    if let Some((_, name)) = GO_NAMES.iter().find(|(json, _)| *json == key) {
        return (*name).to_owned();
    }
    let mut chars = key.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

fn json_name(name: &str) -> String {
    if let Some((json, _)) = GO_NAMES.iter().find(|(_, go)| *go == name) {
        return (*json).to_owned();
    }
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_ascii_lowercase());
    first.into_iter().chain(chars).collect()
}
