use super::*;

const HASH: &str = "4bcff63911fcb4448bd4fdacec207030997caf25e9bea4045fa6c8c44de311d1";

#[test]
fn normal_form() {
    let with_digest = format!("localhost:5000/a/b:t@sha256:{HASH}");
    let only_digest = format!("alpine@sha256:{HASH}");
    for (typed, full) in [
        ("alpine", "docker.io/library/alpine:latest".to_owned()),
        ("alpine:3", "docker.io/library/alpine:3".into()),
        ("me/app", "docker.io/me/app:latest".into()),
        ("docker.io/alpine", "docker.io/library/alpine:latest".into()),
        (
            "index.docker.io/alpine",
            "docker.io/library/alpine:latest".into(),
        ),
        ("index.docker.io/me/app", "docker.io/me/app:latest".into()),
        ("localhost/x", "localhost/x:latest".into()),
        ("LOCALHOST/x", "LOCALHOST/x:latest".into()),
        ("Reg/x", "Reg/x:latest".into()),
        ("localhost:5000/x", "localhost:5000/x:latest".into()),
        ("localhost:5000", "docker.io/library/localhost:5000".into()),
        ("[::1]:5000/x:1", "[::1]:5000/x:1".into()),
        ("[fe80::1]/x", "[fe80::1]/x:latest".into()),
        ("ghcr.io/a/b/c:v1.2-rc_3", "ghcr.io/a/b/c:v1.2-rc_3".into()),
        ("a__b/c---d.e", "docker.io/a__b/c---d.e:latest".into()),
        (&with_digest, with_digest.clone()),
        (
            &only_digest,
            format!("docker.io/library/alpine@sha256:{HASH}"),
        ),
    ] {
        assert_eq!(
            Reference::parse(typed).unwrap().to_string(),
            full,
            "{typed}"
        );
        assert_eq!(Reference::parse_canonical(&full).unwrap().to_string(), full);
    }
}

#[test]
fn refusals() {
    use ReferenceError::*;
    let name = "a".repeat(250);
    for (typed, error) in [
        ("", Format),
        (":1", Format),
        ("a:", Format),
        ("a@", Format),
        ("a//b", Format),
        ("/a", Format),
        ("a/", Format),
        ("-a", Format),
        ("a_", Format),
        ("a..b", Format),
        ("a___b", Format),
        ("a b", Format),
        ("reg.io:x/a", Format),
        ("-reg.io/a", Format),
        ("[::1/a", Format),
        ("a:-1", Format),
        ("a@sha256:12", Format),
        ("App", Uppercase("library/App".into())),
        ("me/App:1", Uppercase("me/App".into())),
        ("quay.io/Me/app", Uppercase("Me/app".into())),
        (HASH, BareHash(HASH.into())),
    ] {
        assert_eq!(Reference::parse(typed), Err(error), "{typed}");
    }
    let digest = |text: String| Reference::parse(&text).unwrap_err();
    assert_eq!(
        digest(format!("a@sha256:{}", "a".repeat(40))),
        DigestError::Length.into()
    );
    assert_eq!(
        digest(format!("a@md5:{}", "a".repeat(32))),
        DigestError::Algorithm.into()
    );
    assert_eq!(digest(format!("a:{}", "t".repeat(129))), Format);
    assert!(Reference::parse(&format!("a:{}", "t".repeat(128))).is_ok());
    assert_eq!(digest(format!("q.io/{name}/aaaaa")), TooLong);
    assert!(Reference::parse(&format!("q.io/{name}/aaaa")).is_ok());
}

#[test]
fn canonical_form_is_demanded() {
    for text in [
        "alpine",
        "docker.io/alpine:1",
        "index.docker.io/library/alpine:1",
        "me/app:1",
    ] {
        assert!(Reference::parse_canonical(text).is_err(), "{text}");
    }
    assert!(Reference::parse_canonical("localhost/x").is_ok());
}

/// Names, and the answer of `docker manifest rm NAME` of Docker's CLI 28.2.2 to each: the full form, or the error.
/// `tests/it/fidelity/references.rs` asks Docker's CLI itself about random names.
const RECORDED: &[(&str, &str)] = &[
    ("foo_bar.com/x", "foo_bar.com/x:latest"),
    ("foo_bar.com/x:1", "foo_bar.com/x:1"),
    ("latest__docker.io/a", "latest__docker.io/a:latest"),
    ("foo_bar.com", "docker.io/library/foo_bar.com:latest"),
    ("foo_bar.com:80/x", "invalid reference format"),
    ("foo___bar.com/x", "invalid reference format"),
    ("Foo_bar.com/x", "repository name must be lowercase"),
    ("FOO_BAR/x:1", "repository name must be lowercase"),
    ("foo_bar/x", "docker.io/foo_bar/x:latest"),
    ("local_host:5000/x", "invalid reference format"),
    ("foo.com.", "invalid reference format"),
    ("foo.com./x", "invalid reference format"),
    ("foo--bar.com/x", "foo--bar.com/x:latest"),
    ("foo-.com/x", "invalid reference format"),
    ("foo..com/x", "invalid reference format"),
    ("index.docker.io/a/b", "docker.io/a/b:latest"),
    ("INDEX.docker.io/a", "INDEX.docker.io/a:latest"),
    ("Docker.io/a", "Docker.io/a:latest"),
    ("docker.io", "docker.io/library/docker.io:latest"),
    ("docker.io/", "invalid reference format"),
    ("localhost", "docker.io/library/localhost:latest"),
    ("localhost/a", "localhost/a:latest"),
    ("Localhost/a", "Localhost/a:latest"),
    ("a//b", "invalid reference format"),
    ("foo.com//a", "invalid reference format"),
    ("foo.com:/a", "invalid reference format"),
    ("foo.com:x/a", "invalid reference format"),
    ("foo.com/a:", "invalid reference format"),
    ("[FE80::1]:80/a", "[FE80::1]:80/a:latest"),
    ("[fe80::1%eth0]/a", "invalid reference format"),
    ("[]/a", "invalid reference format"),
    ("[::1]", "invalid reference format"),
    ("::1/a", "invalid reference format"),
    ("user@foo.com/a", "invalid reference format"),
    ("https://foo.com/a", "invalid reference format"),
    ("bücher.example/a", "invalid reference format"),
    ("BÜCHER/a", "invalid reference format"),
    (
        "Ä",
        "invalid reference format: repository name (library/Ä) must be lowercase",
    ),
    ("a/ä", "invalid reference format"),
    ("a:ä", "invalid reference format"),
    ("\u{212a}ube/a", "repository name must be lowercase"),
    ("a:\u{212a}", "repository name must be lowercase"),
    ("\u{130}/a", "repository name must be lowercase"),
    ("a:\u{130}", "repository name must be lowercase"),
    ("a:t/b", "invalid reference format"),
    ("a:t:u", "invalid reference format"),
    ("a@sha256:<HASH>", "invalid checksum digest format"),
    ("a:t@SHA256:<hash>", "invalid checksum digest format"),
    (
        "a@SHA256:<hash>",
        "invalid reference format: repository name (library/a@SHA256) must be lowercase",
    ),
    ("a@sha512:<hash>", "invalid checksum digest length"),
    ("a@a..b:<hash>", "invalid reference format"),
    ("a@1a:<hash>", "invalid reference format"),
    ("a@sha256:<less>", "invalid reference format"),
    ("a@sha256:<half>", "invalid checksum digest length"),
    ("a@sha256:<hash>@sha256:<hash>", "invalid reference format"),
    ("foo_bar.com/x@sha256:<hash>", "foo_bar.com/x@sha256:<hash>"),
    (
        "<hash>",
        "invalid repository name (<hash>), cannot specify 64-byte hexadecimal strings",
    ),
    (
        "<HASH>",
        "invalid reference format: repository name (library/<HASH>) must be lowercase",
    ),
    ("foo.com/<hash>", "foo.com/<hash>:latest"),
    ("<hash>:1", "docker.io/library/<hash>:1"),
];

#[test]
fn odd_names_parse_as_in_docker() {
    let lower = &HASH[..32];
    for (typed, docker) in RECORDED {
        let fill = |text: &str| {
            text.replace("<hash>", HASH)
                .replace("<HASH>", &HASH.to_uppercase())
                .replace("<half>", lower)
                .replace("<less>", &lower[1..])
        };
        let (typed, docker) = (fill(typed), fill(docker));
        let ours = match Reference::parse(&typed) {
            Ok(reference) => {
                let full = reference.to_string();
                assert_eq!(Reference::parse_canonical(&full), Ok(reference));
                full
            }
            Err(error) => error.to_string(),
        };
        assert_eq!(ours, docker, "{typed}");
    }
}

#[test]
fn a_name_without_a_registry() {
    let reference = Reference::parse("foo_bar.com/a/b").unwrap();
    assert_eq!(reference.domain(), "");
    assert_eq!(reference.path(), "foo_bar.com/a/b");
    assert_eq!(reference.repository().to_string(), "foo_bar.com/a/b");
    // The whole name counts here; a registry would not count.
    let name = "a".repeat(243);
    assert!(Reference::parse(&format!("foo_bar.com/{name}")).is_ok());
    let long = Reference::parse(&format!("foo_bar.com/{name}a"));
    assert_eq!(long, Err(ReferenceError::TooLong));
    assert!(Reference::parse(&format!("foo-bar.com/{name}a")).is_ok());
}

#[test]
fn names_of_repositories() {
    for (text, expected) in [
        ("alpine", Ok("docker.io/library/alpine")),
        ("localhost:5000/app", Ok("localhost:5000/app")),
        ("q.io/a/b", Ok("q.io/a/b")),
        ("q.io/app:1", Err("q.io/app")),
        ("q.io:5000/app:1", Err("q.io:5000/app")),
        ("app@sha256:<HASH>", Err("docker.io/library/app")),
        ("localhost:5000", Err("docker.io/library/localhost")),
    ] {
        let parsed = Repository::parse(&text.replace("<HASH>", HASH));
        let named = match &parsed {
            Ok(repository) => Ok(repository.to_string()),
            Err(RepositoryError::OneManifest(repository)) => Err(repository.to_string()),
            Err(RepositoryError::Reference(error)) => panic!("{text}: {error}"),
        };
        assert_eq!(named.as_deref().map_err(String::as_str), expected, "{text}");
    }
    let parsed = Repository::parse("q.io/App");
    assert!(
        matches!(parsed, Err(RepositoryError::Reference(_))),
        "{parsed:?}"
    );
}
