//! The web page, in Chromium.
//!
//! `SCREENSHOTS=FOLDER` keeps pictures of it there.

use std::io::Write as _;
use std::path::Path;

use manifest_testkit::chromium::Chromium;
use manifest_testkit::image::{Image, Index};
use serde_json::json;

use super::{fill, image, list};
use crate::commands::{Shell, Watched};
use crate::harness::docker;
use manifest_testkit::EmbeddedRegistry;

const TAB: &str = "\u{e004}";
const SPACE: &str = "\u{e00d}";

/// Starts a browser. If there is none, prints that outside of the captured test output.
///
/// # Panics
///
/// Panics under `CI=true` if there is none, unless the real registry is disabled as well.
fn browser(test: &str) -> Option<Chromium> {
    match Chromium::try_start() {
        Ok(browser) => Some(browser),
        Err(error) => {
            let is_ci = docker::setting("CI").is_some_and(|value| value == "true");
            let is_offline = docker::setting("EMBEDDED_ONLY").is_some();
            assert!(!is_ci || is_offline, "{error}");
            let _ = writeln!(std::io::stderr(), "\nNOT RUN: {test}: {error}\n");
            None
        }
    }
}

/// A registry with a history, a missing image, and hostile text.
fn registry() -> Watched<'static> {
    let registry = EmbeddedRegistry::start();
    let damaged = list(&["linux/amd64", "linux/s390x"], "1.8", 2);
    registry.seed("app", "1.8", &damaged);
    assert!(registry.remove_manifest("app", &damaged.children[1]));
    let hostile = image("linux/amd64", "1.1-hostile", 1);
    let platform = manifest_testkit::image::Platform {
        architecture: "\"><script>document.title='obeyed'</script>".to_owned(),
        ..hostile.platform.clone()
    };
    let hostile = Index::oci()
        .image_with(&hostile, Some(platform), &[])
        .build();
    registry.seed("app", "1.1-hostile", &hostile);
    let registry = Watched::embedded(registry);
    fill(&registry);
    registry
}

/// Writes the page with these flags, and returns its address.
fn page(shell: &Shell<'_>, flags: &str) -> String {
    let ran = shell.run(&format!("matrix {flags} --html page.html @/app"));
    ran.succeeds().prints("");
    format!("file://{}", shell.home.path().join("page.html").display())
}

/// Returns the tags that are to be seen.
fn tags(browser: &Chromium) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#tags tbody tr')]
        .filter((row) => row.checkVisibility())
        .map((row) => row.querySelector('.tag').textContent)";
    serde_json::from_value(browser.script(script)).unwrap()
}

/// Returns the columns that are to be seen.
fn columns(browser: &Chromium) -> Vec<String> {
    let script = "return [...document.querySelectorAll('#tags thead th')]
        .filter((cell) => cell.checkVisibility())
        .map((cell) => cell.textContent)";
    serde_json::from_value(browser.script(script)).unwrap()
}

fn keep_screenshots(browser: &Chromium, name: &str) {
    let Some(folder) = docker::setting("SCREENSHOTS") else {
        return;
    };
    for (width, size) in [("wide", (1400, 900)), ("narrow", (420, 900))] {
        for scheme in ["light", "dark"] {
            browser.emulate(scheme, size);
            let path = Path::new(&folder).join(format!("{name}-{width}-{scheme}.png"));
            std::fs::write(path, browser.screenshot()).unwrap();
        }
    }
    browser.emulate("light", (1400, 900));
}

#[test]
fn the_page_is_filtered_in_a_browser() {
    let Some(browser) = browser("the_page_is_filtered_in_a_browser") else {
        return;
    };
    let registry = registry();
    let shell = Shell::new(&registry);
    let url = page(&shell, "");
    browser.open(&url);
    let all = [
        "latest",
        "1.10",
        "1.10-rc1",
        "1.9",
        "1.9-alpine",
        "1.8",
        "1.1-hostile",
        "1.0",
        "0.9",
    ];
    assert_eq!(tags(&browser), all);
    let title = browser.script("return document.title");
    assert_eq!(title, format!("Platforms of {}/app", registry.host()));
    let summary = browser.script("return document.querySelector('#summary').textContent");
    let summary = summary.as_str().unwrap();
    let date = summary.strip_prefix("9 tags, 7 platforms, 1 image missing. As of 20");
    assert_eq!(date.map(str::len), Some("YY-MM-DD.".len()), "{summary}");
    let count = || browser.script("return document.querySelector('#count').textContent");
    assert_eq!(count(), "9 of 9 tags");
    keep_screenshots(&browser, "all");

    // By keyboard alone: the skip link, the field for tags, then the checkboxes.
    browser.press(&format!("{TAB}{TAB}1.9"));
    assert_eq!(tags(&browser), ["1.9", "1.9-alpine"]);
    assert_eq!(count(), "2 of 9 tags");
    browser.press(&format!("{TAB}{TAB}{TAB}{TAB}{SPACE}"));
    assert_eq!(columns(&browser), ["Tag", "Created", "linux/amd64"]);
    assert_eq!(tags(&browser), ["1.9", "1.9-alpine"]);
    browser.click("input.platform[value='linux/arm64']");
    assert_eq!(tags(&browser), ["1.9"]);
    assert_eq!(
        columns(&browser),
        ["Tag", "Created", "linux/amd64", "linux/arm64"]
    );
    keep_screenshots(&browser, "filtered");
    let address = browser.script("return location.hash");
    assert_eq!(
        address,
        "#tag=1.9&platform=linux%2Famd64&platform=linux%2Farm64"
    );
    browser.click("button[type=reset]");
    assert_eq!(tags(&browser), all);

    // A link to a filtered page.
    browser.open(&format!("{url}#tag=1.*-*"));
    assert_eq!(tags(&browser), ["1.10-rc1", "1.9-alpine", "1.1-hostile"]);
    browser.open(&format!("{url}#tag=nothing"));
    assert_eq!(tags(&browser), [""; 0]);
    let is_told = browser.script("return document.querySelector('#nothing').checkVisibility()");
    assert_eq!(is_told, true);
    browser.click("#reset");
    browser.click("#problems");
    assert_eq!(tags(&browser), ["1.8"]);
    let links =
        browser.script("return document.querySelector('tr:not([hidden]) td.missing a').href");
    let missing = format!("http://{}/v2/app/manifests/sha256:", registry.host());
    assert!(links.as_str().unwrap().starts_with(&missing), "{links}");
    assert_eq!(
        browser.log(),
        [""; 0],
        "the page loads nothing and breaks no rule of its own"
    );
}

/// As for the versions of Windows.
#[test]
fn several_images_for_a_platform_have_a_link_each() {
    let Some(browser) = browser("several_images_for_a_platform_have_a_link_each") else {
        return;
    };
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let images: Vec<_> = ["10.0.17763.1", "10.0.20348.1"]
        .map(|version| {
            let image = Image::oci().platform("windows/amd64").os_version(version);
            image.seed(version).build()
        })
        .into();
    let index = images.iter().fold(Index::oci(), Index::image);
    registry.push("app", "1", &index.build());
    let shell = Shell::new(&registry);
    browser.open(&page(&shell, ""));
    let links = || {
        let script = "return [...document.querySelectorAll('#tags td a')]
            .filter((link) => link.checkVisibility())
            .map((link) => [link.textContent, link.href.split('/').pop()])";
        browser.script(script)
    };
    assert_eq!(links(), json!([]));
    browser.script("document.querySelector('#tags td summary').focus()");
    browser.press(SPACE);
    keep_screenshots(&browser, "versions");
    assert_eq!(
        links(),
        json!([
            ["10.0.17763.1: 512 B", images[0].digest],
            ["10.0.20348.1: 512 B", images[1].digest],
        ])
    );
}

#[test]
fn changes_and_tables_are_told_to_screen_readers() {
    let Some(browser) = browser("changes_and_tables_are_told_to_screen_readers") else {
        return;
    };
    let registry = registry();
    let shell = Shell::new(&registry);
    browser.open(&page(&shell, "--since 1.0"));
    keep_screenshots(&browser, "since");
    let nodes = browser.accessibility_tree();
    let has = |role: &str, name: &str| {
        nodes
            .iter()
            .any(|node| node["role"]["value"] == role && node["name"]["value"] == name)
    };
    for (role, name) in [
        ("heading", "Changes since 1.0"),
        ("searchbox", "Filter tags"),
        ("checkbox", "linux/arm64"),
        ("checkbox", "Only tags with problems"),
        ("button", "Show all"),
        ("columnheader", "linux/arm64"),
        (
            "table",
            "Tags, newest first, with the compressed size of each image",
        ),
    ] {
        assert!(has(role, name), "no {role} {name:?}");
    }
    let changes = browser.script(
        "return [...document.querySelectorAll('.changes li')].map((item) => item.innerText.replace(/\\s+/g, ' '))",
    );
    assert_eq!(
        changes[0],
        "1.10 after 1.10-rc1 + added linux/arm/v7 + added linux/riscv64 − removed linux/386"
    );
    // Everything that can be reached by keyboard shows that it has the focus.
    let outlines = browser.script(
        "const all = [...document.querySelectorAll('a, input, button, [tabindex]')].filter((item) => item.checkVisibility());
        return all.map((item) => { item.focus({ focusVisible: true }); return getComputedStyle(item).outlineStyle })
            .filter((style) => style === 'none').length",
    );
    assert_eq!(outlines, 0);
}

/// Five hundred tags of ten platforms, most of them with the same content as others.
#[test]
fn five_hundred_tags_are_quick_to_filter() {
    let Some(browser) = browser("five_hundred_tags_are_quick_to_filter") else {
        return;
    };
    let platforms = [
        "linux/amd64",
        "linux/arm64",
        "linux/arm/v7",
        "linux/arm/v6",
        "linux/386",
        "linux/ppc64le",
        "linux/s390x",
        "linux/riscv64",
        "linux/mips64le",
        "windows/amd64",
    ];
    let registry = Watched::embedded(EmbeddedRegistry::start());
    let contents: Vec<_> = (1..=10)
        .map(|month| list(&platforms, "many", month))
        .collect();
    for number in 0..500 {
        registry.push("app", &format!("1.{number}"), &contents[number / 50]);
    }
    registry.log().clear();
    let shell = Shell::new(&registry);
    let url = page(&shell, "--limit 0");
    // Tags, 500 HEADs, and what they have in common once.
    assert_eq!(registry.log().count(|_| true), 1 + 500 + 10 + 100 + 100);
    browser.open(&url);
    keep_screenshots(&browser, "many");
    assert_eq!(tags(&browser).len(), 500);
    // One step of the filter takes less time than a person notices; the table is not built anew.
    let before = browser.script("window.row = document.querySelector('#tags tbody tr'); return document.querySelectorAll('td').length");
    browser.press(&format!("{TAB}{TAB}1.49"));
    let expected: Vec<String> = std::iter::once("1.49".to_owned())
        .chain((490..500).map(|number| format!("1.{number}")))
        .rev()
        .collect();
    assert_eq!(tags(&browser), expected);
    let after = browser.script("return [document.querySelectorAll('td').length, row === document.querySelector('#tags tbody tr')]");
    assert_eq!(after, json!([before, true]));
}
