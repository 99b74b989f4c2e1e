//! The login that a registry rejected.

use super::*;

#[test]
fn rejected_login_is_named() {
    let hint = |status: u16, login: Option<(&str, bool)>| {
        let error = RegistryError::ErrorResponse {
            attempt: Box::new(Attempt {
                login: login.map(|(source, overrides_docker_login)| RejectedLogin {
                    source: source.to_owned(),
                    overrides_docker_login,
                }),
                ..*attempt("reg.io", "get")
            }),
            error_response: ErrorResponse::parse(StatusCode::from_u16(status).unwrap(), "", b"{}"),
        };
        error.hint().unwrap()
    };
    let login = Some(("the entry reg.io in config.json", false));
    let variable = Some(("the entry reg.io in DOCKER_AUTH_CONFIG", true));
    assert_eq!(
        hint(401, variable),
        "reg.io did not accept the login (the entry reg.io in DOCKER_AUTH_CONFIG): correct it there, because it takes precedence over docker login"
    );
    assert!(hint(403, variable).contains("DOCKER_AUTH_CONFIG, which takes precedence over"));
    assert_eq!(
        hint(401, login),
        "reg.io did not accept the login (the entry reg.io in config.json): run docker login reg.io"
    );
    assert_eq!(hint(401, None), "run docker login reg.io");
    let forbidden = hint(403, login);
    assert!(
        forbidden.starts_with(
            "the login is the entry reg.io in config.json: this needs permission to pull from reg.io/team/app"
        ),
        "{forbidden}"
    );
}
