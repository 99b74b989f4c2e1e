//! Known registries: a row of the table saves round trips on a machine without a cache, and a wrong row costs one request
//! and nothing else.

use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use manifest_registry::{
    Client, ClientConfig, Event, Insecure, KnownRegistries, KnownRegistry, Observer, Retrying,
};
use manifest_testkit::image::Image;
use manifest_testkit::{EmbeddedRegistry, TokenServer};

use crate::cache::{LATENCY, World, images, one_image};
use crate::publish::Job;
use crate::{config, reference, run};

fn row(host: &str, realm: &str, service: &str) -> KnownRegistry {
    KnownRegistry::new(host, realm, Some(service)).unwrap()
}

impl World {
    /// Returns the row that matches the challenge of the registry.
    fn correct_row(&self) -> KnownRegistry {
        let (tokens, host) = (&self.tokens, self.registry.host());
        row(&host, &tokens.realm(), tokens.service())
    }

    fn know(&mut self, row: KnownRegistry) {
        self.known = KnownRegistries::none().with([row]);
    }

    /// Returns a client without a login.
    fn anonymous(&self, observer: &Arc<EventLog>) -> Client {
        Client::new(ClientConfig {
            certificates: self.certificates(),
            known_registries: self.known.clone(),
            cache: self.cache.clone(),
            observer: observer.clone(),
            ..config()
        })
        .unwrap()
    }

    fn forget(&self) {
        self.cache.challenges.lock().unwrap().clear();
        self.cache.content.lock().unwrap().clear();
    }

    /// Returns whether the registry received one request without a login, and no request with a wrong token.
    fn saw_no_wrong_login(&self) -> bool {
        let requests = self.registry.log().requests();
        let (first, others) = requests.split_first().unwrap();
        let is_taken = |status: u16| (200..300).contains(&status);
        first.status == 401
            && first.header("authorization").is_none()
            && others.iter().all(|request| is_taken(request.status))
    }
}

/// Records the events.
#[derive(Debug, Default)]
struct EventLog(Mutex<Vec<String>>);

impl Observer for EventLog {
    fn retrying(&self, _: &Retrying<'_>) {}

    fn event(&self, event: &Event<'_>) {
        self.0.lock().unwrap().push(event.to_string());
    }
}

#[test]
fn reading_without_a_cache_saves_three_round_trips() {
    let mut world = World::new(LATENCY);
    let images = images(3);
    for (i, image) in images.iter().enumerate() {
        world.registry.seed(&format!("source/{i}"), "1", image);
    }
    assert_eq!(world.read(&images, true), (1 + 2 * 3, 1, 8));
    world.know(world.correct_row());
    assert_eq!(world.read(&images, true), (1 + 2 * 3, 1, 5));
    // The challenge of the registry is cached afterwards.
    assert_eq!(world.challenge(), Some(world.expected_challenge()));
}

#[test]
fn pushing_without_a_cache_saves_three_round_trips() {
    let mut world = World::new(LATENCY);
    let images = images(3);
    let names: Vec<String> = (0..images.len()).map(|i| format!("source/{i}")).collect();
    let named: Vec<_> = names.iter().map(String::as_str).zip(&images).collect();
    for &(name, image) in &named {
        world.registry.seed(name, "1", image);
    }
    let job = Job::new(&world.registry.host(), &named);
    let push = |world: &World, number: usize| {
        world.forget();
        let target = reference(&world.registry.host(), &format!("app{number}:1"));
        run(job.publish(&world.client(), &target)).unwrap();
        let depth = world.depth();
        (depth, world.counts())
    };
    let counts = (1 + 4 + 9 + 3 + 1 + 1, 1);
    let cold = (0..3).map(|number| push(&world, number)).min();
    assert_eq!(cold, Some((11, counts)));
    world.know(world.correct_row());
    let known = (3..6).map(|number| push(&world, number)).min();
    assert_eq!(known, Some((8, counts)));
}

#[test]
fn a_wrong_row_costs_a_request_and_nothing_else() {
    let mut world = World::new(Duration::ZERO);
    one_image(&world);
    let host = world.registry.host();
    let target = reference(&host, "app:1");
    let service = world.tokens.service().to_owned();
    let start = |users: &[&str]| {
        let builder = TokenServer::builder().tls(&world.ca);
        let builder = users.iter().fold(builder, |b, user| b.user(user, "pw"));
        builder.start()
    };
    // A server whose tokens the registry does not accept, a server without this user, and a server that is gone.
    let (other, stranger, gone) = (start(&["me"]), start(&["you"]), start(&[]).realm());
    let own = world.tokens.realm();
    for (realm, service, least, most) in [
        (&other.realm(), &*service, 1, 1),
        (&stranger.realm(), &service, 1, 1),
        (&gone, &service, 1, 1),
        (&own, "other-service", 1, 2),
    ] {
        world.know(row(&host, realm, service));
        world.forget();
        run(world.client().image(&target)).unwrap();
        assert_eq!(
            world.challenge(),
            Some(world.expected_challenge()),
            "{realm} {service}"
        );
        assert!(world.saw_no_wrong_login(), "{realm} {service}");
        let (requests, tokens) = world.counts();
        assert_eq!(requests, 3, "{realm} {service}");
        assert!((least..=most).contains(&tokens), "{realm} {service}");
    }
}

#[test]
fn the_cache_takes_precedence_over_the_table() {
    let mut world = World::new(Duration::ZERO);
    one_image(&world);
    let host = world.registry.host();
    let target = reference(&host, "app:1");
    let other = TokenServer::builder().tls(&world.ca).start();
    world.know(row(&host, &other.realm(), other.service()));
    run(world.client().image(&target)).unwrap();
    assert_eq!(world.challenge(), Some(world.expected_challenge()));
    other.log().clear();
    run(world.client().image(&target)).unwrap();
    assert!(other.log().requests().is_empty());
    // An invalid cached challenge counts as none.
    let mut challenges = world.cache.challenges.lock().unwrap();
    challenges.insert(host, "damaged".to_owned());
    drop(challenges);
    world.know(world.correct_row());
    world.clear();
    run(world.client().image(&target)).unwrap();
    assert_eq!(world.challenge(), Some(world.expected_challenge()));
    assert!(world.saw_no_wrong_login());
}

#[test]
fn no_row_is_used_without_verified_tls() {
    let mut world = World::new(Duration::ZERO);
    one_image(&world);
    let host = world.registry.host();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let trap = format!("https://{}/token", listener.local_addr().unwrap());
    world.know(row(&host, &trap, "s"));
    let is_unvisited = || listener.accept().unwrap_err().kind() == ErrorKind::WouldBlock;
    for (all, hosts) in [(true, vec![]), (false, vec![host.clone()])] {
        let client = world.client_of(Insecure {
            all,
            hosts,
            ..Insecure::default()
        });
        run(client.image(&reference(&host, "app:1"))).unwrap();
        assert!(is_unvisited(), "{all}");
    }
    // No row is used without TLS either.
    let plain = EmbeddedRegistry::builder().start();
    plain.seed("app", "1", &Image::oci().build());
    world.know(row(&plain.host(), &trap, "s"));
    let hosts = vec![plain.host()];
    let client = world.client_of(Insecure {
        hosts,
        ..Insecure::default()
    });
    run(client.image(&reference(&plain.host(), "app:1"))).unwrap();
    assert!(is_unvisited());
}

#[test]
fn a_registry_without_tls_gets_no_token() {
    let mut world = World::new(Duration::ZERO);
    let plain = EmbeddedRegistry::builder().start();
    plain.seed("app", "1", &Image::oci().build());
    let (realm, service) = (world.tokens.realm(), world.tokens.service().to_owned());
    world.know(row(&plain.host(), &realm, &service));
    run(world.client().image(&reference(&plain.host(), "app:1"))).unwrap();
    let requests = plain.log().requests();
    assert!(requests.iter().all(|r| r.header("authorization").is_none()));
    assert_eq!(world.cache.challenges.lock().unwrap().len(), 0);
}

#[test]
fn open_reads_cost_no_token() {
    let mut world = World::new(Duration::ZERO);
    let open = EmbeddedRegistry::builder().tls(&world.ca).start();
    open.seed("app", "1", &Image::oci().build());
    let (realm, service) = (world.tokens.realm(), world.tokens.service().to_owned());
    world.know(row(&open.host(), &realm, &service).with_anonymous_reads());
    let client = world.anonymous(&Arc::default());
    run(client.image(&reference(&open.host(), "app:1"))).unwrap();
    assert!(world.tokens.log().requests().is_empty());
    assert!(open.log().requests().iter().all(|r| r.status == 200));
    // A client with a login requests the token in advance.
    let mut world = World::new(LATENCY);
    let image = one_image(&world);
    world.registry.seed("source/0", "1", &image);
    world.know(world.correct_row().with_anonymous_reads());
    assert_eq!(world.read(&[image], true), (1 + 2, 1, 5));
}

#[test]
fn the_trace_states_the_reason() {
    let mut world = World::new(Duration::ZERO);
    one_image(&world);
    let host = world.registry.host();
    let target = reference(&host, "app:1");
    // The result of the read is ignored, because there is no login.
    let told = |world: &World| {
        let heard = Arc::new(EventLog::default());
        let _ = run(world.anonymous(&heard).image(&target));
        let lines = heard.0.lock().unwrap().clone();
        let said = lines
            .into_iter()
            .find(|line| line.starts_with("early token"));
        said.unwrap_or_default()
    };
    assert_eq!(told(&world), "");
    let begin = format!("early token for {host}: ");
    let cached = format!("{begin}its token server is in the cache");
    assert_eq!(told(&world), cached);
    world.forget();
    world.know(world.correct_row());
    assert_eq!(told(&world), format!("{begin}it is a known registry"));
    assert_eq!(told(&world), cached);
}
