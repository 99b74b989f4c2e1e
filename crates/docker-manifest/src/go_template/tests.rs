//! Templates as Docker's documentation and BuildKit's `imagetools inspect` have them.

use serde_json::json;

use super::*;

fn data() -> Json {
    json!({
        "name": "example.com/app:1.0",
        "mediaType": "application/vnd.oci.image.index.v1+json",
        "digest": "sha256:abc",
        "size": 1609,
        "annotations": {"org.example.A b": "<x>"},
        "created": null,
        "manifests": [
            {"digest": "sha256:1", "size": 10, "kind": "image",
             "platform": {"os": "linux", "architecture": "amd64"}},
            {"digest": "sha256:2", "size": 20, "kind": "attestation",
             "platform": {"os": "windows", "architecture": "arm64", "os.version": "10.0.1", "os.features": ["a", "b"]}},
        ],
    })
}

#[test]
fn templates_render_as_gos_do() {
    for (template, expected) in [
        ("{{.Name}}", "example.com/app:1.0"),
        (
            "{{ .Size }} {{.MediaType}}",
            "1609 application/vnd.oci.image.index.v1+json",
        ),
        (
            "{{range .Manifests}}{{.Digest}} {{end}}",
            "sha256:1 sha256:2 ",
        ),
        (
            "{{range $i, $m := .Manifests}}{{if $i}}, {{end}}{{$m.Platform.OS}}{{end}}",
            "linux, windows",
        ),
        (
            "{{range .Manifests}}{{println .Platform.Architecture}}{{end}}",
            "amd64\narm64\n",
        ),
        (
            "{{range .Manifests}}{{printf \"%-8s|%5d\" .Platform.OS .Size}};{{end}}",
            "linux   |   10;windows |   20;",
        ),
        ("{{json .Digest}}", "\"sha256:abc\""),
        ("{{json .Annotations}}", r#"{"org.example.A b":"<x>"}"#),
        ("{{index .Annotations \"org.example.A b\"}}", "<x>"),
        ("{{len .Manifests}}", "2"),
        ("{{(index .Manifests 1).Digest}}", "sha256:2"),
        ("{{with index .Manifests 0}}{{.Kind}}{{end}}", "image"),
        (
            "{{upper .Name}} {{lower \"AB\"}} {{title \"ab\"}}",
            "EXAMPLE.COM/APP:1.0 ab Ab",
        ),
        (
            "{{join (split .Name \":\") \" at \"}}",
            "example.com/app at 1.0",
        ),
        (
            "{{range .Manifests}}{{if eq .Kind \"image\"}}{{.Digest}}{{else}}-{{end}}{{end}}",
            "sha256:1-",
        ),
        (
            "{{if and (gt .Size 1000) (ne .Name \"\")}}big{{end}}",
            "big",
        ),
        ("{{if not .Created}}no date{{end}}", "no date"),
        (
            "{{truncate .Name 7}}|{{pad \"x\" 1 2}}|{{pad \"\" 1 2}}|",
            "example| x  ||",
        ),
        ("{{- /* a comment */ -}} a  {{- \"b\"}}", "ab"),
        (
            "{{$d := .Digest}}{{range .Manifests}}{{$d}};{{end}}",
            "sha256:abc;sha256:abc;",
        ),
        (
            "{{define \"p\"}}{{.OS}}/{{.Architecture}}{{end}}{{range .Manifests}}{{template \"p\" .Platform}} {{end}}",
            "linux/amd64 windows/arm64 ",
        ),
        ("{{.Name | upper | json}}", "\"EXAMPLE.COM/APP:1.0\""),
        ("{{(index .Manifests 1).Platform.OSVersion}}", "10.0.1"),
        (
            "{{json (index .Manifests 1).Platform}}",
            r#"{"architecture":"arm64","os":"windows","os.features":["a","b"],"os.version":"10.0.1"}"#,
        ),
        ("{{range .Nothing}}{{end}}", "error"),
        ("日本 {{.Size}}", "日本 1609"),
    ] {
        let rendered = GoTemplate::parse(template).and_then(|template| template.render(&data()));
        match rendered {
            Ok(text) => assert_eq!(text, expected, "{template}"),
            Err(error) => assert_eq!("error", expected, "{template}: {error}"),
        }
    }
}

#[test]
fn json_of_everything_is_the_data() {
    let text = GoTemplate::parse("{{json .}}")
        .unwrap()
        .render(&data())
        .unwrap();
    assert_eq!(serde_json::from_str::<Json>(&text).unwrap(), data());
}

#[test]
fn errors_name_their_place() {
    for (template, place) in [
        ("{{", "1"),
        ("{{.Name", "1"),
        ("a\nb {{nonsense}}", "2"),
        ("{{range .Manifests}}", "1"),
        ("{{end}}", "1"),
        ("{{if}}{{end}}", "1"),
        ("{{\"open}}", "1"),
        ("{{.Name}} {{.Missing}}", "1"),
        ("x\n\n{{join .Name \",\"}}", "3"),
        ("{{index .Manifests 9}}", "1"),
        ("{{json}}", "1"),
    ] {
        let error = GoTemplate::parse(template).and_then(|template| template.render(&data()));
        let error = error.expect_err(template).to_string();
        assert!(
            error.contains(&format!("format:{place}:")),
            "{template}: {error}"
        );
    }
}

#[test]
fn hostile_templates_end() {
    let deep = "{{if .Name}}".repeat(5000);
    let long = "{{range .Manifests}}".repeat(40) + &"{{end}}".repeat(40);
    for template in [
        deep.as_str(),
        long.as_str(),
        "{{define \"a\"}}{{template \"a\" .}}{{end}}{{template \"a\" .}}",
        "{{printf \"%999999999d\" 1}}",
        "{{range 99999999999}}x{{end}}",
    ] {
        let rendered = GoTemplate::parse(template).and_then(|template| template.render(&data()));
        assert!(rendered.map_or(0, |text| text.len()) < OUTPUT_BYTES);
    }
}
