use super::*;
fn file(json: &[u8]) -> Arc<File> {
    Credentials::read("/x/auth.json", json).unwrap().files[0].clone()
}

fn auths_credential(json: &str, host: &str) -> Credential {
    let file = file(json.as_bytes());
    assert_eq!(file.helper(host), None);
    file.entry(host, "app")
        .map_or(Credential::Anonymous, |(key, entry)| {
            entry.read(key, "f").unwrap()
        })
}

fn basic(username: &str, password: &str) -> Credential {
    Credential::Basic {
        username: username.into(),
        password: Secret::new(password),
    }
}

#[test]
fn entry_keys() {
    let me = r#"{"auth":"bWU6cGFzczp3b3Jk"}"#; // me:pass:word
    for (key, host, found) in [
        ("reg.io", "reg.io", true),
        ("https://reg.io", "reg.io", true),
        ("http://reg.io/v2/", "reg.io", true),
        ("reg.io/path", "reg.io", true),
        ("reg.io:443", "reg.io", false),
        ("reg.io:5000", "reg.io:5000", true),
        ("reg.io", "reg.io:5000", false),
        ("reg.io", "my.reg.io", false),
        ("https://index.docker.io/v1/", "docker.io", true),
        ("https://index.docker.io/v1/", "registry-1.docker.io", true),
        ("index.docker.io", "docker.io", true),
        ("docker.io", "docker.io", true),
        ("https://registry-1.docker.io/v2/", "docker.io", true),
        ("https://index.docker.io/v1/", "quay.io", false),
        ("[::1]:5000", "[::1]:5000", true),
    ] {
        let json = format!(r#"{{"auths":{{"{key}":{me}}},"other":[1]}}"#);
        let expected = if found {
            basic("me", "pass:word")
        } else {
            Credential::Anonymous
        };
        assert_eq!(auths_credential(&json, host), expected, "{key} for {host}");
    }
}

#[test]
fn entry_formats() {
    for (entry, expected) in [
        (r#"{"username":"a","password":"b"}"#, basic("a", "b")),
        (
            r#"{"auth":"YTpi","username":"x","password":"y"}"#,
            basic("a", "b"),
        ),
        (r#"{"auth":"YTpiAAA="}"#, basic("a", "b")),
        (
            r#"{"auth":"YTpi","identitytoken":"t"}"#,
            Credential::IdentityToken(Secret::new("t")),
        ),
        (
            r#"{"username":"<token>","password":"t"}"#,
            Credential::IdentityToken(Secret::new("t")),
        ),
        (
            r#"{"registrytoken":"r"}"#,
            Credential::RegistryToken(Secret::new("r")),
        ),
        (r#"{"auth":null}"#, Credential::Anonymous),
        ("{}", Credential::Anonymous),
    ] {
        let json = format!(r#"{{"auths":{{"reg.io":{entry}}}}}"#);
        assert_eq!(auths_credential(&json, "reg.io"), expected, "{entry}");
    }
    assert_eq!(
        auths_credential(r#"{"auths":null,"credsStore":null}"#, "reg.io"),
        Credential::Anonymous
    );
}

#[test]
fn malformed_entries_are_named_but_not_quoted() {
    let json = br#"{"auths":{"reg.io":{"auth":"c2VjcmV0"},"ok.io":{"auth":"YTpi"}}}"#;
    let file = file(json);
    let (key, entry) = file.entry("reg.io", "app").unwrap();
    let error = entry.read(key, "/x/auth.json").unwrap_err().to_string();
    assert_eq!(
        error,
        "the credentials for reg.io in /x/auth.json cannot be read: \"auth\" is not the base64 form of user:password"
    );
    assert!(!format!("{file:?}").contains("c2VjcmV0"));
    let error = Credentials::from_config_json(br#"{"auths":{"a":{"auth":["c2VjcmV0"]}}}"#);
    assert!(!error.unwrap_err().to_string().contains("c2VjcmV0"));
}

#[test]
fn helpers_take_precedence() {
    let json = br#"{"credsStore":"all","credHelpers":{"gcr.io":"gcloud","quay.io":"",
        "docker.io":"hub"},"auths":{"gcr.io":{"auth":"YTpi"}}}"#;
    let credentials = Credentials::from_config_json(json).unwrap();
    let file = file(json);
    for (host, helper) in [
        ("gcr.io", Some(("gcloud", "gcr.io"))),
        ("ghcr.io", Some(("all", "ghcr.io"))),
        ("quay.io", None),
        ("docker.io", Some(("hub", DOCKER_HUB_KEY))),
    ] {
        let expected = helper.map(|(name, server)| Helper { name, server });
        assert_eq!(file.helper(host), expected, "{host}");
    }
    assert!(credentials.has_for("gcr.io", "app") && !credentials.has_for("quay.io", "app"));
}

#[test]
fn longest_namespace_key_wins() {
    let auth = |user: &str| serde_json::json!({ "username": user, "password": "x" });
    let json = serde_json::json!({
        "auths": {
            "quay.io": auth("host"),
            "quay.io/org": auth("org"),
            "quay.io/org/app": auth("app"),
            "quay.io/empty": {},
            "docker.io/org": auth("hub"),
        },
        "credHelpers": { "reg.io": "never-asked" },
    });
    let file = file(json.to_string().as_bytes());
    for (host, path, user) in [
        ("quay.io", "", "host"),
        ("quay.io", "other", "host"),
        ("quay.io", "organ", "host"),
        ("quay.io", "empty/app", "host"),
        ("quay.io", "org", "org"),
        ("quay.io", "org/other", "org"),
        ("quay.io", "org/app", "app"),
        ("quay.io", "org/app/deep", "app"),
        ("docker.io", "org/app", "hub"),
    ] {
        let (key, entry) = file.entry(host, path).unwrap();
        let found = entry.read(key, "f").unwrap();
        assert_eq!(found, basic(user, "x"), "{host}/{path}");
    }
    let both = Credentials {
        files: vec![file.clone(), file],
        ..Credentials::default()
    };
    assert_eq!(
        both.namespace_keys("quay.io", "org/app/x"),
        ["quay.io/org/app"; 2]
    );
    assert!(both.namespace_keys("quay.io", "other").is_empty());
}

#[test]
fn earlier_files_take_precedence() {
    let read = |name: &str, json: &str| Credentials::read(name, json.as_bytes()).unwrap();
    let first = read(
        "first",
        r#"{"auths":{"a.io":{"auth":"YTpi"},"empty.io":{}}}"#,
    );
    let second = read(
        "second",
        r#"{"auths":{"a.io":{"auth":"eDp5"},"b.io":{"auth":"eDp5"},"empty.io":{"auth":"eDp5"}}}"#,
    );
    let both = first.or_else(second);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    for (host, credential, source) in [
        ("a.io", basic("a", "b"), Some("the entry a.io in first")),
        ("b.io", basic("x", "y"), Some("the entry b.io in second")),
        (
            "empty.io",
            basic("x", "y"),
            Some("the entry empty.io in second"),
        ),
        ("c.io", Credential::Anonymous, None),
    ] {
        let found = runtime.block_on(both.find(host, "app")).unwrap();
        let source = source.map(str::to_owned);
        let expected = FoundCredential {
            credential,
            source,
            overrides_docker_login: host == "a.io",
        };
        assert_eq!(found, expected, "{host}");
    }
}

#[test]
fn a_login_is_for_one_host() {
    let login = |host: &str| {
        let secret = Secret::new("p");
        Credentials::of_login("--username and --password", host, "u", &secret)
    };
    let file = Credentials::read("file", br#"{"auths":{"b.io":{"auth":"eDp5"}}}"#).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let find = |credentials: &Credentials, host| {
        let found = runtime.block_on(credentials.find(host, "app")).unwrap();
        (found.credential, found.source.unwrap_or_default())
    };
    let both = login("a.io:5000").or_else(file);
    let flags = "--username and --password".to_owned();
    assert_eq!(find(&both, "a.io:5000"), (basic("u", "p"), flags.clone()));
    assert_eq!(find(&both, "a.io").0, Credential::Anonymous);
    assert_eq!(
        find(&both, "b.io"),
        (basic("x", "y"), "the entry b.io in file".to_owned())
    );
    assert_eq!(
        find(&login("docker.io"), "docker.io"),
        (basic("u", "p"), flags)
    );
    let found = runtime.block_on(login("a.io").find("a.io", "app")).unwrap();
    assert!(found.overrides_docker_login, "even without a file");
    assert!(!format!("{both:?}").contains("\"p\""), "{both:?}");
}
