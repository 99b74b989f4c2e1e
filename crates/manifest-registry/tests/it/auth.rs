//! Authentication: the credentials and tokens that each server receives, and how often.

use manifest_core::MediaType;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;
use manifest_testkit::token::TokenField;
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer};
use serde_json::json;

use crate::{chain, client, client_with, insecure, logged_in, reference, run};

#[test]
fn basic() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw:x").start();
    registry.seed("app", "1", &Image::oci().build());
    let target = reference(&registry.host(), "app:1");
    let client = logged_in(&registry.host(), "me", "pw:x");
    run(client.image(&target)).unwrap();
    run(client.image(&target)).unwrap();
    assert_eq!(registry.log().count(|r| r.status == 401), 1);
    registry.log().clear();
    let error = run(logged_in(&registry.host(), "me", "wrong").image(&target)).unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(!format!("{error:?} {}", chain(&error)).contains("wrong"));
    assert_eq!(
        error.hint().unwrap(),
        format!(
            "{0} did not accept the login (the entry {0} in Docker's config.json): run docker login {0}",
            registry.host()
        )
    );
    assert_eq!(registry.log().requests().len(), 2);
    let error = run(crate::client().image(&target)).unwrap_err();
    assert!(
        error.is_unauthorized() && error.to_string().contains("unauthorized"),
        "{error}"
    );
}

#[test]
fn anonymous_token() {
    let tokens = TokenServer::builder()
        .anonymous_pull()
        .field(TokenField::AccessToken)
        .start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    registry.seed("app", "1", &Image::oci().build());
    let client = client();
    run(client.image(&reference(&registry.host(), "app:1"))).unwrap();
    let request = &tokens.log().requests()[0];
    assert_eq!(request.header("authorization"), None);
    assert!(!request.query.contains("account"));
    // An operation that the token does not allow is an error.
    let bytes = br#"{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}"#;
    let target = reference(&registry.host(), "app:2");
    let error = run(client.put_manifest(&target, MediaType::OciIndex, bytes.to_vec())).unwrap_err();
    assert!(error.is_unauthorized(), "{error}");
    assert!(
        error
            .to_string()
            .starts_with(&format!("failed to put manifest {target}: ")),
        "{error}"
    );
    assert!(registry.tags("app") == ["1"]);
}

#[test]
fn identity_and_registry_tokens() {
    let tokens = TokenServer::builder()
        .user("me", "pw")
        .refresh_token("me", "refresh-secret")
        .start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    registry.seed("app", "1", &Image::oci().build());
    let target = reference(&registry.host(), "app:1");
    let config = json!({ "auths": { registry.host(): { "identitytoken": "refresh-secret" } } });
    run(client_with(&config).image(&target)).unwrap();
    let requests = tokens.log().requests();
    assert_eq!((requests.len(), requests[0].method.as_str()), (1, "POST"));
    assert!(requests[0].query.is_empty());
    assert_eq!(tokens.requested_scopes(), ["repository:app:pull"]);
    // A registry token goes to the registry unchanged, and no other token is requested.
    registry.log().clear();
    let config = json!({ "auths": { registry.host(): { "registrytoken": "mine" } } });
    let error = run(client_with(&config).image(&target)).unwrap_err();
    assert!(error.is_unauthorized());
    let sent: Vec<_> = registry
        .log()
        .requests()
        .iter()
        .map(|r| r.header("authorization").map(str::to_owned))
        .collect();
    assert_eq!(sent, [None, Some("Bearer mine".to_owned())]);
    assert_eq!(tokens.log().requests().len(), 1);
}

#[test]
fn an_expired_token_is_renewed_once() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    registry.seed("app", "1", &Image::oci().build());
    let target = reference(&registry.host(), "app:1");
    let client = logged_in(&registry.host(), "me", "pw");
    run(client.manifest(&target)).unwrap();
    tokens.revoke_tokens();
    run(client.manifest(&target)).unwrap();
    assert_eq!(tokens.requested_scopes().len(), 2);
    // A registry that accepts no token causes only one renewal.
    registry.log().clear();
    registry.fault(Fault::on("GET", "/manifests/").respond(Response::error(
        401,
        "UNAUTHORIZED",
        "no",
    )));
    assert!(run(client.manifest(&target)).unwrap_err().is_unauthorized());
    assert_eq!(registry.log().requests().len(), 2);
    assert_eq!(tokens.requested_scopes().len(), 3);
}

#[test]
fn the_token_server_refuses() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let client = logged_in(&registry.host(), "me", "wrong-secret");
    let references: Vec<_> = (0..5)
        .map(|i| reference(&registry.host(), &format!("app:{i}")))
        .collect();
    let results = run(manifest_registry::concurrent(
        5,
        references.iter().map(|r| client.manifest(r)),
    ));
    for result in results {
        let error = result.unwrap_err();
        assert!(error.is_unauthorized() && !error.is_not_found(), "{error}");
        assert!(
            error
                .to_string()
                .starts_with("failed to get a token for 127.0.0.1:"),
            "{error}"
        );
        assert!(!format!("{error:?}{}", chain(&error)).contains("wrong-secret"));
    }
    assert_eq!(tokens.log().requests().len(), 1);
    tokens.fault(Fault::on_any("/token").respond(Response::status(404)));
    let error = run(crate::client().manifest(&references[0])).unwrap_err();
    assert!(
        !error.is_not_found(),
        "a token server's 404 is not the registry's"
    );
}

#[test]
fn unusable_token_answers() {
    let tokens = TokenServer::start();
    let registry = EmbeddedRegistry::builder().token_auth(&tokens).start();
    let target = reference(&registry.host(), "app:1");
    for (answer, text) in [
        (Response::Html(200), "no usable token"),
        (Response::EndlessBody, "over the limit of"),
        (
            Response::Redirect {
                to: "http://reg.example/token".into(),
            },
            "not protected by TLS",
        ),
    ] {
        tokens.fault(Fault::on_any("/token").times(1).respond(answer));
        let error = run(client().manifest(&target)).unwrap_err().to_string();
        assert!(error.contains(text), "{error}");
    }
}

#[test]
fn credentials_do_not_go_to_an_http_realm_of_an_https_registry() {
    let tokens = TokenServer::builder().user("me", "pw").start();
    let registry = EmbeddedRegistry::builder()
        .tls(&TestCa::new())
        .token_auth(&tokens)
        .start();
    let error = run(insecure().manifest(&reference(&registry.host(), "app:1"))).unwrap_err();
    assert!(
        error.to_string().contains("a token server without TLS"),
        "{error}"
    );
    assert!(tokens.log().requests().is_empty());
}

#[test]
fn unusable_challenges() {
    let registry = EmbeddedRegistry::start();
    let target = reference(&registry.host(), "app:1");
    let challenge = |value: &str| {
        registry.clear_faults();
        let answer = Response::status(401).header("www-authenticate", value);
        registry.fault(Fault::on_any("/v2/").respond(answer));
        run(client().manifest(&target)).unwrap_err()
    };
    let text = challenge("Negotiate").to_string();
    assert!(
        text.contains("a login method that is not supported: Negotiate"),
        "{text}"
    );
    let text = challenge("Bearer realm=\"ftp://x/token\"").to_string();
    assert!(text.contains("token server without TLS"), "{text}");
    let text = challenge("Bearer realm=\"http://[x\"").to_string();
    assert!(text.contains("token server that is no URL"), "{text}");
    assert!(challenge("=nonsense, \"").is_unauthorized());
}

#[test]
fn content_hidden_from_anonymous_clients_is_found_with_a_login() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    registry.seed("app", "1", &Image::oci().build());
    let target = reference(&registry.host(), "app:1");
    for status in [404, 403] {
        registry.log().clear();
        let stranger = Fault::on("GET", "/manifests/1")
            .times(1)
            .respond(Response::status(status));
        registry.fault(stranger);
        run(logged_in(&registry.host(), "me", "pw").manifest(&target)).unwrap();
        let lines = registry.log().lines();
        assert_eq!(lines.len(), 3, "{lines:?}");
        assert_eq!(lines[1], "GET /v2/ 401");
    }
}
