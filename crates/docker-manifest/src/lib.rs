//! docker-manifest.
