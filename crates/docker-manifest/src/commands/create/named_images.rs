//! The images that the template, arguments and flags of `create` name.

use manifest_core::Reference;

use crate::assembly::ListedImage;
use crate::failure::{Failure, SourceError};
use crate::sources::{FoundSources, NamedSource, SourceSpec, TagSearch};

/// The images as they are named.
pub(super) struct NamedImages {
    /// Those of `--template`.
    pub(super) template: Vec<ListedImage>,
    /// Those of arguments and other flags.
    pub(super) sources: Vec<NamedSource>,
}

/// The images, with the tags that match the patterns among their names.
pub(super) struct FoundImages {
    template: Vec<ListedImage>,
    found: FoundSources,
}

impl NamedImages {
    /// Returns a reference in the repository of each image in a registry.
    pub(super) fn references(&self) -> impl Iterator<Item = &Reference> {
        let template = self.template.iter();
        let template = template.filter_map(|image| image.spec.reference());
        template.chain(self.sources.iter().filter_map(NamedSource::any_reference))
    }

    /// Returns the images that are not named by a pattern.
    pub(super) fn sources(&self) -> impl Iterator<Item = &SourceSpec> {
        let template = self.template.iter().map(|image| &image.spec);
        template.chain(self.sources.iter().filter_map(NamedSource::source))
    }

    /// Checks that not all images are named by patterns.
    ///
    /// # Errors
    /// Fails if they are.
    pub(super) fn require_source(&self) -> Result<(), Failure> {
        match self.sources().next() {
            Some(_) => Ok(()),
            None => Err(SourceError::OnlyPatterns.into()),
        }
    }

    /// Finds the tags that match the patterns.
    ///
    /// # Errors
    /// As [`TagSearch::find`].
    pub(super) async fn find(self, search: &TagSearch<'_>) -> Result<FoundImages, Failure> {
        Ok(FoundImages {
            template: self.template,
            found: search.find(self.sources).await?,
        })
    }
}

impl FoundImages {
    /// Returns all images, in the order given.
    pub(super) fn images(&self) -> Vec<ListedImage> {
        let sources = self.found.sources.iter().cloned();
        let template = self.template.iter().cloned();
        template.chain(sources.map(ListedImage::from)).collect()
    }

    /// Explains a failure to resolve the images.
    pub(super) fn explain(&self, failure: Failure) -> Failure {
        self.found.explain(failure)
    }
}
