//! `matrix`: the tags of a repository and their platforms.
//!
//! | module | holds |
//! | --- | --- |
//! | [`costs`] | requests and round trips |
//! | [`browser`] | the web page in Chromium |
//! | [`damage`] | missing and damaged content, refusals, text from others |

mod browser;
mod costs;
mod damage;

use manifest_testkit::image::{BuiltImage, BuiltIndex, Image, Index, buildkit_index};
use manifest_testkit::suite::Kind;
use snapbox::{Data, assert_data_eq, data::DataFormat};

use super::{Shell, Watched};
use crate::harness::schema;

/// Makes an image, created in a month of 2024.
fn image(platform: &str, tag: &str, month: u32) -> BuiltImage {
    let created = format!("2024-{month:02}-15T10:20:30Z");
    Image::oci()
        .platform(platform)
        .seed(tag)
        .layers(1, 1500 * month as usize)
        .config_extra("created", created)
        .build()
}

/// Makes a list of images, created in a month of 2024.
fn list(platforms: &[&str], tag: &str, month: u32) -> BuiltIndex {
    let images = platforms.iter().map(|platform| image(platform, tag, month));
    images
        .fold(Index::oci(), |list, image| list.image(&image))
        .build()
}

const FIRST: &[&str] = &["linux/amd64", "linux/386"];
const SECOND: &[&str] = &["linux/amd64", "linux/arm64/v8", "linux/386"];
const THIRD: &[&str] = &[
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/riscv64",
];

/// Fills `app` with the tags of a project with a history.
fn fill(registry: &Watched<'_>) {
    registry.push("app", "0.9", &image("linux/amd64", "0.9", 1));
    registry.push("app", "1.0", &list(FIRST, "1.0", 2));
    registry.push("app", "1.9", &list(SECOND, "1.9", 3));
    registry.push(
        "app",
        "1.9-alpine",
        &buildkit_index(&image("linux/amd64", "alpine", 3)),
    );
    let newest = list(THIRD, "1.10", 4);
    registry.push("app", "1.10-rc1", &list(SECOND, "rc1", 3));
    registry.push("app", "1.10", &newest);
    registry.push("app", "latest", &newest);
}

fn filled() -> Watched<'static> {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry);
    registry.log().clear();
    registry
}

/// Compares output with a snapshot. `SNAPSHOTS=overwrite` writes it.
#[track_caller]
fn check_snapshot(name: &str, output: &str) {
    let path = crate::folder().join("commands/matrix/snapshots").join(name);
    let expected = Data::read_from(&path, Some(DataFormat::Text)).raw();
    assert_data_eq!(output.to_owned(), expected);
}

#[test]
fn tables_fit_the_terminal() {
    let registry = filled();
    let shell = Shell::new(&registry);
    for columns in [60, 100, 200] {
        for (flags, name) in [("", "table"), ("--since 1.0", "since")] {
            let ran = shell.run(&format!("COLUMNS={columns} matrix {flags} @/app"));
            let text = &ran.succeeds().stdout;
            let widest = text.lines().map(|line| line.chars().count()).max();
            assert!(widest <= Some(columns), "{ran}");
            check_snapshot(&format!("{name}-{columns}.txt"), text);
        }
    }
}

#[test]
fn markdown_for_a_readme() {
    let registry = filled();
    let ran = Shell::new(&registry).run("matrix --format markdown --since 1.0 @/app");
    check_snapshot("markdown.md", &ran.succeeds().stdout);
}

#[test]
fn json_has_everything() {
    let registry = filled();
    let shell = Shell::new(&registry);
    let ran = shell.run("matrix --format json --tags 1.9* @/app");
    schema::json("matrix", &ran);
    check_snapshot("matrix.json", &ran.stdout);
    let ran = shell.run("matrix --format json --since 1.0 @/app");
    let json = schema::json("matrix", &ran);
    let arm = &json["platforms"][3];
    assert_eq!(arm["platform"], "linux/arm/v7", "{ran}");
    let first = serde_json::json!({ "tag": "1.10", "created": "2024-04-15T10:20:30Z" });
    assert_eq!(arm["since"], first, "{ran}");
    assert_eq!(
        json["since"],
        serde_json::json!({
            "tag": "1.0",
            "changes": [
                {
                    "tag": "1.10",
                    "previous": "1.10-rc1",
                    "added": ["linux/arm/v7", "linux/riscv64"],
                    "removed": ["linux/386"],
                },
                { "tag": "1.9", "previous": "1.0", "added": ["linux/arm64"], "removed": [] },
            ],
        })
    );
}

#[test]
fn tags_are_chosen_newest_first() {
    let registry = filled();
    let signature = Image::oci().artifact_type("example/signature").build();
    let digest = image("linux/amd64", "0.9", 1).digest.replace(':', "-");
    registry.push("app", &format!("{digest}.sig"), &signature);
    let shell = Shell::new(&registry);
    let tags = |line: &str| {
        let ran = shell.run(line);
        let json = schema::json("matrix", &ran);
        let rows = json["tags"].as_array().unwrap().iter();
        let names: Vec<String> = rows
            .map(|row| row["tag"].as_str().unwrap().to_owned())
            .collect();
        (names.join(" "), ran)
    };
    let all = "latest 1.10 1.10-rc1 1.9 1.9-alpine 1.0 0.9";
    let (found, ran) = tags("matrix --format json @/app");
    assert_eq!(found, all, "{ran}");
    ran.says("1 of 8 tags are not shown: they are of signatures or other referrers");
    let (found, ran) = tags("matrix --format json --limit 2 @/app");
    assert_eq!(found, "latest 1.10", "{ran}");
    ran.says("2 of 7 tags are shown (--limit)");
    for (flags, expected) in [
        ("--limit 0", all),
        ("--tags 1.1* --tags 0.9", "1.10 1.10-rc1 0.9"),
        ("--since 1.9", "1.10 1.10-rc1 1.9"),
        ("--since 1.9-alpine", "1.9-alpine"),
        ("--since 1.0 --limit 2", "1.10 1.0"),
        ("--tags *.sig", &format!("{digest}.sig")),
    ] {
        let (found, ran) = tags(&format!("matrix --format json {flags} @/app"));
        assert_eq!(found, expected, "{ran}");
    }
}

/// A matrix of the real registry, with the pages and types that it sends.
#[test]
fn the_real_registry_gives_the_same() {
    let expected = filled();
    let expected = Shell::new(&expected).run("matrix @/app");
    let registry = Watched::empty(Kind::Real);
    fill(&registry);
    let ran = Shell::new(&registry).run("matrix @/app");
    ran.succeeds().prints(&expected.stdout);
}
