use super::*;
use crate::model::{ImageSpec, PlatformSpec};

mod bad_input;
mod files;
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

#[test]
fn many_lists_take_little_memory() {
    let image = |arch: &str| {
        format!(
            "  - image: registry.example.com/{arch}/app:1.0\n    platform: {{os: linux, architecture: {arch}}}\n"
        )
    };
    let images: String = [
        "386", "amd64", "arm", "arm64", "mips64le", "ppc64le", "riscv64", "s390x",
    ]
    .map(image)
    .concat();
    let lists: String = (0..100)
        .map(|i| {
            format!(
                "---\nimage: registry.example.com/app{i}:1.0\ntags: [latest]\nmanifests:\n{images}"
            )
        })
        .collect();
    let lists = read(&lists).unwrap();
    let bytes: usize = lists.iter().map(ListSpec::bytes).sum();
    // Ten thousand of them take 25 MB, with nothing but the text of a name on the heap.
    assert!(bytes / lists.len() <= 2500, "{}", bytes / lists.len());
    let text = |image: &ImageSpec| Arc::as_ptr(image.platform.os.as_ref().unwrap()).cast::<u8>();
    assert_eq!(text(&lists[0].images[0]), text(&lists[99].images[7]));
    assert!(Arc::ptr_eq(
        &lists[0].position.file,
        &lists[99].images[7].position.file
    ));
}
