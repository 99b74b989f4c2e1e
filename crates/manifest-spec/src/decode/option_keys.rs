//! The keys that lists and defaults share.

use std::borrow::Cow;

use manifest_core::settings::{ListType, Order};

use super::decoder::Decoder;
use super::fields::Fields;
use super::options::Options;

impl Decoder<'_, '_> {
    /// Reads the keys that lists and defaults share.
    pub(super) fn options(&mut self, fields: &Fields<'_>) -> Options {
        let types = [
            ("auto", None),
            ("docker", Some(ListType::Docker)),
            ("oci", Some(ListType::Oci)),
        ];
        let orders = [
            ("given", Order::Given),
            ("name", Order::Name),
            ("platform", Order::Platform),
        ];
        let attestations = [("keep", false), ("drop", true)];
        let list_type = fields.get("type");
        let order = fields.get("order");
        let annotations = fields.get("annotations");
        let artifact_type = fields.get("artifactType");
        let platforms = fields.get("platforms");
        let require = fields.get("require");
        let drops = fields.get("attestations");
        let ignores = fields.get("ignoreMissing");
        Options {
            list_type: list_type.and_then(|node| self.word(node, "type", &types)),
            order: order.and_then(|node| self.word(node, "order", &orders)),
            annotations: annotations
                .map(|node| self.texted(node, "annotations"))
                .unwrap_or_default(),
            artifact_type: artifact_type
                .and_then(|node| self.text(node, "artifactType"))
                .map(Cow::into_owned),
            platforms: platforms.map(|node| self.platforms(node, "platforms")),
            require: require.map(|node| {
                let platforms = self.platforms(node, "require").into_iter();
                platforms.map(|(_, platform)| platform).collect()
            }),
            drops_attestations: drops
                .and_then(|node| self.word(node, "attestations", &attestations)),
            ignores_missing: ignores.and_then(|node| self.switch(node, "ignoreMissing")),
        }
    }
}
