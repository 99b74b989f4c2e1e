//! The errors of decoding a sidecar.

/// The reason why a sidecar cannot be used.
#[derive(Debug)]
pub(crate) enum SidecarError {
    /// A newer version of this program wrote it.
    Version(u64),
    /// It is damaged, and counts as absent.
    Damaged,
}
