//! The versions of Windows that run each other's images.
//!
//! Source: <https://learn.microsoft.com/virtualization/windowscontainers/deploy-containers/version-compatibility>

/// The build of Windows Server 2022, the first with a stable interface: later builds run its images.
const SERVER_2022: u16 = 20348;

/// A version of Windows, up to the build.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Version {
    major: u8,
    minor: u8,
    build: u16,
}

/// Tells whether the Windows of an engine runs the Windows of an image. A version that is not stated, and one of an engine
/// that cannot be read, runs with each.
pub(super) fn runs(engine: &str, image: &str) -> bool {
    let host = Version::parse(engine).unwrap_or_default();
    if host == Version::default() || image.is_empty() {
        return true;
    }
    let guest = Version::parse(image).unwrap_or_default();
    if (host.major, host.minor) != (guest.major, guest.minor) {
        return false;
    }
    if host.build < SERVER_2022 {
        return host.build == guest.build;
    }
    (SERVER_2022..=host.build).contains(&guest.build)
}

impl Version {
    /// Parses `10.0.17763` and `10.0.17763.1432`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('.');
        Some(Self {
            major: parts.next()?.parse().ok()?,
            minor: parts.next()?.parse().ok()?,
            build: parts.next()?.parse().ok()?,
        })
    }
}
