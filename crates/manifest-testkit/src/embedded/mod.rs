//! A registry in memory that behaves, or misbehaves, as a test needs.

mod access;
mod api;
mod behaviour;
mod builder;
mod registry;
mod request;
mod routes;
mod store;
mod uploads;
mod validate;

pub use self::builder::EmbeddedBuilder;
pub use self::registry::EmbeddedRegistry;
