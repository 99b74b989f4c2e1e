//! The test harness of the workspace: registries, token servers, faults, images. Never published.
//!
//! | module | content |
//! | --- | --- |
//! | [`suite`] | one test on both registries |
//! | [`real`] | a CNCF distribution registry as a child process |
//! | [`embedded`] | a registry in memory, with the differences between registries as switches |
//! | [`token`] | a token server, for both registries |
//! | [`fault`] | responses of a server that misbehaves |
//! | [`proxy`] | a reverse proxy with log, delay and faults, for the real registry |
//! | [`chromium`] | Chromium, driven by tests of web pages |
//! | [`nginx`] | nginx with TLS and HTTP/2 in front of a real registry, as in most deployments |
//! | [`tls_front`] | TLS in front of a server without it |
//! | [`forward_proxy`] | a forward proxy, as in `HTTPS_PROXY` |
//! | [`delay_line`] | a TCP relay that adds latency, without limiting bandwidth |
//! | [`raw`] | a TCP server without a protocol, for connections that fail before the first request |
//! | [`seed`] | pushing and reading images |
//! | [`layout`] | images on disk: OCI image layouts, and archives of `docker save` |
//! | [`image`] | images and indexes, the same bytes on every run |
//! | [`client`] | a plain HTTP client |
//! | `server` | the HTTP server of all of these, with its faults |
//! | `error_response`, `authorization` | error responses and `Authorization` headers |
//! | [`fetch`] | getting programs from Debian without root |
//! | [`tls`] | a certificate authority that lives as long as a test |
//! | [`log`] | the requests that a server received |
//! | [`media_type`], `digest`, `environment` | media types; SHA-256; the process's environment |
//!
//! Everything is for synchronous tests. A server has its own thread and runtime, listens on loopback on a port of the system's
//! choice, and stops when its value is dropped. Nothing here sleeps to wait for something, except for nginx, which does not
//! report when it listens. Nothing is skipped if a part is missing: the test panics with the remedy.
//!
//! ```
//! use manifest_testkit::{EmbeddedRegistry, fault::{Response, Fault}, image::Image};
//!
//! let registry = EmbeddedRegistry::start();
//! registry.seed("app", "1", &Image::docker().platform("linux/arm64").build());
//! let fault = registry.fault(Fault::on("GET", "/manifests/").times(1).respond(Response::status(503)));
//! // … the code under test talks to registry.host() …
//! # let client = manifest_testkit::Client::new(&registry.host());
//! # assert_eq!(client.get("/v2/app/manifests/1").unwrap().status, 503);
//! # assert_eq!(client.get("/v2/app/manifests/1").unwrap().status, 200);
//! assert_eq!(fault.hits(), 1);
//! assert_eq!(registry.log().lines()[0], "GET /v2/app/manifests/1 503");
//! ```
//!
//! Deliberately not here: the code under test (this crate depends on nothing of the workspace) and running its binary (`tests/it`
//! does that).

mod authorization;
pub mod chromium;
pub mod client;
pub mod delay_line;
mod digest;
pub mod embedded;
mod environment;
mod error_response;
pub mod fetch;
pub mod forward_proxy;
pub mod image;
pub mod layout;
pub mod log;
pub mod media_type;
pub mod nginx;
pub mod proxy;
pub mod raw;
pub mod real;
pub mod seed;
mod server;
pub mod suite;
pub mod tls;
pub mod tls_front;
pub mod token;

pub use client::Client;
pub use delay_line::DelayLine;
pub use digest::sha256;
pub use embedded::EmbeddedRegistry;
pub use forward_proxy::ForwardProxy;
pub use nginx::NginxFront;
pub use proxy::LoggingProxy;
pub use raw::RawServer;
pub use real::RealRegistry;
pub use server::fault;
pub use tls::TestCa;
pub use tls_front::TlsFront;
pub use token::TokenServer;
