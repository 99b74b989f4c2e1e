//! The list of tags: pages, and registries that send wrong or endless lists.

use manifest_registry::{RegistryError, Tags};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::fault::{Fault, Response};
use manifest_testkit::image::Image;

use crate::{chain, client, logged_in, reference, run};

const LIST: &str = "/v2/app/tags/list";

fn registry(tags: &[&str]) -> EmbeddedRegistry {
    let registry = EmbeddedRegistry::start();
    let image = Image::oci().build();
    for tag in tags {
        registry.seed("app", tag, &image);
    }
    registry
}

fn tags_of(registry: &EmbeddedRegistry) -> Result<Tags, RegistryError> {
    let app = reference(&registry.host(), "app");
    run(client().tags(app.repository()))
}

fn names(tags: &Tags) -> Vec<&str> {
    tags.tags.iter().filter_map(|tag| tag.tag()).collect()
}

/// A page with these tags, in JSON, and a link to the next page.
fn page(tags: &str, next: Option<&str>) -> Response {
    let page = Response::Status {
        code: 200,
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: format!(r#"{{"name":"app","tags":{tags}}}"#).into_bytes(),
    };
    match next {
        Some(next) => page.header("link", &format!("<{next}>; rel=\"next\"")),
        None => page,
    }
}

#[test]
fn pages_are_followed_by_path_on_the_registry_itself() {
    let other = EmbeddedRegistry::start();
    let registry = registry(&["1", "2", "3"]);
    // Behind a proxy, a registry may know neither its own name nor its scheme.
    let elsewhere = format!("{}{LIST}?last=1&n=2", other.url());
    registry.fault(
        Fault::on("GET", LIST)
            .respond(page(r#"["1"]"#, Some(&elsewhere)))
            .times(1),
    );
    assert_eq!(names(&tags_of(&registry).unwrap()), ["1", "2", "3"]);
    let lines = registry.log().lines();
    let expected = ["?n=1000 200", "?last=1&n=2 200"].map(|rest| format!("GET {LIST}{rest}"));
    assert_eq!(lines[lines.len() - 2..], expected);
    assert_eq!(other.log().lines(), [""; 0]);
}

#[test]
fn the_login_is_sent_with_each_page() {
    let registry = EmbeddedRegistry::builder().basic_auth("me", "pw").start();
    registry.seed("app", "2", &Image::oci().build());
    registry.fault(
        Fault::on("GET", LIST)
            .respond(page(r#"["1"]"#, Some("/v2/app/tags/list?last=1")))
            .nth(2),
    );
    let client = logged_in(&registry.host(), "me", "pw");
    let app = reference(&registry.host(), "app");
    assert_eq!(
        names(&run(client.tags(app.repository())).unwrap()),
        ["1", "2"]
    );
}

#[test]
fn names_that_are_no_tags_are_counted() {
    let registry = registry(&["1"]);
    let list = r#"["1","\u001b]0;title\u0007","1","","a/b","-x","2"]"#;
    registry.fault(Fault::on("GET", LIST).respond(page(list, None)));
    let tags = tags_of(&registry).unwrap();
    assert_eq!((names(&tags), tags.malformed), (vec!["1", "2"], 4));
}

#[test]
fn a_repository_without_tags_has_none() {
    for list in ["null", "[]"] {
        let registry = registry(&["1"]);
        registry.fault(Fault::on("GET", LIST).respond(page(list, None)));
        let none = Tags {
            is_plain_http: true,
            ..Tags::default()
        };
        assert_eq!(tags_of(&registry).unwrap(), none);
    }
}

#[test]
fn lists_without_end_are_refused() {
    let registry = registry(&["1"]);
    // A page that links to itself.
    registry
        .fault(Fault::on("GET", LIST).respond(page(r#"["1"]"#, Some("/v2/app/tags/list?n=1000"))));
    let error = tags_of(&registry).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("the list links back to an earlier page"),
        "{error}"
    );
    assert_eq!(registry.log().count(|request| request.path == LIST), 1);

    // More tags than any repository has, on one page.
    registry.clear_faults();
    let many: Vec<String> = (0..=100_000)
        .map(|number| format!("\"{number}\""))
        .collect();
    let many = format!("[{}]", many.join(","));
    registry.fault(Fault::on("GET", LIST).respond(page(&many, Some("/v2/app/tags/list?more"))));
    let error = tags_of(&registry).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("/app is over the limit of 100000 tags"),
        "{error}"
    );

    registry.clear_faults();
    registry.fault(Fault::on("GET", LIST).respond(Response::EndlessBody));
    let error = tags_of(&registry).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("over the limit of 8388608 bytes"),
        "{error}"
    );
}

#[test]
fn pages_without_end_are_refused() {
    let registry = registry(&["1"]);
    for number in 0..1000 {
        let next = format!("/v2/app/tags/list?page={number}");
        registry.fault(
            Fault::on("GET", LIST)
                .respond(page("[]", Some(&next)))
                .times(1),
        );
    }
    let error = tags_of(&registry).unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("/app is over the limit of 1000 pages of tags"),
        "{error}"
    );
}

#[test]
fn responses_that_are_no_lists_are_errors() {
    for (response, part) in [
        (Response::Html(200), "the response is a web page"),
        (
            page(r#""1""#, None),
            "the list of tags cannot be read: expected a sequence at line 1",
        ),
        (
            page("[1]", None),
            "the list of tags cannot be read: expected a string at line 1",
        ),
        (Response::EmptyBody, "the list of tags cannot be read: EOF"),
        (Response::ShortBody, "the connection was closed"),
    ] {
        let registry = registry(&["1"]);
        registry.fault(Fault::on("GET", LIST).respond(response));
        let text = chain(&tags_of(&registry).unwrap_err());
        assert!(text.starts_with("failed to list the tags of "), "{text}");
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn refusals_name_the_operation() {
    type Kind = fn(&RegistryError) -> bool;
    let refusals: [(u16, &str, Kind); 4] = [
        (401, "UNAUTHORIZED", RegistryError::is_unauthorized),
        (403, "DENIED", RegistryError::is_unauthorized),
        (404, "NAME_UNKNOWN", RegistryError::is_not_found),
        (429, "TOOMANYREQUESTS", RegistryError::is_rate_limited),
    ];
    for (status, code, is_kind) in refusals {
        let registry = registry(&["1"]);
        let response = Response::error(status, code, "no\u{1b}[2J");
        registry.fault(Fault::on("GET", LIST).respond(response));
        let error = tags_of(&registry).unwrap_err();
        let start = format!(
            "failed to list the tags of {}/app: GET http://",
            registry.host()
        );
        assert!(error.to_string().starts_with(&start), "{error}");
        assert!(!error.to_string().contains('\u{1b}'), "{error}");
        assert!(is_kind(&error), "{error}");
        assert!(error.hint().is_some(), "{error}");
    }
}
