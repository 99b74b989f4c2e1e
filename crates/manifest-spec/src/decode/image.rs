//! An image of a list, and its platform.

use std::borrow::Cow;
use std::collections::BTreeMap;

use manifest_core::{NamedPlatform, Platform};

use crate::error::{Problem, quoted, reason};
use crate::keys::{ENTRY, PLATFORM};
use crate::model::{ImageSpec, PlatformSpec};
use crate::names;
use crate::position::Mark;
use crate::template::{self, PLATFORM_HINT, Words};
use crate::yaml::Node;

use super::decoder::Decoder;
use super::options::Options;
use super::run::Dialect;

impl Decoder<'_, '_> {
    /// Reads an image.
    pub(super) fn image(&mut self, node: &Node) -> Option<ImageSpec> {
        let fields = self.fields(node, &ENTRY)?;
        let platform = fields.get("platform");
        let platform = platform.map_or(Some(PlatformSpec::default()), |node| self.platform(node));
        let annotations = fields.get("annotations");
        let annotations = annotations.map(|node| self.texted(node, "annotations"));
        let Some(image) = fields.get("image") else {
            if fields.has_unknown {
                return None;
            }
            let hint = "name the image: `- image: you/app:1.0-amd64`";
            let mark = fields.key_mark("image").unwrap_or(fields.mark);
            self.error(
                mark,
                "the entry has no image".to_owned(),
                Some(hint.to_owned()),
            );
            return None;
        };
        let text = self.text(image, "image")?;
        let platform = platform?;
        let text = self.with_platform(text, &platform, image.mark)?;
        self.checked(names::check_image(&text), image.mark)?;
        Some(ImageSpec {
            position: self.position(image.mark),
            image: text.into_owned(),
            platform,
            annotations: annotations.unwrap_or_default(),
        })
    }

    /// Fills in the placeholders of an image's name.
    fn with_platform<'t>(
        &mut self,
        image: Cow<'t, str>,
        platform: &PlatformSpec,
        mark: Mark,
    ) -> Option<Cow<'t, str>> {
        if self.run.dialect == Dialect::ManifestTool || !template::has_placeholder_words(&image) {
            return Some(image);
        }
        let (Some(os), Some(architecture)) = (&platform.os, &platform.architecture) else {
            let message = format!(
                "{} has placeholders, but no platform to fill them",
                quoted(&image)
            );
            let hint = "state `os` and `architecture` below `platform:`, or write the name in full";
            self.error(mark, message, Some(hint.to_owned()));
            return None;
        };
        let words = Words {
            os,
            architecture,
            variant: platform.variant.as_deref().unwrap_or_default(),
        };
        Some(Cow::Owned(template::fill(&image, words)))
    }

    /// Reads the stated parts of a platform.
    fn platform(&mut self, node: &Node) -> Option<PlatformSpec> {
        let fields = self.fields(node, &PLATFORM)?;
        let mut part = |name: &str| match fields.get(name) {
            Some(node) => self.text(node, name).map(|text| (node.mark, text)),
            None => Some((fields.mark, Cow::Borrowed(""))),
        };
        let (os, architecture, variant) = (part("os"), part("architecture"), part("variant"));
        let os_version = part("osversion");
        let mut features = |name: &str| {
            let texts = fields.get(name).map(|node| self.texts(node, name));
            let texts = texts.unwrap_or_default().into_iter();
            texts.map(|(_, text)| text.into_owned()).collect()
        };
        let (os_features, features) = (features("osfeatures"), features("features"));
        let ((os_mark, os), (mark, architecture), (_, variant)) = (os?, architecture?, variant?);
        let (_, os_version) = os_version?;
        let mark = if architecture.is_empty() {
            os_mark
        } else {
            mark
        };
        let Platform {
            os,
            architecture,
            variant,
            ..
        } = self.existing(&os, &architecture, &variant, mark)?;
        let mut stated = |text: &str| (!text.is_empty()).then(|| self.run.shared(text));
        Some(PlatformSpec {
            os: stated(&os),
            architecture: stated(&architecture),
            variant: stated(&variant),
            os_version: stated(&os_version),
            os_features,
            features,
        })
    }

    /// Returns the stated parts in the spelling of engines, if they are known.
    fn existing(
        &mut self,
        os: &str,
        architecture: &str,
        variant: &str,
        mark: Mark,
    ) -> Option<Platform> {
        let as_stated = || Platform {
            os: os.to_owned(),
            architecture: architecture.to_owned(),
            variant: variant.to_owned(),
            ..Platform::default()
        };
        // `manifest-tool` checks each platform after it has read the images.
        if self.run.dialect == Dialect::ManifestTool {
            return Some(as_stated());
        }
        if os.is_empty() || architecture.is_empty() {
            return self
                .checked(check_part(os, architecture), mark)
                .map(|()| as_stated());
        }
        let slash = if variant.is_empty() { "" } else { "/" };
        let named = NamedPlatform::parse(&format!("{os}/{architecture}{slash}{variant}"));
        let named = named.map_err(|error| Problem::new(reason(&error), PLATFORM_HINT));
        self.checked(named, mark).map(|named| named.platform)
    }

    /// Names the images of a template.
    pub(super) fn template(&mut self, node: &Node, options: &Options) -> Vec<ImageSpec> {
        let Some(text) = self.text(node, "template") else {
            return Vec::new();
        };
        if self
            .checked(template::check_placeholders(&text), node.mark)
            .is_none()
        {
            return Vec::new();
        }
        let platforms = options.platforms.as_deref().unwrap_or_default();
        // If none of those that are stated exists, that has been reported.
        let is_reported = options.platforms.is_some() && self.run.report.has_errors();
        if platforms.is_empty() && !is_reported {
            let message = "the template has no platforms".to_owned();
            let hint = "state them: `platforms: [linux/amd64, linux/arm/v7]`";
            self.error(node.mark, message, Some(hint.to_owned()));
        }
        let images = platforms.iter().filter_map(|(name, platform)| {
            let image = template::fill(&text, Words::of(name));
            self.checked(names::check_image(&image), node.mark)?;
            let platform = PlatformSpec::of(platform, &mut |text| self.run.shared(text));
            Some(ImageSpec {
                position: self.position(node.mark),
                image,
                platform,
                annotations: BTreeMap::new(),
            })
        });
        images.collect()
    }
}

/// Checks an operating system or an architecture of which the other part is not stated, and comes from the image.
///
/// # Errors
/// Returns an error if no platform has it.
fn check_part(os: &str, architecture: &str) -> Result<(), Problem> {
    let mut pairs = Platform::known_pairs();
    let (what, part, is_known) = if os.is_empty() {
        let is_known = pairs.any(|pair| pair.1 == architecture);
        ("architecture", architecture, is_known)
    } else {
        ("operating system", os, pairs.any(|pair| pair.0 == os))
    };
    if part.is_empty() || is_known {
        return Ok(());
    }
    let message = format!("unknown {what} {}", quoted(part));
    Err(Problem::new(message, PLATFORM_HINT))
}
