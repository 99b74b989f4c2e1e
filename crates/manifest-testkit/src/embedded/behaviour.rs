//! The differences between registries, as switches.

/// The behaviour of an embedded registry, where real registries differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behaviour {
    /// Mounts always get 202 and an upload session.
    pub(crate) never_mount: bool,
    /// A POST with the content of a blob is refused: uploads need a session.
    pub(crate) refuse_single_post: bool,
    /// OCI manifests and indexes are refused.
    pub(crate) refuse_oci: bool,
    /// Indexes of Docker and OCI children together are refused.
    pub(crate) refuse_mixed: bool,
    /// Existing tags cannot be moved to another digest.
    pub(crate) immutable_tags: bool,
    /// Locations are paths, not URLs.
    pub(crate) relative_locations: bool,
    /// A token with insufficient scope gets 403, without a challenge.
    pub(crate) forbid_insufficient_scope: bool,
    /// The number of reads that get 404 after a tag was written.
    pub(crate) lag_after_put: usize,
    /// There is no referrers API, and no `OCI-Subject` header.
    pub(crate) no_referrers: bool,
    /// The number of referrers per page, or 0 for all of them.
    pub(crate) referrers_per_page: usize,
}
