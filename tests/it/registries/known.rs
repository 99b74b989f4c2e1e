//! `DOCKER_MANIFEST_KNOWN_REGISTRIES`: a listed registry is not asked for a challenge first, and a malformed value is an error.

use manifest_testkit::TestCa;
use manifest_testkit::suite::Kind;

use super::{AUTH, auths, fill, shell, tokens, write_config};
use crate::commands::{Shell, Watched};

const VARIABLE: &str = "DOCKER_MANIFEST_KNOWN_REGISTRIES";

const KNOWN: Option<&str> = Some("it is a known registry");
const CACHED: Option<&str> = Some("its token server is in the cache");

/// Inspects an image. Returns the reason why a token was requested before the registry named a token server, if it was.
fn reason(shell: &Shell<'_>, flags: &str) -> Option<String> {
    let traced = shell.run(&format!("docker -D manifest inspect {flags} @/app:0"));
    traced.succeeds();
    let line = |part: &str| traced.stderr.lines().position(|line| line.contains(part));
    let token = line("token for REGISTRY from ").unwrap();
    let challenge = line("manifests/0: 401 ").unwrap();
    let mark = "debug: early token for REGISTRY: ";
    let reason = traced
        .stderr
        .lines()
        .find_map(|line| line.strip_prefix(mark));
    assert_eq!(reason.is_some(), token < challenge, "{}", traced.stderr);
    reason.map(str::to_owned)
}

#[test]
fn a_listed_registry_is_known() {
    let ca = TestCa::new();
    let tokens = tokens(&ca).start();
    let registry = Watched::secured(Kind::Embedded, &ca, &tokens);
    fill(&registry);
    let mut shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    let (realm, service) = (tokens.realm(), tokens.service());
    let row = format!("{}={realm};{service}", registry.host());
    let other = "harbor.lan=https://harbor.lan/service/token;harbor-registry";
    // Without a cache, which this home has disabled.
    for (value, expected) in [
        ("", None),
        (&*row, KNOWN),
        (&format!("{other}, {row}"), KNOWN),
        (other, None),
        ("off", None),
    ] {
        shell.home.set(VARIABLE, value);
        for flags in ["", "--no-cache"] {
            assert_eq!(reason(&shell, flags).as_deref(), expected, "{value:?}");
            // One request for the challenge, one for the image; one token.
            assert_eq!(registry.lines().len(), 2, "{value:?}");
            assert_eq!(tokens.log().requests().len(), 1, "{value:?}");
            tokens.log().clear();
        }
    }
    // A wrong row does no harm, and the cache takes precedence.
    shell.home.enable_cache();
    let wrong = format!("{}={realm};other", registry.host());
    shell.home.set(VARIABLE, wrong);
    assert_eq!(reason(&shell, "").as_deref(), KNOWN);
    assert_eq!(reason(&shell, "").as_deref(), CACHED);
}

#[test]
fn malformed_lists_are_errors() {
    let registry = Watched::empty(Kind::Embedded);
    fill(&registry);
    let mut shell = Shell::new(&registry);
    shell.secrets = vec!["pa55".to_owned()];
    for (value, reason) in [
        (
            "yes",
            "\"yes\": HOST=REALM or HOST=REALM;SERVICE is expected",
        ),
        (
            "a.lan=https://a.lan/t,b.lan=http://b.lan/t",
            "\"b.lan\": the token server must be an https:// URL without user name, query and fragment",
        ),
        (
            "a.lan=https://me:pa55@a.lan/t",
            "\"a.lan\": the token server must be an https:// URL without user name, query and fragment",
        ),
        (
            "https://a.lan=https://a.lan/t",
            "\"https://a.lan\": the host must be HOST, HOST:PORT or *.DOMAIN",
        ),
    ] {
        shell.home.set(VARIABLE, value);
        for line in ["inspect @/app:0", "create @/app:list @/app:0"] {
            shell
                .run(line)
                .fails(1)
                .prints("")
                .says(&format!("{VARIABLE}: {reason}\n"));
        }
    }
    assert!(registry.lines().is_empty());
}
