//! The doubles of the test kit, held against the real thing where there is one.

#![expect(
    clippy::unwrap_used,
    reason = "the allowance for tests does not reach helpers beside test functions"
)]

mod auth;
mod behaviour;
mod delay_line;
mod faults;
mod files;
mod nginx;
mod protocol;
mod proxy;
mod tls;
