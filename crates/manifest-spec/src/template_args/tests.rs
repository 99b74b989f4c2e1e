use super::*;

fn args(template: &str, platforms: &str, target: &str, tags: &str) -> TemplateArgs {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    TemplateArgs {
        template: template.to_owned(),
        platforms: words(platforms),
        target: target.to_owned(),
        tags: words(tags),
        ..TemplateArgs::default()
    }
}

#[test]
fn a_template() {
    let platforms = "linux/amd64 linux/arm/v7 windows/amd64";
    let args = args(
        "foo/bar-OS-ARCH-VARIANT:v1",
        platforms,
        "foo/bar:v1",
        "v1.0 ghcr.io/foo/bar:v1",
    );
    let list = from_template(&args).unwrap();
    let images: Vec<&str> = list.images.iter().map(|image| &*image.image).collect();
    assert_eq!(
        images,
        [
            "foo/bar-linux-amd64:v1",
            "foo/bar-linux-arm-v7:v1",
            "foo/bar-windows-amd64:v1"
        ]
    );
    assert_eq!(list.list.to_string(), "docker.io/foo/bar:v1");
    let tags: Vec<String> = list.tags.iter().map(ToString::to_string).collect();
    assert_eq!(tags, ["docker.io/foo/bar:v1.0", "ghcr.io/foo/bar:v1"]);
    let platform = &list.images[1].platform;
    assert_eq!(
        (
            platform.os.as_deref(),
            platform.architecture.as_deref(),
            platform.variant.as_deref()
        ),
        (Some("linux"), Some("arm"), Some("v7"))
    );
    assert!(!list.by_digest && !list.ignores_missing);
}

#[test]
fn errors_name_the_flags() {
    for (args, expected) in [
        (
            args("foo/bar:v1", "", "foo/bar:v1", "v1 w w -x"),
            "--template: the template \"foo/bar:v1\" has no placeholder\n\
             --platforms: there are no platforms\n\
             --tags: docker.io/foo/bar:v1 is published twice, first at --target\n\
             --tags: docker.io/foo/bar:w is published twice, first at --tags\n\
             --tags: \"-x\" is not a tag",
        ),
        (
            args(
                "foo/bar-ARCH",
                "linux/amd64 linux linux/z80 linux/x86_64",
                "foo/bar@sha256:1",
                "",
            ),
            "--target: \"foo/bar@sha256:1\": invalid reference format\n\
             --platforms: invalid platform \"linux\": write os/arch or os/arch/variant, such as linux/arm/v7\n\
             --platforms: unknown platform \"linux/z80\"\n\
             --platforms: the platform \"linux/x86_64\" is there twice",
        ),
        (
            args("foo/BAR-ARCH", "linux/amd64", "foo/bar", ""),
            "--platforms: \"foo/BAR-amd64\": invalid reference format: repository name (foo/BAR-amd64) must be lowercase",
        ),
    ] {
        let errors = from_template(&args).unwrap_err();
        let mut lines: Vec<String> = errors.errors().iter().map(ToString::to_string).collect();
        let mut expected: Vec<&str> = expected.lines().collect();
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!(lines, expected);
        assert!(errors.errors().iter().all(|error| error.hint.is_some()));
    }
}
