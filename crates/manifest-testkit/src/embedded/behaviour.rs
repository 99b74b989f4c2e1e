//! The ways in which registries differ, as switches.

/// How an embedded registry behaves where registries of the world differ.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behaviour {
    /// Mounts are answered with 202 and an upload session, always.
    pub(crate) never_mount: bool,
    /// OCI manifests and indexes are refused.
    pub(crate) refuse_oci: bool,
    /// Indexes of Docker and OCI children together are refused.
    pub(crate) refuse_mixed: bool,
    /// A tag that exists cannot be moved to another digest.
    pub(crate) immutable_tags: bool,
    /// Locations are paths, not URLs.
    pub(crate) relative_locations: bool,
    /// A token with too few rights is answered 403, without a challenge.
    pub(crate) forbid_too_few_rights: bool,
    /// So many reads of a tag that was just written see the 404 of before.
    pub(crate) lag_after_put: usize,
    /// There is no list of referrers: neither the API nor the header that tells of it.
    pub(crate) no_referrers: bool,
    /// So many referrers are in one answer, with a link to the next; all, where this is 0.
    pub(crate) referrers_per_page: usize,
}
