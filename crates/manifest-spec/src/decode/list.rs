//! A list.

use manifest_core::settings::Order;
use manifest_core::{Digest, Reference};

use crate::model::{ImageSpec, ListSpec};
use crate::names;
use crate::position::Mark;
use crate::yaml::Value;

use super::decoder::Decoder;
use super::fields::Fields;
use super::options::Options;
use super::run::Dialect;

impl Decoder<'_, '_> {
    /// Reads a list. What is wrong is reported.
    pub(super) fn list(&mut self, fields: &Fields<'_>, defaults: &Options) {
        if self.run.is_over() {
            return;
        }
        let target = self.target(fields);
        let options = self.options(fields).or(defaults.clone());
        let tags = fields.get("tags").map(|node| self.texts(node, "tags"));
        let mut images = self.images(fields, &options);
        images.shrink_to_fit();
        let subject = self.subject(fields);
        let Some((mark, list, by_digest)) = target else {
            return;
        };
        let position = self.position(mark);
        if !by_digest {
            self.run.add_target(&list, &position);
        }
        let tags = tags.unwrap_or_default().into_iter();
        let tags = tags.filter_map(|(mark, text)| {
            let tag = match self.run.dialect {
                Dialect::Full => names::tag_or_reference(&list, &text),
                Dialect::ManifestTool => names::tag(&list, &text),
            };
            let tag = self.checked(tag, mark)?;
            let position = self.position(mark);
            self.run.add_target(&tag, &position);
            Some(tag)
        });
        let mut tags: Vec<Reference> = tags.collect();
        tags.shrink_to_fit();
        let platforms = options.platforms.unwrap_or_default().into_iter();
        // With a template, the platforms name images and do not choose among those of lists.
        let platforms = platforms.filter(|_| fields.get("template").is_none());
        self.run.add_list(ListSpec {
            position,
            list,
            by_digest,
            tags,
            images,
            list_type: options.list_type.flatten(),
            order: options.order.unwrap_or(Order::Given),
            annotations: options.annotations,
            artifact_type: options.artifact_type,
            subject,
            platforms: platforms.map(|(_, platform)| platform).collect(),
            require: options.require.unwrap_or_default(),
            drops_attestations: options.drops_attestations.unwrap_or_default(),
            ignores_missing: options.ignores_missing.unwrap_or_default(),
        });
    }

    /// Reads the name of the list, and tells whether it has no tag.
    fn target(&mut self, fields: &Fields<'_>) -> Option<(Mark, Reference, bool)> {
        let Some(node) = fields.get("image") else {
            if fields.has_unknown {
                return None;
            }
            let mark = fields.key_mark("image").unwrap_or(fields.mark);
            let hint = "name the list to publish: `image: you/app:1.0`";
            self.error(
                mark,
                "the list has no name".to_owned(),
                Some(hint.to_owned()),
            );
            return None;
        };
        let text = self.text(node, "image")?;
        let (reference, by_digest) = self.checked(names::target(&text), node.mark)?;
        Some((node.mark, reference, by_digest))
    }

    /// Reads the images: those of `manifests`, or those that a template names.
    fn images(&mut self, fields: &Fields<'_>, options: &Options) -> Vec<ImageSpec> {
        match (fields.get("manifests"), fields.get("template")) {
            (Some(_), Some(template)) => {
                let message = "manifests and template exclude each other".to_owned();
                let hint = "name the images one by one, or by a template with `platforms`";
                self.error(template.mark, message, Some(hint.to_owned()));
                Vec::new()
            }
            (None, Some(template)) => self.template(template, options),
            (Some(node), None) => {
                let Value::Sequence(nodes) = &node.value else {
                    let message = format!("manifests must be a list, not {}", node.kind());
                    let hint = "write each image after `- ` below `manifests:`, as `- image: NAME`";
                    self.error(node.mark, message, Some(hint.to_owned()));
                    return Vec::new();
                };
                if nodes.is_empty() {
                    self.no_images(node.mark);
                }
                nodes.iter().filter_map(|node| self.image(node)).collect()
            }
            (None, None) if fields.has_unknown => Vec::new(),
            (None, None) => {
                self.no_images(fields.key_mark("manifests").unwrap_or(fields.mark));
                Vec::new()
            }
        }
    }

    fn no_images(&mut self, mark: Mark) {
        let hint = "name its images below `manifests:`, or by `template:` with `platforms:`";
        let hint = match self.run.dialect {
            Dialect::Full => hint,
            Dialect::ManifestTool => "name its images below `manifests:`",
        };
        self.error(
            mark,
            "the list has no images".to_owned(),
            Some(hint.to_owned()),
        );
    }

    fn subject(&mut self, fields: &Fields<'_>) -> Option<String> {
        let node = fields.get("subject")?;
        let text = self.text(node, "subject")?;
        if text.parse::<Digest>().is_err() {
            self.checked(names::reference(&text), node.mark)?;
        }
        Some(text.into_owned())
    }
}
