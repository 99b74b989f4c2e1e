//! The time limit of a client, and pauses of it.

use std::time::Duration;

use manifest_registry::{
    Client, ClientConfig, NetworkProblem, RegistryError, RetryPolicy, concurrent,
};
use manifest_testkit::EmbeddedRegistry;
use manifest_testkit::image::Image;

use crate::{config, reference, run};

/// The time limit, shorter than the time of any response.
const LIMIT: Duration = Duration::from_millis(100);

#[test]
fn the_time_limit_does_not_count_during_a_pause() {
    let registry = EmbeddedRegistry::builder().latency(5 * LIMIT).start();
    registry.seed("app", "1", &Image::oci().build());
    let image = reference(&registry.host(), "app:1");
    let client = Client::new(ClientConfig {
        retry: RetryPolicy {
            timeout: Some(LIMIT),
            ..config().retry
        },
        ..config()
    });
    let client = client.unwrap();
    let pause = client.pause_time_limit();
    // Clones have the same clock, in the middle of a request too.
    let clone = client.for_reading([&image]);
    let both = [
        clone.require_manifest(&image),
        client.require_manifest(&image),
    ];
    let results = run(concurrent(2, both));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    drop(pause);
    let error = run(client.require_manifest(&image)).unwrap_err();
    let is_over = matches!(
        &error,
        RegistryError::Network { problem: NetworkProblem::Deadline(limit), .. } if *limit == LIMIT
    );
    assert!(is_over, "{error}");
}
