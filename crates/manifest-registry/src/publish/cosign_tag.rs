//! Tags of cosign's, whose manifest in the target may have more signatures than that of the source.

use manifest_core::referrers::{Overlap, overlap};

use crate::error::RegistryError;
use crate::http::Attempts;
use crate::publish::child::Child;
use crate::publish::push::Push;

impl Push<'_> {
    /// Compares a child with the manifest that its tag points to in the target. Tells whether that has all of the child.
    ///
    /// # Errors
    /// [`RegistryError::SignaturesDiffer`] where something would be lost if the tag were written.
    pub(crate) async fn is_in_target_tag(&self, child: &Child) -> Result<bool, RegistryError> {
        let name = child.name_in(self.target);
        let there = match self
            .client
            .manifest_from_registry(&name, &Attempts::default())
            .await
        {
            Ok(manifest) => manifest,
            Err(error) if error.is_not_found() => return Ok(false),
            Err(error) => return Err(error),
        };
        match overlap(child.manifest(), &there) {
            Overlap::Keep => return Ok(true),
            Overlap::Replace => return Ok(false),
            Overlap::Conflict => {}
        }
        Err(RegistryError::SignaturesDiffer {
            reference: Box::new(name),
            found: there.digest().clone(),
            source_digest: child.digest().clone(),
            place: child.blob_place(),
        })
    }
}
