//! The parts of an image's configuration that are shown (OCI image specification, "Image Configuration").

use manifest_core::{ImageConfig, Platform};
use serde::Deserialize;

use super::model::{ContentView, StepView};

/// An image's configuration.
#[derive(Clone, Debug)]
pub(crate) struct ConfigFile {
    json: serde_json::Value,
    platform: Option<Platform>,
    file: File,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct File {
    created: Option<String>,
    history: Option<Vec<Step>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Step {
    created: Option<String>,
    created_by: Option<String>,
    comment: Option<String>,
    empty_layer: Option<bool>,
}

impl ConfigFile {
    /// Parses a configuration.
    ///
    /// # Errors
    /// Fails if it is not JSON. A field of the wrong type counts as absent.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, serde_json::Error> {
        let json: serde_json::Value = serde_json::from_slice(bytes)?;
        let platform = ImageConfig::parse(bytes).ok().map(|config| config.platform);
        let file = File {
            created: field(&json, "created"),
            history: field(&json, "history"),
        };
        Ok(Self {
            platform: platform.filter(Platform::is_stated),
            file,
            json,
        })
    }

    /// Returns the whole configuration.
    pub(crate) fn json(&self) -> &serde_json::Value {
        &self.json
    }

    /// Returns the platform, if both os and architecture are stated.
    pub(crate) fn platform(&self) -> Option<&Platform> {
        self.platform.as_ref()
    }

    /// Returns the time when the image was built.
    pub(crate) fn created(&self) -> Option<&str> {
        self.file.created.as_deref()
    }

    /// Returns the steps of the build, each with its layer.
    pub(crate) fn history(&self, layers: &[ContentView]) -> Vec<StepView> {
        let mut layers = layers.iter();
        let steps = self.file.history.iter().flatten();
        let step = |step: &Step| {
            let is_empty = step.empty_layer.unwrap_or_default();
            let layer = if is_empty { None } else { layers.next() };
            StepView {
                created: step.created.clone(),
                created_by: step.created_by.clone().unwrap_or_default(),
                comment: step.comment.clone().unwrap_or_default(),
                layer: layer.map(|layer| layer.digest.clone()),
                size: layer.map(|layer| layer.size),
            }
        };
        steps.map(step).collect()
    }
}

fn field<T: serde::de::DeserializeOwned>(json: &serde_json::Value, name: &str) -> Option<T> {
    serde_json::from_value(json.get(name)?.clone()).ok()
}
