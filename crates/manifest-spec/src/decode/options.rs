//! The values of the keys that lists and defaults share.

use std::collections::BTreeMap;

use manifest_core::Platform;
use manifest_core::settings::{ListType, Order};

use crate::position::Mark;

/// The values of the keys, as far as they are stated.
#[derive(Clone, Debug, Default)]
pub(crate) struct Options {
    pub(super) list_type: Option<Option<ListType>>,
    pub(super) order: Option<Order>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) artifact_type: Option<String>,
    /// The platforms, each with its place and its spelling in the file.
    pub(super) platforms: Option<Vec<(Mark, String, Platform)>>,
    pub(super) require: Option<Vec<Platform>>,
    pub(super) drops_attestations: Option<bool>,
    pub(super) ignores_missing: Option<bool>,
}

impl Options {
    /// Adds values for what is not stated. Annotations are joined, key by key.
    pub(super) fn or(mut self, defaults: &Self) -> Self {
        for (key, value) in &defaults.annotations {
            if !self.annotations.contains_key(key) {
                self.annotations.insert(key.clone(), value.clone());
            }
        }
        Self {
            list_type: self.list_type.or(defaults.list_type),
            order: self.order.or(defaults.order),
            annotations: self.annotations,
            artifact_type: self
                .artifact_type
                .or_else(|| defaults.artifact_type.clone()),
            platforms: self.platforms.or_else(|| defaults.platforms.clone()),
            require: self.require.or_else(|| defaults.require.clone()),
            drops_attestations: self.drops_attestations.or(defaults.drops_attestations),
            ignores_missing: self.ignores_missing.or(defaults.ignores_missing),
        }
    }
}
