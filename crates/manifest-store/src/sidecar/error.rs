//! Why a sidecar cannot be used.

/// Why bytes are not extras that can be used.
#[derive(Debug)]
pub(crate) enum SidecarError {
    /// A newer program wrote them.
    Version(u64),
    /// They are damaged, so that they count as absent.
    Damaged,
}
