//! Everything that may be wrong in a file.

use super::*;

/// What is wrong, and the errors: line, column, message.
const TABLE: &[(&str, &[&str])] = &[
    // YAML
    (
        "image: a\nmanifests:\n\t- image: b\n",
        &["3:1: a tab where YAML needs spaces"],
    ),
    (
        "image:\ta\nmanifests:\n  - image: b\n \t  platform: {}\n",
        &["1:7: a tab where YAML needs spaces"],
    ),
    (
        "image: a\nimage: b\nmanifests: [{image: c}]\n",
        &["2:1: the key \"image\" is there twice, first at line 1, column 1"],
    ),
    (
        "image: a\nmanifests: [{image: c, \"image\": d}]\n",
        &["2:24: the key \"image\" is there twice, first at line 2, column 14"],
    ),
    (
        "image: *x\n",
        &["1:8: no anchor of this name comes before the alias"],
    ),
    (
        "image: a\nmanifests: &x [*x]\n",
        &["2:16: the alias is inside of the value that it repeats"],
    ),
    (
        "image: !!binary YQ==\nmanifests: [{image: c}]\n",
        &[
            "1:8: the tag \"!!binary\" is not supported here",
            "1:8: \"YQ==\": invalid reference format: repository name (library/YQ==) must be lowercase",
        ],
    ),
    (
        "image: !mine a\nmanifests: !!set {}\n",
        &[
            "1:8: the tag \"!mine\" is not supported here",
            "2:12: the tag \"!!set\" is not supported here",
            "2:12: manifests must be a list, not a mapping",
        ],
    ),
    (
        "image: a\nmanifests:\n- image: b: c\n",
        &["3:11: a key is not allowed here"],
    ),
    (
        "image: a\nmanifests: [{image: b}\n",
        &["3:1: not YAML: while parsing a flow sequence, expected ',' or ']'"],
    ),
    (
        "image: 'a\n",
        &["1:8: not YAML: while scanning a quoted scalar, found unexpected end of stream"],
    ),
    (
        "image: a\n  tags: [b]\n",
        &["2:7: a key is not allowed here"],
    ),
    (
        "? [a]\n: b\nimage: a\nmanifests: [{image: b}]",
        &["1:3: a key must be a text"],
    ),
    ("? {a: b}\n: b\n", &["1:3: a key must be a text"]),
    (
        "<<: 1\nimage: a\nmanifests: [{image: b}]",
        &["1:5: the merge key \"<<\" takes a mapping, or a list of mappings"],
    ),
    (
        "<<: [1, {image: a}]\nmanifests: [{image: b}]",
        &["1:6: the merge key \"<<\" takes a mapping, or a list of mappings"],
    ),
    (
        "%YAML 9.9\n---\nimage: a\n",
        &["3:1: the list has no images"],
    ),
    ("@image: a", &["1:1: not YAML: unexpected character: `@'"]),
    ("image: `a`", &["1:8: not YAML: unexpected character: ``'"]),
    (
        "--- a\n",
        &["1:5: a document must be a mapping, not a text"],
    ),
    ("- a\n", &["1:1: a document must be a mapping, not a list"]),
    ("", &["the file is empty"]),
    ("---\n---\n", &["the file is empty"]),
    ("# only words\n", &["the file is empty"]),
    ("x-a: b\n", &["there are no lists"]),
    // characters
    (
        "\u{feff}image: a\r\nmanifests:\r\n- imag: b\r\n",
        &["3:3: unknown key \"imag\" in an image"],
    ),
    (
        "image: a # ä😀\nmanifests: [{image: b, annotations: {ä😀: [c]}, zzz: d}]\n",
        &[
            "2:42: \"ä😀\" must be a text, not a list",
            "2:48: unknown key \"zzz\" in an image",
        ],
    ),
    (
        "image: a\nmanifests: [{image: \u{1b}[31mb}]",
        &["2:21: the control character U+001B"],
    ),
    (
        "image: \"\\x1b[31m\"\nmanifests: [{image: b}]",
        &["1:8: \"\\u{1b}[31m\": invalid reference format"],
    ),
    (
        "image: a\u{202e}b\nmanifests: [{image: b}]",
        &["1:8: \"a\\u{202e}b\": invalid reference format"],
    ),
    // types
    (
        "image: [a]\nmanifests: {image: c}\ntags: b\nplatforms: a\n",
        &[
            "1:8: image must be a text, not a list",
            "2:12: manifests must be a list, not a mapping",
            "3:7: tags must be a list, not a text",
            "4:12: platforms must be a list, not a text",
        ],
    ),
    (
        "image: {a: b}\nmanifests: [c, [d], 1]\ntags: [[a], {b: c}, null]\n",
        &[
            "1:8: image must be a text, not a mapping",
            "2:13: an image must be a mapping, not a text",
            "2:16: an image must be a mapping, not a list",
            "2:21: an image must be a mapping, not a text",
            "3:8: an item of tags must be a text, not a list",
            "3:13: an item of tags must be a text, not a mapping",
            "3:21: an item of tags must be a text, not nothing",
        ],
    ),
    (
        "image: a\nmanifests:\n- image: b\n  platform: linux/amd64\n  annotations: [a=b]\n",
        &[
            "4:13: a platform must be a mapping, not a text",
            "5:16: annotations must be a mapping, not a list",
        ],
    ),
    (
        "image: a\nmanifests: []\n",
        &["2:12: the list has no images"],
    ),
    ("image: a\nmanifests:\n", &["2:1: the list has no images"]),
    ("manifests: [{image: b}]\n", &["1:1: the list has no name"]),
    (
        "image: a\nmanifests: [{platform: {os: linux}}]\n",
        &["2:13: the entry has no image"],
    ),
    (
        "image: a\nmanifests: [{image: b}]\ntype: OCI\norder: x\nattestations: none\nignoreMissing: yes\n",
        &[
            "3:7: type cannot be \"OCI\"",
            "4:8: order cannot be \"x\"",
            "5:15: attestations cannot be \"none\"",
            "6:16: ignoreMissing cannot be \"yes\"",
        ],
    ),
    (
        "annotations: {a: [b], '': c}\nimage: a\nmanifests: [{image: b}]\n",
        &[
            "1:18: \"a\" must be a text, not a list",
            "1:23: a key of annotations is empty",
        ],
    ),
    (
        "lists: {image: a}\n",
        &["1:8: lists must be a list, not a mapping"],
    ),
    (
        "lists: [a]\n",
        &["1:9: a list must be a mapping, not a text"],
    ),
    (
        "lists: []\nimage: b\n",
        &["2:1: lists and image exclude each other"],
    ),
    (
        "defaults: [a]\nvariables: [b]\ninclude: {c: d}\n",
        &[
            "1:11: the defaults must be a mapping, not a list",
            "2:12: variables must be a mapping, not a list",
            "3:10: include must be a list, not a mapping",
        ],
    ),
    (
        "defaults: {image: a, tags: b, order: x}\n",
        &[
            "1:12: unknown key \"image\" in the defaults",
            "1:22: unknown key \"tags\" in the defaults",
            "1:38: order cannot be \"x\"",
        ],
    ),
    (
        "variables: {A-B: c, 1: d, OK: [e]}\nimage: a\nmanifests: [{image: b}]\n",
        &[
            "1:13: \"A-B\" is not the name of a variable",
            "1:21: \"1\" is not the name of a variable",
            "1:31: OK must be a text, not a list",
        ],
    ),
    // keys
    (
        "imag: a\nmanifest: [{image: b}]\n",
        &[
            "1:1: unknown key \"imag\" in a document",
            "2:1: unknown key \"manifest\" in a document",
        ],
    ),
    (
        "image: a\nmanifests: [{image: b, os: linux, platfrom: {}}]\n",
        &[
            "2:24: unknown key \"os\" in an image",
            "2:35: unknown key \"platfrom\" in an image",
        ],
    ),
    (
        "image: a\nmanifests: [{image: b, platform: {os_version: 1, arch: arm, osversion: 1, os.version: 2}}]\n",
        &[
            "2:35: unknown key \"os_version\" in a platform",
            "2:50: unknown key \"arch\" in a platform",
            "2:75: \"os.version\" and \"osversion\" are the same key",
        ],
    ),
    (
        "Image: a\nignore_missing: true\nignore-missing: true\nartifact: b\nlists: []\nzzz: 1\n",
        &[
            "1:1: unknown key \"Image\" in a document",
            "2:1: unknown key \"ignore_missing\" in a document",
            "3:1: unknown key \"ignore-missing\" in a document",
            "4:1: unknown key \"artifact\" in a document",
            "6:1: unknown key \"zzz\" in a document",
        ],
    ),
    (
        "image: a\nmanifests: [{image: b}]\nplatform: {}\ndefaults: {image: a, lists: []}\n",
        &[
            "3:1: unknown key \"platform\" in a document",
            "4:12: unknown key \"image\" in the defaults",
            "4:22: unknown key \"lists\" in the defaults",
        ],
    ),
    // references and platforms
    (
        "image: A\ntags: [-a, 'b c', a@b, 'x/Y']\nmanifests: [{image: 'b:'}]\n",
        &[
            "1:8: \"A\": invalid reference format: repository name (library/A) must be lowercase",
            "3:21: \"b:\": invalid reference format",
        ],
    ),
    (
        "image: a@sha256:0000000000000000000000000000000000000000000000000000000000000000\nmanifests: [{image: b}]\n",
        &[
            "1:8: \"a@sha256:0000000000000000000000000000000000000000000000000000000000000000\" has a digest, but a list is published by tag",
        ],
    ),
    (
        "image: a\nmanifests:\n- image: b\n  platform: {os: linux, architecture: z80}\n- image: b\n  platform: {os: plan10}\n- image: b\n  platform: {architecture: z80}\n- image: b\n  platform: {os: windows, architecture: s390x}\n- image: b\n  platform: {os: linux, architecture: amd64, variant: v9}\n",
        &[
            "4:39: unknown platform \"linux/z80\"",
            "6:18: unknown operating system \"plan10\"",
            "8:28: unknown architecture \"z80\"",
            "10:41: unknown platform \"windows/s390x\"",
            "12:39: unknown platform \"linux/amd64/v9\": amd64 has no variant \"v9\", only v1, v2, v3, v4",
        ],
    ),
    (
        "image: a\nmanifests: [{image: b}]\nplatforms: [linux, linux/z80]\nrequire: [x/y/z]\nsubject: B\n",
        &[
            "3:13: invalid platform \"linux\": write os/arch or os/arch/variant, such as linux/arm/v7",
            "3:20: unknown platform \"linux/z80\"",
            "4:11: unknown platform \"x/y/z\"",
            "5:10: \"B\": invalid reference format: repository name (library/B) must be lowercase",
        ],
    ),
    (
        "image: a\ntemplate: b-ARCH\nplatforms: [linux/amd64, linux/x86_64]\nrequire: [linux/arm, linux/arm]\n",
        &[
            "3:26: the platform \"linux/x86_64\" is there twice",
            "4:22: the platform \"linux/arm\" is there twice",
        ],
    ),
    // names
    (
        "image: a:1\ntags: ['1']\nmanifests: [{image: b}]\n---\nimage: docker.io/library/a:1\nmanifests: [{image: b}]\n",
        &[
            "2:8: docker.io/library/a:1 is published twice, first at a.yaml:1:8",
            "5:8: docker.io/library/a:1 is published twice, first at a.yaml:1:8",
        ],
    ),
    // templates
    (
        "image: a\ntemplate: b\nplatforms: [linux/amd64]\n",
        &["2:11: the template \"b\" has no placeholder"],
    ),
    (
        "image: a\ntemplate: b-ARCH\n",
        &["2:11: the template has no platforms"],
    ),
    (
        "image: a\ntemplate: b-ARCH\nplatforms: []\n",
        &["2:11: the template has no platforms"],
    ),
    (
        "image: a\ntemplate: b-ARCH\nplatforms: [linux/amd46]\n",
        &["3:13: unknown platform \"linux/amd46\""],
    ),
    (
        "image: a\ntemplate: b-ARCH\nmanifests: [{image: b}]\n",
        &["2:11: manifests and template exclude each other"],
    ),
    (
        "image: a\nmanifests: [{image: b-ARCH}]\n",
        &["2:21: \"b-ARCH\" has placeholders, but no platform to fill them"],
    ),
    // variables
    (
        "image: a:${VERSION}\nmanifests: [{image: \"$X\"}]\n",
        &[
            "1:8: the variable VERSION has no value",
            "2:21: the variable X has no value",
        ],
    ),
    (
        "image: a:${VERSION\ntags: ['$1', '${}', '${A b}', '$']\nmanifests: [{image: b}]\n",
        &[
            "1:8: invalid variable \"${VERSION\"",
            "2:8: invalid variable \"$1\"",
            "2:14: invalid variable \"${}\"",
            "2:21: invalid variable \"${A b}\"",
            "2:31: invalid variable \"$\"",
        ],
    ),
    (
        "image: a:${VERSION:?state the version}\nmanifests: [{image: b}]\n",
        &["1:8: the variable VERSION has no value: \"state the version\""],
    ),
];

#[test]
fn bad_input() {
    for (yaml, expected) in TABLE {
        let Err(errors) = load(&[text(yaml)], &Variables::default()) else {
            panic!("no error: {yaml}")
        };
        let lines = errors.errors().iter().map(ToString::to_string);
        let lines: Vec<String> = lines
            .map(|line| line["a.yaml:".len()..].trim_start().to_owned())
            .collect();
        assert_eq!(lines, *expected, "{yaml}");
        assert!(errors.errors().iter().all(|error| error.hint.is_some()));
    }
}

#[test]
fn hints() {
    for (yaml, expected) in [
        ("imgae: a", "did you mean `image`?"),
        ("ignore_missing: true", "did you mean `ignoreMissing`?"),
        (
            "platform: {}",
            "\"platform\" is a key of an image: check the indentation",
        ),
        (
            "image: a\nmanifests: [{image: b, os: c}]",
            "\"os\" is a key of a platform: check the indentation",
        ),
        (
            "image: a\nmanifests: [{image: b, platform: {arch: c}}]",
            "did you mean `architecture`?",
        ),
        (
            "image: a\nmanifests: [{image: b, platform: {osVersion: c}}]",
            "did you mean `os.version`?",
        ),
        (
            "image: a\nmanifests: [{image: b, zzz: c}]",
            "the keys of an image are image, platform, annotations",
        ),
        ("image:\n\ta: b", "replace the tab by spaces"),
        (
            "image: a\nmanifests: [{image: b}]\ntype: x",
            "type is one of auto, docker, oci",
        ),
    ] {
        let errors = load(&[text(yaml)], &Variables::default()).unwrap_err();
        assert_eq!(errors.hints()[0], expected, "{yaml}");
    }
}
