//! `push`: entries, order, platforms, tags and bytes.

use manifest_testkit::image::{BuiltImage, Image, Index, buildkit_index};
use manifest_testkit::suite::{self, TestRegistry};
use manifest_testkit::{EmbeddedRegistry, sha256};
use serde_json::Value;

use super::{DOCKER_LIST, Entry, FAILED, OCI_INDEX, Tool, check_published, expected};

fn amd64() -> BuiltImage {
    Image::docker().platform("linux/amd64").build()
}

fn armv7() -> BuiltImage {
    Image::oci().platform("linux/arm/v7").build()
}

fn windows() -> BuiltImage {
    Image::docker()
        .platform("windows/amd64")
        .os_version("10.0.17763.1")
        .os_features(&["win32k"])
        .build()
}

const AMD64: &[(&str, &str)] = &[("architecture", "\"amd64\""), ("os", "\"linux\"")];
const ARMV7: &[(&str, &str)] = &[
    ("architecture", "\"arm\""),
    ("os", "\"linux\""),
    ("variant", "\"v7\""),
];

/// All keys of the tool's files.
const ALL_KEYS: &str = r#"
image: @/app:1.0
tags: ["1", latest]
manifests:
  - image: @/app:windows
    platform:
      architecture: amd64
      os: windows
      osversion: "10.0.20348.1"
      osfeatures: [win32k, more]
  -
    image: @/app:arm
    platform: {architecture: arm, os: linux}
  - image: @/app:arm
    platform: {architecture: arm, os: linux, variant: v6}
  - image: @/app:amd64
"#;

#[test]
fn a_file_with_all_keys() {
    for registry in suite::registries() {
        registry.push("app", "amd64", &amd64());
        registry.push("app", "arm", &armv7());
        registry.push("app", "windows", &windows());
        let tool = Tool::new(&registry.host());
        tool.write("list.yaml", ALL_KEYS);
        let platform = [
            ("architecture", "\"amd64\""),
            ("os", "\"windows\""),
            ("os.version", "\"10.0.20348.1\""),
            (
                "os.features",
                "[\n          \"win32k\",\n          \"more\"\n        ]",
            ),
        ];
        let armv6 = [ARMV7[0], ARMV7[1], ("variant", "\"v6\"")];
        // In the order of the file. The type does not depend on the images, and parts that are not stated are theirs.
        for (line, media_type) in [
            ("push from-spec list.yaml", DOCKER_LIST),
            ("push --type oci from-spec list.yaml", OCI_INDEX),
        ] {
            let bytes = expected(
                media_type,
                &[
                    Entry {
                        image: &windows(),
                        platform: &platform,
                    },
                    Entry {
                        image: &armv7(),
                        platform: ARMV7,
                    },
                    Entry {
                        image: &armv7(),
                        platform: &armv6,
                    },
                    Entry {
                        image: &amd64(),
                        platform: AMD64,
                    },
                ],
            );
            let ran = tool.run(line);
            for tag in ["1.0", "1", "latest"] {
                check_published(&registry, ("app", tag), media_type, &bytes, &ran);
            }
        }
    }
}

#[test]
fn a_template() {
    for registry in suite::registries() {
        registry.push("app-linux-amd64", "1", &amd64());
        registry.push("app-linux-armv7", "1", &armv7());
        let tool = Tool::new(&registry.host());
        let bytes = expected(
            DOCKER_LIST,
            &[
                Entry {
                    image: &armv7(),
                    platform: ARMV7,
                },
                Entry {
                    image: &amd64(),
                    platform: AMD64,
                },
            ],
        );
        let line = "push from-args --platforms linux/arm/v7,linux/amd64 --template @/app-OS-ARCHVARIANT:1 --target @/app:1 --tags a --tags b,c";
        let ran = tool.run(line);
        for tag in ["1", "a", "b", "c"] {
            check_published(&registry, ("app", tag), DOCKER_LIST, &bytes, &ran);
        }
        // The images are in the repository of the list now.
        assert!(registry.manifest("app", &amd64().digest).is_some());
    }
}

#[test]
fn a_second_push_writes_nothing() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "amd64", &amd64());
    let tool = Tool::on(&registry);
    let line =
        "push from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1 --tags 2";
    let first = tool.run(line);
    first.succeeds();
    registry.log().clear();
    tool.run(line).succeeds().prints(&first.stdout).is_quiet();
    // The tags are probed while the images are read, and read back.
    let config = amd64().config_digest;
    assert_eq!(
        registry.log().sorted_lines(),
        [
            &*format!("GET /v2/app/blobs/{config} 200"),
            "GET /v2/app/manifests/amd64 200",
            "HEAD /v2/app/manifests/1 200",
            "HEAD /v2/app/manifests/1 200",
            "HEAD /v2/app/manifests/2 200",
            "HEAD /v2/app/manifests/2 200",
        ]
    );
}

#[test]
fn attestations_come_last_and_annotations_stay() {
    let registry = TestRegistry::Embedded(EmbeddedRegistry::start());
    let index = buildkit_index(&Image::oci().platform("linux/arm64").build());
    registry.push("app", "buildkit", &index);
    registry.push("app", "amd64", &amd64());
    let tool = Tool::new(&registry.host());
    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:buildkit\n- image: @/app:amd64\n",
    );
    for line in [
        "push from-spec list.yaml",
        "push --type oci from-spec list.yaml",
    ] {
        tool.run(line).succeeds();
        let (_, bytes) = registry.manifest("app", "1").unwrap();
        let list: Value = serde_json::from_slice(&bytes).unwrap();
        let entries = list["manifests"].as_array().unwrap();
        let digests: Vec<&str> = entries
            .iter()
            .map(|entry| entry["digest"].as_str().unwrap())
            .collect();
        assert_eq!(
            digests,
            [&index.children[0], &amd64().digest, &index.children[1]]
        );
        assert_eq!(
            entries[2]["annotations"]["vnd.docker.reference.digest"],
            index.children[0].as_str()
        );
        assert_eq!(entries[2]["platform"]["os"], "unknown");
    }
}

#[test]
fn a_list_without_a_tag_is_pushed_by_digest() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "amd64", &amd64());
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app\nmanifests:\n- image: @/app:amd64\n",
    );
    let ran = tool.run("push from-spec list.yaml");
    ran.succeeds();
    let digest = ran.stdout.split_whitespace().nth(1).unwrap();
    assert!(registry.manifest("app", digest).is_some(), "{ran}");
    assert_eq!(registry.tags("app"), ["amd64"]);
    // Its tags are written all the same.
    tool.run("push from-spec --tags x,y list.yaml")
        .succeeds()
        .prints(&ran.stdout);
    assert_eq!(registry.tags("app"), ["amd64", "x", "y"]);
}

#[test]
fn annotations_need_an_image_index() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "amd64", &amd64());
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app:2\nannotations:\n  c: d\n  a: b\nmanifests:\n- image: @/app:amd64\n",
    );
    for (line, tag) in [
        (
            "from-args --platforms linux/amd64 --template @/app:ARCH --target @/app:1 --annotations a=b,c=d",
            "1",
        ),
        ("from-spec list.yaml", "2"),
    ] {
        registry.log().clear();
        tool.run(&format!("push {line}")).fails(1).says(&format!(
            "{FAILED}manifest list (Docker media type) does not support annotations; use --type oci instead\"\n"
        ));
        assert_eq!(registry.log().requests().len(), 0);
        tool.run(&format!("push --type=oci {line}")).succeeds();
        let (_, bytes) = registry.manifest("app", tag).unwrap();
        let text = String::from_utf8(bytes).unwrap();
        assert!(
            text.ends_with(
                "  ],\n  \"annotations\": {\n    \"a\": \"b\",\n    \"c\": \"d\"\n  }\n}"
            ),
            "{text}"
        );
    }
}

#[test]
fn two_images_for_one_platform_are_refused() {
    let registry = EmbeddedRegistry::start();
    let other = Image::docker().platform("linux/amd64").seed("2").build();
    registry.seed("app", "a", &amd64());
    registry.seed("app", "b", &other);
    let tool = Tool::on(&registry);
    tool.write(
        "list.yaml",
        "image: @/app:1\nmanifests:\n- image: @/app:a\n- image: @/app:b\n",
    );
    tool.run("push from-spec list.yaml").fails(1).prints("").says(&format!(
        "{FAILED}cannot include two manifests with the same platform; digest {} already provides platform amd64-linux--- (this digest: {})\"\n",
        amd64().digest, other.digest
    ));
    assert_eq!(registry.tags("app"), ["a", "b"]);
}

#[test]
fn unknown_platforms_are_refused() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "a", &amd64());
    let tool = Tool::on(&registry);
    for (platform, shown) in [
        ("linux/x86_64", "linux/x86_64/"),
        ("plan10/amd64", "plan10/amd64/"),
        ("linux/arm/v9", "linux/arm/v9"),
    ] {
        tool.run(&format!(
            "push from-args --platforms {platform} --template @/app:a --target @/app:1"
        ))
        .fails(1)
        .says(&format!(
            "{FAILED}unable to create platform object for manifest {}: manifest entry for image REGISTRY/app:a has unsupported os/arch or os/arch/variant combination: {shown}\"\n",
            amd64().digest
        ))
        .says("hint: platforms have Go's names");
    }
    tool.run("push from-args --platforms amd64 --template @/app:a --target @/app:1")
        .fails(1)
        .says("the --platforms argument must be a string slice where one value is of the form 'os/arch'");
    assert_eq!(registry.tags("app"), ["a"]);
}

#[test]
fn one_image_for_several_platforms() {
    let registry = TestRegistry::Embedded(EmbeddedRegistry::start());
    registry.push("app", "all", &amd64());
    let tool = Tool::new(&registry.host());
    let ran = tool.run(
        "push from-args --platforms linux/amd64,linux/386 --template @/app:all --target @/app:1",
    );
    let i386 = [("architecture", "\"386\""), ("os", "\"linux\"")];
    let bytes = expected(
        DOCKER_LIST,
        &[
            Entry {
                image: &amd64(),
                platform: AMD64,
            },
            Entry {
                image: &amd64(),
                platform: &i386,
            },
        ],
    );
    check_published(&registry, ("app", "1"), DOCKER_LIST, &bytes, &ran);
    ran.says("its configuration says linux/amd64");
}

#[test]
fn missing_images_are_left_out_if_they_may() {
    let registry = EmbeddedRegistry::start();
    registry.seed("app", "amd64", &amd64());
    let tool = Tool::on(&registry);
    let line = |flag: &str, platforms: &str| {
        format!(
            "push from-args {flag} --platforms {platforms} --template @/app:ARCH --target @/app:1"
        )
    };
    tool.run(&line("", "linux/amd64,linux/arm64,linux/s390x"))
        .fails(1)
        .says(FAILED)
        .says("REGISTRY/app:arm64")
        .says("REGISTRY/app:s390x")
        // Images of the engine are no sources of the tool.
        .does_not_say("docker-archive");
    assert_eq!(registry.tags("app"), ["amd64"]);
    let ran = tool.run(&line("--ignore-missing", "linux/amd64,linux/arm64"));
    ran.succeeds()
        .says("warning: REGISTRY/app:arm64 does not exist, so it is left out\n");
    let bytes = expected(
        DOCKER_LIST,
        &[Entry {
            image: &amd64(),
            platform: AMD64,
        }],
    );
    assert_eq!(
        ran.stdout,
        format!("Digest: {} {}\n", sha256(bytes.as_bytes()), bytes.len())
    );
    tool.run(&line("--ignore-missing", "linux/arm64,linux/s390x"))
        .fails(1)
        .says(&format!(
            "{FAILED}all entries were skipped due to missing source image references; no manifest list to push\"\n"
        ));
}

#[test]
fn files_that_describe_no_list() {
    let tool = Tool::new("localhost:1");
    for (text, error) in [
        ("image: app:1\nmanifests: [", "list.yaml:"),
        ("", "list.yaml"),
        ("manifests:\n- image: app:2\n", "list.yaml:1:1"),
        ("image: App:1\nmanifests: []\n", "list.yaml:1:8"),
    ] {
        tool.write("list.yaml", text);
        tool.run("push from-spec list.yaml")
            .fails(1)
            .prints("")
            .says(FAILED)
            .says(error);
    }
    tool.run("push from-spec missing.yaml")
        .fails(1)
        .says("missing.yaml")
        .says("No such file");
    tool.run("push from-spec")
        .fails(1)
        .says("no YAML file is named")
        .says("hint: `push from-spec FILE`");
    tool.run("push from-spec .")
        .fails(1)
        .says("cannot read .: ");
}

/// A child of an index is taken with its own platform, whatever the file says.
#[test]
fn the_platform_of_an_index_is_ignored() {
    let registry = TestRegistry::Embedded(EmbeddedRegistry::start());
    let index = Index::docker().image(&amd64()).build();
    registry.push("app", "list", &index);
    let tool = Tool::new(&registry.host());
    let ran =
        tool.run("push from-args --platforms linux/arm/v7 --template @/app:list --target @/app:1");
    let bytes = expected(
        DOCKER_LIST,
        &[Entry {
            image: &amd64(),
            platform: AMD64,
        }],
    );
    check_published(&registry, ("app", "1"), DOCKER_LIST, &bytes, &ran);
}
