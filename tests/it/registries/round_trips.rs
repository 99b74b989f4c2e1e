//! The number of sequential round trips of a push from cold: its duration if a registry is far away.

use std::time::Duration;

use manifest_testkit::log::longest_chain;
use manifest_testkit::{EmbeddedRegistry, TestCa, TokenServer};

use super::{AUTH, PASSWORD, USER, auths, images, shell, write_config};
use crate::commands::{Shell, Watched};
use crate::harness::Ran;

/// The latency of a round trip: long, compared with the program's own work between two.
const LATENCY: Duration = Duration::from_millis(150);

/// The number of runs of a command: load on the machine can only make it slower.
const RUNS: usize = 4;

const VARIABLE: &str = "DOCKER_MANIFEST_KNOWN_REGISTRIES";

/// A registry and a token server, both far away.
struct Far<'a> {
    registry: &'a Watched<'a>,
    tokens: &'a TokenServer,
}

impl Far<'_> {
    /// Returns the costs: round trips with handshakes, requests, and scopes.
    fn costs(&self, ran: &Ran) -> (usize, Vec<String>, Vec<String>) {
        ran.succeeds();
        let (registry, tokens) = (self.registry.log().requests(), self.tokens.log().requests());
        let asked = tokens[0].started < registry[0].answered.unwrap();
        // TCP and TLS of both hosts, which were concurrent if the first requests were.
        let handshakes = if asked { 2 } else { 4 };
        let depth = handshakes + longest_chain(&[registry, tokens].concat());
        let lines = self.registry.log().lines();
        let scopes = self.tokens.requested_scopes();
        let scopes = scopes[scopes.len() - self.tokens.log().count(|_| true)..].to_vec();
        self.registry.log().clear();
        self.tokens.log().clear();
        (depth, lines, scopes)
    }

    /// Runs a command line repeatedly, each time with another number for N, and returns the lowest costs.
    fn least(&self, shell: &Shell<'_>, line: &str) -> (usize, Vec<String>, Vec<String>) {
        let runs = (0..RUNS).map(|n| {
            let ran = shell.run(&line.replace('N', &n.to_string()));
            self.costs(&ran)
        });
        let mut runs: Vec<_> = runs.collect();
        runs.sort_by_key(|(depth, ..)| *depth);
        runs.swap_remove(0)
    }
}

/// Runs a test with images in `app` and in repositories of their own.
fn with(test: impl FnOnce(&Far<'_>, &mut Shell<'_>)) {
    let ca = TestCa::new();
    let tokens = TokenServer::builder().user(USER, PASSWORD).tls(&ca);
    let tokens = tokens.latency(LATENCY).start();
    let registry = EmbeddedRegistry::builder().tls(&ca).token_auth(&tokens);
    let registry = registry.latency(LATENCY).start();
    for (i, image) in images().iter().enumerate() {
        registry.seed("app", &i.to_string(), image);
        registry.seed(&format!("source/{i}"), "1", image);
    }
    let registry = Watched::embedded(registry);
    let mut shell = shell(&registry, &ca);
    write_config(&shell, &auths(AUTH));
    let far = Far {
        registry: &registry,
        tokens: &tokens,
    };
    test(&far, &mut shell);
}

const AT_HOME: &str = "@/app:0 @/app:1 @/app:2 @/app:3";

#[test]
fn create_push_in_the_same_repository() {
    with(|far, shell| {
        let (depth, lines, scopes) =
            far.least(shell, &format!("create --push @/app:new-N {AT_HOME}"));
        // TCP, TLS, 401; TCP, TLS, token; manifests beside the tag; configurations; the list; the tag again.
        assert_eq!(depth, 10, "{lines:#?}");
        // The challenge, manifests and configurations, the tag, the list, the tag. The images were just read from the same
        // repository.
        assert_eq!(lines.len(), 1 + 2 * 4 + 1 + 1 + 1, "{lines:#?}");
        assert_eq!(scopes, ["repository:app:pull,push"]);
    });
}

#[test]
fn create_push_to_a_known_registry() {
    with(|far, shell| {
        let (realm, service) = (far.tokens.realm(), far.tokens.service());
        let row = format!("{}={realm};{service}", far.registry.host());
        shell.home.set(VARIABLE, row);
        let (depth, lines, scopes) =
            far.least(shell, &format!("create --push @/app:new-N {AT_HOME}"));
        assert_eq!(depth, 7, "{lines:#?}");
        assert_eq!(scopes, ["repository:app:pull,push"]);
    });
}

#[test]
fn create_push_from_other_repositories() {
    with(|far, shell| {
        let line = "create --push @/targetN:1 @/source/0:1 @/source/1:1 @/source/2:1 @/source/3:1";
        let (depth, lines, scopes) = far.least(shell, line);
        // As above, plus mounts and images. The target's missing images are looked up beside the configurations.
        assert_eq!(depth, 12, "{lines:#?}");
        let [scopes] = scopes.as_slice() else {
            panic!("{scopes:?}")
        };
        assert!(scopes.starts_with("repository:target"), "{scopes}");
        let sources = (0..4).map(|i| format!(" repository:source/{i}:pull"));
        assert!(scopes.ends_with(&sources.collect::<String>()), "{scopes}");
        let looks =
            |line: &&String| line.starts_with("HEAD /v2/target") && line.contains("/sha256:");
        // Once before, once after.
        assert_eq!(lines.iter().filter(looks).count(), 8, "{lines:#?}");
    });
}

#[test]
fn push_of_a_draft() {
    with(|far, shell| {
        for n in 0..RUNS {
            let line = format!("create @/target{n}:1 @/source/0:1 @/source/1:1");
            shell.run(&line).succeeds();
        }
        far.registry.log().clear();
        far.tokens.log().clear();
        let (depth, lines, scopes) = far.least(shell, "push @/targetN:1");
        // Tag and images, mounts, images, list, the tag again.
        assert_eq!(depth, 11, "{lines:#?}");
        assert_eq!(scopes.len(), 1, "{scopes:?}");
    });
}

#[test]
fn tag_costs() {
    with(|far, shell| {
        let (depth, lines, scopes) = far.least(shell, "tag @/app:0 @/app:again-N");
        assert_eq!(depth, 9, "{lines:#?}");
        assert_eq!(scopes, ["repository:app:pull,push"]);
    });
}
