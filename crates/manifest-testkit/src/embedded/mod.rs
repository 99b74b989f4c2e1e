//! A registry in memory that behaves, or misbehaves, as a test needs.
//!
//! | module | holds |
//! | --- | --- |
//! | `builder` | its options, and the start |
//! | `registry` | the running registry |
//! | `access` | authentication and access control |
//! | `api`, `uploads` | the handlers of requests |
//! | `validate` | the checks of a new manifest |
//! | `request` | a parsed request, and plain responses |
//! | `routes` | the paths of the API |
//! | `behaviour` | the differences between registries |
//! | `store` | the content |

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
