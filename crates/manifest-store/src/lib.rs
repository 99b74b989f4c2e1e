//! manifest-store.
