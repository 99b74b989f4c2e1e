//! Tests of the client against correct, faulty and hostile registries.

#![expect(
    clippy::unwrap_used,
    reason = "clippy takes the helpers of a test program for a program"
)]

#[path = "it/auth.rs"]
mod auth;
#[path = "it/bodies.rs"]
mod bodies;
#[path = "it/body_settings.rs"]
mod body_settings;
#[path = "it/cache.rs"]
mod cache;
#[path = "it/child.rs"]
mod child;
#[path = "it/conditions.rs"]
mod conditions;
#[path = "it/connections.rs"]
mod connections;
#[path = "it/copy.rs"]
mod copy;
#[path = "it/existence.rs"]
mod existence;
#[path = "it/fault_rows.rs"]
mod fault_rows;
#[path = "it/fault_table.rs"]
mod fault_table;
#[path = "it/helpers.rs"]
mod helpers;
#[path = "it/hostile.rs"]
mod hostile;
#[path = "it/hostile_content.rs"]
mod hostile_content;
#[path = "it/https_proxies.rs"]
mod https_proxies;
#[path = "it/known.rs"]
mod known;
#[path = "it/local.rs"]
mod local;
#[path = "it/mirrors.rs"]
mod mirrors;
#[path = "it/order.rs"]
mod order;
#[path = "it/pinned.rs"]
mod pinned;
#[path = "it/progress.rs"]
mod progress;
#[path = "it/proxies.rs"]
mod proxies;
#[path = "it/publish.rs"]
mod publish;
#[path = "it/push.rs"]
mod push;
#[path = "it/read.rs"]
mod read;
#[path = "it/referrers.rs"]
mod referrers;
#[path = "it/referrers_found.rs"]
mod referrers_found;
#[path = "it/resume.rs"]
mod resume;
#[path = "it/round_trips.rs"]
mod round_trips;
#[path = "it/schemes.rs"]
mod schemes;
#[path = "it/tag_state.rs"]
mod tag_state;
#[path = "it/tags.rs"]
mod tags;
#[path = "it/time_limit.rs"]
mod time_limit;
#[path = "it/tls.rs"]
mod tls;

use std::time::Duration;

use manifest_core::Reference;
use manifest_registry::{
    Client, ClientConfig, Credentials, Insecure, RegistryError, RetryPolicy, Timeouts,
};

/// Runs a future to completion on a runtime like that of the plugin.
fn run<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let limited = async { tokio::time::timeout(Duration::from_secs(60), future).await };
    runtime
        .block_on(limited)
        .expect("the test ends within a minute")
}

/// Returns short timeouts, for tests that expect a timeout.
fn impatient() -> Timeouts {
    Timeouts {
        connect: Duration::from_millis(500),
        response: Duration::from_millis(500),
        commit: Duration::from_secs(1),
        idle: Duration::from_secs(1),
        body: Duration::from_secs(3),
    }
}

/// Returns client settings for tests, with few and quick retries.
fn config() -> ClientConfig {
    let retry = RetryPolicy {
        max_retries: 2,
        first_backoff: Duration::from_millis(2),
        ..RetryPolicy::default()
    };
    ClientConfig {
        retry,
        ..ClientConfig::default()
    }
}

fn client() -> Client {
    Client::new(config()).unwrap()
}

fn insecure() -> Client {
    let insecure = Insecure {
        all: true,
        ..Insecure::default()
    };
    Client::new(ClientConfig {
        insecure,
        ..config()
    })
    .unwrap()
}

/// Returns a client with the credentials of a Docker `config.json`.
fn client_with(json: &serde_json::Value) -> Client {
    let credentials = Credentials::from_config_json(json.to_string().as_bytes()).unwrap();
    Client::new(ClientConfig {
        credentials,
        ..config()
    })
    .unwrap()
}

/// Returns a client with a login for one host.
fn logged_in(host: &str, username: &str, password: &str) -> Client {
    let login = serde_json::json!({ "username": username, "password": password });
    client_with(&serde_json::json!({ "auths": { host: login } }))
}

fn reference(host: &str, rest: &str) -> Reference {
    Reference::parse(&format!("{host}/{rest}")).unwrap()
}

/// Returns the text of an error and of all its sources.
fn chain(error: &RegistryError) -> String {
    let mut text = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(source) = next {
        text = format!("{text}: {source}");
        next = source.source();
    }
    text
}

/// A file in `tests/it` that is not a module of this program would never run.
#[test]
fn no_test_file_is_forgotten() {
    let source = include_str!("it.rs");
    for file in std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it")).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        assert!(
            source.contains(&format!("it/{name}")),
            "{name} is not in tests/it.rs"
        );
    }
}
