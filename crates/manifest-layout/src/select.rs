//! Choosing the image that a location names.

use manifest_core::referrers::subject_of;
use manifest_core::{Descriptor, Digest, Manifest};

use crate::error::LayoutError;
use crate::image_names::{matches, names, tag_of};
use crate::layout::Layout;
use crate::location::ImageSelector;

impl Layout {
    /// Returns the manifest that the location names. If it names none, referrers do not count.
    ///
    /// # Errors
    /// Returns an error if there is no such image, or several, or it is damaged.
    pub fn root(&self) -> Result<Manifest, LayoutError> {
        let mut found: Vec<&Descriptor> = match self.name() {
            ImageSelector::Only => self.images().iter().collect(),
            ImageSelector::Tag(tag) => {
                let is_it =
                    |image: &&Descriptor| names(image).iter().any(|name| matches(name, tag));
                self.images().iter().filter(is_it).collect()
            }
            ImageSelector::Digest(digest) => {
                let known = self.images().iter().find(|image| image.digest == *digest);
                return match known {
                    Some(image) => self.manifest(image),
                    None => self.unlisted(digest),
                };
            }
        };
        let is_one =
            |found: &[&Descriptor]| found.iter().all(|other| other.digest == found[0].digest);
        if *self.name() == ImageSelector::Only && !is_one(&found) {
            let meant = self.without_referrers(found.clone());
            if !meant.is_empty() {
                found = meant;
            }
        }
        let path = || self.path().to_owned();
        let Some(first) = found.first() else {
            return Err(match self.name() {
                ImageSelector::Tag(name) => LayoutError::NoSuchName {
                    path: path(),
                    name: name.clone(),
                    found: self
                        .images()
                        .iter()
                        .flat_map(names)
                        .map(str::to_owned)
                        .collect(),
                },
                _ => LayoutError::Empty { path: path() },
            });
        };
        if !is_one(&found) {
            let title = |image: &&Descriptor| match names(image).first() {
                Some(name) => (*name).to_owned(),
                None => image.digest.to_string(),
            };
            return Err(LayoutError::Several {
                path: path(),
                found: found.iter().map(title).collect(),
            });
        }
        self.manifest(first)
    }

    /// Leaves out images that refer to others in this layout: a location without a name does not mean them.
    fn without_referrers<'a>(&self, images: Vec<&'a Descriptor>) -> Vec<&'a Descriptor> {
        let is_here = |digest: &Digest| self.file(digest).is_ok();
        let refers = |image: &&Descriptor| {
            let tags = names(image).into_iter().map(tag_of);
            if tags.filter_map(subject_of).any(|subject| is_here(&subject)) {
                return true;
            }
            let manifest = self.manifest(image).ok();
            let subject = manifest.as_ref().and_then(Manifest::subject);
            subject.is_some_and(|subject| is_here(&subject.digest))
        };
        images.into_iter().filter(|image| !refers(image)).collect()
    }
}
