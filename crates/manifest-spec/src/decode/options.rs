//! The values of the keys that lists and defaults share.

use std::collections::BTreeMap;

use manifest_core::Platform;
use manifest_core::settings::{ListType, Order};

/// The values of the keys, as far as they are stated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(super) list_type: Option<Option<ListType>>,
    pub(super) order: Option<Order>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) artifact_type: Option<String>,
    /// The platforms, each with its spelling in the file.
    pub(super) platforms: Option<Vec<(String, Platform)>>,
    pub(super) require: Option<Vec<Platform>>,
    pub(super) drops_attestations: Option<bool>,
    pub(super) ignores_missing: Option<bool>,
}

impl Options {
    /// Adds values for what is not stated. Annotations are joined, key by key.
    pub(super) fn or(self, defaults: Self) -> Self {
        let mut annotations = defaults.annotations;
        annotations.extend(self.annotations);
        Self {
            list_type: self.list_type.or(defaults.list_type),
            order: self.order.or(defaults.order),
            annotations,
            artifact_type: self.artifact_type.or(defaults.artifact_type),
            platforms: self.platforms.or(defaults.platforms),
            require: self.require.or(defaults.require),
            drops_attestations: self.drops_attestations.or(defaults.drops_attestations),
            ignores_missing: self.ignores_missing.or(defaults.ignores_missing),
        }
    }
}
