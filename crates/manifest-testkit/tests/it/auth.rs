//! Basic authentication, and tokens at both registries.

use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::suite::{Setup, TestRegistry, kinds};
use manifest_testkit::token::{TokenBuilder, TokenField};
use manifest_testkit::{Client, EmbeddedRegistry, TokenServer, seed};

fn tokens() -> TokenBuilder {
    TokenServer::builder().user("alice", "secret").user_with(
        "bob",
        "hunter2",
        &[("team/*", "pull,push"), ("base", "pull")],
    )
}

/// Asks for a token with a GET and returns it.
fn get_token(tokens: &TokenServer, login: Option<(&str, &str)>, scopes: &[&str]) -> String {
    let mut client = Client::new(&tokens.host());
    if let Some((user, password)) = login {
        client = client.basic(user, password);
    }
    let scopes: String = scopes
        .iter()
        .map(|scope| format!("&scope={scope}"))
        .collect();
    let path = format!("/token?service={}{scopes}", tokens.service());
    let response = client.get(&path).unwrap();
    assert_eq!(response.status, 200, "{}", response.text());
    response.json()["token"].as_str().unwrap().to_owned()
}

#[test]
fn basic_authentication_is_demanded() {
    let registry = EmbeddedRegistry::builder()
        .basic_auth("a", "1")
        .basic_auth("b", "2")
        .start();
    let client = Client::new(&registry.host());
    let response = client.get("/v2/").unwrap();
    assert_eq!(
        (response.status, response.error_code().as_str()),
        (401, "UNAUTHORIZED")
    );
    assert_eq!(
        response.header("www-authenticate"),
        Some("Basic realm=\"testkit\"")
    );
    assert_eq!(
        client.clone().basic("a", "2").get("/v2/").unwrap().status,
        401
    );
    assert_eq!(
        client.clone().basic("b", "2").get("/v2/").unwrap().status,
        200
    );
}

#[test]
fn a_token_grants_its_scopes() {
    let image = Image::docker().build();
    for kind in kinds() {
        let tokens = tokens().start();
        let registry = TestRegistry::start_with(
            kind,
            Setup {
                tokens: Some(&tokens),
                ..Setup::default()
            },
        );
        let open = registry.client();
        let challenge = |response: manifest_testkit::client::Response| {
            assert_eq!(response.status, 401, "{kind:?}");
            assert_eq!(response.error_code(), "UNAUTHORIZED");
            response.header("www-authenticate").unwrap().to_owned()
        };
        let begin = format!("Bearer realm=\"{}\",service=\"testkit\"", tokens.realm());
        assert_eq!(challenge(open.get("/v2/").unwrap()), begin);
        let expect = format!("{begin},scope=\"repository:team/app:pull\"");
        assert_eq!(
            challenge(open.get("/v2/team/app/manifests/1").unwrap()),
            expect
        );

        let alice = Some(("alice", "secret"));
        let push = get_token(&tokens, alice, &["repository:team/app:pull,push"]);
        seed::push_with(&open.clone().bearer(&push), "team/app", "1", &image);

        let pull = get_token(&tokens, alice, &["repository:team/app:pull"]);
        let client = open.clone().bearer(&pull);
        assert_eq!(client.get("/v2/").unwrap().status, 200);
        assert_eq!(client.get("/v2/team/app/manifests/1").unwrap().status, 200);
        let response = client.put(
            "/v2/team/app/manifests/2",
            &image.media_type,
            &image.manifest,
        );
        let text = challenge(response.unwrap());
        assert!(text.contains("repository:team/app:"), "{kind:?}: {text}");
        assert!(
            text.ends_with(",error=\"insufficient_scope\""),
            "{kind:?}: {text}"
        );

        let text = challenge(open.clone().bearer("no.such.token").get("/v2/").unwrap());
        assert!(
            text.ends_with(",error=\"invalid_token\""),
            "{kind:?}: {text}"
        );
    }
}

#[test]
fn a_mount_needs_both_scopes_in_one_token() {
    let image = Image::docker().build();
    for kind in kinds() {
        let tokens = tokens().start();
        let registry = TestRegistry::start_with(
            kind,
            Setup {
                tokens: Some(&tokens),
                ..Setup::default()
            },
        );
        let alice = Some(("alice", "secret"));
        let target = "repository:team/app:pull,push";
        let source = "repository:base:pull";
        let push = get_token(&tokens, alice, &["repository:base:pull,push"]);
        seed::push_with(&registry.client().bearer(&push), "base", "1", &image);
        let digest = &image.config_digest;
        let path = format!("/v2/team/app/blobs/uploads/?mount={digest}&from=base");
        let mount = |token: &str| {
            registry
                .client()
                .bearer(token)
                .post(&path, "", &[])
                .unwrap()
        };

        let small = mount(&get_token(&tokens, alice, &[target]));
        assert_eq!(small.status, 401, "{kind:?}");
        let scope = small.header("www-authenticate").unwrap();
        assert!(
            scope.contains("repository:team/app:") && scope.contains(source),
            "{scope}"
        );
        let both = get_token(&tokens, Some(("bob", "hunter2")), &[target, source]);
        assert_eq!(mount(&both).status, 201, "{kind:?}");
        let joined = format!("{target}%20{source}");
        assert_eq!(mount(&get_token(&tokens, alice, &[&joined])).status, 201);
        let asked = format!("{target} {source}");
        assert_eq!(tokens.requested_scopes()[2..], [asked.clone(), asked]);
    }
}

#[test]
fn permissions_reduce_the_requested_scopes() {
    let tokens = tokens().anonymous(&[("public", "pull")]).start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    registry.seed("team/app", "1", &Image::docker().build());
    registry.seed("public", "1", &Image::docker().build());
    registry.seed("private", "1", &Image::docker().build());
    let status = |token: &str, repository: &str| {
        let client = Client::new(&registry.host()).bearer(token);
        client
            .get(&format!("/v2/{repository}/manifests/1"))
            .unwrap()
            .status
    };
    let scope = |repository: &str| format!("repository:{repository}:pull,push");
    let check = |login, repository: &str, expect: u16| {
        let token = get_token(&tokens, login, &[&scope(repository)]);
        assert_eq!(status(&token, repository), expect, "{login:?} {repository}");
    };
    check(None, "public", 200);
    check(None, "private", 401);
    check(Some(("bob", "hunter2")), "team/app", 200);
    check(Some(("bob", "hunter2")), "private", 401);
    check(Some(("alice", "secret")), "private", 200);
    let wrong = Client::new(&tokens.host())
        .basic("bob", "x")
        .get("/token")
        .unwrap();
    assert_eq!(wrong.status, 401);
}

#[test]
fn oauth2_grants_are_understood() {
    let tokens = tokens()
        .refresh_token("bob", "idtoken")
        .expires_in(300)
        .start();
    let post = |form: &str| {
        let form_type = "application/x-www-form-urlencoded";
        Client::new(&tokens.host())
            .post("/token", form_type, form.as_bytes())
            .unwrap()
    };
    let response = post(
        "grant_type=refresh_token&refresh_token=idtoken&service=testkit\
        &client_id=x&scope=repository%3Abase%3Apull",
    );
    assert_eq!(response.status, 200);
    assert_eq!(response.json()["expires_in"], 300);
    assert_eq!(response.json()["token"], response.json()["access_token"]);
    assert_eq!(
        post("grant_type=refresh_token&refresh_token=other").status,
        401
    );
    assert_eq!(
        post("grant_type=password&username=bob&password=hunter2").status,
        200
    );
    assert_eq!(
        post("grant_type=password&username=bob&password=no").status,
        401
    );
    assert_eq!(post("grant_type=magic").status, 400);
    assert_eq!(tokens.requested_scopes()[0], "repository:base:pull");
    assert_eq!(tokens.log().count(|r| r.method == "POST"), 5);
}

#[test]
fn token_servers_differ() {
    let image = Image::docker().build();
    let first = tokens()
        .grant_only_first_scope()
        .opaque()
        .field(TokenField::AccessToken)
        .start();
    let registry = EmbeddedRegistry::builder().token_auth(&first).start();
    registry.seed("a", "1", &image);
    registry.seed("b", "1", &image);
    let path = "/token?scope=repository:a:pull&scope=repository:b:pull";
    let client = Client::new(&first.host()).basic("alice", "secret");
    let json = client.get(path).unwrap().json();
    assert!(json["token"].is_null());
    let token = json["access_token"].as_str().unwrap();
    assert!(!token.contains('.'));
    let client = Client::new(&registry.host()).bearer(token);
    assert_eq!(client.get("/v2/a/manifests/1").unwrap().status, 200);
    assert_eq!(client.get("/v2/b/manifests/1").unwrap().status, 401);
    first.revoke_tokens();
    let response = client.get("/v2/a/manifests/1").unwrap();
    assert!(
        response
            .header("www-authenticate")
            .unwrap()
            .contains("invalid_token")
    );

    let dead = TokenServer::builder()
        .anonymous_pull()
        .expires_in(300)
        .actual_lifetime(-100)
        .start();
    for kind in kinds() {
        let setup = Setup {
            tokens: Some(&dead),
            ..Setup::default()
        };
        let registry = TestRegistry::start_with(kind, setup);
        let token = get_token(&dead, None, &["repository:a:pull"]);
        let client = registry.client().bearer(&token);
        let response = client.get("/v2/a/manifests/1").unwrap();
        assert_eq!(response.status, 401, "{kind:?}");
        assert!(
            response
                .header("www-authenticate")
                .unwrap()
                .contains("invalid_token"),
            "{kind:?}"
        );
    }
}

#[test]
fn token_servers_have_faults() {
    let tokens = TokenServer::start();
    tokens.fault(
        Fault::on("GET", "/token")
            .times(1)
            .respond(Response::Html(502)),
    );
    let client = Client::new(&tokens.host());
    assert_eq!(client.get("/token").unwrap().status, 502);
    assert_eq!(client.get("/token").unwrap().status, 200);
    assert_eq!(tokens.log().lines(), ["GET /token 502", "GET /token 200"]);
}
