//! The platform of an image, in its config and in its descriptor.

use super::json::Node;

/// Platform of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform {
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub architecture: String,
    /// Variant of the architecture; empty if there is none.
    pub variant: String,
    /// Version of the operating system; empty if there is none.
    pub os_version: String,
    /// Required features of the operating system.
    pub os_features: Vec<String>,
}

impl Platform {
    /// Parses `OS/ARCH[/VARIANT]`.
    ///
    /// # Panics
    ///
    /// Panics if there is no slash in `text`.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut parts = text.splitn(3, '/').map(str::to_owned);
        let os = parts.next().unwrap_or_default();
        let architecture = parts
            .next()
            .expect("a platform is OS/ARCH or OS/ARCH/VARIANT");
        let variant = parts.next().unwrap_or_default();
        Self {
            os,
            architecture,
            variant,
            os_version: String::new(),
            os_features: Vec::new(),
        }
    }

    /// Returns the fields in the order of Docker and OCI, without empty ones.
    pub(super) fn fields(&self) -> Vec<(&'static str, Node)> {
        let mut fields = vec![
            ("architecture", Node::from(self.architecture.as_str())),
            ("os", self.os.as_str().into()),
        ];
        if !self.os_version.is_empty() {
            fields.push(("os.version", self.os_version.as_str().into()));
        }
        if !self.os_features.is_empty() {
            fields.push(("os.features", self.os_features.clone().into()));
        }
        if !self.variant.is_empty() {
            fields.push(("variant", self.variant.as_str().into()));
        }
        fields
    }
}
