//! The JSON Schema of spec files, for editors. It is made of the table that the decoder reads, so that they cannot differ.

use serde_json::{Map, Value, json};

use crate::keys::{DOCUMENT, Field, LIST, Shape, TABLES, Table};

/// Returns the schema of one document, as the text of `docs/schemas/spec.schema.json`.
#[must_use]
pub fn json_schema() -> String {
    // The schema itself is that of a document.
    let parts = TABLES.iter().filter(|table| !table.extensible);
    let definitions = parts.map(|table| (id(table), mapping(table)));
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A spec file of docker-manifest",
        "description": "One document of a spec file: a list, or many lists, with what they share. manifest-tool's files are spec files.",
        "$defs": definitions.collect::<Map<String, Value>>(),
    });
    if let (Value::Object(schema), Value::Object(document)) = (&mut schema, mapping(&DOCUMENT)) {
        schema.extend(document);
    }
    format!("{schema:#}\n")
}

/// Returns the name of a table's definition.
fn id(table: &Table) -> String {
    table.name.rsplit(' ').next().unwrap_or_default().to_owned()
}

/// Returns the schema of a mapping.
fn mapping(table: &Table) -> Value {
    let mut properties = Map::new();
    for field in table.fields {
        for name in std::iter::once(&field.name).chain(field.aliases) {
            properties.insert((*name).to_owned(), property(field));
        }
    }
    let has = |name: &str| table.fields.iter().any(|field| field.name == name);
    let mut exclusive = Vec::new();
    if has("template") {
        exclusive.push(("manifests", "template"));
    }
    if has("lists") {
        let of_list = LIST.fields.iter().map(|field| ("lists", field.name));
        exclusive.extend(of_list);
    }
    let exclusive = exclusive
        .into_iter()
        .map(|(one, other)| json!({"not": {"required": [one, other]}}));
    let exclusive: Vec<Value> = exclusive.collect();
    let mut schema = json!({
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    });
    if table.extensible {
        schema["patternProperties"] = json!({"^x-": {}});
    }
    if !exclusive.is_empty() {
        schema["allOf"] = Value::Array(exclusive);
    }
    schema
}

/// Returns the schema of a value. A value of nothing counts as a key that is not there.
fn property(field: &Field) -> Value {
    let of_shape = match field.shape {
        Shape::Text => text(),
        Shape::Word(words) => {
            let words: Vec<Value> = words.iter().map(|word| json!(word)).collect();
            json!({"anyOf": [{"enum": words}, variable()]})
        }
        Shape::Bool => json!({"anyOf": [{"type": "boolean"}, variable()]}),
        Shape::Texts => texts(),
        Shape::OneOrMore => json!({"anyOf": [text(), texts()]}),
        Shape::Texted => json!({"type": "object", "additionalProperties": nullable(text())}),
        Shape::Mapping(table) => reference(table),
        Shape::Mappings(table) => json!({"type": "array", "items": reference(table)}),
    };
    let mut schema = nullable(of_shape);
    schema["description"] = json!(field.description);
    schema
}

fn nullable(schema: Value) -> Value {
    json!({"anyOf": [schema, {"type": "null"}]})
}

fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

fn texts() -> Value {
    json!({"type": "array", "items": text()})
}

/// Returns the schema of a text with a variable, which may stand for any word.
fn variable() -> Value {
    json!({"type": "string", "pattern": "\\$"})
}

fn reference(table: &Table) -> Value {
    json!({"$ref": format!("#/$defs/{}", id(table))})
}

#[cfg(test)]
mod tests;
