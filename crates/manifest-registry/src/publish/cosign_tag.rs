//! The tags of cosign. The manifest in the target may have more signatures than the manifest in the source.

use manifest_core::referrers::{Overlap, overlap};

use crate::error::RegistryError;
use crate::http::Attempts;
use crate::publish::child::Child;
use crate::publish::push::Push;

impl Push<'_> {
    /// Compares a child with the manifest that its tag points to in the target. Returns whether that manifest contains all
    /// signatures of the child.
    ///
    /// # Errors
    /// Returns [`RegistryError::SignaturesDiffer`] if writing the tag would lose signatures.
    pub(crate) async fn is_in_target_tag(&self, child: &Child) -> Result<bool, RegistryError> {
        let name = child.reference_in(self.target);
        let existing = match self
            .client
            .manifest_from_registry(&name, &Attempts::default())
            .await
        {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        match overlap(child.manifest(), &existing) {
            Overlap::Keep => return Ok(true),
            Overlap::Replace => return Ok(false),
            Overlap::Conflict => {}
        }
        Err(RegistryError::SignaturesDiffer {
            reference: Box::new(name),
            found: existing.digest().clone(),
            source_digest: child.digest().clone(),
            place: child.blob_location(),
        })
    }
}
