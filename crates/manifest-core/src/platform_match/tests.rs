//! The rules as a table, drawn from the documentation and the tests of containerd's package `platforms`.

use super::*;

/// An engine, the images that it runs in the order of preference, and images that it does not run.
const CASES: &[(&str, &str, &str)] = &[
    (
        "linux/amd64",
        "linux/amd64 linux/386",
        "linux/amd64/v2 linux/amd64/v3 linux/amd64/v4 linux/arm64 linux/arm/v7 linux/s390x linux/ppc64le linux/riscv64 \
         windows/amd64 darwin/amd64 freebsd/amd64 unknown/unknown linux/386/sse2",
    ),
    (
        "linux/amd64/v1",
        "linux/amd64 linux/386",
        "linux/amd64/v2 linux/amd64/v3 linux/arm64",
    ),
    (
        "linux/amd64/v2",
        "linux/amd64/v2 linux/amd64 linux/386",
        "linux/amd64/v3 linux/amd64/v4 linux/arm64",
    ),
    (
        "linux/amd64/v3",
        "linux/amd64/v3 linux/amd64/v2 linux/amd64 linux/386",
        "linux/amd64/v4 linux/arm/v5",
    ),
    (
        "linux/amd64/v4",
        "linux/amd64/v4 linux/amd64/v3 linux/amd64/v2 linux/amd64/v1 linux/386",
        "linux/amd64/v5 darwin/amd64",
    ),
    (
        "linux/386",
        "linux/386",
        "linux/amd64 linux/386/softfloat windows/386",
    ),
    ("linux/i386", "linux/386", "linux/amd64"),
    (
        "linux/x86_64",
        "linux/x86_64 linux/i386",
        "linux/amd64/v2 linux/arm64",
    ),
    (
        "linux/arm/v8",
        "linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5",
        "linux/arm64 linux/arm64/v8 linux/arm/v4 linux/arm/v9 linux/amd64",
    ),
    (
        "linux/arm/v7",
        "linux/arm/v7 linux/arm/v6 linux/arm/v5",
        "linux/arm/v8 linux/arm64 linux/arm/v4 linux/386",
    ),
    (
        "linux/arm",
        "linux/arm linux/arm/v6 linux/arm/v5",
        "linux/arm/v8 linux/arm64",
    ),
    (
        "linux/armhf",
        "linux/arm/v7 linux/armel linux/arm/v5",
        "linux/arm/v8",
    ),
    (
        "linux/arm/v6",
        "linux/arm/v6 linux/arm/v5",
        "linux/arm linux/arm/v7 linux/arm/v8 linux/arm64",
    ),
    (
        "linux/armel",
        "linux/arm/6 linux/arm/5",
        "linux/armhf linux/arm/7 linux/arm/8",
    ),
    (
        "linux/arm/v5",
        "linux/arm/v5",
        "linux/arm/v6 linux/arm/v7 linux/arm linux/arm/v4",
    ),
    (
        "linux/arm64",
        "linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5",
        "linux/arm64/v8.1 linux/arm64/v9 linux/arm/v4 linux/amd64 linux/arm/v9",
    ),
    (
        "linux/arm64/v8",
        "linux/arm64/v8 linux/arm/v8 linux/arm linux/arm/v6 linux/arm/v5",
        "linux/arm64/v8.2 linux/arm64/v9 linux/amd64 linux/386",
    ),
    (
        "linux/aarch64",
        "linux/aarch64 linux/arm/8 linux/armhf linux/armel",
        "linux/arm64/v9 linux/x86_64",
    ),
    (
        "linux/arm64/v8.2",
        "linux/arm64/v8.2 linux/arm64/v8.1 linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5",
        "linux/arm64/v8.3 linux/arm64/v9",
    ),
    (
        "linux/arm64/v9",
        "linux/arm64/v9 linux/arm64/v8.5 linux/arm64/v8.4 linux/arm64/v8.3 linux/arm64/v8.2 linux/arm64/v8.1 \
         linux/arm64/v8 linux/arm/v9 linux/arm/v8 linux/arm/v7 linux/arm/v6 linux/arm/v5",
        "linux/arm64/v9.1 linux/arm64/v8.6 linux/arm64/v10",
    ),
    (
        "linux/arm64/v9.2",
        "linux/arm64/v9.2 linux/arm64/v9.1 linux/arm64/v9 linux/arm64/v8.7 linux/arm64/v8.6 linux/arm64/v8.5 \
         linux/arm64/v8.1 linux/arm64 linux/arm/v8 linux/arm/v7 linux/arm/v5",
        "linux/arm64/v9.3 linux/arm64/v8.8 linux/arm/v9",
    ),
    // containerd reads minor versions of one digit.
    (
        "linux/arm64/v8.10",
        "linux/arm64/v8.10 linux/arm/v8",
        "linux/arm64/v8.9 linux/arm64/v8.1 linux/arm64",
    ),
    (
        "linux/s390x",
        "linux/s390x",
        "linux/amd64 linux/ppc64le unknown/unknown",
    ),
    (
        "linux/ppc64le",
        "linux/ppc64le",
        "linux/ppc64le/power9 linux/ppc64",
    ),
    (
        "linux/ppc64le/power9",
        "linux/ppc64le/power9",
        "linux/ppc64le linux/ppc64le/power8 linux/ppc64le/power10",
    ),
    (
        "linux/riscv64",
        "linux/riscv64",
        "linux/riscv64/rva22u64 linux/arm64",
    ),
    (
        "linux/mips64le",
        "linux/mips64le",
        "linux/mips64 linux/mips64le/softfloat",
    ),
    ("linux/loong64", "linux/loong64", "linux/amd64"),
    (
        "macos/arm64",
        "darwin/arm64 macos/arm",
        "linux/arm64 darwin/amd64",
    ),
    ("freebsd/amd64", "freebsd/amd64 freebsd/386", "linux/amd64"),
    ("LINUX/AMD64", "Linux/Amd64 linux/386", "linux/arm64"),
    // Without a version, each Windows fits; for other systems the version never counts.
    (
        "windows/amd64",
        "windows/amd64 windows/386",
        "linux/amd64 windows/arm64",
    ),
    (
        "windows/amd64",
        "windows(10.0.17763.1432)/amd64",
        "windows(10.0.17763.1432)/arm64",
    ),
    ("linux/amd64", "linux(6.1)/amd64", ""),
    ("linux(6.1)/amd64", "linux(5.4)/amd64", ""),
    // Before Windows Server 2022 the build has to be the same, whatever the revision.
    (
        "windows(10.0.17763)/amd64",
        "windows(10.0.17763.1432)/amd64",
        "windows(10.0.17762)/amd64 windows(10.0.18362)/amd64 windows(10.0.20348)/amd64 windows(10.1.17763)/amd64 \
         windows(6.0.17763)/amd64 windows(x)/amd64 windows(10.0)/amd64 linux/amd64",
    ),
    (
        "windows(10.0.17763.1)/amd64",
        "windows(10.0.17763.9999)/amd64",
        "windows(10.0.14393.1)/amd64",
    ),
    ("windows(10.0.17763)/amd64", "windows/amd64", ""),
    ("windows(10.0.17763)/amd64", "windows(10.0.17763)/386", ""),
    (
        "windows(10.0.19042)/amd64",
        "windows(10.0.19042)/amd64",
        "windows(10.0.17763)/amd64 windows(10.0.19041)/amd64",
    ),
    // From Windows Server 2022 on, a later build runs images from that build on.
    (
        "windows(10.0.20348)/amd64",
        "windows(10.0.20348.2113)/amd64",
        "windows(10.0.17763.1)/amd64 windows(10.0.20347)/amd64 windows(10.0.22621)/amd64 windows(10.0.26100)/amd64",
    ),
    (
        "windows(10.0.22621)/amd64",
        "windows(10.0.22621)/amd64",
        "windows(10.0.22622)/amd64 windows(10.0.17763)/amd64",
    ),
    (
        "windows(10.0.22621)/amd64",
        "windows(10.0.20348)/amd64",
        "windows(10.0.26100)/amd64",
    ),
    (
        "windows(10.0.26100)/amd64",
        "windows(10.0.26100.1)/amd64",
        "windows(10.0.17763)/amd64 windows(10.0.26101)/amd64",
    ),
    (
        "windows(10.0.26100)/amd64",
        "windows(10.0.22621)/amd64",
        "windows(11.0.22621)/amd64",
    ),
    (
        "windows(10.0.26100)/amd64",
        "windows(10.0.20348.1)/amd64",
        "windows(10.0.20347.9)/amd64",
    ),
    // A version of the engine that cannot be read counts as none.
    ("windows(x)/amd64", "windows(10.0.17763)/amd64", ""),
    ("windows(10.0)/amd64", "windows(10.0.20348)/amd64", ""),
    ("windows(10.0.99999)/amd64", "windows(10.0.20348)/amd64", ""),
    // The engine has to have each feature of the image.
    (
        "windows(10.0.17763+win32k)/amd64",
        "windows(10.0.17763+win32k)/amd64",
        "windows(10.0.17763+other)/amd64",
    ),
    (
        "windows(10.0.17763+win32k)/amd64",
        "windows(10.0.17763)/amd64",
        "windows(10.0.17763+other+win32k)/amd64",
    ),
    (
        "windows(10.0.17763)/amd64",
        "windows(10.0.17763)/amd64",
        "windows(10.0.17763+win32k)/amd64",
    ),
    (
        "windows(+win32k)/amd64",
        "windows(+win32k)/amd64",
        "windows(+other)/amd64",
    ),
    (
        "linux(+a+b)/amd64",
        "linux(+b+a)/amd64",
        "linux(+a+b+c)/amd64 linux(+c)/amd64",
    ),
    ("linux(+b+a)/amd64", "linux(+a)/amd64", "linux(+aa)/amd64"),
    (
        "linux(+a)/arm64",
        "linux(+a)/arm64 linux(+a)/arm/v7",
        "linux(+b)/arm/v7",
    ),
];

/// Parses a platform of the table, which need not exist.
fn platform(text: &str) -> Platform {
    let (name, features) = split_features(text);
    let mut parts = name.splitn(3, '/');
    let os = parts.next().unwrap();
    let (os, version) = os.split_once('(').unwrap_or((os, ""));
    Platform {
        os: os.to_owned(),
        os_version: version.trim_end_matches(')').to_owned(),
        architecture: parts.next().unwrap().to_owned(),
        variant: parts.next().unwrap_or_default().to_owned(),
        os_features: features,
        ..Platform::default()
    }
}

#[test]
fn the_table_of_rules_holds() {
    let mut checked = 0;
    for &(engine_text, runs, refuses) in CASES {
        let engine = Engine::new(&platform(engine_text));
        for image in runs.split_whitespace() {
            assert_eq!(
                engine.mismatch(&platform(image)),
                None,
                "{engine_text} runs {image}"
            );
            checked += 1;
        }
        for image in refuses.split_whitespace() {
            assert!(
                engine.mismatch(&platform(image)).is_some(),
                "{engine_text} does not run {image}"
            );
            checked += 1;
        }
        // The preferred image wins, wherever it stands in the list.
        let mut images: Vec<Platform> = runs.split_whitespace().map(platform).collect();
        while !images.is_empty() {
            let reversed: Vec<Option<&Platform>> = images.iter().rev().map(Some).collect();
            let chosen = engine.choose(&reversed).unwrap();
            assert_eq!(
                chosen.index,
                images.len() - 1,
                "{engine_text} prefers {}",
                images[0]
            );
            checked += 1;
            images.remove(0);
        }
    }
    assert!(checked >= 150, "only {checked} cases");
}

#[test]
fn the_first_of_equal_entries_wins() {
    let platforms = [
        "linux/arm/v6",
        "linux/arm64",
        "linux/arm64/v8",
        "linux/amd64",
    ]
    .map(platform);
    let entries = [
        None,
        Some(&platforms[0]),
        Some(&platforms[1]),
        Some(&platforms[2]),
        Some(&platforms[3]),
    ];
    let choice = |text: &str| {
        let found = Engine::parse(text).unwrap().choose(&entries);
        found.map(|choice| {
            (
                choice.index,
                choice.matched.to_string(),
                choice.is_own,
                choice.others,
            )
        })
    };
    assert_eq!(
        choice("linux/arm64"),
        Some((2, "linux/arm64".into(), true, vec![3]))
    );
    assert_eq!(
        choice("linux/arm"),
        Some((1, "linux/arm/v6".into(), false, vec![]))
    );
    assert_eq!(
        choice("linux/amd64/v3"),
        Some((4, "linux/amd64".into(), false, vec![]))
    );
    assert_eq!(choice("linux/arm/v5"), None);
    assert_eq!(choice("linux/s390x"), None);
}

#[test]
fn a_mismatch_is_that_of_the_closest_platform() {
    let mismatch =
        |engine: &str, image: &str| Engine::new(&platform(engine)).mismatch(&platform(image));
    for (engine, image, expected) in [
        ("linux/amd64", "windows/amd64", Mismatch::Os),
        ("linux/amd64", "linux/arm64", Mismatch::Architecture),
        ("linux/arm/v6", "linux/arm/v7", Mismatch::Variant),
        ("linux/arm64", "linux/arm/v9", Mismatch::Variant),
        (
            "windows(10.0.17763)/amd64",
            "windows(10.0.20348)/amd64",
            Mismatch::OsVersion,
        ),
        (
            "windows(10.0.17763)/amd64",
            "windows(10.0.17763+win32k)/amd64",
            Mismatch::OsFeatures(vec!["win32k".into()]),
        ),
    ] {
        assert_eq!(mismatch(engine, image), Some(expected), "{engine} {image}");
    }
}

#[test]
fn engines_are_parsed() {
    let engine = Engine::parse("windows(10.0.17763+win32k+b)/amd64").unwrap();
    assert_eq!(engine.platform.os_version, "10.0.17763");
    assert_eq!(engine.platform.os_features, ["win32k", "b"]);
    assert_eq!(engine.to_string(), "windows(10.0.17763)/amd64");
    assert_eq!(
        Engine::parse("linux/aarch64").unwrap().to_string(),
        "linux/arm64"
    );
    for text in [
        "",
        "amd64",
        "linux/",
        "linux/amd46",
        "windows(10/amd64",
        "linux(+a/amd64",
        "a/b/c/d",
    ] {
        assert!(Engine::parse(text).is_err(), "{text}");
    }
    // Counting down from a version has a bound.
    let hostile = platform("linux/arm/v4294967295");
    assert_eq!(Engine::new(&hostile).platforms().len(), 1);
}
