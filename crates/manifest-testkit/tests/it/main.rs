//! The test doubles, compared with the real programs if there are any.

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
