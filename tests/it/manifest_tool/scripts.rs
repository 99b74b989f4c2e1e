//! Shell scripts as pipelines have them, unchanged.

use std::fs;
use std::path::Path;

use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;
use manifest_testkit::suite;

use super::Tool;

#[test]
fn a_release_of_two_platforms() {
    for registry in suite::registries() {
        let image = |platform: &str| Image::docker().platform(platform).build();
        registry.push("foo/bar-amd64", "v1", &image("linux/amd64"));
        registry.push("foo/bar-arm", "v1", &image("linux/arm/v7"));
        let tool = Tool::new(&registry.host());
        let ran = tool.script(
            r#"
            digest=$(manifest-tool push from-args \
                --platforms linux/amd64,linux/arm/v7 \
                --template "$REGISTRY/foo/bar-ARCH:v1" \
                --target "$REGISTRY/foo/bar:v1" | awk '/^Digest:/ { print $2 }')
            manifest-tool inspect "$REGISTRY/foo/bar@$digest" | grep -c 'Arch:'
            manifest-tool inspect --raw "$REGISTRY/foo/bar:v1" | awk -F'"' '/"digest"/ { print $4; exit }' > first
            test "$(cat first)" = "$digest"
            "#,
        );
        ran.succeeds().prints("2\n");
    }
}

#[test]
fn a_file_from_standard_input() {
    for registry in suite::registries() {
        let image = Image::oci().platform("linux/s390x").build();
        registry.push("foo/bar", "s390x", &image);
        let tool = Tool::new(&registry.host());
        tool.script(
            r#"
            yaml() {
                cat <<EOF
image: $REGISTRY/foo/bar:$1
manifests:
  - image: $REGISTRY/foo/bar:s390x
    platform:
      architecture: s390x
      os: linux
EOF
            }
            yaml v1 | manifest-tool --debug push from-spec /dev/stdin | awk '{ print $1, $2 }' > one
            yaml v2 | manifest-tool push from-spec - | awk '{ print $1, $2 }' > two
            cmp one two
            "#,
        )
        .succeeds();
        let digest =
            |tag: &str| manifest_testkit::sha256(&registry.manifest("foo/bar", tag).unwrap().1);
        assert_eq!(digest("v1"), digest("v2"));
    }
}

#[test]
fn a_script_that_asks_whether_a_tag_is_there() {
    for registry in suite::registries() {
        let image = Image::docker().platform("linux/amd64").build();
        registry.push("foo/bar", "v1", &image);
        let tool = Tool::new(&registry.host());
        let ran = tool.script(
            r#"
            for tag in v1 v2; do
                if manifest-tool inspect "$REGISTRY/foo/bar:$tag" > shown 2> err; then
                    echo "$tag is there"
                elif grep -q 'manifest-tool failed with error' err; then
                    echo "$tag is missing"
                fi
            done
            manifest-tool inspekt x 2> err || echo "exit code $?"
            grep 'No help topic' err
            "#,
        );
        ran.succeeds()
            .prints("v1 is there\nv2 is missing\nexit code 3\nNo help topic for 'inspekt'\n");
    }
}

/// Images of platforms that a build did not make are left out, and the login is in a file of its own.
#[test]
fn a_loop_over_tags() {
    for registry in suite::registries() {
        let image = Image::docker().platform("linux/amd64").build();
        registry.push("foo/bar", "1.2-amd64", &image);
        registry.push("foo/bar", "latest-amd64", &image);
        let tool = Tool::new(&registry.host());
        tool.script(
            r#"
            mkdir cfg && echo '{"auths":{}}' > cfg/config.json
            for tag in 1.2 latest; do
                manifest-tool --docker-cfg cfg push from-args --ignore-missing \
                    --platforms linux/amd64,linux/arm64 --platforms linux/ppc64le \
                    --template "$REGISTRY/foo/bar:$tag-ARCH" --target "$REGISTRY/foo/bar:$tag"
            done > out
            test "$(sort -u out | wc -l)" -eq 1
            "#,
        )
        .succeeds();
        assert!(registry.manifest("foo/bar", "latest").is_some());
    }
}

#[test]
fn the_command_lines_of_the_guide() {
    let registry = EmbeddedRegistry::start();
    for (tag, platform) in [("1.0-amd64", "linux/amd64"), ("1.0-armv7", "linux/arm/v7")] {
        let image = Image::docker().platform(platform).build();
        registry.seed("app", tag, &image);
    }
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide/manifest-tool.md");
    let page = fs::read_to_string(page).unwrap();
    let tool = Tool::on(&registry);
    let local = |text: &str| text.replace("example.com/", "@/");
    let (_, yaml) = page.split_once("```yaml\n").unwrap();
    tool.write("list.yaml", &local(yaml.split("```").next().unwrap()));
    let lines: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("$ manifest-tool "))
        .collect();
    assert!(lines.len() > 5, "{lines:?}");
    for line in lines {
        tool.run(&local(line)).succeeds();
    }
    assert_eq!(
        registry.tags("app"),
        ["1", "1.0", "1.0-amd64", "1.0-armv7", "latest"]
    );
}
