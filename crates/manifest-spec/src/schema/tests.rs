use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jsonschema::Validator;
use serde_json::{Map, Value, json};

use super::*;
use crate::load::{SpecInput, load};
use crate::report::Report;
use crate::variables::Variables;
use crate::yaml::{self, Documents, Node};

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

fn validator() -> Validator {
    let schema: Value = serde_json::from_str(&json_schema()).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

/// Returns a document as an editor sees it.
fn json_of(node: &Node) -> Value {
    match &node.value {
        yaml::Value::Null => Value::Null,
        yaml::Value::Plain(text) => {
            serde_json::from_str(text).unwrap_or_else(|_| json!(text.to_string()))
        }
        yaml::Value::Quoted(text) => json!(text.to_string()),
        yaml::Value::Sequence(nodes) => nodes.iter().map(json_of).collect(),
        yaml::Value::Mapping(entries) => {
            let entry = |(key, node): &(yaml::Key, Node)| (key.name.to_string(), json_of(node));
            Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

/// Tells whether all documents of a text follow the schema.
fn is_valid(validator: &Validator, text: &str) -> bool {
    let mut report = Report::default();
    let mut documents = Documents::new(&Arc::from("a.yaml"), text);
    let mut all = true;
    while let Some(node) = documents.next(&mut report) {
        all &= validator.is_valid(&json_of(&node));
    }
    all && !report.has_errors()
}

fn loads(text: &str) -> Result<usize, String> {
    let input = SpecInput::Text {
        name: "a.yaml".to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let lists = load(&[input], &Variables::default());
    lists
        .map(|lists| lists.len())
        .map_err(|errors| errors.to_string())
}

#[test]
fn the_file_is_up_to_date() {
    let file = fs::read_to_string(docs().join("schemas/spec.schema.json")).unwrap();
    assert!(file == json_schema(), "run `cargo xtask docs`");
}

/// The examples of the guide: those that begin with a comment `# NAME.yaml` are files that may include each other.
#[test]
fn examples_of_the_guide() {
    let page = fs::read_to_string(docs().join("guide/spec-files.md")).unwrap();
    let validator = validator();
    let folder = tempfile::TempDir::new().unwrap();
    let examples: Vec<&str> = page
        .split("```yaml\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap())
        .collect();
    assert!(examples.len() >= 9);
    let mut names = Vec::new();
    for example in examples {
        assert!(is_valid(&validator, example), "{example}");
        let comment = example
            .strip_prefix("# ")
            .and_then(|rest| rest.lines().next());
        match comment.filter(|name| name.ends_with(".yaml")) {
            Some(name) => {
                fs::write(folder.path().join(name), example).unwrap();
                names.push(name);
            }
            None => assert!(loads(example).unwrap() >= 1, "{example}"),
        }
    }
    assert_eq!(names, ["common.yaml", "main.yaml"]);
    let main = SpecInput::File(folder.path().join("main.yaml"));
    let lists = load(&[main], &Variables::default()).unwrap();
    assert_eq!(lists[0].list.to_string(), "docker.io/you/app:1.0");
    assert_eq!(lists[0].list_type, Some(manifest_core::ListType::Oci));
}

#[test]
fn every_key_is_in_the_guide() {
    let page = fs::read_to_string(docs().join("guide/spec-files.md")).unwrap();
    for table in TABLES {
        for field in table.fields {
            for name in std::iter::once(&field.name).chain(field.aliases) {
                let words =
                    page.contains(&format!("| `{name}")) || page.contains(&format!(" `{name}`"));
                assert!(words, "{name} of {}", table.name);
            }
        }
    }
}

/// Puts a value at a key of a table into a document that is right otherwise.
fn document_with(table: &Table, key: &str, value: &Value) -> String {
    let mut image = json!({"image": "you/b"});
    let mut list = json!({"image": "you/a", "manifests": [image]});
    let part = json!({key: value});
    let merged = |mut base: Value| {
        base[key] = value.clone();
        base
    };
    let document = match table.name {
        "a platform" => {
            image["platform"] = part;
            list["manifests"] = json!([image]);
            list
        }
        "an image" => {
            list["manifests"] = json!([merged(image)]);
            list
        }
        "the defaults" => {
            list["defaults"] = part;
            list
        }
        "a list" => json!({"lists": [merged(list)]}),
        _ => merged(list),
    };
    document.to_string()
}

/// No key of the table is ignored: the decoder and the schema both refuse a value of the wrong form.
#[test]
fn every_key_is_read() {
    let validator = validator();
    for table in TABLES {
        for field in table.fields {
            for name in std::iter::once(&field.name).chain(field.aliases) {
                let text = document_with(table, name, &json!([[{"a": "b"}]]));
                assert!(loads(&text).is_err(), "{text}");
                assert!(!is_valid(&validator, &text), "{text}");
            }
        }
        let text = document_with(table, "zzz", &json!("a"));
        let errors = loads(&text).unwrap_err();
        assert!(errors.contains("unknown key \"zzz\""), "{errors}");
        assert!(!is_valid(&validator, &text), "{text}");
        let fine = document_with(table, "x-zzz", &json!("a"));
        assert_eq!(loads(&fine).is_ok(), table.extensible, "{fine}");
        assert_eq!(is_valid(&validator, &fine), table.extensible, "{fine}");
    }
}

#[test]
fn good_and_bad_documents() {
    let validator = validator();
    for (text, is_good) in [
        (
            "image: a\nmanifests: [{image: b}]\nignoreMissing: true\n",
            true,
        ),
        (
            "image: a\nmanifests: [{image: b}]\nignoreMissing: ${X:-true}\n",
            true,
        ),
        (
            "image: a\nmanifests: [{image: b, platform: {architecture: 386, os: linux, osversion: 10.0}}]\ntags: [1, 1.0, a, true]\n",
            true,
        ),
        (
            "image: a\nmanifests: [{image: b, platform: ~, annotations: {a: 1, b: }}]\ntype:\n",
            true,
        ),
        ("include: [a.yaml, b]\n", true),
        (
            "image: a\nmanifests: [{image: b}]\nignoreMissing: yes\n",
            false,
        ),
        ("image: a\nmanifests: [{image: b}]\ntype: OCI\n", false),
        ("image: a\nmanifests: {image: b}\n", false),
        (
            "image: a\ntemplate: a-ARCH\nmanifests: [{image: b}]\n",
            false,
        ),
        ("image: a\nlists: []\n", false),
        ("imgae: a\nmanifests: [{image: b}]\n", false),
        (
            "image: a\nmanifests: [{image: b, platfrom: {os: linux}}]\n",
            false,
        ),
        (
            "image: a\nmanifests: [{image: b, platform: {os_version: 1}}]\n",
            false,
        ),
        ("defaults: {image: a}\n", false),
        (
            "lists: [{image: a, manifests: [{image: b}], lists: []}]\n",
            false,
        ),
    ] {
        assert_eq!(is_valid(&validator, text), is_good, "{text}");
        let has_files = text.contains("include");
        assert!(has_files || loads(text).is_ok() == is_good, "{text}");
    }
}
