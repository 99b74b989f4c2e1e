//! manifest-registry.
