use super::*;

/// The results of manifest-tool's `strings.Replace(…, 1)` in the order `ARCH`, `OS`, `VARIANT`, where they are references.
#[test]
fn placeholders_as_in_manifest_tool() {
    for (template, platform, image) in [
        ("you/app-OS-ARCH:1", "linux/amd64", "you/app-linux-amd64:1"),
        ("you/app-ARCHVARIANT:1", "linux/amd64", "you/app-amd64:1"),
        ("you/app-ARCHVARIANT:1", "linux/arm/v7", "you/app-armv7:1"),
        ("app:OS-ARCH-VARIANT", "linux/arm/v7", "app:linux-arm-v7"),
        // The first of each only.
        ("app:ARCH-ARCH", "linux/amd64", "app:amd64-ARCH"),
        ("ARCH/app:OS", "windows(10.0.1)/amd64", "amd64/app:windows"),
        // A dash at the end of a tag is part of a reference, so it stays as there.
        ("app:1-ARCH-VARIANT", "linux/amd64", "app:1-amd64-"),
        // At the end of a repository it is none, so it goes.
        (
            "you/app-OS-ARCH-VARIANT:1",
            "linux/amd64",
            "you/app-linux-amd64:1",
        ),
        ("you/app_VARIANT/ARCH:1", "linux/amd64", "you/app/amd64:1"),
        ("VARIANT/ARCH:1", "linux/amd64", "/amd64:1"),
        // Names of images have the words as they are written.
        ("app:ARCH", "linux/x86_64", "app:x86_64"),
    ] {
        assert_eq!(fill(template, Words::of(platform)), image, "{template}");
    }
}

#[test]
fn words_that_are_placeholders() {
    for (image, has) in [
        ("you/app-OS-ARCH:1", true),
        ("app:ARCHVARIANT", true),
        ("app:1OS2", true),
        ("app:RHOSP", false),
        ("app:OSX", false),
        ("app:MARCH", false),
        ("app:arch", false),
        ("", false),
    ] {
        assert_eq!(has_placeholder_words(image), has, "{image}");
    }
}
