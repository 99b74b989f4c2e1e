//! The doubles of the test kit, held against the real thing where there is one.

#![expect(
    clippy::unwrap_used,
    reason = "the allowance for tests does not reach helpers beside test functions"
)]

mod auth;
mod behaviour;
mod faults;
mod files;
mod protocol;
mod proxy;
mod tls;
