use super::*;
use crate::model::{ImageSpec, PlatformSpec};

mod bad_input;
mod manifest_tool;

/// Returns one text as an input.
fn text(yaml: &str) -> SpecInput {
    SpecInput::Text {
        name: "a.yaml".to_owned(),
        bytes: yaml.as_bytes().to_vec(),
    }
}

/// Returns the lists of a text, or its errors, one on each line.
fn read(yaml: &str) -> Result<Vec<ListSpec>, String> {
    read_with(yaml, &Variables::default())
}

fn read_with(yaml: &str, variables: &Variables) -> Result<Vec<ListSpec>, String> {
    load(&[text(yaml)], variables).map_err(|errors| errors.to_string())
}

/// Returns the only list of a text.
fn only(yaml: &str) -> ListSpec {
    let mut lists = read(yaml).unwrap_or_else(|errors| panic!("{errors}"));
    assert_eq!(lists.len(), 1);
    lists.remove(0)
}

/// Shows an image: its name, and the stated parts of its platform.
fn shown(image: &ImageSpec) -> String {
    let PlatformSpec {
        os,
        architecture,
        variant,
        os_version,
        os_features,
        features,
    } = &image.platform;
    let part = |part: &Option<Arc<str>>| part.as_deref().unwrap_or("").to_owned();
    let mut text = format!("{} {}/{}", image.image, part(os), part(architecture));
    for part in [
        part(variant),
        part(os_version),
        os_features.join("+"),
        features.join("+"),
    ] {
        if !part.is_empty() {
            text = format!("{text}/{part}");
        }
    }
    text
}
