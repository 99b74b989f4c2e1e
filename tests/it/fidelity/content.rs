//! Rare content that both programs accept, and content that both refuse.
//!
//! Only a registry in memory stores all of it. Error messages may differ here.

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::{BuiltImage, Image, Index};
use manifest_testkit::media_type::{DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST};
use manifest_testkit::suite::TestRegistry;

use super::SideBySide;
use crate::harness::{Stage, docker, world};

/// A repository for each image configuration.
const CONFIGS: &[(&str, &str)] = &[
    (
        "config-cases",
        r#"{"OS":"linux","os":"windows","Architecture":"arm","VARIANT":"v7"}"#,
    ),
    (
        "config-features",
        r#"{"os":"windows","architecture":"amd64","os.features":["a",null,"b"]}"#,
    ),
    (
        "config-unknown",
        r#"{"os":"plan10","architecture":"z80","variant":"x y"}"#,
    ),
    (
        "config-space",
        " { \"os\" : \"linux\" , \"architecture\" : \"arm64\" } \n",
    ),
    (
        "config-escapes",
        r#"{"os":"lin\u0075x","architecture":"amd64\u003c","variant":"\ud83d\udc33"}"#,
    ),
    ("config-no-json", "no json"),
    ("config-empty", ""),
    ("config-array", "[]"),
    ("config-null", "null"),
    ("config-number", r#"{"os":1,"architecture":"amd64"}"#),
    (
        "config-trailing",
        r#"{"os":"linux","architecture":"amd64"} x"#,
    ),
];

/// Returns a stage with a repository for each content, because the same bytes are stored with several media types.
fn stage() -> Stage {
    let registry = EmbeddedRegistry::start();
    let config = |text: &str| {
        Image::docker()
            .config(
                "application/vnd.docker.container.image.v1+json",
                text.as_bytes(),
            )
            .build()
    };
    for (name, text) in CONFIGS {
        registry.seed(name, "1", &config(text));
    }
    let amd64 = world::image("app:amd64");
    let oci = world::image("app:oci-amd64");
    registry.seed("content", "amd64", amd64);
    registry.seed("oci", "1", oci);
    let list = Index::docker().image_with(amd64, None, &[]).build();
    registry.seed("list-without-platforms", "1", &list);
    registry.seed(
        "index-in-index",
        "1",
        &Index::oci().image(oci).index(&list).build(),
    );
    registry.seed("empty-index", "1", &Index::oci().build());
    registry.seed("empty-list", "1", &Index::docker().build());
    registry.seed(
        "mixed-list",
        "1",
        &Index::docker().image(amd64).image(oci).build(),
    );
    registry.seed(
        "compact-index",
        "1",
        &Index::oci().compact().image(oci).build(),
    );
    put_wrong_manifests(&registry);
    Stage::on(TestRegistry::Embedded(registry))
}

/// Puts manifests that are damaged, of the wrong type, or unusual in another way.
fn put_wrong_manifests(registry: &EmbeddedRegistry) {
    let put = |name: &str, media_type: &str, text: &str| {
        registry.put_manifest(name, Some("1"), media_type, text.as_bytes());
        for image in ["app:amd64", "app:oci-amd64"] {
            registry.put_blob(name, &world::image(image).config);
        }
    };
    let amd64 = world::image("app:amd64");
    let oci = world::image("app:oci-amd64");
    let text = |image: &BuiltImage| String::from_utf8(image.manifest.clone()).unwrap();
    put("no-json", DOCKER_MANIFEST, "no json");
    put("empty", OCI_MANIFEST, "");
    put("array", OCI_INDEX, "[]");
    put("object", OCI_MANIFEST, "{}");
    put("list-object", DOCKER_LIST, "{}");
    put("other-type-inside", DOCKER_MANIFEST, &text(oci));
    put("other-type-outside", OCI_MANIFEST, &text(amd64));
    put("list-outside", DOCKER_LIST, &text(amd64));
    put("index-outside", OCI_INDEX, &text(oci));
    put(
        "schema-1",
        "application/vnd.docker.distribution.manifest.v1+prettyjws",
        "{\"schemaVersion\":1}",
    );
    put("unknown-type", "application/json", &text(amd64));
    put("no-type", "", &text(amd64));
    put("two-values", OCI_MANIFEST, &format!("{}{{}}", text(oci)));
    put(
        "both",
        OCI_MANIFEST,
        &text(oci).replacen('{', "{\"manifests\":[],", 1),
    );
    put(
        "schema-3",
        OCI_MANIFEST,
        &text(oci).replacen(": 2", ": 3", 1),
    );
    put(
        "no-layers",
        OCI_MANIFEST,
        &text(oci).replace("\"layers\"", "\"layerz\""),
    );
    put(
        "no-config",
        OCI_MANIFEST,
        &text(oci).replace("\"config\"", "\"configz\""),
    );
}

#[test]
fn content() {
    if !docker::is_here("fidelity::content") {
        return;
    }
    let stages = SideBySide {
        docker: stage(),
        ours: stage(),
    };
    let names = "
        config-cases config-features config-unknown config-space config-escapes config-no-json config-empty
        config-array config-null config-number config-trailing list-without-platforms index-in-index empty-index
        empty-list mixed-list compact-index no-json empty array object list-object other-type-inside
        other-type-outside list-outside index-outside schema-1 unknown-type no-type two-values both schema-3 no-layers no-config";
    let mut differences = Vec::new();
    for name in names.split_whitespace() {
        for command in [
            "inspect --insecure",
            "inspect --insecure -v",
            "create --insecure @/app:1",
        ] {
            if known(name, command) {
                continue;
            }
            let mut session = stages.session();
            let line = format!("~{command} @/{name}:1");
            if let Err(difference) = session.play(&line) {
                differences.push(difference);
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// Tells whether a case is among the deviations. Docker's `inspect` reads a configuration that it does not show, shows absent
/// platforms, and supports neither nested nor empty indexes; its `create` accepts no list.
fn known(name: &str, command: &str) -> bool {
    let is_inspect = command.starts_with("inspect");
    match name {
        "index-in-index" | "empty-index" | "empty-list" | "list-without-platforms" => true,
        "mixed-list" | "compact-index" => !is_inspect,
        "config-no-json" | "config-empty" | "config-array" | "config-number"
        | "config-trailing" => command == "inspect --insecure",
        _ => false,
    }
}
