//! The test harness of the workspace: registries, token servers, faults, images. Never published.
//!
//! | module | content |
//! | --- | --- |
//! | [`real`] | a CNCF distribution registry as a child process |
//! | [`fetch`] | getting its program, and other clients, from Debian, without being root |
//! | [`embedded`] | a registry in memory, with the manners of others as switches |
//! | [`fault`] | what a server does instead of answering as it should |
//! | [`token`] | a token server, for both registries |
//! | [`proxy`] | a reverse proxy with log, delay and faults, for the real registry |
//! | [`nginx`] | nginx, TLS and HTTP/2 in front of a real registry, as most are run |
//! | [`delay_line`] | distance: a TCP relay with a latency and no limit to bandwidth |
//! | [`raw`] | a TCP server that speaks no protocol: what is wrong before there is a request |
//! | [`forward_proxy`] | a forward proxy, as `HTTPS_PROXY` names one |
//! | [`tls_front`] | TLS in front of it |
//! | [`log`] | what each of these servers saw |
//! | [`tls`] | a certificate authority that lives as long as a test |
//! | [`image`] | images and indexes, the same bytes on every run |
//! | [`layout`] | the same on disk: OCI image layouts, and what `docker save` writes |
//! | [`client`], [`seed`] | a plain HTTP client; pushing and reading with it |
//! | [`suite`] | one test on both registries |
//!
//! Everything is for synchronous tests: a server has a thread and a runtime of its own, listens on
//! loopback on a port of the system's choice, and is gone when its value is dropped. Nothing here
//! sleeps to wait for something (but for nginx, which does not say when it listens), and nothing is
//! skipped when a part is missing: that is a panic which says what to do.
//!
//! ```
//! use manifest_testkit::{EmbeddedRegistry, fault::{Answer, Fault}, image::Image};
//!
//! let registry = EmbeddedRegistry::start();
//! registry.seed("app", "1", &Image::docker().platform("linux/arm64").build());
//! let fault = registry.fault(Fault::on("GET", "/manifests/").times(1).answer(Answer::status(503)));
//! // … the code under test talks to registry.host() …
//! # let client = manifest_testkit::Client::new(&registry.host());
//! # assert_eq!(client.get("/v2/app/manifests/1").unwrap().status, 503);
//! # assert_eq!(client.get("/v2/app/manifests/1").unwrap().status, 200);
//! assert_eq!(fault.hits(), 1);
//! assert_eq!(registry.log().lines()[0], "GET /v2/app/manifests/1 503");
//! ```
//!
//! Deliberately not here: the code under test (this crate depends on nothing of the workspace) and
//! the running of its binary (`tests/it` does that).

mod authorization;
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
