use super::*;

/// As buildx 0.29 prints it, with fields of all kinds.
const PRINTED: &str = r#"{
  "group": {"default": {"targets": ["app", "tools"]}},
  "target": {
    "app": {
      "context": ".",
      "dockerfile": "Dockerfile",
      "args": {"GO_VERSION": "1.25"},
      "labels": {"a": null},
      "tags": ["you/app:1.0", "you/app:latest", "ghcr.io/you/app:1.0"],
      "cache-from": [{"type": "gha"}],
      "platforms": ["linux/amd64", "linux/arm/v7"],
      "attest": [{"type": "provenance", "mode": "max"}],
      "output": [{"type": "registry"}]
    },
    "base": {"context": ".", "tags": ["you/base"]},
    "tools": {"context": "tools", "tags": ["you/tools"], "platforms": ["linux/arm64"]},
    "untagged": {"platforms": ["linux/amd64"], "no-cache": true}
  }
}"#;

fn bake(json: &str, template: &str) -> Result<BakeLists, String> {
    from_bake("bake.json", json.as_bytes(), template).map_err(|errors| errors.to_string())
}

#[test]
fn targets() {
    let found = bake(PRINTED, "IMAGE-ARCH-VARIANT").unwrap();
    let lists: Vec<(String, Vec<String>, Vec<String>)> = found
        .lists
        .iter()
        .map(|list| {
            let tags = list.tags.iter().map(ToString::to_string);
            let images = list.images.iter().map(|image| image.image.clone());
            (list.list.to_string(), tags.collect(), images.collect())
        })
        .collect();
    let texts = |texts: &[&str]| texts.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        lists,
        [
            (
                "docker.io/you/app:1.0".to_owned(),
                texts(&["docker.io/you/app:latest", "ghcr.io/you/app:1.0"]),
                texts(&[
                    "docker.io/you/app:1.0-amd64",
                    "docker.io/you/app:1.0-arm-v7"
                ]),
            ),
            (
                "docker.io/you/tools:latest".to_owned(),
                Vec::new(),
                texts(&["docker.io/you/tools:latest-arm64"]),
            ),
        ]
    );
    assert_eq!(
        found.lists[0].images[1].platform.variant.as_deref(),
        Some("v7")
    );
    assert_eq!(
        found.unused_fields,
        [
            "args",
            "attest",
            "cache-from",
            "context",
            "dockerfile",
            "labels",
            "no-cache",
            "output"
        ]
    );
    assert_eq!(
        found.skipped,
        [
            ("base".to_owned(), "platforms"),
            ("untagged".to_owned(), "tags")
        ]
    );
}

#[test]
fn names_of_targets_in_templates() {
    let json = r#"{"target": {"OS": {"tags": ["a:OS"], "platforms": ["linux/arm/v7"]}}}"#;
    for (template, image) in [
        ("IMAGE-OS-ARCH", "docker.io/library/a:OS-linux-arm"),
        ("IMAGE-TARGET-VARIANT", "docker.io/library/a:OS-OS-v7"),
        ("r.io/b:TARGET-ARCHVARIANT", "r.io/b:OS-armv7"),
    ] {
        let found = bake(json, template).unwrap();
        assert_eq!(found.lists[0].images[0].image, image);
    }
}

#[test]
fn errors() {
    for (json, template, expected) in [
        (
            "target \"app\" {}",
            "IMAGE-ARCH",
            "bake.json:1:2: not the JSON of `bake --print`: expected ident",
        ),
        (
            "{}",
            "IMAGE-ARCH",
            "bake.json:1:2: not the JSON of `bake --print`: missing field `target`",
        ),
        (
            "{\"target\":{}}",
            "IMAGE-ARCH",
            "bake.json: no target has tags and platforms",
        ),
        (
            r#"{"target": {"a": {"tags": ["x"], "platforms": ["linux/amd46"]}, "b": {"tags": ["library/x", "X"], "platforms": ["linux/amd64"]}}}"#,
            "IMAGE",
            "--template: the template \"IMAGE\" has no placeholder\n\
             bake.json: target \"a\": unknown platform \"linux/amd46\"\n\
             bake.json: target \"b\": docker.io/library/x:latest is published twice, first at bake.json\n\
             bake.json: target \"b\": \"X\": invalid reference format: repository name (library/X) must be lowercase",
        ),
    ] {
        assert_eq!(bake(json, template).unwrap_err(), expected);
    }
}
