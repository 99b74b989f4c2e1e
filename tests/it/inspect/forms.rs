//! Raw bytes, digests, templates, tables, and the settings for them.

use manifest_testkit::sha256;

use super::{inspect, registry};
use crate::commands::Shell;
use crate::harness::home::OURS;

#[test]
fn raw_bytes_have_the_digest() {
    let (registry, index, images) = registry();
    for words in [
        "--raw @/app:1",
        "--format raw @/app:1",
        "--format=raw --remote @/app:1",
    ] {
        let ran = inspect(&registry, words);
        ran.succeeds();
        assert_eq!(sha256(ran.stdout.as_bytes()), index.digest, "{words}");
    }
    let ran = inspect(&registry, &format!("--raw @/app@{}", images[1].digest));
    ran.succeeds();
    assert_eq!(ran.stdout.as_bytes(), images[1].manifest);
}

#[test]
fn a_digest_is_printed_alone() {
    let (registry, index, images) = registry();
    inspect(&registry, "--digest @/app:1")
        .succeeds()
        .prints(&format!("{}\n", index.digest));
    let ran = inspect(&registry, "--digest --platform linux/arm64 @/app:1");
    ran.succeeds().prints(&format!("{}\n", images[1].digest));
    inspect(&registry, "--digest @/app:none")
        .fails(1)
        .prints("")
        .says("no such manifest");
}

#[test]
fn the_default_stays_dockers() {
    let (registry, ..) = registry();
    let ran = inspect(&registry, "@/app:1");
    ran.succeeds().is_quiet();
    assert!(
        ran.stdout.starts_with("{\n   \"schemaVersion\": 2,\n"),
        "{ran}"
    );
    let again = inspect(&registry, "--format docker @/app:1");
    again.succeeds().is_quiet().prints(&ran.stdout);
    // The new forms say where it is from.
    inspect(&registry, "--raw @/app:1")
        .succeeds()
        .says("REGISTRY/app:1 is in the registry: sha256:");
}

#[test]
fn tables_fold_attestations_and_fit() {
    let (registry, _, images) = registry();
    let ran = inspect(&registry, "--deep @/app:1");
    let lines: Vec<&str> = ran.succeeds().stdout.lines().collect();
    let heading = lines
        .iter()
        .position(|line| line.starts_with("PLATFORM "))
        .unwrap();
    let rows = &lines[heading + 1..];
    assert_eq!(rows.len(), 3, "{ran}");
    for (row, (platform, image)) in rows.iter().zip(
        ["linux/amd64", "linux/arm64", "linux/arm/v6"]
            .iter()
            .zip(&images),
    ) {
        assert!(
            row.starts_with(platform) && row.contains(&image.digest),
            "{ran}"
        );
        assert!(
            row.ends_with("SBOM, provenance") && row.contains(" years"),
            "{ran}"
        );
    }
    // The time of the build is only in the configurations, which take another round.
    let ran = inspect(&registry, "--format table @/app:1");
    assert!(!ran.succeeds().stdout.contains(" years"), "{ran}");
    assert!(ran.stdout.contains("SBOM, provenance"), "{ran}");
    ran.says("`--deep` reads it from their configurations");
    for columns in [60, 100, 200] {
        let ran = inspect_in(&registry, columns);
        let table = ran.stdout.split("\n\n").nth(1).unwrap();
        let widest = table
            .lines()
            .map(|line| line.chars().count())
            .max()
            .unwrap();
        assert!(widest <= columns, "{widest} columns\n{ran}");
    }
}

fn inspect_in(registry: &crate::commands::Watched<'_>, columns: usize) -> crate::harness::Ran {
    let mut shell = Shell::new(registry);
    shell.home.set("COLUMNS", columns.to_string());
    let ran = shell.run("inspect --format table @/app:1");
    ran.succeeds();
    ran
}

#[test]
fn templates_as_docker_users_write_them() {
    let (registry, index, images) = registry();
    let first = &images[0];
    for (template, expected) in [
        ("{{.Name}}", "REGISTRY/app:1".to_owned()),
        (
            "{{.Digest}} {{.MediaType}}",
            format!("{} {}", index.digest, index.media_type),
        ),
        ("{{.Manifest.Digest}}", index.digest.clone()),
        ("{{json .Manifest.Digest}}", format!("\"{}\"", index.digest)),
        (
            "{{range .Manifests}}{{if eq .Kind \"image\"}}{{.Platform.OS}}/{{.Platform.Architecture}} {{end}}{{end}}",
            "linux/amd64 linux/arm64 linux/arm ".to_owned(),
        ),
        ("{{(index .Manifests 0).Digest}}", first.digest.clone()),
        (
            "{{index .Annotations \"org.example\" | upper}}",
            "OF THE INDEX".to_owned(),
        ),
        ("{{len .Manifests}}", "6".to_owned()),
        (
            "{{with index .Manifests 0}}{{.Created}}{{end}}",
            "2024-01-01T00:00:00Z".to_owned(),
        ),
    ] {
        let words = [
            "inspect".to_owned(),
            "--format".to_owned(),
            template.to_owned(),
            format!("{}/app:1", registry.host()),
        ];
        let shell = Shell::new(&registry);
        let mut command = shell.home.command(OURS);
        let ran = shell.run_command(command.args(words));
        ran.succeeds().prints(&format!("{expected}\n"));
    }
    for (template, said) in [
        ("{{", "invalid argument"),
        (
            "{{.Nothing}}",
            "the template cannot be rendered: template: format:1:3:8:there is no field .Nothing\n\
             hint: `--format json` shows the fields",
        ),
        (
            "{{range .Manifests}}{{.Nothing}}{{end}}",
            "there is no field .Nothing\n",
        ),
        ("{{index .Manifests 99}}", "unable to get 99\nhint: "),
        ("{{nonsense .}}", "format:1:"),
        ("yaml", "must be table, json, raw, docker, or a Go template"),
    ] {
        let words = [
            "inspect".to_owned(),
            format!("--format={template}"),
            format!("{}/app:1", registry.host()),
        ];
        let shell = Shell::new(&registry);
        let mut command = shell.home.command(OURS);
        let ran = shell.run_command(command.args(words));
        assert!(ran.code != 0, "{ran}");
        ran.prints("").says(said);
    }
}

/// The examples of BuildKit's documentation ("docker buildx imagetools inspect").
#[test]
fn templates_of_imagetools() {
    let (registry, index, images) = registry();
    for (template, name, expected) in [
        (
            "{{json .Manifest.Digest}}",
            "1",
            format!("\"{}\"", index.digest),
        ),
        ("{{len .Image}}", "1", "3".to_owned()),
        (
            "{{(index .Image \"linux/arm64\").architecture}}",
            "1",
            "arm64".to_owned(),
        ),
        (
            "{{json .Image}}",
            "amd64",
            String::from_utf8(images[0].config.clone()).unwrap(),
        ),
        (
            "{{json (index .Provenance \"linux/arm/v6\").SLSA}}",
            "1",
            r#"{"buildType":"b","builder":{"id":"https://ci.example/1"}}"#.to_owned(),
        ),
        (
            "{{range (index .SBOM \"linux/amd64\").SPDX.packages}}{{println .name}}{{end}}",
            "1",
            "a\nb\n".to_owned(),
        ),
    ] {
        let shell = Shell::new(&registry);
        let mut command = shell.home.command(OURS);
        command.args(["inspect", "--format", template]);
        let ran = shell.run_command(command.arg(format!("{}/app:{name}", registry.host())));
        ran.succeeds();
        let json = serde_json::from_str::<serde_json::Value>;
        match (json(&ran.stdout), json(&expected)) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{template}"),
            _ => assert_eq!(ran.stdout, format!("{expected}\n"), "{template}"),
        }
    }
}

#[test]
fn settings_set_another_default() {
    let (registry, ..) = registry();
    let mut shell = Shell::new(&registry);
    for name in ["manifest", "manifestx"] {
        shell.home.write_config(&format!(
            r#"{{"plugins": {{"{name}": {{"inspectFormat": "table"}}, "other": {{}}}}}}"#
        ));
        let ran = shell.run("inspect @/app:1");
        assert!(ran.succeeds().stdout.starts_with("Name: "), "{ran}");
    }
    // An empty variable counts as none.
    shell.home.set("DOCKER_MANIFEST_FORMAT", "");
    let ran = shell.run("inspect @/app:1");
    assert!(ran.succeeds().stdout.starts_with("Name: "), "{ran}");
    // Flags come before settings, and the variable before the file.
    let ran = shell.run("inspect --format docker @/app:1");
    assert!(ran.succeeds().stdout.starts_with('{'), "{ran}");
    let ran = shell.run("inspect -v @/app:1");
    assert!(ran.succeeds().stdout.starts_with('['), "{ran}");
    shell.home.set("DOCKER_MANIFEST_FORMAT", "{{.Size}}");
    let ran = shell.run("inspect @/app:1");
    assert!(ran.succeeds().stdout.trim().parse::<u64>().is_ok(), "{ran}");
    shell.home.set("DOCKER_MANIFEST_FORMAT", "yaml");
    let ran = shell.run("inspect @/app:1");
    ran.fails(1)
        .says("DOCKER_MANIFEST_FORMAT: \"yaml\": must be table");
    let shell = Shell::new(&registry);
    shell
        .home
        .write_config(r#"{"plugins": {"manifest": {"inspectFormat": ["table"]}}}"#);
    shell
        .run("inspect @/app:1")
        .fails(1)
        .says("inspectFormat in config.json: ")
        .says("must be table");
}

#[test]
fn flags_that_contradict_each_other() {
    let (registry, ..) = registry();
    for words in [
        "--local --remote",
        "--raw --digest",
        "--raw --format json",
        "-v --format json",
        "-v --raw",
        "-v --platform linux/amd64",
        "-v --deep",
    ] {
        let ran = inspect(&registry, &format!("{words} @/app:1"));
        ran.fails(125).prints("").says("cannot be used together");
    }
    assert_eq!(registry.lines(), [""; 0]);
}
